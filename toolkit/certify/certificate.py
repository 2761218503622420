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
from ..targets.evidence import CERTIFICATE_NAME
from .context import Context, context
from .disturb import KINDS
from .examine import examine
from .subjects import KernelStream, OracleStream, Subject, Windows

FORMAT = 2
TIMES = 8
"""Frames of a clip whose future is disturbed."""

RATES = (44100, 48000)
"""Hz that the C kernel's best tier is examined at besides the student's own."""

Progress = Callable[[str], None]

ABOUT = (
    "Clips were run as streams with all audio from a frame's limit on replaced by {kinds}, at {times} times each, and "
    "every bit of every frame up to that one compared; then the last sample inside the limit was changed (behind a "
    "resampler, whose filter fades to nothing, up to half of it), there and, if need be, in soft noise and at more "
    "times, until a frame changed. Where none did, the limit is not shown to be reached, and `inside` is how near to "
    "it a sample was found that is heard; where not even `stretch` samples change a frame, it hears less than it says."
)


def certify(
    bundle: str | Path,
    clips: Mapping[str, NDArray],
    times: int = TIMES,
    rates: Sequence[int] | None = None,
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
        Hz at which the C kernel's best tier also hears the clips; None: `RATES` for a student of 16 kHz, the only ones
        whose streams resample.
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
    subjects = list(_subjects(folder, graph, blob, _rates(rates, graph)))
    rows = []
    for subject in subjects:
        tell(_title(subject))
        for name, clip in clips.items():
            pcm = _at_rate(clip, graph.sample_rate, subject.context.rate)
            frames = _frames(subject.context, len(pcm), times, name)
            rows.append({"clip": name, **examine(subject, pcm, frames)})
    own = context(graph, load(folder).stream().latency)
    golden = _golden(folder)
    broken = failures(golden, rows)
    return {
        "format": FORMAT,
        "holds": not broken,
        "failures": broken,
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


def failures(golden: bool, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for everything that does not hold."""
    lines = [] if golden else ["student.facelite: its frames are not where golden.npz has them; wrong header?"]
    for row in rows:
        where = f"{row['runtime']} at {row['rate']} Hz"
        lines += [
            f"{where}: {leak['kind']} beyond the limit of frame {leak['frame']} changes frame "
            f"{leak['changed_frame']}; it hears {leak['samples_beyond']} samples more than it says"
            for leak in row["leaks"]
        ]
        if row["overstated"]:
            unheard = f"the last {row['stretch']} samples inside its limit change no frame"
            lines.append(f"{where}: {unheard}; it hears less than it says")
        if row["punctual"] is False:
            lines.append(f"{where}: frames do not come out with the sample that completes them")
    return lines


def unshown(certificate: Mapping[str, Any]) -> list[str]:
    """One line for every limit that was not shown to be reached, which is no fault."""
    return [
        f"{row['runtime']} at {row['rate']} Hz: not shown to hear up to its limit; it took the last {row['inside']} "
        f"samples inside it to change a frame, and {row['allowed']} would have shown it"
        for row in certificate["rows"]
        if not row["exact"] and not row["overstated"]
    ]


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


def _rates(wanted: Sequence[int] | None, graph: Graph) -> Sequence[int]:
    resamples = graph.sample_rate == 16000
    if wanted is None:
        return RATES if resamples else ()
    heard = INPUT_RATES if resamples else (graph.sample_rate,)
    wrong = ", ".join(str(rate) for rate in wanted if rate not in heard)
    if wrong:
        raise BadInput(
            "--rate", f"this student cannot hear {wrong} Hz", f"use {', '.join(map(str, heard))}, or leave it out"
        )
    return wanted


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
    from facelite.converters.backends import golden
    from facelite.converters.bundle import GOLDEN_NAME

    pcm, curves = golden.read(folder / GOLDEN_NAME, "stream_pcm", "stream_curves")
    return bool(np.array_equal(load(folder).animate(pcm), curves))
