"""`facelite retarget`: a student learns another rig."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import AsJson, console, note, print_json, progress

if TYPE_CHECKING:
    from ..distill.examples import Example
    from ..distill.retarget import Outcome

_OUT_OF_TIME_MS = 150


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""

    @app.command()
    def retarget(
        student: Annotated[Path, typer.Argument(help="A student.keras, or the folder it is in.")],
        output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the new student.")],
        teacher: Annotated[
            str | None, typer.Option(help="curves:FOLDER, or with --corpus any: oracle, onnx:FILE.toml, …")
        ] = None,
        labels: Annotated[Path | None, typer.Option(help="A label store instead of a teacher; with --corpus.")] = None,
        corpus: Annotated[
            list[Path] | None, typer.Option(metavar="DIR", help="Whose clips to learn from; may be repeated.")
        ] = None,
        held_out: Annotated[
            list[str] | None, typer.Option(metavar="NAME", help="A recording that only judges; may be repeated.")
        ] = None,
        ridge: Annotated[
            float | None, typer.Option(min=1e-9, help="How strongly to shrink; chosen per control unless given.")
        ] = None,
        name: Annotated[str | None, typer.Option(help="Name of the new student.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Fit a student's last layer to another rig's curves; every other layer stays as it is."""
        from facelite.converters.quiet import quiet

        with quiet():
            from ..distill.examples import divided
            from ..distill.retarget import retarget as fit

        controls, examples = _examples(teacher, labels, corpus or [])
        learnt, judged = divided(examples, held_out or ())
        with progress() as bar:
            task = bar.add_task("recordings", total=len(examples))
            outcome = fit(
                student,
                controls,
                learnt,
                judged,
                output,
                ridge,
                name,
                lambda done, of: bar.update(task, completed=done),
            )
        _warn(outcome)
        if as_json:
            print_json(_plain(outcome, output))
        else:
            _print(outcome, output)


def _examples(teacher: str | None, labels: Path | None, corpora: list[Path]) -> tuple[tuple[str, ...], list[Example]]:
    from ..distill import examples
    from ..errors import BadInput
    from ..labels.store import LabelStore
    from ..speech.corpus import Corpus
    from ..teachers.precomputed import CurvesTeacher
    from ..teachers.registry import open_teacher

    if (teacher is None) == (labels is None):
        raise BadInput("retarget", "it needs curves to learn", "give one of --teacher and --labels")
    opened = [Corpus.open(path) for path in corpora]
    if labels is not None:
        store = LabelStore.open(labels)
        return store.card.controls, examples.of_labels(store, opened)
    chosen = open_teacher(teacher or "")
    if opened:
        return chosen.controls, examples.of_corpora(chosen, opened)
    if not isinstance(chosen, CurvesTeacher):
        raise BadInput("--corpus", f"{teacher} has no recordings of its own", "give a corpus to animate")
    return chosen.controls, examples.of_folder(chosen)


def _warn(outcome: Outcome) -> None:
    follower = outcome.follower
    if abs(follower.lag_ms) > _OUT_OF_TIME_MS:
        note(
            f"{follower.control} moves {follower.lag_ms:+.0f} ms after the sound it follows best: "
            "check the curves' frame rate and offset"
        )


def _plain(outcome: Outcome, output: Path) -> dict[str, Any]:
    """For JSON, which has no NaN: what could not be measured is null."""

    def number(value: float) -> float | None:
        return None if value != value else float(value)

    spec, follower = outcome.spec, outcome.follower
    columns = zip(spec.controls, outcome.correlation, outcome.reach, outcome.ridge, strict=True)
    return {
        "student": output,
        "name": spec.name,
        "learnt": outcome.learnt,
        "held_out": outcome.held_out,
        "seconds": outcome.seconds,
        "signed": outcome.signed,
        "correlation": number(outcome.mean_correlation),
        "jitter_ratio": number(outcome.jitter_ratio),
        "lag_ms": number(outcome.lag_ms),
        "timing": {
            "control": follower.control,
            "lag_ms": number(follower.lag_ms),
            "correlation": number(follower.correlation),
        },
        "controls": [
            {"name": name, "correlation": number(r), "reach": number(reach), "ridge": float(ridge)}
            for name, r, reach, ridge in columns
        ],
    }


def _print(outcome: Outcome, output: Path) -> None:
    from rich.table import Table

    table = Table(title=f"{len(outcome.held_out)} held-out recordings", title_justify="left")
    table.add_column("control")
    for heading in ("correlation", "reach", "ridge"):
        table.add_column(heading, justify="right")
    columns = zip(outcome.spec.controls, outcome.correlation, outcome.reach, outcome.ridge, strict=True)
    for name, r, reach, ridge in columns:
        table.add_row(name, *("-" if value != value else f"{value:.3f}" for value in (r, reach)), f"{ridge:.3g}")
    console().print(table)
    follower = outcome.follower
    if follower.control:
        text = f"{follower.control} follows loudness by {follower.lag_ms:+.0f} ms (r {follower.correlation:.2f})"
        console().print(f"timing: {text}; the student lags the curves by {outcome.lag_ms:+.0f} ms")
    console().print(f"{output}: mean correlation {outcome.mean_correlation:.3f}", highlight=False)
    note(f"next: facelite convert {output / 'student.keras'} -o BUNDLE")
