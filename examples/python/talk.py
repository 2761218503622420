"""A face driven from the game thread, over the shared library and its header alone, for engines that script in Python.

The audio thread only hands over copies of what it plays; the game thread owns the stream, pushes what has come, samples
the moment that is heard, stops and interrupts. (With the facelite package, `facelite.load(…).stream()` is all of this.)

    python talk.py libfacelite.so student.facelite speech.s16      speech: int16, mono, at the student's rate

Prints the clip's curves, a frame a line.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from array import array
from pathlib import Path

from cffi import FFI

FADE = 0.15  # seconds in which a stopped face goes to rest
BLOCK = 160  # 10 ms at 16 kHz
ALIGNMENT = 64

ffi = FFI()
ffi.cdef("""
    typedef struct { uint32_t sample_rate, window, lookahead, hop, receptive_field, controls, smoothing, ops;
        uint64_t parameters, macs_per_hop;
        size_t weight_bytes, blob_bytes, model_bytes, stream_bytes, scratch_bytes, stack_bytes; } facelite_info;
    typedef struct { double lookahead, smoothing, hop, resampler; } facelite_latency;
    const char *facelite_strerror(int status);
    int facelite_inspect(const void *blob, size_t blob_bytes, facelite_info *info);
    int facelite_model_init(void *memory, size_t memory_bytes, const void *blob, size_t blob_bytes, void **model);
    int facelite_stream_init(void *memory, size_t memory_bytes, const void *model, void **stream);
    int facelite_stream_latency(const void *stream, facelite_latency *latency);
    int facelite_stream_push_i16(void *stream, void *scratch, const int16_t *pcm, size_t samples,
                                 float *frames, size_t frame_capacity, size_t *written);
    int facelite_stream_flush(void *stream, void *scratch, float *frames, size_t frame_capacity, size_t *written);
    int facelite_stream_sample(const void *stream, double seconds, float *frame);
    int facelite_stream_stop(void *stream, double at, double fade);
""")


class Character:
    """One character; every call on the game thread."""

    def __init__(self, library: str, student: bytes) -> None:
        self._c = ffi.dlopen(library)
        self._kept: list[object] = []  # what C points to
        blob = self._block(len(student))
        ffi.memmove(blob, student, len(student))
        self.info = ffi.new("facelite_info *")
        self._check(self._c.facelite_inspect(blob, len(student), self.info))
        model, stream = ffi.new("void **"), ffi.new("void **")
        memory, room = self._block(self.info.model_bytes), self.info.model_bytes
        self._check(self._c.facelite_model_init(memory, room, blob, len(student), model))
        memory, room = self._block(self.info.stream_bytes), self.info.stream_bytes
        self._check(self._c.facelite_stream_init(memory, room, model[0], stream))
        self._stream, self._scratch = stream[0], self._block(self.info.scratch_bytes)
        terms = ffi.new("facelite_latency *")
        self._check(self._c.facelite_stream_latency(self._stream, terms))
        self.latency = terms.lookahead + terms.smoothing + terms.hop + terms.resampler
        self._room = 2 + int((self.latency * self.info.sample_rate + BLOCK) / self.info.hop)
        self._frames = ffi.new("float[]", self._room * self.info.controls)
        self._written = ffi.new("size_t *")

    def push(self, pcm: array) -> list[list[float]]:
        samples = ffi.from_buffer("int16_t[]", pcm)
        return self._call(self._c.facelite_stream_push_i16, samples, len(pcm))

    def flush(self) -> list[list[float]]:
        return self._call(self._c.facelite_stream_flush)

    def sample(self, seconds: float) -> list[float]:
        face = ffi.new("float[]", self.info.controls)
        self._check(self._c.facelite_stream_sample(self._stream, seconds, face))
        return list(face)

    def stop(self, at: float) -> None:
        self._check(self._c.facelite_stream_stop(self._stream, at, FADE))

    def _call(self, function, *pcm) -> list[list[float]]:
        self._check(function(self._stream, self._scratch, *pcm, self._frames, self._room, self._written))
        controls = self.info.controls
        return [list(self._frames[i * controls : (i + 1) * controls]) for i in range(self._written[0])]

    def _block(self, size: int) -> object:
        buffer = ffi.new("char[]", size + ALIGNMENT)
        self._kept.append(buffer)
        return buffer + -int(ffi.cast("uintptr_t", buffer)) % ALIGNMENT

    def _check(self, status: int) -> None:
        if status:
            sys.exit(f"talk: {ffi.string(self._c.facelite_strerror(status)).decode()}")


def play(clip: array, rate: int, blocks: queue.SimpleQueue, silence: threading.Event) -> None:
    """The audio thread: the clip block by block, then None."""
    begun = time.monotonic()
    for start in range(0, len(clip), BLOCK):
        if silence.is_set():
            return
        blocks.put(clip[start : start + BLOCK])
        time.sleep(max(0.0, begun + (start + BLOCK) / rate - time.monotonic()))
    blocks.put(None)


def speak(character: Character, clip: array, until: float) -> tuple[list[list[float]], float]:
    """Shows the clip, 60 frames a second, until the face of second `until`; its frames, and the second shown."""
    blocks, silence, frames = queue.SimpleQueue(), threading.Event(), []
    rate, handed, ended, seconds = character.info.sample_rate, 0, None, float("-inf")
    audio = threading.Thread(target=play, args=(clip, rate, blocks, silence))
    audio.start()
    while seconds <= until:
        time.sleep(1 / 60)
        while not blocks.empty():
            block = blocks.get()
            if block is None:
                frames += character.flush()
                ended = time.monotonic()
            else:
                frames += character.push(block)
                handed += len(block)
        after = 0.0 if ended is None else time.monotonic() - ended
        seconds = handed / rate - character.latency + after  # sound is delayed by the latency
        character.sample(seconds)  # here a game sets its morph targets
    silence.set()
    audio.join()
    return frames, seconds


def main(library: str, student: str, speech: str) -> int:
    character = Character(library, Path(student).read_bytes())
    clip = array("h", Path(speech).read_bytes())
    length = len(clip) / character.info.sample_rate
    rest = character.sample(0.0)  # before speech: the face that silence makes
    frames, _ = speak(character, clip, length)
    for frame in frames:
        print(*(f"{value:.9g}" for value in frame))
    _, seconds = speak(character, clip, length / 2)
    shown = character.sample(seconds)
    character.stop(seconds)  # and speech again: an interruption
    smooth = character.sample(0.0) == shown
    _, seconds = speak(character, clip, length / 2)
    character.stop(seconds)  # alone: decays to neutral
    rests = character.sample(FADE) == rest
    print(f"interruption: {'smooth' if smooth else 'a JUMP'}", file=sys.stderr)
    print(f"stop: {'at rest' if rests else 'NOT at rest'}", file=sys.stderr)
    return 0 if smooth and rests else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python talk.py libfacelite.so student.facelite speech.s16")
    sys.exit(main(*sys.argv[1:]))
