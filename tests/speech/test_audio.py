"""Any readable audio becomes 16 kHz mono; what is not usable is refused in one line that names the file."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from facelite.errors import BadInput
from facelite.speech import audio

TONE = 440.0


def tone(rate: int, seconds: float = 0.5, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * TONE * np.arange(int(rate * seconds)) / rate)


def strongest_frequency(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_reads_any_rate_with_pitch_length_and_level_kept(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "tone.wav", tone(rate), rate)
    samples = audio.read(tmp_path / "tone.wav")
    assert samples.dtype == np.float32
    assert abs(len(samples) - 8000) <= 1
    assert strongest_frequency(samples, 16000) == pytest.approx(TONE, abs=2)
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("suffix", "subtype", "tolerance"),
    [
        ("wav", "PCM_U8", 1e-2),
        ("wav", "PCM_16", 1e-4),
        ("wav", "PCM_24", 1e-6),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 1e-6),
        ("wav", "DOUBLE", 1e-6),
        ("wav", "ULAW", 2e-2),
        ("flac", "PCM_16", 1e-4),
        ("aiff", "PCM_16", 1e-4),
        ("ogg", "VORBIS", 5e-2),
    ],
)
def test_reads_every_sample_format(tmp_path: Path, suffix: str, subtype: str, tolerance: float) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, tone(16000), 16000, subtype=subtype)
    samples = audio.read(path)
    assert np.abs(samples - tone(16000)[: len(samples)]).max() < tolerance


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(16000), np.full(8000, 0.25)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], axis=1), 16000, subtype="FLOAT")
    assert np.allclose(audio.read(tmp_path / "stereo.wav"), (left + right) / 2, atol=1e-6)


def test_written_flac_reads_back_to_the_bit(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 4000) / 32768
    audio.write(tmp_path / "a" / "x.flac", samples)
    assert np.array_equal(audio.read(tmp_path / "a" / "x.flac"), samples.astype(np.float32))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.flac"]


def pcm_wav(data: bytes, claimed: int | None = None) -> bytes:
    """A mono 16 kHz 16-bit WAV whose header claims `claimed` bytes of data."""
    size = len(data) if claimed is None else claimed
    chunk = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16, b"data", size & 0xFFFFFFFF)
    return struct.pack("<4sI4s", b"RIFF", (36 + size) & 0xFFFFFFFF, b"WAVE") + chunk + data


def test_wav_streamed_without_a_known_length_is_whole(tmp_path: Path) -> None:
    (tmp_path / "piped.wav").write_bytes(pcm_wav(b"\1\0" * 500, claimed=0xFFFFFFFF))
    assert len(audio.read(tmp_path / "piped.wav")) == 500


def bad_files(folder: Path) -> dict[str, Path]:
    """One file of each kind that must be refused."""
    files = {name: folder / f"{name}.wav" for name in ("empty", "no_samples", "truncated", "text", "nan", "missing")}
    files["empty"].write_bytes(b"")
    files["no_samples"].write_bytes(pcm_wav(b""))
    files["truncated"].write_bytes(pcm_wav(b"\1\0" * 500, claimed=2000))
    files["text"].write_text("RIFF is a kind of file, this is another")
    soundfile.write(files["nan"], np.array([0.0, np.nan, 0.0]), 16000, subtype="FLOAT")
    files["folder"] = folder / "folder"
    files["folder"].mkdir()
    soundfile.write(folder / "whole.flac", tone(16000), 16000)
    files["half_flac"] = folder / "half.flac"
    files["half_flac"].write_bytes((folder / "whole.flac").read_bytes()[:4000])
    return files


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "is empty"),
        ("no_samples", "no samples"),
        ("truncated", "truncated"),
        ("text", "not readable audio"),
        ("nan", "NaN"),
        ("missing", "does not exist"),
        ("folder", "is a folder"),
        ("half_flac", "truncated|not readable"),
    ],
)
def test_unusable_files_are_refused_in_one_line(tmp_path: Path, kind: str, says: str) -> None:
    path = bad_files(tmp_path)[kind]
    with pytest.raises(BadInput, match=says) as refused:
        audio.read(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
