"""`facelite evaluate`: measure teachers and students on speech they never heard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..atomic import write_text
from ..errors import BadInput
from .common import AsJson, exit_with, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..evaluation.spec import TableSpec


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""
    app.command()(evaluate)


def evaluate(
    student: Annotated[
        list[str] | None,
        typer.Argument(
            help="Run folders, bundles, student.keras or .facelite files, teachers (oracle, neural:FOLDER)."
        ),
    ] = None,
    corpus: Annotated[list[Path] | None, typer.Option(help="A corpus with phone timings; may be given again.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="train, valid or test (default); may be given again.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
    teacher: Annotated[
        str | None,
        typer.Option(help="Whose curves are the reference: a teacher (oracle unless given), or a folder of labels."),
    ] = None,
    gain_db: Annotated[
        list[float] | None, typer.Option(help="Also play the clips at this level below 0; may be given again.")
    ] = None,
    snr_db: Annotated[
        list[float] | None, typer.Option(help="Also add pink noise at this ratio; may be given again.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Convert float students without a bundle, to measure int8.")
    ] = False,
    spec: Annotated[
        Path | None, typer.Option(help="A table's TOML: rows of students and seeds, instead of STUDENT.")
    ] = None,
    table: Annotated[
        list[Path] | None, typer.Option(help="Write the table to this .json or .md; may be given again.")
    ] = None,
    refresh: Annotated[
        list[Path] | None, typer.Option(help="Fill the marked tables of this Markdown page; may be given again.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page that plays teacher and students side by side.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure students against a teacher's curves and labelled lips; exit 1 if int8 differs between LiteRT and C."""
    from ..evaluation.markdown import refresh as refresh_page
    from ..evaluation.markdown import render
    from ..evaluation.table import evaluate as fill
    from ..evaluation.table import holds

    outputs = [_checked(path) for path in table or []]
    said = {"splits": split, "sources": source, "teacher": teacher, "gain_db": gain_db, "snr_db": snr_db, "int8": int8}
    said = {field: value for field, value in said.items() if value not in (None, [], False)}
    asked = _given(spec, corpus, student, said) if spec else _asked(student, corpus, said)
    with progress() as bar:
        task = bar.add_task("evaluating")
        filled = fill(
            asked, lambda text, done, total: bar.update(task, description=text, completed=done, total=total), html
        )
    for path in outputs:
        write_text(path, json.dumps(filled, indent=1) + "\n" if path.suffix == ".json" else render(filled))
    for path in refresh or []:
        refresh_page(path)
    if as_json:
        print_json(filled)
    else:
        print(_summary(filled))
    exit_with(holds(filled))


def _checked(path: Path) -> Path:
    if path.suffix not in (".json", ".md"):
        raise BadInput("--table", f"{path} is neither .json nor .md", "name the file accordingly")
    return path


def _given(spec: Path, corpus: list[Path] | None, student: list[str] | None, said: dict[str, Any]) -> TableSpec:
    """The table of a file, whose word is the only one on everything but its corpora."""
    from ..evaluation.spec import load

    if student:
        raise BadInput("--spec", f"was given beside {', '.join(student)}", "name students in its rows")
    if said:
        raise BadInput("--spec", f"was given beside what it says itself: {', '.join(said)}", "write it into the file")
    return load(spec, tuple(map(str, corpus or ())))


def _asked(student: list[str] | None, corpus: list[Path] | None, said: dict[str, Any]) -> TableSpec:
    """The table that the command line describes: a row a student."""
    from ..evaluation.spec import TableSpec
    from ..strict_toml import checked

    if not student or not corpus:
        raise BadInput("evaluate", "no student or no --corpus was given", "give both, or --spec table.toml")
    names = _names(student)
    document = {
        "corpora": tuple(map(str, corpus)),
        "row": tuple({"name": name, "students": (one,)} for name, one in zip(names, student, strict=True)),
    }
    return checked(document | said, TableSpec, "evaluate")


def _names(students: list[str]) -> list[str]:
    """Short names: a file's folder, a folder's own name; whole paths where those are not distinct."""
    files = (".keras", ".facelite")
    short = [Path(one).parent.name if Path(one).suffix in files else Path(one).name or one for one in students]
    return short if len(set(short)) == len(short) and all(short) else students


def _summary(filled: dict[str, Any]) -> str:
    """The figures of every group, row and kind."""
    return "\n\n".join("\n".join(_group(filled, group)) for group in filled["speech"])


def _group(filled: dict[str, Any], group: str) -> Iterator[str]:
    from ..evaluation.figures import FIGURES, at

    shown = {"average_precision": "AP", "f1": "F1", "event_recall": "found", "false_alarms": "alarms"}
    shown |= {"onset_ms": "onset", "correlation": "r", "jitter_smoothed": "jitter"}
    columns = [(heading, key, FIGURES[key].write) for key, heading in shown.items()]
    precision = FIGURES["average_precision"].write
    columns += [(name, at(name), precision) for name in filled["conditions"][1:]]
    widths = [max(6, len(heading)) for heading, _, _ in columns]
    yield f"{group}, {filled['speech'][group]['clips']} clips"
    yield " ".join([" " * 9, *(heading.rjust(width) for (heading, _, _), width in zip(columns, widths, strict=True))])
    for row in filled["rows"]:
        yield row["name"]
        for kind, found in row["by_group"][group].items():
            values = (write(found[key]["mean"]) if key in found else "-" for _, key, write in columns)
            yield " ".join([f"  {kind:7}", *(value.rjust(width) for value, width in zip(values, widths, strict=True))])
