"""A whole recording animated: the student, its gate, its idle life."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..curves import FRAME_RATE
from ..errors import BadInput
from ..student import Student, checked_pcm
from .gate import Gate, load_gate
from .life import CONTROLS, Life


def animate(
    student: Student, pcm: ArrayLike, gate: bool = True, idle: bool = False, seed: int = 1
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Curves of a recording with what a face does besides speech.

    Parameters
    ----------
    pcm
        float32 (-1..1) or int16, [samples], at the student's rate.
    gate
        Keep the face at rest while nobody speaks. Only for students whose rate and hop are the gate's, 16 kHz and 256;
        others pass.
    idle
        Add blinks, looks and brows. Only for students of 62.5 frames a second.
    seed
        Of the idle life.

    Returns
    -------
    float32 [frames, controls] and the controls' names: the student's, then those of idle life that it lacks.

    Raises
    ------
    BadInput
        As `Student.animate`; `idle` for a student of another frame rate.
    """
    if idle:
        check_lively(student)
    pcm = checked_pcm(pcm)
    values = student.animate(pcm)
    if gate:
        values = gated(student, values, pcm)
    if not idle:
        return values, student.controls
    return _lively(student, values, pcm, seed)


def check_lively(student: Student) -> None:
    """Idle life counts in frames of 62.5 a second.

    Raises
    ------
    BadInput
        The student gives frames at another rate.
    """
    if student.frame_rate != FRAME_RATE:
        problem = f"the student gives {student.frame_rate:g} frames a second, and idle life is made for {FRAME_RATE}"
        raise BadInput("--idle", problem, "leave it out")


def gated(student: Student, values: NDArray[np.float32], pcm: NDArray) -> NDArray[np.float32]:
    """The student's `values`, float32 [frames, controls], of a recording, as its gate lets them pass."""
    judge = load_gate()
    if (student.sample_rate, student.hop) != (judge.sample_rate, judge.hop):
        return values
    gate = Gate(student.stream().sample(0.0))
    passed = np.empty_like(values)
    for index, speech in enumerate(judge.animate(pcm)[:, 0]):
        gate.step(float(speech))
        passed[index] = gate.apply(values[index])
    return passed


def _lively(
    student: Student, values: NDArray[np.float32], pcm: NDArray, seed: int
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    life = Life(seed)
    hops = np.pad(pcm.astype(np.float64), (0, -len(pcm) % student.hop)).reshape(-1, student.hop)
    scale = 32768.0 if pcm.dtype == np.int16 else 1.0
    loudness = np.sqrt(np.mean(np.square(hops / scale), axis=1))
    moved = np.array([life.step(float(one)) for one in loudness], np.float32).reshape(-1, len(CONTROLS))
    extra = [index for index, name in enumerate(CONTROLS) if name not in student.controls]
    return np.hstack([values, moved[: len(values), extra]]), (*student.controls, *(CONTROLS[i] for i in extra))
