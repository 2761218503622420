"""Builds the Typer application from the verb files and runs it with facelite's exit codes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer
from typer.core import TyperGroup

VERBS = (
    "demo",
    "doctor",
    "corpus",
    "label",
    "teach",
    "distill",
    "average",
    "retarget",
    "evaluate",
    "convert",
    "recipes",
    "compare",
    "certify",
    "targets",
    "validate",
    "build",
    "bench",
    "profile",
    "run",
    "report",
    "preview",
    "live",
    "web",
)
"""Every verb, a file of this folder each, in the order of the pipeline."""


def run(arguments: list[str]) -> int:
    """Parse `arguments`, run the verb and return the exit code.

    Raises
    ------
    FaceliteError, OSError, ModuleNotFoundError, KeyboardInterrupt
        Whatever the verb raises; wrong use of the command line is reported here.
    """
    command = build(arguments)
    # Libraries print to stdout as they please (Keras does); `common.print_json` alone reaches the real one.
    with contextlib.redirect_stdout(sys.stderr) if "--json" in arguments else contextlib.nullcontext():
        try:
            result = command(arguments or ["--help"], prog_name="facelite", standalone_mode=False)
            sys.stdout.flush()
        except typer.TyperException as error:
            return _wrong_use(error)
        except typer.Abort:
            raise KeyboardInterrupt from None
        except SystemExit as stop:
            if isinstance(stop.__context__, BrokenPipeError):
                raise stop.__context__ from None
            raise
    if result == 130:
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0


def build(arguments: Sequence[str] = ()) -> TyperGroup:
    """The command; only the verb that `arguments` starts with is imported, or every verb for help and errors."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    verbs = tuple(arguments[:1]) if arguments and arguments[0] in VERBS else VERBS
    for verb in verbs:
        import_module(f".{verb}", __package__).register(app)
    group = typer.main.get_group(app)
    group.commands = {verb: group.commands[verb] for verb in verbs}  # Typer puts nested groups last
    return group


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"facelite {version('facelite')}")
        raise typer.Exit


def _options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Speech-driven facial animation on the device: distil, convert, prove, fit to a target, run."""


def _wrong_use(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "facelite"
    message = error.format_message().rstrip(".")
    if message.startswith("Usage:"):  # a verb that wants a second word was given none
        print(message, file=sys.stderr)
        return 2
    message = " ".join(message.split())
    print(f"{command}: {message}; see {command} --help", file=sys.stderr)
    return 2
