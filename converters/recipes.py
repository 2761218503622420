"""How a float student becomes integers: each recipe is a function from a calibrated student to TFLite files.

`student_int8.tflite` among them is the truth that everything else of a bundle is made from; a recipe without it is for
LiteRT alone. docs/converters.md has a table of when to use which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from facelite.errors import BadInput
from facelite.graph import Graph
from numpy.typing import NDArray

from . import ranges
from .backends import tflite_file, tflite_stream, tflite_wide
from .observe import Histogram, observe
from .quantise import quantise, scales, with_scales
from .quantise16 import quantise16
from .ranges import Range

TFLITE_NAME = "student_int8.tflite"
PCM_NAME, PCM_STREAM_NAME = "student_pcm_int8.tflite", "student_pcm_stream_int8.tflite"
INT16_INPUT_NAME, INT16X8_NAME = "student_int16_input.tflite", "student_int16x8.tflite"

Files = dict[str, bytes]

_Choice = TypeVar("_Choice")


@dataclass(frozen=True, eq=False)
class FloatStudent:
    """A float graph and the audio that its ranges are measured on.

    Attributes
    ----------
    graph
        Float.
    heard
        Companded audio, float32 [samples] each (`calibration.utterances`).
    method
        One of `ranges.METHODS`.
    curves
        What a teacher makes of `heard`, float32 [samples // hop, controls], for `qat`; None without a teacher.
    """

    graph: Graph
    heard: Sequence[NDArray[np.float32]]
    method: str = ranges.DEFAULT
    curves: NDArray[np.float32] | None = None

    @cached_property
    def observed(self) -> list[Histogram]:
        """What each operator's output held."""
        return observe(self.graph, self.heard)

    @cached_property
    def ranges(self) -> list[Range]:
        """What each operator's int8 output spans. The controls keep their peaks: those are what is seen."""
        method = named(ranges.METHODS, self.method, "--range")
        return [*map(method, self.observed[:-1]), ranges.min_max(self.observed[-1])]

    @property
    def full_ranges(self) -> list[Range]:
        """From the smallest to the largest value: 16 bits need no narrower choice."""
        return [ranges.min_max(seen) for seen in self.observed]

    def int8(self, pair_safe: bool) -> Graph:
        """Its int8 graph."""
        return quantise(self.graph, self.ranges, pair_safe)


Recipe = Callable[[FloatStudent], Files]


def int8(student: FloatStudent) -> Files:
    """Full int8, each weight at its nearest code."""
    return {TFLITE_NAME: tflite_file.pack(student.int8(pair_safe=False))}


def int8_pair_safe(student: FloatStudent) -> Files:
    """Full int8 whose weights x86's maddubs multiplies exactly: nearly twice as fast on CPUs without VNNI."""
    return {TFLITE_NAME: tflite_file.pack(student.int8(pair_safe=True))}


def mulaw_input(student: FloatStudent) -> Files:
    """`int8_pair_safe`, and both TFLite files once more with int16 PCM as their input, companded by a table inside."""
    graph = student.int8(pair_safe=True)
    return {
        TFLITE_NAME: tflite_file.pack(graph),
        PCM_NAME: tflite_file.pack(graph, pcm=True),
        PCM_STREAM_NAME: tflite_stream.pack(graph, pcm=True),
    }


def int16_input(student: FloatStudent) -> Files:
    """The first layer hears 16 bits, all behind it is int8; for LiteRT alone."""
    wide = quantise16(student.graph, student.full_ranges)
    return {INT16_INPUT_NAME: tflite_wide.pack(wide, student.int8(pair_safe=False))}


def int16x8(student: FloatStudent) -> Files:
    """Activations of 16 bits over int8 weights in every layer; for LiteRT alone."""
    return {INT16X8_NAME: tflite_wide.pack(quantise16(student.graph, student.full_ranges))}


def qat(student: FloatStudent) -> Files:
    """`int8_pair_safe` after some minutes of training in which the student computes as its int8 will."""
    from facelite.distill.quantaware import fine_tune

    scaled = with_scales(student.graph, scales(student.graph, student.ranges))
    tuned = fine_tune(scaled, student.heard, curves=student.curves)
    return {TFLITE_NAME: tflite_file.pack(quantise(tuned, student.ranges, pair_safe=True))}


RECIPES: dict[str, Recipe] = {
    recipe.__name__: recipe for recipe in (int8_pair_safe, int8, mulaw_input, int16_input, int16x8, qat)
}

DEFAULT = int8_pair_safe.__name__


def named(choices: dict[str, _Choice], name: str, option: str) -> _Choice:
    """What an option names, or BadInput with the names that there are."""
    if name not in choices:
        raise BadInput(option, f"there is no {name!r}", f"give one of {', '.join(choices)}")
    return choices[name]
