"""`facelite evaluate`: score a student on a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from .common import AsJson, console, print_json, progress

if TYPE_CHECKING:
    from ..distill.scoring import Score


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""

    @app.command()
    def evaluate(
        student: Annotated[Path, typer.Argument(help="A bundle, a student.facelite, or a student.keras.")],
        corpus: Annotated[Path, typer.Option(help="A corpus with phone timings.")],
        split: Annotated[str, typer.Option(help="train, valid or test.")] = "test",
        source: Annotated[list[str] | None, typer.Option(help="Only this source; may be given again.")] = None,
        gain_db: Annotated[float, typer.Option(max=0.0, help="Play the clips at this level.")] = 0.0,
        snr_db: Annotated[float | None, typer.Option(help="Add pink noise at this signal-to-noise ratio.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Measure a student against the oracle's curves and the labelled lip closures."""
        from ..distill.evaluate import as_json as plain
        from ..distill.evaluate import evaluate as score
        from ..distill.evaluate import subject
        from ..speech.corpus import Corpus

        chosen = Corpus.open(corpus).select(split=split, source=source, with_phones=True)
        judged = subject(student)
        with progress() as bar:
            task = bar.add_task("evaluating", total=len(chosen))
            results = score(judged, chosen, gain_db, snr_db, progress=lambda: bar.advance(task))
        if as_json:
            print_json({"student": judged.name, "split": split, "scores": plain(results)})
        else:
            console().print(_table(judged.name, results))


def _table(name: str, results: dict[str, Score]) -> Table:
    table = Table(title=name, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for heading in ("source", "clips", "mse", "r", "jitter", "AP", "F1", "recall", "alarms", "onset", "in", "out"):
        table.add_column(heading, justify="left" if heading == "source" else "right", no_wrap=True)
    for source, result in results.items():
        shut = result.closure
        closure = ["-"] * 7
        if shut:
            shares = (shut.average_precision, shut.f1, shut.event_recall, shut.false_alarms)
            rates = (shut.inside_rate, shut.outside_rate)
            closure = [*(f"{x:.3f}" for x in shares), f"{shut.onset_ms:+.0f}", *(f"{x:.2f}" for x in rates)]
        table.add_row(
            source,
            str(result.clips),
            f"{result.mse:.4f}",
            f"{result.correlation:.3f}",
            f"{result.jitter_ratio:.2f}",
            *closure,
        )
    return table
