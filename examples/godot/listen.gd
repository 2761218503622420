# Prints every face that arrives, a line each, until none has come for a second:
#   godot3-server --path examples/godot -s listen.gd --port=39540
extends SceneTree

const Vmc := preload("res://vmc.gd")

var _vmc := Vmc.new()
var _quiet := 0.0
var _heard := false


func _init() -> void:
	var port := 39540
	for word in OS.get_cmdline_args():
		if word.begins_with("--port="):
			port = int(word.trim_prefix("--port="))
	if _vmc.listen(port) != OK:
		printerr("facelite: UDP port %d is taken" % port)
		quit(2)
	print("listening")


func _idle(delta: float) -> bool:
	_quiet += delta
	while _vmc.poll():
		_heard = true
		_quiet = 0.0
		var line := PoolStringArray()
		for name in _vmc.values:
			line.append("%s=%.9f" % [name, _vmc.values[name]])
		print(line.join(" "))
	if _heard and _quiet > 1.0:
		quit()
	return false
