# Speaks a clip, interrupts itself, stops; the clip's curves go to a file, float32, a frame after another:
#   godot3-server --path examples/godot -s talk.gd --student=student.facelite --speech=speech.s16 --curves=curves.f32
extends SceneTree

const Audio := preload("res://audio.gd")
const Character := preload("res://character.gd")

var _audio := Audio.new()
var _character := Character.new()


func _init() -> void:
	Engine.target_fps = 60
	call_deferred("_talk")


func _talk() -> void:
	var speech := _file("speech")
	var problem: String = _character.open(_file("student"), _audio)
	if problem != "":
		printerr("facelite: --student: " + problem)
		return quit(2)
	_audio.start(speech)
	var clip := speech.size() / 2.0 / _character.RATE
	_character.speak()
	yield(_show(clip), "completed")
	_write(_character.curves)
	_character.speak()
	yield(_show(clip / 2), "completed")
	_character.speak()
	yield(_show(clip / 2), "completed")
	_character.stop()
	yield(_show(_character.FADE), "completed")
	_audio.finish()
	var rests: bool = _character.face == _character.rest
	print("%d controls, first %s; %s" % [_character.names.size(), _character.names[0], "at rest" if rests else "NOT at rest"])
	quit(0 if rests else 1)


# The game, until a moment after `seconds` is shown; prints the largest step of a weight meanwhile.
func _show(seconds: float):
	_character.largest_step = 0.0
	yield(self, "idle_frame")
	while _character.update() <= seconds:
		yield(self, "idle_frame")
	print("largest step %.3f" % _character.largest_step)


func _file(option: String) -> PoolByteArray:
	var file := File.new()
	var content := PoolByteArray()
	if file.open(_option(option), File.READ) == OK:
		content = file.get_buffer(file.get_len())
	return content


func _write(curves: PoolRealArray) -> void:
	var file := File.new()
	if file.open(_option("curves"), File.WRITE) == OK:
		for value in curves:
			file.store_float(value)
	file.close()


func _option(name: String) -> String:
	for word in OS.get_cmdline_args():
		if word.begins_with("--" + name + "="):
			return word.split("=", true, 1)[1]
	return ""
