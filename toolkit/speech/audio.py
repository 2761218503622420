"""Reading any audio as mono float32 at one sample rate, and writing FLAC."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ..atomic import replacing
from ..errors import BadInput

SAMPLE_RATE = 16000
"""Hz; what corpora, teachers and students hear."""

_SIZE_UNKNOWN = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Data sizes that programs write into a WAV header when they stream and cannot seek back."""


def read(path: str | Path, sample_rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """Read a sound file, mix it down to one channel and resample it.

    Parameters
    ----------
    path
        Anything libsndfile reads (WAV, FLAC, Ogg Vorbis and Opus, MP3, AIFF, …); any channel count, sample rate
        and sample format.
    sample_rate
        Hz of the result.

    Returns
    -------
    float32 [samples], nominal range -1..1 (a float file may exceed it), mean of the channels.

    Raises
    ------
    BadInput
        The file is missing, a folder, not audio, truncated, empty, or holds NaN or infinity.
    """
    path = Path(path)
    _check_file(path)
    try:
        with soundfile.SoundFile(_name(path)) as sound:
            source_rate, container = sound.samplerate, sound.format
            samples = sound.read(dtype="float32", always_2d=True)
            promised = sound.frames
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BadInput(path, f"is not readable audio ({error})", "give a WAV, FLAC, Ogg or MP3 file") from error
    if container in ("WAV", "WAVEX") or len(samples) < promised:
        _check_whole(path, len(samples) < promised)
    if len(samples) == 0:
        raise BadInput(path, "holds no samples", "give a recording with sound in it")
    mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    if not np.isfinite(mono).all():
        raise BadInput(path, "holds NaN or infinite samples", "write the recording again from its source")
    if source_rate != sample_rate:
        mono = soxr.resample(mono, source_rate, sample_rate, quality="HQ")
        if len(mono) == 0:
            raise BadInput(path, "is shorter than one sample after resampling", "give a longer recording")
    return np.ascontiguousarray(mono, np.float32)


def write(path: str | Path, audio: NDArray[np.floating], sample_rate: int = SAMPLE_RATE) -> None:
    """Write mono audio whole or not at all; the suffix (.flac, .wav) chooses the format.

    Parameters
    ----------
    audio
        float [samples]; clipped to -1..1 and rounded to 16 bits.
    sample_rate
        Hz.
    """
    samples = np.clip(np.rint(np.asarray(audio, np.float64) * 32768.0), -32768, 32767).astype(np.int16)
    with replacing(path) as temporary:
        soundfile.write(temporary, samples, sample_rate, subtype="PCM_16")


def _name(path: Path) -> Path | bytes:
    """As the system spells it: a name need not be UTF-8, and soundfile would encode it as if it were."""
    return os.fsencode(path) if os.name == "posix" else path


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise BadInput(path, "is a folder", "give one sound file")
    if not path.exists():
        raise BadInput(path, "does not exist", "check the path")
    if not os.access(path, os.R_OK):
        raise BadInput(path, "may not be read", "check its permissions")
    if path.stat().st_size == 0:
        raise BadInput(path, "is empty", "give a recording with sound in it")


def _check_whole(path: Path, short: bool) -> None:
    """Refuse a truncated file; libsndfile reads a WAV whose data chunk is cut as if it were merely shorter."""
    promised = _riff_data_bytes(path)
    if promised is not None:
        start, size = promised
        present = path.stat().st_size - start
        if size not in _SIZE_UNKNOWN and present < size:
            raise BadInput(
                path, f"is truncated: its data chunk promises {size} bytes and {present} follow", "copy it again"
            )
    elif short:
        raise BadInput(path, "is truncated: it ends before the length in its header", "copy it again")


def _riff_data_bytes(path: Path) -> tuple[int, int] | None:
    """(Offset of the data chunk's contents, its size in the header) of a RIFF WAVE file, or None."""
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[8:12] != b"WAVE" or head[:4] not in (b"RIFF", b"RIFX"):
            return None
        order: Literal["little", "big"] = "little" if head[:4] == b"RIFF" else "big"
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], order)
            if chunk[:4] == b"data":
                return file.tell(), size
            file.seek(size + (size & 1), os.SEEK_CUR)
    return None
