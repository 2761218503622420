"""TFLite files with 16-bit activations over int8 weights, in all layers or in the first: LiteRT runs them, no C kernel.

They hear int16 PCM: a table inside compands it to 16 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from facelite.companding import FULL_SCALE, MU
from facelite.graph import Add, Clamp, Conv, Graph, Map
from facelite.requantise import quant_of
from numpy.typing import NDArray

from .tflite_file import File

_LARGEST = 32767


def pack(wide: Graph, narrow: Graph | None = None) -> bytes:
    """The file: waveform int16 PCM [1, window, 1] -> controls [1, controls], int16, or int8 where it ends narrow.

    Parameters
    ----------
    wide
        Of 16-bit scales (`quantise16`).
    narrow
        The same student in int8: behind the first operator everything is as there.
    """
    return _WideFile(wide, pcm=True, narrow=narrow).build()


@dataclass
class _WideFile(File):
    narrow: Graph | None = None

    def activation(self, name: str, shape: Sequence[int], index: int) -> int:
        quant = self.graph.tensors[index].quant
        return self.writer.tensor(name, shape, quant, "INT8" if self.graph is self.narrow else "INT16")

    def companding(self) -> NDArray[np.int16]:
        """16-bit mu-law of each int16 sample, from -32768 on: the curve of `facelite.companding`, not its codes."""
        samples = np.arange(-FULL_SCALE, FULL_SCALE) / FULL_SCALE
        mu = MU[self.graph.companding]
        curve = np.sign(samples) * np.log1p(mu * np.abs(samples)) / np.log1p(mu)
        return np.rint(curve * _LARGEST).astype(np.int16)

    def limit(self, op: Conv | Add | Map, source: int, output: int, index: int) -> None:
        """LiteRT has no 16-bit RELU_0_TO_1 or RELU_N1_TO_1, but MAXIMUM and MINIMUM, which compare codes."""
        if self.graph is self.narrow or op.clamp not in (Clamp.RELU_0_TO_1, Clamp.RELU_N1_TO_1):
            return super().limit(op, source, output, index)
        if isinstance(op, Map):
            rescaled = self._made(index, "rescaled")
            self.writer.op("QUANTIZE", [source], rescaled)
            source = rescaled
        scale = np.float32(quant_of(self.graph, index).scale)
        above = self._made(index, "above")
        for code, bound, target in zip(("MAXIMUM", "MINIMUM"), op.clamp.bounds, (above, output), strict=True):
            number = np.array([np.clip(np.rint(bound / scale), -_LARGEST, _LARGEST)], np.int16)
            constant = self.writer.constant(f"{op.name}/{code.lower()}", number, np.array([scale]))
            self.writer.op(code, [source, constant], target, "MaximumMinimumOptions")
            source = target

    def write(self, index: int) -> int:
        made = super().write(index)
        if self.narrow is None or index > 0:
            return made
        self.graph = self.narrow
        frames = self.frames
        self.tensors[:] = [self._narrowed(self.tensors[0], 0, frames[0])]
        return self._narrowed(made, 1, frames[1])

    def _narrowed(self, source: int, index: int, frames: int) -> int:
        """A 16-bit tensor's values in int8."""
        shape = [1, 1, frames, self.graph.tensors[index].channels]
        target = self.activation(f"narrow/{index}", shape, index)
        self.writer.op("QUANTIZE", [source], target)
        return target
