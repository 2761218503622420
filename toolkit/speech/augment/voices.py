"""Other voices from the same words: speed, pitch, vocal-tract length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr

from ..phones import TimedPhone
from .base import Audio, Generator


def speed(audio: Audio, rng: Generator, low: float = 0.85, high: float = 1.18) -> tuple[Audio, float]:
    """Play faster or slower, pitch and formants included, by a factor drawn log-evenly.

    Returns
    -------
    The audio, and the factor that its times are to be multiplied by (see `scale_phones`).
    """
    factor = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    resampled = soxr.resample(audio, factor, 1.0, quality="MQ").astype(np.float32)
    return resampled, len(resampled) / len(audio)


def scale_phones(phones: Sequence[TimedPhone], factor: float) -> tuple[TimedPhone, ...]:
    """Phones of audio whose length was multiplied by `factor`."""
    return tuple(
        TimedPhone(
            phone.start * factor,
            phone.end * factor,
            phone.symbol,
            None if phone.release is None else phone.release * factor,
        )
        for phone in phones
    )


def pitch(audio: Audio, rng: Generator, low: float = -4.0, high: float = 4.0, sample_rate: int = 16000) -> Audio:
    """Raise or lower the voice by semitones drawn evenly from `low` to `high`; formants and times stay.

    Resampling moves pitch and formants, overlap-add (`_stretch`) gives the length back, and the spectral envelope
    is moved back. No sound moves by more than 5 ms, speech as a whole by about 1 ms.
    """
    factor = 2 ** (rng.uniform(low, high) / 12)
    higher = soxr.resample(audio, factor, 1.0, quality="MQ").astype(np.float32)
    return _warp_envelope(_stretch(higher, len(audio), sample_rate), 1 / factor, sample_rate)


def vocal_tract(audio: Audio, rng: Generator, low: float = 0.85, high: float = 1.18, sample_rate: int = 16000) -> Audio:
    """Multiply the frequencies of the formants by a factor drawn log-evenly; pitch and times stay.

    0.85 is a larger speaker, 1.18 a smaller one: about the span from men to children.
    """
    return _warp_envelope(audio, float(np.exp(rng.uniform(np.log(low), np.log(high)))), sample_rate)


def _stretch(audio: Audio, samples: int, sample_rate: int) -> Audio:
    """`audio` played slower or faster to `samples`, pitch kept.

    Waveform-similarity overlap-add (Verhelst and Roelands 1993): frames of 32 ms are taken where the output
    needs them, give or take 5 ms, there where they continue the frame before best.
    """
    hop, reach = sample_rate * 16 // 1000, sample_rate * 5 // 1000
    count = samples // hop + 2
    padded = np.pad(audio, (hop + reach, 3 * hop + 2 * reach))
    energy = np.concatenate([[0.0], np.cumsum(np.square(padded, dtype=np.float64))])
    nearest = 1 - np.abs(np.arange(-reach, reach + 1)) / reach
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    output = np.zeros((count + 1) * hop, np.float32)
    taken = reach
    for frame in range(count):
        first = min(round(frame * hop * len(audio) / samples), len(audio) + hop)
        wanted = padded[taken + hop : taken + 2 * hop] if frame else padded[reach : reach + hop]
        scores = np.correlate(padded[first : first + hop + 2 * reach], wanted, "valid")
        level = energy[first + hop : first + hop + 2 * reach + 1] - energy[first : first + 2 * reach + 1]
        scores = nearest * scores / np.sqrt(np.maximum(level, 1e-9))
        best = int(np.argmax(scores))
        taken = first + (best if scores[best] > 0 else reach)
        output[frame * hop : (frame + 2) * hop] += window * padded[taken : taken + 2 * hop]
    return output[hop : hop + samples]


def _warp_envelope(audio: Audio, factor: float, sample_rate: int) -> Audio:
    """Multiply the frequencies of the spectral envelope by `factor`, harmonics stay.

    The envelope is the cepstrum below 2.4 ms of frames of 32 ms with 16 ms of overlap; each frame is filtered
    without phase by the quotient of its moved and its own envelope, at most 20 dB either way.
    """
    hop = sample_rate * 16 // 1000
    window = np.sqrt(np.hanning(2 * hop + 1)[:-1]).astype(np.float32)
    padded = np.pad(audio, (hop, 2 * hop + -len(audio) % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop] * window
    spectra = np.fft.rfft(frames).astype(np.complex64)
    cepstra = np.fft.irfft(np.log(np.abs(spectra) + np.float32(1e-6))).astype(np.float32)
    quefrency = np.minimum(np.arange(2 * hop), np.arange(2 * hop, 0, -1))
    cepstra[:, quefrency > sample_rate * 24 // 10000] = 0
    envelopes = np.fft.rfft(cepstra).real.astype(np.float32)
    position = np.minimum(np.arange(hop + 1) / factor, hop)
    below = np.minimum(position.astype(np.int64), hop - 1)
    share = (position - below).astype(np.float32)
    moved = envelopes[:, below] * (1 - share) + envelopes[:, below + 1] * share
    limit = np.float32(np.log(10.0))
    filtered = np.fft.irfft(spectra * np.exp(np.clip(moved - envelopes, -limit, limit))) * window
    output = np.zeros((len(filtered) + 1, hop), np.float32)
    output[:-1] += filtered[:, :hop]
    output[1:] += filtered[:, hop:]
    return output.reshape(-1)[hop : hop + len(audio)]
