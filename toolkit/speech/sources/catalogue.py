"""The sources of `facelite corpus build`, by name."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import BadInput, MissingDependency
from ..recording import Source

NAMES = ("flite", "espeak", "festvox-ru", "fluidsynth", "freedoom")
"""Synthesisers of speech, packaged recordings, music; each needs a package of the system."""

_MUSIC = "fluidsynth fluid-soundfont-gm"
_PACKAGES = {"espeak": "espeak-ng", "fluidsynth": _MUSIC, "freedoom": f"freedoom {_MUSIC}"}
"""Debian's names of what a source needs, where they are not the source's own."""


def open_source(name: str, seed: int) -> Source:
    """The source called `name`.

    Raises
    ------
    BadInput
        There is no such source.
    MissingDependency
        What it needs is not installed.
    """
    if name == "flite":
        from .flite import Flite

        return Flite(seed)
    if name == "espeak":
        from .espeak import Espeak

        return Espeak(seed)
    if name == "festvox-ru":
        from .festvox_ru import FestvoxRu

        return FestvoxRu()
    if name == "fluidsynth":
        from .fluidsynth import Fluidsynth

        return Fluidsynth(seed)
    if name == "freedoom":
        from .freedoom import Freedoom

        return Freedoom(seed)
    raise BadInput("--sources", f"{name!r} is unknown", f"use some of {', '.join(NAMES)}")


def available(names: Sequence[str], seed: int) -> tuple[list[Source], list[MissingDependency]]:
    """Those of the sources `names` that can be used here, and why each of the others cannot.

    Raises
    ------
    BadInput
        A name is unknown.
    MissingDependency
        None can be used; names the command that installs all of them.
    """
    usable: list[Source] = []
    skipped: list[MissingDependency] = []
    for name in dict.fromkeys(names):
        try:
            usable.append(open_source(name, seed))
        except MissingDependency as missing:
            skipped.append(missing)
    if not usable:
        packages = " ".join(_PACKAGES.get(name, name) for name in dict.fromkeys(names))
        raise MissingDependency(
            "facelite corpus build", "every source that was named", f"apt-get install -y {packages}"
        )
    return usable, skipped
