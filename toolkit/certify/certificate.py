"""The certificate of a bundle: every runtime's stream examined on whole clips."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import companding, runtimes
from ..atomic import write_text
from ..errors import BadInput
from ..graph import Graph
from ..student import BLOB_NAME, INPUT_RATES, load
from .context import Context, context
from .disturb import KINDS
from .examine import examine
from .subjects import KernelStream, OracleStream, Subject, Windows

CERTIFICATE_NAME = "certificate.json"
FORMAT = 1
TIMES = 8
"""Frames of a clip whose future is disturbed."""

RATES = (44100, 48000)
"""Hz that the C kernel's best tier is examined at besides the student's own."""

Progress = Callable[[str], None]

ABOUT = (
    "Clips were run as streams with all audio from a frame's limit on replaced by {kinds}, at {times} times each, and "
    "every bit of every frame up to that one compared; then the last sample inside the limit was changed, which must "
    "change a frame (within the resampler's filter, whose ends fade to nothing, some samples inside it)."
)


def certify(
    bundle: str | Path,
    clips: Mapping[str, NDArray],
    times: int = TIMES,
    rates: Sequence[int] = RATES,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Examine every runtime of a bundle.

    Parameters
    ----------
    bundle
        Folder made by `facelite convert`.
    clips
        PCM by name, float or int16 [samples] at the student's sample rate, longer than the future context.
    times
        Frames of each clip whose future is disturbed, spread evenly.
    rates
        Hz at which the C kernel's best tier also hears the clips.
    progress
        Told what is examined.

    Returns
    -------
    What certificate.json holds: `holds`; `future`, the context of the student's own stream as `samples`, `ms` and
    `terms`; `rows`, one for each clip and stream (`examine`); `golden`, whether the blob's header gives the frames of
    golden.npz at their places; `blob_sha256`, what it is about.

    Raises
    ------
    BadInput
        The folder is no bundle, a clip is too short or a rate is none that streams hear.
    """
    from facelite.converters.bundle import load_graph

    tell = progress or (lambda text: None)
    folder = Path(bundle)
    graph = load_graph(folder)
    blob = runtimes.read(folder / BLOB_NAME)
    _check_rates(rates, graph)
    subjects = list(_subjects(folder, graph, blob, rates))
    rows = []
    for subject in subjects:
        tell(_title(subject))
        for name, clip in clips.items():
            pcm = _at_rate(clip, graph.sample_rate, subject.context.rate)
            frames = _frames(subject.context, len(pcm), times, name)
            rows.append({"clip": name, **examine(subject, pcm, frames)})
    own = context(graph, load(folder).stream().latency)
    golden = _golden(folder)
    return {
        "format": FORMAT,
        "holds": golden and all(row["holds"] for row in rows),
        "about": ABOUT.format(kinds=", ".join(KINDS), times=times),
        "blob_sha256": hashlib.sha256(blob).hexdigest(),
        "sample_rate": graph.sample_rate,
        "future": {"samples": own.samples, "ms": own.ms, "terms": [vars(term) for term in own.terms]},
        "golden": golden,
        "rows": rows,
    }


def write(bundle: str | Path, certificate: Mapping[str, Any]) -> Path:
    """Write certificate.json into the bundle; returns its path."""
    path = Path(bundle) / CERTIFICATE_NAME
    write_text(path, json.dumps(certificate, indent=2, allow_nan=False) + "\n")
    return path


def _subjects(folder: Path, graph: Graph, blob: bytes, rates: Sequence[int]) -> Iterator[Subject]:
    from facelite.converters.bundle import ONNX_NAME, TFLITE_NAME

    tiers = runtimes.tiers()
    for tier in tiers:
        yield KernelStream(blob, graph, tier, graph.smoothing)
    yield KernelStream(blob, graph, tiers[-1], not graph.smoothing)
    for rate in rates:
        yield KernelStream(blob, graph, tiers[-1], graph.smoothing, rate)
    claim = context(graph, load(folder).stream().latency)
    yield OracleStream(graph, claim)
    model = runtimes.read(folder / TFLITE_NAME)
    for runtime in (
        runtimes.LiteRt(model, graph),
        runtimes.LiteRt(model, graph, xnnpack=True),
        runtimes.OnnxRuntime(runtimes.read(folder / ONNX_NAME), graph),
    ):
        yield Windows(runtime, graph, claim)


def _title(subject: Subject) -> str:
    smoothing = "smoothed" if subject.context.smoothing else "not smoothed"
    return f"{subject.name}, {subject.context.rate} Hz, {smoothing}"


def _check_rates(rates: Sequence[int], graph: Graph) -> None:
    wrong = [rate for rate in rates if rate not in INPUT_RATES]
    if wrong or (rates and graph.sample_rate != 16000):
        allowed = ", ".join(map(str, INPUT_RATES)) if graph.sample_rate == 16000 else "none for this student"
        raise BadInput("rates", f"{wrong or list(rates)} cannot be heard", f"allowed: {allowed}")


def _at_rate(clip: NDArray, own: int, rate: int) -> NDArray[np.int16]:
    """The clip as int16 at `rate`; interpolated in straight lines, since any audio will do."""
    pcm = clip if clip.dtype == np.int16 else companding.to_int16(clip)
    if rate == own:
        return pcm
    places = np.arange(len(pcm) * rate // own) * (own / rate)
    return np.rint(np.interp(places, np.arange(len(pcm)), pcm.astype(np.float64))).astype(np.int16)


def _frames(claim: Context, samples: int, times: int, name: str) -> list[int]:
    """Frames, spread evenly, whose limit lies at least a hop before the clip's end."""
    room = samples * claim.model_rate // claim.rate
    last = room // claim.hop - 1
    while last >= 0 and claim.cut(last) + claim.hop > samples:
        last -= 1
    if last < 1:
        raise BadInput(name, f"is shorter than the future context of {claim.ms:g} ms", "give a longer recording")
    return sorted({int(frame) for frame in np.linspace(min(2, last), last, times)})


def _golden(folder: Path) -> bool:
    """Whether the blob's header puts frames where golden.npz, made with the bundle, has them."""
    from facelite.converters.bundle import GOLDEN_NAME

    path = folder / GOLDEN_NAME
    runtimes.read(path)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            pcm, curves = arrays["stream_pcm"], arrays["stream_curves"]
    except (ValueError, KeyError, OSError) as error:
        raise BadInput(path, f"is damaged ({type(error).__name__})", "convert the student again") from None
    return bool(np.array_equal(load(folder).animate(pcm), curves))
