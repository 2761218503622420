"""`golden.npz`: inputs, and what every runtime must make of them to the bit.

Arrays:

- ``names`` [n] what each window is; ``codes`` int8 [n, window] mu-law codes;
- ``outputs_int8`` int8 [n, controls], ``outputs_float`` float32 [n, controls], of the newest frame;
- ``layers`` [ops] layer names; ``checksums`` uint32 [n, ops] CRC-32 of all frames, int8, that each operator makes
  while a stream at rest hears the window: whole hops, the first one filled up with silence in front. They cover every
  hop, so that the first layer whose checksum differs is the one at fault: all that it read was right;
- ``controls`` [controls] names; ``stream_pcm`` int16 [samples], ``stream_int8`` int8 [frames, controls] before,
  ``stream_curves`` float32 [frames, controls] after dequantising and the student's own smoothing.

Nothing is compressed and nothing is 64-bit in the file, so that `kernels/tools/npz.c` can read it where there is no
Python.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from facelite import companding, reference
from facelite.errors import BadInput
from facelite.graph import Graph
from numpy.typing import NDArray

STREAM_SECONDS = 3


def windows(graph: Graph, speech: NDArray[np.float32]) -> dict[str, NDArray[np.int8]]:
    """One window of codes of each kind: the loudest speech, the same 30 dB down, silence, full-scale noise."""
    loudest = _loudest(speech, graph.window)
    noise = np.random.default_rng(0).integers(-127, 128, graph.window)
    return {
        "speech": companding.codes(loudest, graph.companding),
        "speech at -30 dB": companding.codes(loudest * np.float32(10 ** (-30 / 20)), graph.companding),
        "silence": np.zeros(graph.window, np.int8),
        "full-scale noise": noise.astype(np.int8),
    }


def pack(graph: Graph, speech: NDArray[np.float32]) -> bytes:
    """The bytes of `golden.npz`, from the NumPy oracle.

    Parameters
    ----------
    graph
        int8.
    speech
        float32 [samples] at the graph's sample rate.
    """
    codes = windows(graph, speech)
    runs = {name: checksums(graph, window) for name, window in codes.items()}
    outputs = np.stack([output for output, _ in runs.values()])
    pcm = companding.to_int16(speech[: STREAM_SECONDS * graph.sample_rate])
    arrays: dict[str, Any] = {
        "names": np.array(list(codes)),
        "codes": np.stack(list(codes.values())),
        "outputs_int8": outputs,
        "outputs_float": reference.dequantise(graph, outputs),
        "layers": np.array([op.name for op in graph.ops]),
        "checksums": np.stack([sums for _, sums in runs.values()]),
        "controls": np.array(graph.controls),
        "stream_pcm": pcm,
        "stream_int8": reference.run_stream(graph, companding.codes(pcm, graph.companding)),
        "stream_curves": reference.animate(graph, companding.codes(pcm, graph.companding)),
    }
    return _stored(arrays)


def _stored(arrays: dict[str, Any]) -> bytes:
    """An .npz without compression and without a clock in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, values in arrays.items():
            entry = io.BytesIO()
            little = values.astype(values.dtype.newbyteorder("<"), copy=False)
            np.lib.format.write_array(entry, np.ascontiguousarray(little), version=(1, 0), allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue())
    return buffer.getvalue()


def layer_names(path: Path) -> tuple[str, ...]:
    """What the conversion called the operators; () when there is no such file.

    Raises
    ------
    BadInput
        The file is damaged.
    """
    if not path.is_file():
        return ()
    (names,) = read(path, "layers")
    return tuple(str(name) for name in names)


def read(path: Path, *names: str) -> tuple[NDArray[Any], ...]:
    """Arrays of a golden file, in the order asked for.

    Raises
    ------
    BadInput
        The file is missing, damaged, or lacks one of them.
    """
    if not path.is_file():
        raise BadInput(path, "is not there", "give a bundle folder made by facelite convert")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return tuple(arrays[name] for name in names)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BadInput(path, f"is damaged ({type(error).__name__})", "convert the student again") from None


def checksums(graph: Graph, window: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.uint32]]:
    """Output frame [controls] and one checksum an operator, for a window of codes after silence."""
    hops = -(-len(window) // graph.hop)
    silence = np.zeros(graph.window + (hops + 1) * graph.hop - len(window), np.int8)
    tensors = reference.run(graph, np.concatenate([silence, window]))
    heard = [
        values[-hops * graph.hop // tensor.stride :] for tensor, values in zip(graph.tensors, tensors, strict=True)
    ]
    sums = [zlib.crc32(np.ascontiguousarray(values).tobytes()) for values in heard[1:]]
    return heard[-1][-1], np.array(sums, np.uint32)


def _loudest(speech: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    padded = np.concatenate([speech, np.zeros(max(0, window - len(speech)), np.float32)])
    energy = np.concatenate([[0.0], np.cumsum(padded.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[window:] - energy[:-window]))
    return padded[start : start + window]
