"""Everything that can run a student, behind one call: windows of codes in, output frames out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from . import companding, reference
from .errors import BadInput
from .graph import Graph, Map, Quant
from .requantise import CODE_MAX, CODE_MIN, RESCALED_INPUT, map_table, quant_of


@dataclass(frozen=True, eq=False)
class Heard:
    """Audio as a stream hears it, and the windows of it that windowed runtimes are given.

    Attributes
    ----------
    codes
        int8 [window + hops * hop]: silence, then what the stream is pushed.
    hops
        Which hops (1 is the first) are looked at; hop ``k`` ends at ``codes[window + k * hop]``.
    """

    codes: NDArray[np.int8]
    hops: NDArray[np.int64]
    window: int
    hop: int

    @classmethod
    def of(cls, graph: Graph, codes: NDArray[np.int8], count: int, run: int = 1) -> Heard:
        """`count` windows, in runs of `run` consecutive hops that are spread evenly over an utterance.

        The utterance is padded with silence to whole hops.
        """
        hops = max(1, -(-len(codes) // graph.hop))
        padded = np.zeros(graph.window + hops * graph.hop, np.int8)
        padded[graph.window : graph.window + len(codes)] = codes
        length = min(run, count, hops)
        starts = np.linspace(1, hops - length + 1, max(1, min(count, hops) // length)).astype(np.int64)
        chosen = np.unique(starts[:, None] + np.arange(length))
        return cls(padded, chosen, graph.window, graph.hop)

    @property
    def pushed(self) -> int:
        """Samples that the stream is given after the silence, whole hops."""
        return len(self.codes) - self.window

    @property
    def windows(self) -> NDArray[np.int8]:
        """int8 [hops looked at, window]."""
        return np.stack([self.window_at(hop) for hop in self.hops])

    def window_at(self, hop: int) -> NDArray[np.int8]:
        """int8 [window]: what hop number `hop` ends."""
        end = self.window + hop * self.hop
        return self.codes[end - self.window : end]


class Runtime(Protocol):
    """Runs a student; `quant` says what its codes mean, or is None when it gives real values."""

    name: str
    quant: Quant | None

    def __call__(self, heard: Heard) -> NDArray:
        """Output frames of the hops looked at: int8 codes or float32 values, [hops, controls]."""
        ...


class Oracle:
    """The NumPy oracle, window by window."""

    name = "NumPy oracle"

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.quant = graph.tensors[-1].quant

    def __call__(self, heard: Heard) -> NDArray[np.int8]:
        return np.stack([reference.run_window(self.graph, window) for window in heard.windows])


class Kernel:
    """One tier of the C kernel, streaming: hop after hop from silence on."""

    def __init__(self, blob: bytes, graph: Graph, tier: str) -> None:
        from . import _kernel

        self.name = f"C kernel, {tier}"
        self.quant = graph.tensors[-1].quant
        self._kernel = _kernel
        _kernel.isa_force(tier)
        try:
            self._model = _kernel.Model(blob)
        finally:
            _kernel.isa_force(None)

    def __call__(self, heard: Heard) -> NDArray[np.int8]:
        return self.stream(heard)[heard.hops - 1]

    def stream(self, heard: Heard) -> NDArray[np.int8]:
        """Every hop's output codes, int8 [hops, controls]."""
        return self._kernel.Stream(self._model).step_codes(np.ascontiguousarray(heard.codes[heard.window :]))

    def layers(self, heard: Heard, hop: int) -> list[NDArray[np.int8]]:
        """For each operator the new frames of hop number `hop`, int8 [frames, channels]."""
        pushed = np.ascontiguousarray(heard.codes[heard.window : heard.window + hop * heard.hop])
        stream = self._kernel.Stream(self._model)
        stream.step_codes(pushed[: -heard.hop])
        return stream.step_layers(pushed[-heard.hop :])

    def all_layers(self, heard: Heard) -> Iterator[list[NDArray[np.int8]]]:
        """`layers` of every hop in turn."""
        stream = self._kernel.Stream(self._model)
        for codes in np.ascontiguousarray(heard.codes[heard.window :]).reshape(-1, heard.hop):
            yield stream.step_layers(codes)


def tiers() -> list[str]:
    """The C kernel's tiers that run here, weakest first."""
    from . import _kernel

    return _kernel.isa_available()


