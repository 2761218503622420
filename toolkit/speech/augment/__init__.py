"""Changes to training audio that a microphone, a room, a channel or another speaker could have made.

Every function takes float32 [samples] at `sample_rate` Hz (16 kHz unless said otherwise) and a NumPy generator,
and returns float32; none keeps state or changes its input. Only `speed` moves anything in time, and it returns
the factor to scale phone times by. None clips to full scale: apply `clip` last.
"""

from .base import Audio, Generator
from .codecs import CODECS, adpcm, codec, opus, packet_loss, telephone, vorbis
from .levels import clip, gain, overdrive
from .music import music
from .noise import SPECTRA, add_noise, coloured_noise, room_tone
from .rooms import convolve, equalise, room, room_response
from .voices import pitch, scale_phones, speed, vocal_tract

__all__ = [
    "CODECS",
    "SPECTRA",
    "Audio",
    "Generator",
    "add_noise",
    "adpcm",
    "clip",
    "codec",
    "coloured_noise",
    "convolve",
    "equalise",
    "gain",
    "music",
    "opus",
    "overdrive",
    "packet_loss",
    "pitch",
    "room",
    "room_response",
    "room_tone",
    "scale_phones",
    "speed",
    "telephone",
    "vocal_tract",
    "vorbis",
]
