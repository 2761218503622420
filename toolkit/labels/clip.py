"""Labelling one clip, and refusing what a teacher must not say."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..controls import ARKIT_52
from ..curves import FRAME_RATE, Curves
from ..errors import BadInput, FaceliteError
from ..speech.corpus import Clip
from ..teachers.protocol import Teacher
from ..teachers.timing import frame_count
from .card import SAMPLE_RATE, TeacherCard

ARKIT_TOLERANCE = 1.0
"""How far an ARKit control may lie outside 0..1 before the clip is refused; a regression's overshoot is cut off."""

MOVING = 0.01
"""A control that is at most this far from rest does not move."""

_FLOAT16_MAX = float(np.finfo(np.float16).max)
_SILENCE_DB = -120.0


@dataclass(frozen=True, eq=False)
class Label:
    """What a teacher said about one clip, or why it could not.

    Attributes
    ----------
    curves
        float16 [frames, controls]; no frames where `error` says something.
    error
        One line, or "".
    clipped
        Values that were cut off to 0..1.
    active
        Frames in which some control is off rest.
    level
        Of the audio: RMS in dB of full scale, at least -120.
    """

    curves: NDArray[np.float16]
    error: str = ""
    clipped: int = 0
    active: int = 0
    level: float = _SILENCE_DB


def label(clip: Clip, card: TeacherCard, teacher: Teacher) -> Label:
    """Ask `teacher` about `clip`; whatever is wrong with either becomes the label's `error`.

    Only an answer about this clip is caught: memory that runs out, an interrupt or an exit is not.
    """
    try:
        audio = _audio(clip)
        answer = teacher.animate(audio, SAMPLE_RATE, clip.phones if card.needs_phones else None)
        values, clipped = checked(answer, card.controls, frame_count(len(audio), SAMPLE_RATE))
    except MemoryError:
        raise
    except FaceliteError as error:
        return _refused(clip, card, str(error))
    except Exception as error:  # a teacher is anyone's code, and one clip must not end a night of labelling
        return _refused(clip, card, f"{type(error).__name__}: {error}")
    active = int((np.abs(values) > MOVING).any(1).sum())
    return Label(values.astype(np.float16), "", clipped, active, _level(audio))


def checked(answer: Curves, controls: Sequence[str], frames: int) -> tuple[NDArray[np.float32], int]:
    """The values of a teacher's answer, and how many of them had to be cut off.

    Parameters
    ----------
    frames
        How many the audio asks for: ceil(samples / hop).

    Raises
    ------
    BadInput
        Other controls than the teacher declares, another frame rate or number of frames, a value that is not
        finite or that float16 cannot hold, or an ARKit control further than `ARKIT_TOLERANCE` outside 0..1.
    """
    if tuple(answer.controls) != tuple(controls):
        strange = sorted(set(answer.controls) ^ set(controls))[:3]
        raise BadInput("teacher", f"answered with other controls than it declares ({', '.join(strange) or 'order'})")
    if answer.frame_rate != FRAME_RATE:
        raise BadInput("teacher", f"answered at {answer.frame_rate:g} frames a second instead of {FRAME_RATE:g}")
    values = np.asarray(answer.values, np.float32)
    if len(values) != frames:
        raise BadInput("teacher", f"answered with {len(values)} frames instead of {frames}")
    _refuse(~np.isfinite(values), values, controls, "which is not finite")
    arkit = np.isin(controls, ARKIT_52)
    wild = (values < -ARKIT_TOLERANCE) | (values > 1 + ARKIT_TOLERANCE)
    _refuse(arkit & wild, values, controls, "an ARKit control lies in 0..1")
    _refuse(np.abs(values) > _FLOAT16_MAX, values, controls, "which float16 cannot hold")
    outside = arkit & ((values < 0) | (values > 1))
    return np.where(outside, np.clip(values, 0, 1), values), int(outside.sum())


def _refuse(faults: NDArray[np.bool_], values: NDArray[np.float32], controls: Sequence[str], why: str) -> None:
    if faults.any():
        frame, column = np.argwhere(faults)[0]
        raise BadInput("teacher", f"{controls[column]} is {values[frame, column]:g} in frame {frame}: {why}")


def _audio(clip: Clip) -> NDArray[np.float32]:
    """The clip's sound, which must be the one that the corpus's manifest speaks of."""
    path = clip.root / clip.path
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise BadInput(clip.path, error.strerror or "cannot be read") from None
    audio = clip.audio()
    if found != clip.sha256:
        raise BadInput(clip.path, "differs from the corpus's manifest (sha256)", "build the corpus again")
    return audio


def _refused(clip: Clip, card: TeacherCard, problem: str) -> Label:
    """Without the corpus's own place in it: a shard is the same wherever the corpus lies."""
    text = " ".join(problem.replace(f"{clip.root}/", "").split())
    return Label(np.zeros((0, len(card.controls)), np.float16), text or "unnamed failure")


def _level(audio: NDArray[np.float32]) -> float:
    power = float(np.mean(np.square(audio, dtype=np.float64)))
    return round(max(10 * np.log10(power + 1e-30), _SILENCE_DB), 2)
