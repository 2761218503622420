"""What a hop costs on every tier, against the same student in LiteRT, a hop or a window at a time, and in ONNX Runtime.

One process, one thread, pinned to one CPU. Contenders take turns in short rounds, so that whatever else the machine
does falls on all of them alike; a ratio is the median over rounds of the ratio of two medians of one round.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadInput
from .machine import cpu_name
from .student import BLOB_NAME, Student, load

ROUNDS = 50
WINDOWS_PER_ROUND = 20
WARM_UP = 20
CROWD = 64
"""Characters that are stepped together."""

COLD_PER_ROUND = 4
SWEPT_BYTES = 16 << 20
"""Read before each cold run: more than any second-level cache, as a game's own work between two hops is."""

Clock = Callable[[int], NDArray[np.float64]]
"""Runs a contender so many times and returns the ns of each run."""


@dataclass(eq=False)
class Contender:
    """Something that makes one frame a run.

    Attributes
    ----------
    name
        "kernel avx2", "LiteRT int8 XNNPACK", …
    unit
        "hop": a streaming kernel hears one hop; "window": a runtime hears the whole window again. A crowd's times are
        the share of one character.
    clock
        Times it.
    rounds
        ns of each run, one array a round.
    """

    name: str
    unit: str
    clock: Clock
    rounds: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def runs(self) -> NDArray[np.float64]:
        """ns of every run."""
        return np.concatenate(self.rounds)

    def summary(self) -> dict[str, Any]:
        """µs: median, 99th percentile, worst; the ratio of the first two; and how many runs they are of.

        `quiet_p99_over_p50` is that ratio in the quietest round, for a machine that others use as well.
        """
        p50, p99 = np.percentile(self.runs, [50, 99]) / 1e3
        worst = self.runs.max() / 1e3
        return {
            "unit": self.unit,
            "p50_us": p50,
            "p99_us": p99,
            "max_us": worst,
            "p99_over_p50": p99 / p50,
            "quiet_p99_over_p50": min(float(np.percentile(r, 99) / np.median(r)) for r in self.rounds),
            "runs": len(self.runs),
        }

    def medians(self) -> NDArray[np.float64]:
        """Median ns of each round."""
        return np.array([np.median(runs) for runs in self.rounds])


