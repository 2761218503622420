# On a MeshInstance whose blend shapes have ARKit's names, as facelite's own head has: the face follows.
extends MeshInstance

const Vmc := preload("res://vmc.gd")

export var port := 39540

var _vmc := Vmc.new()


func _ready() -> void:
	if _vmc.listen(port) != OK:
		push_error("facelite: UDP port %d is taken" % port)


func _process(_delta: float) -> void:
	while _vmc.poll():
		for name in _vmc.values:
			set("blend_shapes/" + name, _vmc.values[name])
