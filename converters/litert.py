"""LiteRT on any of our windowed TFLite files, whatever they hear and give: codes or int16 PCM, int8 or int16."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from facelite import companding
from numpy.typing import NDArray

from .quiet import quiet


class Windowed:
    """One file, one thread.

    Parameters
    ----------
    model
        Its bytes: waveform [1, window, 1] -> controls [1, controls].
    reference
        Run LiteRT's reference kernels instead of its fastest.
    """

    def __init__(self, model: bytes, curve: companding.Curve, reference: bool = False) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        resolver = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
        with quiet():
            self._interpreter = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
            self._interpreter.allocate_tensors()
        self._curve = curve
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    @property
    def window(self) -> int:
        """Samples that it hears."""
        return int(self._input["shape"][1])

    def codes(self, pcm: NDArray[np.int16]) -> NDArray:
        """Output codes [controls] of one window of PCM."""
        heard = pcm if self._input["dtype"] == np.int16 else companding.encode(pcm, self._curve)
        self._interpreter.set_tensor(self._input["index"], heard.reshape(self._input["shape"]))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output["index"]).ravel()

    def curves(self, windows: Sequence[NDArray[np.int16]]) -> NDArray[np.float32]:
        """Real output frames [windows, controls]."""
        scale, zero_point = self._output["quantization"]
        codes = np.stack([self.codes(window) for window in windows])
        return (codes.astype(np.float32) - zero_point) * np.float32(scale)