def bench(
    path: str | Path,
    hops: int = 10_000,
    float_model: bytes | None = None,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Measure a bundle (or a lone blob, without rivals) on this machine.

    Parameters
    ----------
    path
        Bundle folder or `.facelite` file.
    hops
        Hops for each tier.
    float_model
        The student as a float TFLite file, to time LiteRT's float XNNPACK too.
    advance
        Called after each of the `ROUNDS` rounds.

    Returns
    -------
    "machine", "student", "contenders" (name -> µs), "ratios" (rival -> tier -> how many hops one of the rival's windows
    takes, or one of its hops) and "crowd" (how many characters were stepped together on the student's tier, and what
    one of them takes as a share of a hop alone: hop after hop, and with other work between two hops that has emptied
    the nearer caches).

    Raises
    ------
    BadInput
        There is no student at `path`, or fewer hops than rounds were asked for.
    """
    if hops < ROUNDS:
        raise BadInput("hops", f"{hops} is too few to time", f"ask for at least {ROUNDS}")
    student = load(path)
    tiers, rivals = _tiers(path, student), list(_rivals(Path(path), student, float_model))
    crowd, cold_crowd = _crowd(student)
    alone = next(tier for tier in tiers if tier.name == f"kernel {student.isa}")
    cold = Contender(f"{alone.name}, cold", "hop", _cold(alone.clock))
    counts = {
        **dict.fromkeys(tiers, -(-hops // ROUNDS)),
        crowd: -(-hops // ROUNDS // 8),
        **dict.fromkeys((cold, cold_crowd), COLD_PER_ROUND),
        **dict.fromkeys(rivals, WINDOWS_PER_ROUND),
    }
    with _one_cpu():
        _race(counts, advance)
    return {
        "machine": {"cpu": cpu_name(), "system": platform.platform()},
        "student": {
            "path": str(path),
            "parameters": student.info.parameters,
            "macs_per_hop": student.info.macs_per_hop,
            "hop_ms": 1e3 * student.hop / student.sample_rate,
        },
        "contenders": {contender.name: contender.summary() for contender in counts},
        "ratios": {rival.name: {tier.name: _ratio(rival, tier) for tier in tiers} for rival in rivals},
        "crowd": {
            "characters": CROWD,
            "share": _ratio(crowd, alone),
            "cold_share": _ratio(cold_crowd, cold),
        },
    }


def _race(counts: dict[Contender, int], advance: Callable[[], None]) -> None:
    """Give every contender its number of runs in every round."""
    for contender in counts:
        contender.clock(min(WARM_UP, counts[contender]))
    for _ in range(ROUNDS):
        for contender, count in counts.items():
            contender.rounds.append(contender.clock(count))
        advance()


def _ratio(rival: Contender, tier: Contender) -> float:
    return float(np.median(rival.medians() / tier.medians()))


def _tiers(path: str | Path, student: Student) -> list[Contender]:
    from . import _kernel

    blob = _blob_file(Path(path)).read_bytes()
    found = []
    try:
        for isa in _kernel.isa_available():
            _kernel.isa_force(isa)
            found.append(
                Contender(f"kernel {isa}", "hop", _hop_clock(_kernel.Stream(_kernel.Model(blob)), student.hop))
            )
    finally:
        _kernel.isa_force(None)
    return found


def _crowd(student: Student) -> tuple[Contender, Contender]:
    """Many characters stepped together, on the student's own tier: the best, or the one that FACELITE_ISA names.

    Hop after hop, and with cold caches.
    """
    from . import _kernel

    crowd = _kernel.Crowd([stream._stream for stream in (student.stream() for _ in range(CROWD))])

    def clock(count: int) -> NDArray[np.float64]:
        noise = _noise(CROWD * count * student.hop).reshape(CROWD, -1)
        return crowd.time_hops(noise, student.hop) / CROWD

    name = f"crowd of {CROWD}, {student.isa}"
    return Contender(name, "hop", clock), Contender(f"{name}, cold", "hop", _cold(clock))


def _cold(clock: Clock) -> Clock:
    """Single runs, each after the nearer caches were filled with something else."""
    other = np.zeros(SWEPT_BYTES // 8)

    def swept(count: int) -> NDArray[np.float64]:
        times = np.empty(count)
        for index in range(count):
            np.add(other, 1.0, out=other)
            times[index] = clock(1)[0]
        return times

    return swept


def _blob_file(path: Path) -> Path:
    return path / BLOB_NAME if path.is_dir() else path


def _hop_clock(stream: Any, hop: int) -> Clock:
    return lambda count: stream.time_hops(_noise(count * hop))


def _noise(samples: int) -> NDArray[np.float32]:
    """The cost does not depend on the audio; noise at -14 dB stands for any."""
    return np.random.default_rng(0).normal(0, 0.2, samples).astype(np.float32)


def _rivals(path: Path, student: Student, float_model: bytes | None) -> Iterator[Contender]:
    """The bundle's other formats, each on its usual runtime with one thread."""
    codes = np.random.default_rng(0).integers(-127, 128, student.window).astype(np.int8)
    if (path / "student_int8.tflite").is_file():
        model = (path / "student_int8.tflite").read_bytes()
        yield Contender("LiteRT int8 XNNPACK", "window", _litert_clock(model, codes))
    if (path / "student_stream_int8.tflite").is_file():
        model = (path / "student_stream_int8.tflite").read_bytes()
        yield Contender("LiteRT int8 XNNPACK, one hop", "hop", _litert_clock(model, codes[: student.hop]))
    wave = (codes / np.float32(127)).astype(np.float32)
    if float_model is not None:
        yield Contender("LiteRT float XNNPACK", "window", _litert_clock(float_model, wave))
    if (path / "student.onnx").is_file():
        yield Contender("ONNX Runtime float", "window", _onnx_clock(path / "student.onnx", wave))


def _litert_clock(model: bytes, window: NDArray) -> Clock:
    """Of the graph alone: what it costs to hand audio over, and states back in, is not counted."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    waveform, *states = interpreter.get_input_details()
    interpreter.set_tensor(waveform["index"], window.reshape(waveform["shape"]))
    for state in states:
        interpreter.set_tensor(state["index"], np.zeros(state["shape"], state["dtype"]))
    return lambda count: _timed(interpreter.invoke, count)


def _onnx_clock(file: Path, window: NDArray) -> Clock:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    detail = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in detail.shape]
    feed = {detail.name: window.reshape(shape)}
    return lambda count: _timed(lambda: session.run(None, feed), count)


def _timed(work: Callable[[], object], count: int) -> NDArray[np.float64]:
    times = np.empty(count)
    for index in range(count):
        start = time.perf_counter_ns()
        work()
        times[index] = time.perf_counter_ns() - start
    return times


@contextmanager
def _one_cpu() -> Iterator[None]:
    """Pin this process to the CPU it is on, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
