"""Human Russian speech from Debian's festvox-ru: one reader, 620 sentences, labelled phones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import BadInput, MissingDependency
from ...teachers.protocol import Phone
from .. import alphabets, audio
from ..recording import Dropped, Recording

FOLDER = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")

LICENCE = "BSD-like (festvox-ru)"

TEST_SENTENCES = 60
"""The last ones: the only reader is heard in training, so this tests new sentences, not a new voice."""

ONSET_OFFSETS = {"p": -0.020, "pp": -0.020, "t": -0.015, "tt": -0.015, "k": -0.020, "kk": -0.020}
"""Seconds to move a stop's onset by. Measured over 600 sentences as the time at which the 0.6 to 5 kHz level falls
halfway from the vowel before into the closure: the labels of p and k lie 20 ms later, those of t 15 ms; b, d and m
lie within 5 ms, as hand-labelled stops do."""


class FestvoxRu:
    """The package's recordings in the order of their numbers.

    Raises
    ------
    MissingDependency
        The package is not installed.
    """

    name = "festvox-ru"

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        if not (folder / "wav").is_dir():
            raise MissingDependency("the Russian recordings", "festvox-ru", "apt-get install -y festvox-ru")
        self._texts = _texts(folder / "etc" / "txt.done.data")
        self._names = sorted(
            path.stem for path in (folder / "lab").glob("*.lab") if (folder / "wav" / f"{path.stem}.wav").exists()
        )
        self._alphabet = alphabets.festvox_ru()
        self.count = len(self._names)
        self.settings: Mapping[str, Any] = {"version": 1}

    def recording(self, index: int) -> Recording | Dropped:
        """Sentence number `index`."""
        name = self._names[index]
        samples = audio.read(self._folder / "wav" / f"{name}.wav")
        labels = correct_onsets(read_labels(self._folder / "lab" / f"{name}.lab", len(samples) / audio.SAMPLE_RATE))
        phones = self._alphabet.translate(labels)
        unknown = dict(self._alphabet.unknown)
        self._alphabet.unknown.clear()
        return Recording(
            name=name,
            audio=samples,
            phones=phones,
            speaker="festvox_ru_nsh",
            language="ru",
            source=self.name,
            licence=LICENCE,
            split="test" if index >= self.count - TEST_SENTENCES else "train",
            text=self._texts.get(name, ""),
            unknown=unknown,
        )


def read_labels(path: Path, seconds: float) -> list[Phone]:
    """Segments of a Festival .lab file ("end 125 phone" a line after "#"), the last one ending at `seconds`."""
    labels: list[Phone] = []
    start = 0.0
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if len(fields) != 3:
            continue
        try:
            end = min(float(fields[0]), seconds)
        except ValueError as error:
            raise BadInput(path, f"a line gives no end time ({line!r})", "install festvox-ru again") from error
        labels.append(Phone(start, end, fields[2]))
        start = end
    if labels:
        labels[-1] = Phone(labels[-1].start, seconds, labels[-1].symbol)
    return labels


def correct_onsets(labels: list[Phone]) -> list[Phone]:
    """Move the onsets of stops by `ONSET_OFFSETS`; never further than half of the phone that gives the time."""
    result: list[Phone] = []
    for label in labels:
        offset = ONSET_OFFSETS.get(label.symbol, 0.0)
        if offset and result:
            before = result[-1]
            earliest, latest = (before.start + before.end) / 2, (label.start + label.end) / 2
            start = min(max(label.start + offset, earliest), latest)
            result[-1] = Phone(before.start, start, before.symbol)
            label = Phone(start, label.end, label.symbol)
        result.append(label)
    return result


def _texts(path: Path) -> dict[str, str]:
    """Utterance name -> text, from lines of the form ( ru_0001 "…" ); a '+' marks stress and is taken out."""
    lines = re.findall(r'^\(\s*(\S+)\s+"(.*)"\s*\)', path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: text.replace("+", "") for name, text in lines}