def _interpreter(model: bytes, graph: Graph, xnnpack: bool) -> Any:
    """LiteRT with a model loaded, one thread."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType
    from facelite.converters.quiet import quiet

    resolver = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_REF
    try:
        with quiet():
            made = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
            made.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise BadInput(graph.name, f"LiteRT refuses its TFLite file: {_first_line(error)}") from error
    return made


class LiteRt:
    """An int8 TFLite file on LiteRT: its reference kernels, or XNNPACK as applications run it."""

    def __init__(self, model: bytes, graph: Graph, xnnpack: bool = False) -> None:
        self.name = "LiteRT XNNPACK" if xnnpack else "LiteRT reference"
        self.quant = graph.tensors[-1].quant
        self._interpreter = _interpreter(model, graph, xnnpack)
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = self._interpreter.get_output_details()
        self._table = _input_table(graph)

    def __call__(self, heard: Heard) -> NDArray[np.int8]:
        return np.stack([self.outputs(window)[0].ravel() for window in heard.windows])

    def outputs(self, window: NDArray[np.int8]) -> list[NDArray[np.int8]]:
        """Every output of the file, in its shape, for a window of codes."""
        codes = self._table[window.astype(np.int16) + 128]
        self._interpreter.set_tensor(self._input["index"], codes.reshape(self._input["shape"]))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output["index"]) for output in self._outputs]


class LiteRtStream:
    """An int8 TFLite file of one hop with explicit states on LiteRT, streaming from silence on.

    The states before the first sample come from `facelite.converters.backends.tflite_stream.rest_states`.
    """

    def __init__(
        self, model: bytes, graph: Graph, states: Mapping[str, NDArray[np.int8]], xnnpack: bool = False
    ) -> None:
        self.name = f"{'LiteRT XNNPACK' if xnnpack else 'LiteRT reference'}, one hop"
        self.quant = graph.tensors[-1].quant
        self._interpreter = _interpreter(model, graph, xnnpack)
        self._runner = self._interpreter.get_signature_runner()
        self._states = dict(states)

    def __call__(self, heard: Heard) -> NDArray[np.int8]:
        return self.stream(heard)[heard.hops - 1]

    def stream(self, heard: Heard) -> NDArray[np.int8]:
        """Every hop's output codes, int8 [hops, controls]."""
        states, frames = self._states, []
        for hop in heard.codes[heard.window :].reshape(-1, heard.hop):
            states = self._runner(waveform=hop.reshape(1, -1, 1), **states)
            frames.append(states.pop("controls")[0])
        return np.stack(frames)


class OnnxRuntime:
    """An ONNX file on ONNX Runtime's CPU provider, one thread."""

    name = "ONNX Runtime"

    def __init__(self, model: bytes, graph: Graph) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Without it a CPU that has no VNNI adds int8 products in saturating int16.
        options.add_session_config_entry("session.x64quantprecision", "1")
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's exceptions have no base of their own
            raise BadInput(graph.name, f"ONNX Runtime refuses its ONNX file: {_first_line(error)}") from error
        self._input = self._session.get_inputs()[0]
        self.quant = graph.tensors[-1].quant if "int8" in self._input.type else None
        self._table = _input_table(graph)

    def __call__(self, heard: Heard) -> NDArray:
        if self.quant is None:
            windows = [companding.decode(window) for window in heard.windows]
        else:
            windows = [self._table[window.astype(np.int16) + 128] for window in heard.windows]
        return np.stack([self.outputs(window)[0].ravel() for window in windows])

    def outputs(self, window: NDArray, names: Sequence[str] | None = None) -> list[NDArray]:
        """The outputs named (None: all), in their shapes, for a window as the file takes it."""
        return self._session.run(names, {self._input.name: window.reshape(1, -1, 1)})


class QdqOnnx(OnnxRuntime):
    """An int8 ONNX file, whose ends are real values, on ONNX Runtime: its output as codes again."""

    name = "ONNX Runtime, int8"

    def __init__(self, model: bytes, graph: Graph) -> None:
        super().__init__(model, graph)
        self.quant = self._codes = quant_of(graph, len(graph.ops))

    def __call__(self, heard: Heard) -> NDArray[np.int8]:
        real = np.stack([self.outputs(companding.decode(window))[0].ravel() for window in heard.windows])
        codes = np.rint(real / np.float32(self._codes.scale)) + self._codes.zero_point
        return np.clip(codes, CODE_MIN, CODE_MAX).astype(np.int8)


class Keras:
    """The float student that was converted."""

    name = "Keras"

    def __init__(self, model: Any) -> None:
        self.quant: Quant | None = None
        self._model = model

    def __call__(self, heard: Heard) -> NDArray[np.float32]:
        return np.concatenate([self._run(window) for window in heard.windows])

    def _run(self, window: NDArray[np.int8]) -> NDArray[np.float32]:
        import keras

        output = self._model(companding.decode(window)[None, :, None], training=False)
        return keras.ops.convert_to_numpy(output).reshape(1, -1)


def read(path: Path) -> bytes:
    """A model file of a bundle."""
    if not path.is_file():
        raise BadInput(
            path.parent, f"holds no {path.name}", "make a bundle with: facelite convert student.keras -o out/"
        )
    return path.read_bytes()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _input_table(graph: Graph) -> NDArray[np.int8]:
    """What mu-law codes become for a file whose input has a scale of its own, int8 [256] by code + 128."""
    first = graph.ops[0]
    if isinstance(first, Map) and first.name == RESCALED_INPUT:
        return map_table(first, graph)
    return np.arange(-128, 128).astype(np.int8)
