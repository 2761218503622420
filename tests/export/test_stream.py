"""Streams received on this machine: VMC read by python-osc, Live Link Face by PyLiveLinkFace."""

from __future__ import annotations

import socket
import threading
import time

import numpy as np
import pytest
from facelite.controls import ARKIT_52
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.export.stream.send import send_livelink, send_vmc

osc_bundle = pytest.importorskip("pythonosc.osc_bundle", reason="python-osc not installed; pip install python-osc")
pylivelinkface = pytest.importorskip("pylivelinkface", reason="pylivelinkface not installed")


@pytest.fixture(scope="module")
def curves() -> Curves:
    """Half a second of all 52 shapes at 60 frames a second, the last of them at rest."""
    values = np.random.default_rng(6).random((31, 52), np.float32)
    values[-1] = 0
    return Curves(values, ARKIT_52, 60.0)


class Receiver:
    """A UDP port that keeps what arrives."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.5)
        self.target = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.got: list[bytes] = []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                if self.got:
                    return
                continue
            self.got.append(data)

    def finish(self) -> list[bytes]:
        self._thread.join(10)
        self._socket.close()
        return self.got


def test_vmc_sends_every_shape_and_applies_it(curves):
    receiver = Receiver()
    sent = send_vmc(curves, receiver.target)
    got = receiver.finish()
    frames, current, times = [], {}, []
    for data in got:
        assert len(data) <= 1472
        for message in osc_bundle.OscBundle(data):
            if message.address == "/VMC/Ext/T":
                times.append(message.params[0])
            elif message.address == "/VMC/Ext/Blend/Val":
                current[message.params[0]] = message.params[1]
            elif message.address == "/VMC/Ext/Blend/Apply":
                frames.append([current[name] for name in ARKIT_52])
                current = {}
    assert len(frames) == len(times) == sent.frames
    indices = np.rint(np.array(times) * 60).astype(int)
    np.testing.assert_array_equal(np.array(frames, np.float32), curves.values[indices])
    assert indices[-1] == 30


def test_livelink_packets_are_what_pylivelinkface_reads(curves):
    receiver = Receiver()
    send_livelink(curves, receiver.target, "hero", start="10:00:00:00")
    packets = [pylivelinkface.PyLiveLinkFace.decode(data) for data in receiver.finish()]
    assert all(found for found, _ in packets)
    first = packets[0][1]
    assert (first.name, first.fps, first._denominator) == ("hero", 60, 1)
    ours = {name[0].upper() + name[1:]: column for column, name in enumerate(ARKIT_52)}
    assert set(ours) <= set(pylivelinkface.FaceBlendShape.__members__)
    for _, packet in packets:
        frame = curves.values[packet._frames - 10 * 3600 * 60]
        for shape in pylivelinkface.FaceBlendShape:
            expected = frame[ours[shape.name]] if shape.name in ours else 0.0
            assert packet.get_blendshape(shape) == pytest.approx(expected, abs=1e-7), shape.name
    assert packets[-1][1]._frames == 10 * 3600 * 60 + 30


def test_ntsc_rates_have_their_denominator(curves):
    receiver = Receiver()
    send_livelink(Curves(curves.values[:3], ARKIT_52, 30000 / 1001), receiver.target, start="00:00:00:00")
    (_, packet), *_ = [pylivelinkface.PyLiveLinkFace.decode(data) for data in receiver.finish()]
    assert (packet.fps, packet._denominator) == (30000, 1001)


def test_frames_wait_until_they_are_due(curves):
    """Thirty frames at 60 a second cannot have gone sooner than the last of them is due, whatever the machine does."""
    receiver = Receiver()
    started = time.monotonic()
    send_livelink(curves, receiver.target, start="00:00:00:00")
    assert time.monotonic() - started >= 29 / 60
    frames = [pylivelinkface.PyLiveLinkFace.decode(data)[1]._frames for data in receiver.finish()]
    assert frames == sorted(set(frames))


@pytest.mark.parametrize("target", ["", "host:port", "127.0.0.1:99999", "a b:1", "no-such-host.invalid:1"])
def test_a_target_that_is_none(curves, target):
    with pytest.raises(BadInput, match="--osc"):
        send_vmc(curves, target)


def test_live_link_refuses_visemes(curves):
    with pytest.raises(BadInput, match="none of these controls"):
        send_livelink(Curves(curves.values[:, :1], ("aa",), 60.0), "127.0.0.1:1")


def test_every_frame_is_counted_and_the_last_waits_until_it_is_due(curves):
    receiver = Receiver()
    started = time.monotonic()
    sent = send_livelink(curves, receiver.target, start="00:00:00:00")
    assert time.monotonic() - started >= 30 / 60
    assert sent.frames + sent.late == len(curves.values)
    assert len(receiver.finish()) == sent.frames


def test_a_network_that_refuses_is_said_with_the_option(curves):
    with pytest.raises(BadInput, match=r"--osc: 255\.255\.255\.255:9: "):
        send_vmc(curves, "255.255.255.255:9")
