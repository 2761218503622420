"""That one int8 figure stands for both: LiteRT's int8 and the C kernel's, value by value, on the speech measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..companding import codes
from ..runtimes import Heard, Kernel, LiteRt, read
from ..student import BLOB_NAME
from .references import Reference
from .subjects import Subject

CLIPS, WINDOWS = 4, 8
"""LiteRT's reference kernels take some 50 ms a window, a thousand times as long as the C kernel."""


@dataclass(frozen=True)
class Proof:
    """How the C kernel's int8 output codes compare with those of LiteRT's reference kernels.

    Attributes
    ----------
    clips, windows
        Looked at, spread evenly over the speech that was measured.
    values, different
        int8 codes compared, and how many of them differ.
    tier
        Of the C kernel: the one that gave the figures.
    """

    clips: int
    windows: int
    values: int
    different: int
    tier: str


def prove(subject: Subject, spoken: Sequence[Reference]) -> Proof | None:
    """Compare a subject's TFLite file with its blob on clips of `spoken`; None where it has none.

    Raises
    ------
    BadInput
        One of the files cannot be read.
    """
    from facelite.converters.bundle import TFLITE_NAME, load_graph

    if subject.bundle is None or subject.tier is None:
        return None
    graph = load_graph(subject.bundle)
    lite = LiteRt(read(subject.bundle / TFLITE_NAME), graph)
    kernel = Kernel(read(subject.bundle / BLOB_NAME), graph, subject.tier)
    chosen = [spoken[index] for index in np.unique(np.linspace(0, len(spoken) - 1, CLIPS).astype(int))]
    heard = [Heard.of(graph, codes(reference.samples, graph.companding), WINDOWS) for reference in chosen]
    pairs = [(lite(one), kernel(one)) for one in heard]
    return Proof(
        clips=len(chosen),
        windows=sum(len(one.hops) for one in heard),
        values=sum(ours.size for _, ours in pairs),
        different=sum(int((theirs != ours).sum()) for theirs, ours in pairs),
        tier=subject.tier,
    )
