# A character of the game. The audio thread only hands over copies of what it plays; the game thread owns the stream,
# pushes what has come, samples the moment that is heard, stops and interrupts.
extends Reference

const Facelite := preload("res://facelite.gdns")
const RATE := 16000
const FADE := 0.15 # seconds in which a stopped face goes to rest

var face := PoolRealArray() # the weights that are shown, in the order of `names`
var rest := PoolRealArray()
var names := PoolStringArray()
var curves := PoolRealArray() # all frames of the clip: to be checked; a game does not keep them
var largest_step := 0.0 # of a weight between two frames of the game

var _stream = Facelite.new()
var _audio
var _utterance := 0
var _speaking := false
var _ended := false
var _handed := 0 # samples of this utterance
var _since := 0 # when the clip ended or was stopped, in microseconds


# Why it cannot be opened, or "".
func open(student: PoolByteArray, audio) -> String:
	var status: int = _stream.open(student, RATE)
	if status != 0:
		return _stream.error(status).get_string_from_ascii()
	_audio = audio
	names = _stream.controls().get_string_from_ascii().split("\n")
	rest = _stream.sample(0.0) # before speech: the face that silence makes
	face = rest
	return ""


# Speaks the clip; if it speaks already, it interrupts itself without a jump.
func speak() -> void:
	_leave()
	_utterance += 1
	_speaking = true
	_audio.play(_utterance)


func stop() -> void:
	_leave()
	_audio.stop()
	_since = OS.get_ticks_usec()
	_speaking = false


# Once a frame of the game. Returns the second that is shown.
func update() -> float:
	for block in _audio.taken():
		if _speaking:
			_hear(block[0], block[1])
	var seconds := _heard()
	var now: PoolRealArray = _stream.sample(seconds)
	for index in now.size(): # here a game sets its blend shapes
		largest_step = max(largest_step, abs(now[index] - face[index]))
	face = now
	return seconds


func _leave() -> void:
	if _speaking:
		_stream.stop(_heard(), FADE)
	_handed = 0
	_ended = false
	curves = PoolRealArray()


func _hear(pcm: PoolByteArray, last: bool) -> void:
	_handed += pcm.size() / 2
	curves.append_array(_stream.push(pcm))
	if last:
		curves.append_array(_stream.flush())
		_since = OS.get_ticks_usec()
		_ended = true


# Seconds of the clip's clock that are heard now: sound is delayed by the latency. After the clip, and when the face
# has been stopped, nothing is handed over and the clock goes on by itself.
func _heard() -> float:
	var after := (OS.get_ticks_usec() - _since) / 1e6
	if not _speaking:
		return after
	var seconds: float = float(_handed) / RATE - _stream.latency()
	return seconds + after if _ended else seconds
