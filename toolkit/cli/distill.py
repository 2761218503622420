"""`facelite distill`: train a student from labelled speech."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .common import MAX_SEED, Seed


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""

    @app.command()
    def distill(
        corpora: Annotated[
            list[Path], typer.Argument(help="Corpora made by `facelite corpus build` or `facelite corpus import`.")
        ],
        output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run; one that exists goes on.")],
        recipe: Annotated[str, typer.Option(help="A recipe file, or the name of a packaged one.")] = "tiny_real_time",
        teacher: Annotated[
            str | None, typer.Option(help="Who labels, as for `facelite label`; oracle unless given.")
        ] = None,
        labels: Annotated[
            list[Path] | None,
            typer.Option(help="Labels made by `facelite label`, instead of a teacher; may be given again."),
        ] = None,
        small: Annotated[
            Path | None, typer.Option(help="Stage 2: learn from this frozen student's features, too (its run).")
        ] = None,
        init: Annotated[
            Path | None, typer.Option(help="Start from this student of the same architecture (its run or file).")
        ] = None,
        cache: Annotated[
            Path | None,
            typer.Option(help="Folder for laid-out corpora, which runs may share; the run's own unless given."),
        ] = None,
        steps: Annotated[int | None, typer.Option(min=1, help="Train for this many steps instead.")] = None,
        seed: Seed = None,
        seeds: Annotated[
            str | None, typer.Option(help="Train once with each, as in 1,2,3, and write the spread of the measures.")
        ] = None,
    ) -> None:
        """Train a student on a teacher's labels; killed runs go on where they were saved."""
        from facelite.converters.quiet import quiet

        _refuse_both(("--teacher", teacher), ("--labels", labels or None))
        _refuse_both(("--seed", seed), ("--seeds", seeds))
        with quiet():
            from ..distill.pipeline import distill as one
            from ..distill.pipeline import distill_seeds as several

        start: dict[str, Any] = {
            "small": small,
            "init": init,
            "teacher": teacher or "oracle",
            "labels": labels or (),
            "cache": cache,
        }
        if seeds is None:
            one(corpora, recipe, output, steps=steps, seed=seed, **start)
        else:
            several(_numbers(seeds), corpora, recipe, output, steps=steps, **start)


def _refuse_both(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    """Of two options that say the same thing, each a name and what was given, at most one may be there."""
    from ..errors import BadInput

    if one[1] is not None and other[1] is not None:
        raise BadInput(one[0], f"was given beside {other[0]}, which takes its place", "give one of the two")


def _numbers(text: str) -> list[int]:
    from ..errors import BadInput

    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = [-1]
    if not 0 <= min(numbers) <= max(numbers) <= MAX_SEED:
        raise BadInput("--seeds", f"{text} is no list of whole numbers from 0 to {MAX_SEED}", "give them as 1,2,3")
    return list(dict.fromkeys(numbers))
