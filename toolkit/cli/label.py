"""`facelite label`: ask a teacher about every clip of a corpus, and keep its answers."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import AsJson, note, print_json, progress

if TYPE_CHECKING:
    from ..labels.run import Summary

_NAMED_FAILURES = 10


def register(app: typer.Typer) -> None:
    """Add the verb to `app`."""

    @app.command()
    def label(
        corpora: Annotated[
            list[Path], typer.Argument(help="Corpora made by `facelite corpus build` or `facelite corpus import`.")
        ],
        output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the labels; one that exists goes on.")],
        teacher: Annotated[
            str, typer.Option(help="oracle, neural (of a clone), neural:FOLDER, onnx:FILE.toml, …")
        ] = "oracle",
        shard_clips: Annotated[int, typer.Option(min=1, help="Clips to a file, on average at most.")] = 256,
        workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core unless given.")] = None,
        ray: Annotated[
            str | None, typer.Option(metavar="ADDRESS", help="Use this Ray cluster: auto, HOST:PORT.")
        ] = None,
        max_failures: Annotated[int, typer.Option(min=0, help="Stop when more clips than this have failed.")] = 100,
        retry_failed: Annotated[bool, typer.Option(help="Ask again about clips that failed before.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Label corpora with a teacher, on every core or a cluster; run again to go on or to take in changes."""
        from ..labels.run import Options
        from ..labels.run import label as run_label
        from ..speech.corpus import Corpus

        options = Options(shard_clips, workers, ray, max_failures, retry_failed)
        opened = [Corpus.open(path) for path in corpora]
        started = time.perf_counter()
        with progress() as bar:
            task = bar.add_task("labelling", total=None)

            def show(done: int, total: int, failed: int) -> None:
                text = f"labelling, {failed} failed" if failed else "labelling"
                bar.update(task, description=text, completed=done, total=total)

            summary = run_label(opened, teacher, output, options, show)
        seconds = time.perf_counter() - started
        _tell(output, summary, seconds)
        if as_json:
            print_json(_plain(output, summary, seconds))


def _tell(output: Path, summary: Summary, seconds: float) -> None:
    for path, error in summary.failures[:_NAMED_FAILURES]:
        note(f"skipped {path}: {error}")
    if (more := len(summary.failures) - _NAMED_FAILURES) > 0:
        note(f"skipped {more} more: see {output / 'manifest.json'}")
    if summary.without_phones:
        note(f"left out {summary.without_phones}: {summary.card.spec} needs phone timings")
    if summary.silent:
        note(f"nothing moves in {summary.silent} clips")
    if summary.clipped:
        note(f"{summary.clipped} values outside 0..1 were cut off")
    hours = summary.frames * 256 / 16000 / 3600
    state = f"{summary.labelled} clips labelled in {seconds:.0f} s" if summary.written else "nothing to do"
    note(f"{output}: {state}; it holds {summary.clips} clips, {hours:.2f} h, in {summary.shards} shards")


def _plain(output: Path, summary: Summary, seconds: float) -> dict[str, Any]:
    report = asdict(summary)
    report["teacher"] = report.pop("card")
    failures = [{"path": path, "error": error} for path, error in summary.failures]
    return {"labels": output, "seconds": round(seconds, 2)} | report | {"failures": failures}
