"""`facelite corpus build | import | show`: speech with phone timings, on disk."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from ..errors import BadInput
from .common import AsJson, console, note, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..speech.build import Summary
    from ..speech.corpus import Corpus
    from ..speech.recording import Source

COUNTED = ("P", "B", "M", "F", "V")
"""Phones whose number decides how well lips can be learnt."""

Folder = Annotated[str, typer.Argument(metavar="DIR", help="Folder of the corpus.")]


Workers = Annotated[int, typer.Option(min=1, help="Processes; the corpus is the same with any number.")]

SHOWN_FAULTS = 20
"""Unreadable files named on the terminal; the corpus folder's list has all."""


def register(app: typer.Typer) -> None:
    corpus = typer.Typer(help="Build, import and look at speech with phone timings.", no_args_is_help=True)
    corpus.command("build")(build)
    corpus.command("import")(import_)
    corpus.command("show")(show)
    app.add_typer(corpus, name="corpus")


def build(
    folder: Folder,
    hours: Annotated[
        float, typer.Option(min=0.001, help="Audio wanted; the sources share it equally as far as they go.")
    ] = 3.0,
    seed: Annotated[int, typer.Option(min=0, help="Chooses sentences, voices, rates and pitches.")] = 1,
    sources: Annotated[
        str, typer.Option(help="Comma-separated; a missing program skips its source.")
    ] = "flite,espeak,festvox-ru",
    workers: Workers = 1,
) -> None:
    """Synthesise speech with exact phone timings, and take in packaged recordings; run again to resume."""
    from ..speech.sources import catalogue

    if not math.isfinite(hours):
        raise BadInput("--hours", f"{hours:g} is no length", "give hours of audio")
    names = [name.strip() for name in sources.split(",") if name.strip()]
    if not names:
        raise BadInput("--sources", "names no source", f"use some of {', '.join(catalogue.NAMES)}")
    usable, skipped = catalogue.available(names, seed)
    for missing in skipped:
        note(f"skipped: {missing}")
    _finish(_run(folder, usable, hours * 3600, workers, strict=False))


def import_(
    source: Annotated[str, typer.Argument(metavar="SRC", help="Folder of recordings.")],
    folder: Folder,
    layout: Annotated[
        str, typer.Option(help="auto, manifest (manifest.csv, align/), librispeech, common-voice, or folder.")
    ] = "auto",
    licence: Annotated[str, typer.Option(help="Of the recordings, where the layout does not tell.")] = "",
    language: Annotated[str, typer.Option(help="ISO 639 code, where the layout does not tell; en is aligned.")] = "",
    speaker: Annotated[str, typer.Option(help="Of all recordings; otherwise the first subfolder's name.")] = "",
    name: Annotated[str, typer.Option(help="Of this source in the corpus; otherwise the layout's or folder's.")] = "",
    align: Annotated[bool, typer.Option("--align/--no-align", help="Find the phones of English text.")] = True,
    licences: Annotated[
        str, typer.Option(help="Comma-separated licence families that are let in.")
    ] = "CC0,public domain,CC-BY,BSD,MIT,Apache",
    workers: Workers = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first file that cannot be read.")] = False,
) -> None:
    """Take in recordings; run again to resume. Licences that bind what is trained on them stay out."""
    from ..speech.sources import layouts

    families = [family.strip() for family in licences.split(",") if family.strip()]
    said = layouts.Import(licence, language, speaker, name, align, families)
    _finish(_run(folder, [layouts.open_folder(source, layout, said)], None, workers, strict))


def show(folder: Folder, as_json: AsJson = False) -> None:
    """What a corpus holds: clips, hours, speakers and labial phones by source and split."""
    from ..speech.corpus import Corpus

    corpus = Corpus.open(folder)
    if as_json:
        print_json({"corpus": folder, "hours": corpus.hours, "clips": len(corpus), "parts": _parts(corpus)})
    else:
        console().print(_table(corpus))


def _run(folder: str, sources: Sequence[Source], seconds: float | None, workers: int, strict: bool) -> Summary:
    from ..speech.build import build as build_corpus

    with progress() as bar:
        total = int(seconds or 0) or sum(source.count or 0 for source in sources)
        task = bar.add_task("seconds of audio" if seconds else "recordings", total=total)
        done: dict[str, float] = {}

        def advance(name: str, count: int, taken: float) -> None:
            done[name] = taken if seconds else count
            bar.update(task, completed=int(sum(done.values())))

        return build_corpus(folder, sources, seconds, advance, workers, strict)


def _finish(summary: Summary) -> None:
    from ..speech.build import FAULTS

    for fault in summary.faults[:SHOWN_FAULTS]:
        note(f"skipped: {fault}")
    if len(summary.faults) > SHOWN_FAULTS:
        note(f"skipped {len(summary.faults)} unreadable files in all: {summary.corpus.root / FAULTS}")
    for reason, count in summary.dropped.most_common():
        note(f"left out {count}: {reason}")
    for reason, count in summary.unlabelled.most_common():
        note(f"without phones {count}: {reason}")
    for symbol, count in summary.unknown.most_common():
        note(f"unknown phone symbol {symbol!r}, {count} times: taken as a neutral sound")
    console().print(_table(summary.corpus))


def _parts(corpus: Corpus) -> list[dict[str, Any]]:
    """One entry a source and split, with what is in it."""
    groups: dict[tuple[str, str], list[Any]] = {}
    for clip in corpus:
        groups.setdefault((clip.source, clip.split), []).append(clip)
    parts = []
    for (source, split), clips in sorted(groups.items()):
        phones = Counter(phone.symbol for clip in clips for phone in clip.phones)
        parts.append(
            {
                "source": source,
                "split": split,
                "clips": len(clips),
                "hours": round(sum(clip.seconds for clip in clips) / 3600, 4),
                "speakers": len({clip.speaker for clip in clips}),
                "with_phones": sum(bool(clip.phones) for clip in clips),
                "phones": {name: phones[name] for name in COUNTED},
                "licences": sorted({clip.licence for clip in clips}),
            }
        )
    return parts


def _table(corpus: Corpus) -> Table:
    title = f"{len(corpus)} clips, {corpus.hours:.2f} h"
    grid = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    for heading in ("source", "split"):
        grid.add_column(heading)
    for heading in ("clips", "hours", "speakers", "labelled", *COUNTED):
        grid.add_column(heading, justify="right")
    for part in _parts(corpus):
        numbers = (part["clips"], f"{part['hours']:.2f}", part["speakers"], part["with_phones"])
        grid.add_row(part["source"], part["split"], *map(str, (*numbers, *part["phones"].values())))
    return grid
