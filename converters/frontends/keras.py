"""Keras students: opened in safe mode, and every layer checked before anything is built."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelite.errors import BadInput

from ..quiet import quiet
from .keras_layers import check_layers

if TYPE_CHECKING:
    import keras

MAX_BYTES = 1 << 28
"""A student weighs about 1 MB; a `.keras` file is a zip, so its unpacked size is held to this."""

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


def load(path: str | Path, windowed_only: bool = False) -> keras.Model:
    """Open a `.keras` file that holds a student; `windowed_only` lets convolutions pad.

    Raises
    ------
    BadInput
        Not a Keras file, unsafe (it holds Python code), or not [batch, window, 1] -> [batch, controls].
    Unsupported
        Layers that a student cannot hold: each by its name and class, with what is supported.
    """
    path = Path(path)
    check_layers(_config(path), path, windowed_only)
    with quiet():
        import keras
    try:
        with quiet():
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the layer it was building raises
        raise BadInput(path, f"Keras cannot open it in safe mode: {_first_line(error)}", "save it again") from error
    _check_shapes(model, path)
    return model


def _config(path: Path) -> dict[str, Any]:
    """The model's configuration, once the archive is known to be whole and of a sane size."""
    if not path.is_file():
        raise BadInput(path, "is not a file", "give a .keras model")
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if sum(sizes.values()) > MAX_BYTES:
                raise BadInput(path, f"unpacks to more than {MAX_BYTES >> 20} MB", "a student is a few MB")
            missing = {_CONFIG, _WEIGHTS} - set(sizes)
            if missing:
                raise BadInput(path, f"holds no {', '.join(sorted(missing))}", "save the model again")
            broken = archive.testzip()
            if broken is not None:
                raise BadInput(path, f"its part {broken} is damaged", "save it again")
            config = json.loads(archive.read(_CONFIG))
            _check_weights(archive.read(_WEIGHTS), path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BadInput(path, f"is not a whole .keras file ({_first_line(error)})", "save it again") from error
    if not isinstance(config, dict):
        raise BadInput(path, f"its {_CONFIG} describes no model", "save it again")
    return config


def _check_weights(data: bytes, path: Path) -> None:
    """Refuse an HDF5 file whose arrays claim more than it holds, or lie in other files, before Keras makes them."""
    import h5py

    claimed = 0

    def look(name: str, entry: object) -> None:
        nonlocal claimed
        if isinstance(entry, h5py.Dataset):
            claimed += entry.size * entry.dtype.itemsize
            if entry.is_virtual or entry.external:
                raise BadInput(path, f"its weights {name} lie in another file", "save it again")

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            file.visititems(look)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError) as error:
        raise BadInput(path, f"its {_WEIGHTS} is damaged ({_first_line(error)})", "save it again") from error
    if claimed > len(data):
        raise BadInput(path, f"its weights claim {claimed} bytes of {len(data)}", "save it again")


def _check_shapes(model: keras.Model, path: Path) -> None:
    given, made = _shape(model.inputs), _shape(model.outputs)
    if given is None or len(given) != 3 or given[1] is None or given[2] != 1:
        raise BadInput(path, f"input of shape {given}", "a student hears [batch, window, 1] companded waveform")
    if made is None or len(made) < 2 or made[-1] is None or any(size != 1 for size in made[1:-1]):
        raise BadInput(path, f"output of shape {made}", "a student gives [batch, controls]")


def _shape(tensors: list[Any]) -> tuple[int | None, ...] | None:
    return tuple(tensors[0].shape) if len(tensors) == 1 else None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
