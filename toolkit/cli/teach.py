"""`facelite teach`: train the neural teacher on the oracle's labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import Seed


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""

    @app.command()
    def teach(
        corpora: Annotated[
            list[Path], typer.Argument(help="Corpora made by `facelite corpus build` or `facelite corpus import`.")
        ],
        output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run; one that exists goes on.")],
        recipe: Annotated[Path | None, typer.Option(help="A recipe file; the packaged one without.")] = None,
        init: Annotated[Path | None, typer.Option(help="A trained teacher's folder to start from.")] = None,
        steps: Annotated[int | None, typer.Option(min=1, help="Train for this many steps instead.")] = None,
        seed: Seed = None,
    ) -> None:
        """Train the neural teacher: audio alone, the whole utterance; killed runs go on where they were saved."""
        from facelite.converters.quiet import quiet

        with quiet():
            from ..teachers.neural.pipeline import teach as run_pipeline

        run_pipeline(corpora, recipe, output, steps=steps, seed=seed, init=init)
