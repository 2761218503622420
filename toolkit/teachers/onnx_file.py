"""The ONNX teacher: any audio-to-curves network, run by ONNX Runtime as its TOML says.

A window's first frame stands at the sample `centre` of the window, so window ``w`` begins at sample
``w * hop - centre`` of the utterance, with silence before and after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..curves import Curves
from ..errors import BadInput
from .onnx_config import AudioInput, Constant, OnnxConfig, load
from .protocol import Phone
from .timing import frame_count, on_grid

ARITHMETIC = 1
"""Raised when this file changes what the same network answers."""

_DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


class OnnxTeacher:
    """A network in a file; make one with `OnnxTeacher.open`.

    Attributes
    ----------
    controls
        As the TOML names them; values are the network's own, of any sign and range.
    """

    def __init__(self, config: OnnxConfig, model: Path) -> None:
        self.config = config
        self.model = model
        self.controls: tuple[str, ...] = config.controls
        self._session = _session(model, config.threads)
        self._dtypes = {given.name: given.type for given in self._session.get_inputs()}
        self._check_names()

    @classmethod
    def open(cls, path: str | Path) -> OnnxTeacher:
        """Read the TOML at `path` and the network that it names.

        Raises
        ------
        BadInput
            The TOML or the network cannot be read, or they contradict each other.
        """
        path = Path(path)
        config = load(path)
        return cls(config, path.parent / config.model)

    def fingerprint(self) -> str:
        """See `Teacher.fingerprint`: over the network, its external weights, and what the TOML says."""
        says = self.config.model_dump_json(exclude={"model", "batch", "threads"})
        digest = hashlib.sha256(f"onnx {ARITHMETIC} {says}".encode())
        for path in (self.model, *_external_files(self.model)):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def animate(self, audio: NDArray[np.float32], sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """See `Teacher.animate`.

        Raises
        ------
        BadInput
            The network refuses its input, or answers with another shape, too few frames, NaN or infinity.
        """
        frames = frame_count(len(audio), sample_rate)
        heard = _prepared(_resampled(audio, sample_rate, self.config.sample_rate), self.config.input)
        values, times = self._windowed(heard) if self.config.windows else self._whole(heard)
        with np.errstate(over="ignore"):
            values = values * np.float32(self.config.output.scale)
        if not np.isfinite(values).all():
            bad = int(np.flatnonzero(~np.isfinite(values).all(1))[0])
            raise BadInput(self.model, f"answers NaN or infinity at {times[bad]:.3f} s", "repair the network")
        return Curves(on_grid(values, times, frames), self.controls)

    def _windowed(self, heard: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Every window's frames, [n, controls], and their seconds."""
        windows = self.config.windows
        assert windows is not None
        count = len(heard) // windows.hop + 1
        padded = np.zeros((count - 1) * windows.hop + windows.length, np.float32)
        first = max(windows.before, 0)
        kept = heard[max(-windows.before, 0) :][: len(padded) - first]
        padded[first : first + len(kept)] = kept
        view = np.lib.stride_tricks.sliding_window_view(padded, windows.length)[:: windows.hop]
        answers = np.concatenate(list(self._batches(view)))
        values = answers.reshape(-1, answers.shape[-1])
        return values, np.arange(len(values)) * windows.hop / answers.shape[1] / self.config.sample_rate

    def _whole(self, heard: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        utterance = self.config.utterance
        assert utterance is not None
        padded = np.pad(heard, (0, -len(heard) % utterance.multiple))
        values = next(self._batches(padded[None]))[0]
        times = np.arange(len(values)) / utterance.frame_rate + utterance.offset
        missing = len(heard) / self.config.sample_rate - times[-1]
        if missing > max(0.1, 2 / utterance.frame_rate):
            problem = f"answers {len(values)} frames, which end {missing:.2f} s before the audio"
            raise BadInput(self.model, problem, "correct utterance.frame_rate")
        return values, times

    def _batches(self, waves: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Answers [n, frames, controls] for waves [n, samples], a batch at a time."""
        config = self.config
        batch = 1 if config.states or "batch" not in config.input.layout else config.batch
        states = {state.input: np.zeros(state.shape, np.float32) for state in config.states}
        for start in range(0, len(waves), batch):
            wave = waves[start : start + batch]
            feeds = {name: _filled(constant, len(wave)) for name, constant in config.constants.items()}
            feeds |= {config.input.name: _laid_out(wave, config.input), **states}
            wanted = [config.output.name, *(state.output for state in config.states)]
            answer, *handed = self._run(wanted, feeds)
            states = {state.input: value for state, value in zip(config.states, handed, strict=True)}
            yield self._frames(answer, len(wave))

    def _run(self, wanted: list[str], feeds: dict[str, NDArray]) -> list[NDArray]:
        try:
            given = {name: value.astype(_DTYPES[self._dtypes[name]]) for name, value in feeds.items()}
            return self._session.run(wanted, given)
        except Exception as error:  # ONNX Runtime raises classes of its own for each cause
            shapes = ", ".join(f"{name} {list(value.shape)}" for name, value in feeds.items())
            problem = f"refuses {shapes}: {str(error).strip().splitlines()[-1][:200]}"
            raise BadInput(self.model, problem, "correct layout, shape or length in the TOML") from error

    def _frames(self, answer: NDArray, count: int) -> NDArray[np.float32]:
        """An answer of any layout as [batch, frames, controls]."""
        layout = self.config.output.layout
        ones = [axis for axis, name in enumerate(layout) if name == 1]
        if answer.ndim != len(layout) or any(answer.shape[axis] != 1 for axis in ones):
            problem = f"answers shape {list(answer.shape)}, which is not {list(layout)}"
            raise BadInput(self.model, problem, "correct output.layout")
        names: list[str] = [name for name in layout if name != 1]
        answer = answer.reshape([size for axis, size in enumerate(answer.shape) if axis not in ones])
        for axis, name in enumerate(("batch", "frames")):
            if name not in names:
                answer, names = np.expand_dims(answer, axis), [*names[:axis], name, *names[axis:]]
        answer = answer.transpose([names.index(name) for name in ("batch", "frames", "controls")])
        if len(answer) != count or answer.shape[1] == 0 or answer.shape[2] != len(self.controls):
            problem = f"answers {answer.shape[2]} controls in {answer.shape[1]} frames for {len(answer)} of {count}"
            raise BadInput(self.model, problem, f"the TOML names {len(self.controls)} controls")
        return np.asarray(answer, np.float32)

    def _check_names(self) -> None:
        config = self.config
        outputs = [given.name for given in self._session.get_outputs()]
        fed = {config.input.name, *config.constants, *(state.input for state in config.states)}
        for wanted, known, kind in (
            (fed, set(self._dtypes), "input"),
            ({config.output.name, *(state.output for state in config.states)}, set(outputs), "output"),
        ):
            if absent := sorted(wanted - known):
                names = ", ".join(sorted(known))
                raise BadInput(self.model, f"has no {kind} {', '.join(absent)}", f"its {kind}s are {names}")
        if unfed := sorted(set(self._dtypes) - fed):
            mend = "add [constants] or [[states]] to the TOML"
            raise BadInput(self.model, f"its input {', '.join(unfed)} is fed by nothing", mend)
        if odd := [f"{name} is {kind}" for name, kind in self._dtypes.items() if kind not in _DTYPES]:
            raise BadInput(self.model, f"its input {', '.join(odd)}", "export it with floating-point inputs")


def _session(model: Path, threads: int) -> Any:
    import onnxruntime

    if not model.is_file():
        raise BadInput(model, "is not a file", "correct model in the TOML")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises classes of its own for each cause
        problem = str(error).strip().splitlines()[0][:200]
        raise BadInput(model, f"ONNX Runtime cannot open it: {problem}", "export it again") from error


def _external_files(model: Path) -> list[Path]:
    """Files beside the model in which it keeps weights."""
    import onnx
    from onnx.external_data_helper import ExternalDataInfo, uses_external_data

    graph = onnx.load(model, load_external_data=False).graph
    names = {ExternalDataInfo(tensor).location for tensor in graph.initializer if uses_external_data(tensor)}
    return [model.parent / name for name in sorted(names)]


def _resampled(audio: NDArray[np.float32], source: int, wanted: int) -> NDArray[np.float32]:
    if source == wanted:
        return audio
    import soxr

    return soxr.resample(audio, source, wanted, quality="HQ")


def _prepared(audio: NDArray[np.float32], config: AudioInput) -> NDArray[np.float32]:
    """Normalised and scaled; silence stays silence."""
    if config.normalise == "peak":
        audio = audio / max(float(np.abs(audio).max(initial=0.0)), 1e-7)
    elif config.normalise == "utterance":
        # Hugging Face's Wav2Vec2FeatureExtractor: zero_mean_unit_var_norm, epsilon 1e-7 under the root.
        audio = (audio - audio.mean()) / np.sqrt(audio.var() + 1e-7)
    return (audio * np.float32(config.scale)).astype(np.float32)


def _laid_out(wave: NDArray[np.float32], config: AudioInput) -> NDArray[np.float32]:
    """Waves [n, samples] with the axes that the network wants."""
    sizes = {"batch": len(wave), "samples": wave.shape[1], 1: 1}
    ordered = [name for name in config.layout if name != 1]
    if ordered == ["samples", "batch"]:
        wave = wave.T
    return np.ascontiguousarray(wave).reshape([sizes[name] for name in config.layout])


def _filled(constant: Constant, batch: int) -> NDArray[np.float32]:
    inner = [1 if size == "batch" else size for size in constant.shape]
    values = np.asarray(constant.values, np.float32)
    one = np.full(inner, values[0]) if len(values) == 1 else values.reshape(inner)
    outer = [batch if size == "batch" else size for size in constant.shape]
    return np.broadcast_to(one, outer)
