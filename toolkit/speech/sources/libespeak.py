"""A ctypes binding of the few functions of libespeak-ng that synthesis with phone events takes.

Names, numbers and layouts are those of espeak-ng's public header speak_lib.h (API revision 12).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceliteError, MissingDependency
from ...teachers.protocol import Phone

_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1, 2, 0x8000
_EVENT_END, _EVENT_PHONEME = 0, 7
_RATE, _PITCH, _RANGE = 1, 3, 4
_CHARS_UTF8 = 1


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True, eq=False)
class Speech:
    """What one synthesis gave: float32 [samples] -1..1, their rate in Hz, IPA symbols over the whole time."""

    samples: NDArray[np.float32]
    sample_rate: int
    labels: list[Phone]


class Library:
    """libespeak-ng, loaded and started: once a process. It remembers what it said before; see `espeak_process`.

    Raises
    ------
    MissingDependency
        The library is not installed.
    """

    def __init__(self) -> None:
        self._api = load()
        self.sample_rate = self._api.espeak_Initialize(
            _OUTPUT_SYNCHRONOUS, 0, None, _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        )
        if self.sample_rate <= 0:
            raise FaceliteError(
                "espeak-ng did not start: its data folder is missing; run: apt-get install -y espeak-ng-data"
            )
        self._api.espeak_ListVoices(None)  # read the voices' files now, once for all forks
        self._chunks: list[bytes] = []
        self._events: list[tuple[int, str]] = []
        self._callback = _Callback(self._receive)  # kept: the library holds only a bare pointer to it
        self._api.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, variant: str, rate: int, pitch: int, spread: int) -> Speech | None:
        """Synthesise `text`; None when there is no such voice.

        Parameters
        ----------
        voice, variant
            "en-us", "f2"; an empty variant is the voice itself.
        rate
            Words a minute, 80 to 450.
        pitch, spread
            Base pitch and its range, 0 to 100; 50 is normal.
        """
        name = f"{voice}+{variant}" if variant else voice
        if self._api.espeak_SetVoiceByName(name.encode()) != 0:
            return None
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, spread)):
            self._api.espeak_SetParameter(parameter, value, 0)
        self._chunks.clear()
        self._events.clear()
        data = text.encode() + b"\0"
        self._api.espeak_Synth(data, len(data), 0, 1, 0, _CHARS_UTF8, None, None)
        self._api.espeak_Synchronize()
        samples = np.frombuffer(b"".join(self._chunks), np.int16).astype(np.float32) / np.float32(32768)
        return Speech(samples, self.sample_rate, self._labels(len(samples)))

    def _receive(self, samples: ctypes._Pointer, count: int, events: ctypes._Pointer) -> int:
        index = 0
        while events[index].type != _EVENT_END:
            if events[index].type == _EVENT_PHONEME:
                # all 8 bytes may be used, and a symbol cut inside a letter loses that letter
                raw = ctypes.string_at(ctypes.addressof(events[index]) + _Event.id.offset, 8).split(b"\0")[0]
                self._events.append((events[index].sample, raw.decode("utf-8", "ignore")))
            index += 1
        if count > 0:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        return 0

    def _labels(self, length: int) -> list[Phone]:
        starts = [*(min(sample, length) for sample, _ in self._events), length]
        labels = [
            Phone(starts[i] / self.sample_rate, starts[i + 1] / self.sample_rate, symbol)
            for i, (_, symbol) in enumerate(self._events)
        ]
        return [Phone(0.0, starts[0] / self.sample_rate, ""), *labels]


def version() -> str:
    """Of the installed library, as it says itself ("1.51")."""
    api = load()
    api.espeak_Info.restype = ctypes.c_char_p
    return api.espeak_Info(None).decode()


def load() -> ctypes.CDLL:
    """The shared library, not yet started.

    Raises
    ------
    MissingDependency
        It is not installed.
    """
    for name in ("libespeak-ng.so.1", ctypes.util.find_library("espeak-ng")):
        try:
            if name:
                return ctypes.CDLL(name)
        except OSError:
            continue
    raise MissingDependency("synthesis with espeak-ng", "libespeak-ng", "apt-get install -y espeak-ng")
