# Blend shapes as they arrive by the VMC protocol, which `facelite run --osc` speaks: OSC 1.0 over UDP.
extends Reference

var values := {} # the face that was applied last: name -> weight, 0 to 1

var _socket := PacketPeerUDP.new()
var _coming := {}


func listen(port: int) -> int:
	return _socket.listen(port, "127.0.0.1")


# Takes in what has arrived; true with each new face, so call it until it is false.
func poll() -> bool:
	while _socket.get_available_packet_count() > 0:
		var packet := StreamPeerBuffer.new()
		packet.big_endian = true
		packet.data_array = _socket.get_packet()
		if _take(packet):
			return true
	return false


# A bundle is "#bundle", eight bytes of time, and messages behind their sizes. A frame ends with Apply, in its last one.
func _take(packet: StreamPeerBuffer) -> bool:
	var applied := false
	if _text(packet) != "#bundle":
		return false
	packet.seek(packet.get_position() + 8)
	while packet.get_available_bytes() >= 4:
		var size := packet.get_32()
		var next := packet.get_position() + size
		if size <= 0 or next > packet.get_size():
			break
		var address := _text(packet)
		if address == "/VMC/Ext/Blend/Val" and _text(packet) == ",sf":
			var name := _text(packet)
			_coming[name] = packet.get_float()
		elif address == "/VMC/Ext/Blend/Apply":
			values = _coming.duplicate()
			applied = true
		packet.seek(next)
	return applied


# Ends with a zero, padded to four bytes.
func _text(packet: StreamPeerBuffer) -> String:
	var bytes := PoolByteArray()
	while packet.get_available_bytes() > 0:
		var byte := packet.get_u8()
		if byte == 0:
			packet.seek((packet.get_position() + 3) & ~3)
			break
		bytes.append(byte)
	return bytes.get_string_from_utf8()
