# An audio engine's stand-in: a thread that plays a clip block by block and hands copies of the blocks to whoever asks.
extends Reference

const BLOCK := 320 # bytes: 160 samples, 10 ms at 16 kHz
const BLOCK_USEC := 10000

var _clip := PoolByteArray()
var _thread := Thread.new()
var _lock := Mutex.new()
# Between the threads, behind the lock.
var _utterance := 0 # which speech it plays; 0: nothing
var _at := 0
var _played := []
var _quit := false


func start(clip: PoolByteArray) -> void:
	_clip = clip
	_thread.start(self, "_run")


# Plays the clip from its start; what was played before and not taken is forgotten.
func play(utterance: int) -> void:
	_lock.lock()
	_utterance = utterance
	_at = 0
	_played.clear()
	_lock.unlock()


func stop() -> void:
	play(0)


# The blocks that were played since: [bytes, whether it was the clip's last].
func taken() -> Array:
	_lock.lock()
	var blocks := _played
	_played = []
	_lock.unlock()
	return blocks


func finish() -> void:
	_lock.lock()
	_quit = true
	_lock.unlock()
	_thread.wait_to_finish()


func _run(_nothing) -> void:
	var next := OS.get_ticks_usec()
	while _step():
		next += BLOCK_USEC
		OS.delay_usec(int(max(0, next - OS.get_ticks_usec())))


func _step() -> bool:
	_lock.lock()
	if _utterance != 0 and _at < _clip.size():
		var end := int(min(_at + BLOCK, _clip.size()))
		_played.append([_clip.subarray(_at, end - 1), end == _clip.size()])
		_at = end
	var goes_on := not _quit
	_lock.unlock()
	return goes_on
