"""`facelite average`: the mean of students that were trained from one start."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""

    @app.command()
    def average(
        students: Annotated[list[Path], typer.Argument(help="Students of one recipe and one start: runs or files.")],
        output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the new student.")],
    ) -> None:
        """Average the weights of a student and of what it became by more training."""
        from facelite.converters.quiet import quiet

        from .common import note

        with quiet():
            from ..distill.average import average as write

            note(f"student: {write(students, output)}")
