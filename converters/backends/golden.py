"""`golden.npz`: inputs, and what every runtime must make of them to the bit.

Arrays:

- ``names`` [n] what each window is; ``codes`` int8 [n, window] mu-law codes;
- ``outputs_int8`` int8 [n, controls], ``outputs_float`` float32 [n, controls];
- ``layers`` [ops] layer names; ``checksums`` uint32 [n, ops] CRC-32 of the frames that each operator makes in the
  hop that ends a window, int8, oldest frame first, when a stream hears silence and then the window;
- ``stream_pcm`` int16 [samples], ``stream_int8`` int8 [frames, controls] before, ``stream_curves`` float32 [frames,
  controls] after dequantising and the student's own smoothing.
"""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
from facelite import companding, reference
from facelite.graph import Graph
from numpy.typing import NDArray

STREAM_SECONDS = 3


def windows(graph: Graph, speech: NDArray[np.float32]) -> dict[str, NDArray[np.int8]]:
    """One window of codes of each kind: the loudest speech, the same 30 dB down, silence, full-scale noise."""
    loudest = _loudest(speech, graph.window)
    noise = np.random.default_rng(0).integers(-127, 128, graph.window)
    return {
        "speech": companding.codes(loudest),
        "speech at -30 dB": companding.codes(loudest * np.float32(10 ** (-30 / 20))),
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
        "stream_pcm": pcm,
        "stream_int8": reference.run_stream(graph, companding.codes(pcm)),
        "stream_curves": reference.animate(graph, companding.codes(pcm)),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def checksums(graph: Graph, window: NDArray[np.int8]) -> tuple[NDArray[np.int8], NDArray[np.uint32]]:
    """Output frame [controls] and one checksum an operator, for a window of codes after silence."""
    tensors = reference.run(graph, np.concatenate([np.zeros(graph.window + graph.hop, np.int8), window]))
    newest = [values[-graph.hop // tensor.stride :] for tensor, values in zip(graph.tensors, tensors, strict=True)]
    sums = [zlib.crc32(np.ascontiguousarray(values).tobytes()) for values in newest[1:]]
    return newest[-1][-1], np.array(sums, np.uint32)


def _loudest(speech: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    padded = np.concatenate([speech, np.zeros(max(0, window - len(speech)), np.float32)])
    energy = np.concatenate([[0.0], np.cumsum(padded.astype(np.float64) ** 2)])
    start = int(np.argmax(energy[window:] - energy[:-window]))
    return padded[start : start + window]
