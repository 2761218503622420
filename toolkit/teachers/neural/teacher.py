"""The trained neural teacher: open it from a folder, animate audio."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np
import soxr
from numpy.typing import NDArray
from pydantic import ValidationError

from ...atomic import replacing, write_text
from ...curves import Curves
from ...distill.calibrate import Calibration
from ...errors import BadInput
from ..protocol import Phone
from ..timing import frame_count
from . import features
from .features import SAMPLE_RATE, hear, width
from .model import HEAD_SCALE, TeacherConfig, build
from .senones import model_files

WEIGHTS, CONFIG = "teacher.npz", "teacher.json"

ARITHMETIC = 1
"""Raised by one whenever a change of this package changes an answer without changing a weight or a constant."""

PIECE, OVERLAP = 2000, 126
"""Frames that are heard at once, and that two neighbouring pieces share: attention's memory grows with the square."""


class NeuralTeacher:
    """Animates from audio alone; the whole utterance is heard before the first frame is answered.

    Attributes
    ----------
    controls
        One name a column of the answer.
    config
        The network's shape.
    """

    def __init__(self, model: keras.Model, config: TeacherConfig, calibration: Calibration | None = None) -> None:
        self._model, self.config, self._calibration = model, config, calibration
        self.controls: tuple[str, ...] = config.controls

    @property
    def network(self) -> keras.Model:
        """What it hears, float32 [batch, 2 * frames, width] -> curves [batch, frames, controls], before calibration."""
        return self._model

    @classmethod
    def open(cls, folder: str | Path) -> NeuralTeacher:
        """Load what `save` wrote.

        Raises
        ------
        BadInput
            The folder holds no teacher, or its weights do not fit its configuration.
        MissingDependency
            It hears senones, and pocketsphinx is not installed.
        """
        folder = Path(folder)
        try:
            config = TeacherConfig.model_validate_json((folder / CONFIG).read_text("utf-8"))
            with np.load(folder / WEIGHTS, allow_pickle=False) as saved:
                weights = [saved[f"w{index}"].astype(np.float32) for index in range(len(saved.files))]
        except OSError as error:
            raise BadInput(folder, f"holds no neural teacher ({error.strerror})", "train one: facelite teach") from None
        except ValidationError as error:
            fault = error.errors()[0]
            raise BadInput(folder / CONFIG, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
        except (ValueError, KeyError, EOFError, BadZipFile) as error:
            raise BadInput(folder / WEIGHTS, f"cannot be read ({error})", "train the teacher again") from None
        if config.senones:
            model_files.installed()
        model = build(config)
        if [w.shape for w in weights] != [tuple(v.shape) for v in model.weights]:
            raise BadInput(folder / WEIGHTS, f"does not fit {CONFIG}", "train the teacher again")
        model.set_weights(weights)
        return cls(model, config)

    @property
    def parameters(self) -> int:
        """Weights and biases, normalisation's among them."""
        return int(self._model.count_params())

    def save(self, folder: str | Path) -> None:
        """Write configuration and weights, rounded to float16, the calibration folded into the last layers."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        halves = [value.astype(np.float16) for value in self._calibrated()]
        arrays: dict[str, Any] = {f"w{index}": value for index, value in enumerate(halves)}
        with replacing(folder / WEIGHTS) as path:
            np.savez_compressed(path, **arrays)
        write_text(folder / CONFIG, json.dumps(self.config.model_dump(mode="json"), indent=1))

    def _calibrated(self) -> list[NDArray[np.float32]]:
        """The weights; what calibrates the mean of the ears calibrates each."""
        weights = {variable.path: value for variable, value in self._weights()}
        if self._calibration:
            for ear in self.config.ears:
                kernel, bias = (v.path for v in self._model.get_layer(f"{ear}_head").weights)
                scale = HEAD_SCALE[ear]
                scaled = self._calibration.head(weights[kernel] * scale, weights[bias] * scale)
                weights[kernel], weights[bias] = (value / scale for value in scaled)
        return list(weights.values())

    def _weights(self) -> zip[tuple[keras.Variable, NDArray[np.float32]]]:
        return zip(self._model.weights, self._model.get_weights(), strict=True)

    def fingerprint(self) -> str:
        """See `Teacher.fingerprint`: over the configuration, every weight, the constants of what is heard, the acoustic
        model where one is, and `ARITHMETIC` for the code."""
        says = (ARITHMETIC, PIECE, OVERLAP, sorted(HEAD_SCALE.items()), features.constants(self.config.senones))
        digest = hashlib.sha256(f"neural {says} {self.config.model_dump_json()}".encode())
        for value in self._model.get_weights():
            digest.update(value.tobytes())
        if self._calibration:
            digest.update(self._calibration.gain.tobytes() + self._calibration.offset.tobytes())
        if self.config.senones:
            digest.update(model_files.installed().digest.encode())
        return digest.hexdigest()

    @cached_property
    def _graph(self) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
        """The network as one compiled graph for every length, six times faster than layer by layer.

        A backend that compiles for the shape it sees generalises at the second one: having seen two, it
        answers a clip alike whatever it heard before.
        """
        for spectra in (8, 12):
            self._model.predict_on_batch(np.zeros((1, spectra, width(self.config.senones)), np.float32))
        return self._model.predict_on_batch

    def animate(self, audio: NDArray[np.float32], sample_rate: int, phones: Sequence[Phone] | None = None) -> Curves:
        """See `Teacher.animate`; values are at least 0. `phones` are ignored."""
        heard = np.asarray(audio, np.float32)
        if sample_rate != SAMPLE_RATE:
            heard = soxr.resample(heard, sample_rate, SAMPLE_RATE, quality="HQ")
        frames = frame_count(len(audio), sample_rate)
        return Curves(np.maximum(self.linear(heard, frames), 0.0), self.controls)

    def linear(self, audio: NDArray[np.float32], frames: int | None = None) -> NDArray[np.float32]:
        """The answers before they are held to at least 0.

        Parameters
        ----------
        audio
            float32 [samples] at 16 kHz.
        frames
            ``ceil(samples / HOP)`` when None.
        """
        frames = frame_count(len(audio), SAMPLE_RATE) if frames is None else frames
        audible = hear(audio, frames + frames % 2, self.config.senones)
        answer = np.zeros((frames + frames % 2, len(self.controls)), np.float32)
        for first, last, weight in pieces(len(answer)):
            heard = self._graph(audible[None, 2 * first : 2 * last])
            answer[first:last] += np.asarray(heard, np.float32)[0] * weight[:, None]
        if self._calibration:
            answer = answer * self._calibration.gain + self._calibration.offset
        return answer[:frames]


def pieces(frames: int) -> list[tuple[int, int, NDArray[np.float32]]]:
    """First and last frame of each piece, and its share in each of its frames; the shares of a frame sum to 1."""
    if frames <= PIECE:
        return [(0, frames, np.ones(frames, np.float32))]
    starts = list(range(0, frames - OVERLAP, PIECE - OVERLAP))
    ramp = ((np.arange(OVERLAP) + 0.5) / OVERLAP).astype(np.float32)
    result = []
    for start in starts:
        end = min(start + PIECE, frames)
        weight = np.ones(end - start, np.float32)
        if start > 0:
            weight[:OVERLAP] = ramp
        if end < frames:
            weight[-OVERLAP:] = ramp[::-1]
        result.append((start, end, weight))
    return result
