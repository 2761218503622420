"""Codecs: what is left of a voice after a telephone, a voice chat or a game's compressed assets.

The coders are libsndfile's (Opus, Vorbis, ADPCM, GSM 06.10, G.711), run in memory. All of them give the sound
back where it was: Ogg's pre-skip is honoured, and the tests measure it.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import soundfile

from .base import SILENT, Audio, Generator, fast_length

BANDWIDTH = (300.0, 3400.0)
"""Hz; the telephone channel of ITU-T G.712."""

OPUS_SECONDS = 1.5
"""Opus encodes only about 25 times faster than real time, so at most this stretch of the audio goes through it."""

_OPUS_BITRATES = (6000, 256000)
"""Bits a second of one channel at libsndfile's compression levels 1 and 0; linear in between."""

_TELEPHONE_CODERS = (("WAV", "ULAW"), ("WAV", "ALAW"), ("WAV", "GSM610"))
_TELEPHONE_RATE = 8000


def opus(
    audio: Audio, rng: Generator, low_kbps: float = 6.0, high_kbps: float = 32.0, sample_rate: int = 16000
) -> Audio:
    """Voice chat: Opus at a bit rate drawn log-evenly, over a random stretch of at most `OPUS_SECONDS`.

    Parameters
    ----------
    sample_rate
        One of 8000, 12000, 16000, 24000, 48000.
    """
    kbps = float(np.exp(rng.uniform(np.log(low_kbps), np.log(high_kbps))))
    longest = int(OPUS_SECONDS * sample_rate)
    start = int(rng.integers(max(1, len(audio) - longest + 1)))
    low, high = _OPUS_BITRATES
    level = (high - 1000 * kbps) / (high - low)
    changed = audio.copy()
    piece = slice(start, start + longest)
    changed[piece] = _through(audio[piece], "OGG", "OPUS", sample_rate, level)
    return changed


def vorbis(audio: Audio, rng: Generator, sample_rate: int = 16000) -> Audio:
    """Compressed game assets: Vorbis in the lower half of its qualities, about 30 to 50 kbit/s at 16 kHz."""
    return _through(audio, "OGG", "VORBIS", sample_rate, rng.uniform(0.5, 1.0))


def adpcm(audio: Audio, rng: Generator, sample_rate: int = 16000) -> Audio:
    """Older compressed game assets: 4-bit ADPCM, Microsoft's or IMA's."""
    return _through(audio, "WAV", "MS_ADPCM" if rng.random() < 0.7 else "IMA_ADPCM", sample_rate)


def telephone(audio: Audio, rng: Generator, sample_rate: int = 16000) -> Audio:
    """A telephone call: 300 to 3400 Hz, 8 kHz, then mu-law, A-law (G.711, 8 bits) or GSM 06.10 (13 kbit/s)."""
    coder = _TELEPHONE_CODERS[int(rng.integers(len(_TELEPHONE_CODERS)))]
    size = fast_length(len(audio) + sample_rate // 50)
    size += -size % (2 * sample_rate // _TELEPHONE_RATE)
    narrow = size * _TELEPHONE_RATE // sample_rate
    spectrum = np.fft.rfft(audio, size)[: narrow // 2 + 1] * _channel(narrow // 2 + 1)
    call = np.fft.irfft(spectrum * np.float32(narrow / size), narrow).astype(np.float32)
    heard = np.fft.rfft(_through(call, *coder, _TELEPHONE_RATE)) * np.float32(size / narrow)
    heard *= _channel(len(heard))  # the receiver's filter, which keeps the coder's noise in the band too
    return np.fft.irfft(heard, size)[: len(audio)].astype(np.float32)


CODECS: dict[Callable[[Audio, Generator], Audio], float] = {opus: 0.25, vorbis: 0.3, adpcm: 0.15, telephone: 0.3}
"""How often `codec` takes each."""


def codec(audio: Audio, rng: Generator) -> Audio:
    """Through a codec drawn by the shares in `CODECS`, at 16 kHz."""
    kinds = list(CODECS)
    return kinds[int(rng.choice(len(kinds), p=list(CODECS.values())))](audio, rng)


def packet_loss(
    audio: Audio, rng: Generator, low: float = 0.01, high: float = 0.1, burst: float = 2.0, sample_rate: int = 16000
) -> Audio:
    """Lose packets of 20 ms, a share drawn between `low` and `high`, in runs of `burst` on average.

    The losses follow the two-state chain of Gilbert (1960). What is missing is silence, or the last packet heard
    again at half the level each time; levels change over 1 ms.
    """
    packet = sample_rate // 50
    count = -(-len(audio) // packet)
    share, fade = rng.uniform(low, high), 0.5 if rng.random() < 0.5 else 0.0
    enter, leave = share / (burst * (1 - share)), 1 / burst
    draws = rng.random(count)
    packets = np.zeros((count, packet), np.float32)
    packets.reshape(-1)[: len(audio)] = audio
    level, lost = np.ones(count, np.float32), False
    for i in range(1, count):
        lost = bool(draws[i] >= leave if lost else draws[i] < enter)
        if lost:
            packets[i], level[i] = packets[i - 1], level[i - 1] * fade
    ramp = sample_rate // 1000
    levels = np.pad(np.repeat(level, packet), ramp, mode="edge")
    levels = np.convolve(levels, np.full(ramp, 1 / ramp, np.float32), "same")[ramp:-ramp]
    return (packets.reshape(-1) * levels)[: len(audio)].astype(np.float32)


def _through(audio: Audio, container: str, coder: str, sample_rate: int, compression: float | None = None) -> Audio:
    """Encode and decode; what exceeds full scale is scaled down for the coder and up again."""
    peak = float(np.abs(audio).max(initial=0.0))
    if peak < SILENT:
        return audio.copy()
    scale = np.float32(max(1.0, peak / 0.99))
    file = io.BytesIO()
    options = {} if compression is None else {"compression_level": compression}
    with soundfile.SoundFile(file, "w", sample_rate, 1, coder, format=container, **options) as sound:
        sound.write(audio / scale)
    file.seek(0)
    heard = soundfile.read(file, dtype="float32")[0][: len(audio)]
    return np.pad(heard, (0, len(audio) - len(heard))) * scale


def _channel(bins: int) -> Audio:
    """Gain at `bins` frequencies from 0 to 4 kHz: flat inside `BANDWIDTH`, falling by cosines of 150 and 400 Hz."""
    frequency = np.linspace(0, _TELEPHONE_RATE / 2, bins, dtype=np.float32)
    low = np.clip((frequency - BANDWIDTH[0] + 150) / 150, 0, 1)
    high = np.clip((BANDWIDTH[1] + 400 - frequency) / 400, 0, 1)
    return np.square(np.sin(np.pi / 2 * low) * np.sin(np.pi / 2 * high))
