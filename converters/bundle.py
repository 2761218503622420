"""A whole conversion: a model file in, a proved bundle out."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from facelite import companding, data, spec
from facelite.atomic import write_bytes
from facelite.compare import equality
from facelite.errors import BadInput, FaceliteError
from facelite.graph import Graph
from facelite.runtimes import Heard
from facelite.speech import audio
from facelite.student import BLOB_NAME, Student, load
from facelite.targets.evidence import CERTIFICATE_NAME
from numpy.typing import NDArray

from . import calibration as calibrating
from . import cross_check as crossing
from . import litert_only, qdq_check, ranges, stream_proof, windowed
from .backends import blob, c, golden, onnx_qdq, tflite_file, tflite_stream
from .facts import calibration_facts, layer_facts
from .frontends import tflite as tflite_frontend
from .lower import lower
from .ranges import METHODS
from .recipes import (
    DEFAULT,
    INT16_INPUT_NAME,
    INT16X8_NAME,
    PCM_NAME,
    PCM_STREAM_NAME,
    RECIPES,
    TFLITE_NAME,
    Files,
    FloatStudent,
    named,
)
from .sources import KerasSource, Source, check_float, open_source
from .teaching import taught

ONNX_NAME, GOLDEN_NAME, CARD_NAME = "student.onnx", "golden.npz", "MODEL_CARD.md"
QDQ_NAME = "student_int8.onnx"
SOURCE_NAME, HEADER_NAME, STREAM_NAME = "student.c", "student.h", "student_stream_int8.tflite"

_OF_SOME = {PCM_NAME, PCM_STREAM_NAME, INT16_INPUT_NAME, INT16X8_NAME, CARD_NAME, CERTIFICATE_NAME}
"""Files that an earlier conversion, or what followed it, may have left, and this one does not make."""

PROOF_WINDOWS = 8
"""Windows of each golden signal on which a conversion is held against LiteRT before it is published."""

Progress = Callable[[str], None]


def convert(
    source: str | Path,
    out_dir: str | Path,
    spec_file: str | Path | None = None,
    calibration: str | Path | Sequence[NDArray[np.float32]] | None = None,
    progress: Progress | None = None,
    recipe: str | None = None,
    windowed_only: bool = False,
    method: str | None = None,
    cross_check: bool = False,
    teacher: str | None = None,
) -> dict[str, Any]:
    """Turn a student into a bundle.

    Parameters
    ----------
    source
        A `.keras`, `.onnx` (float or QDQ) or full-int8 `.tflite` file, or a SavedModel folder; `student.toml` beside
        it says what it does not.
    out_dir
        Folder to write the bundle's files to (docs/converters.md lists them). Nothing is written to it unless all of
        it could be made and was proved.
    spec_file
        A spec from elsewhere.
    calibration
        For a float student: a folder of sound files, or float32 clips at the student's sample rate; None for the
        recordings that come with facelite.
    progress
        Told in a few words what is being done.
    recipe
        How a float student becomes integers, by name (`recipes.RECIPES`; "int8_pair_safe" unless given). A quantised
        one keeps its own integers, bit for bit.
    windowed_only
        For a float student that pads inside its window: write TFLite, ONNX and a report.json that says so, and
        nothing that streams.
    method
        How the range of a float student's int8 activations is chosen (`ranges.METHODS`; "percentile" unless given).
    cross_check
        Also quantise a Keras student by TFLiteConverter, and say how far the two are apart (`cross_check`).
    teacher
        For recipe "qat": whose curves the student learns from beside its float self's, as `open_teacher` takes it.

    Returns
    -------
    The facts of the conversion: `source`, `recipe`, `calibration`, `student`, `window`, `hop`, `layers`, `files` (bytes
    by name), `proof`, `qdq` (`qdq_check.against_oracle`), and `cross_check` if asked for. Of a recipe for LiteRT alone,
    what `litert_only.write` returns.

    Raises
    ------
    BadInput, Unsupported
        The model, its spec or the calibration audio cannot be used; each message names the file and the mend.
    FaceliteError
        Two runtimes disagreed on the golden inputs.
    """
    tell = progress or (lambda text: None)
    tell("reading the model")
    out = Path(out_dir)
    if windowed_only:
        _check_windowed(recipe=recipe, range=method, cross_check=cross_check, teacher=teacher)
        return _convert_windowed(Path(source), out, spec_file, calibration)
    opened = open_source(Path(source), spec_file)
    _check_folder(out)
    if cross_check and not isinstance(opened, KerasSource):
        raise BadInput("--cross-check", f"TFLiteConverter takes no {opened.path.name}", "give a .keras student")
    student = _float_student(opened, calibration, recipe, method, teacher)
    with _staged(out) as folder:
        tell("making int8 TFLite")
        files = RECIPES[recipe or DEFAULT](student) if student else _kept(opened)
        if student and TFLITE_NAME not in files:
            _check_no_stream(out, f"--recipe {recipe} makes none")
            _copy_card(opened.path, folder)
            return litert_only.write(opened, student, files, str(recipe), folder)
        graph = _write_models(opened, files, folder, tell)
        tell("proving that the runtimes agree")
        proof = _prove(graph, folder)
        if not proof["holds"]:
            raise FaceliteError(f"{source}: the converted runtimes disagree: {_first_difference(proof)}; report this")
        facts = _facts(opened, graph, folder, proof)
        facts["qdq"] = qdq_check.against_oracle(graph, (folder / QDQ_NAME).read_bytes(), _speech(graph))
        if student:
            facts |= {"recipe": recipe or DEFAULT, **calibration_facts(student, facts["layers"])}
        if student and cross_check and isinstance(opened, KerasSource):
            tell("comparing with TFLiteConverter's int8")
            clips = _clips(calibration, graph.sample_rate)
            facts["cross_check"] = crossing.cross_check(opened.model, opened.spec, student.graph, graph, clips)
        _write_report(folder, graph, facts)
    return facts


def _check_windowed(**options: object) -> None:
    """Refuse what --windowed-only has no use for."""
    for name, value in options.items():
        if value:
            option = f"--{name.replace('_', '-')}"
            raise BadInput(option, "means nothing beside --windowed-only", f"leave {option} out")


def _convert_windowed(source: Path, out: Path, spec_file: str | Path | None, calibration: Any) -> dict[str, Any]:
    _check_folder(out)
    _check_no_stream(out, "a windowed-only student has none")
    student = spec.load(spec_file) if spec_file is not None else spec.beside(source)
    with _staged(out) as folder:
        names = (TFLITE_NAME, ONNX_NAME)
        report = windowed.write(source, student, folder, names, lambda: _clips(calibration, student.sample_rate))
        _copy_card(source, folder)
    return report


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise BadInput(out, "is not a folder", "give a folder to write the bundle to")


def _check_no_stream(out: Path, reason: str) -> None:
    """Files that this conversion does not make must not stay behind beside those that it does."""
    if (out / BLOB_NAME).exists():
        raise BadInput(out, f"holds a {BLOB_NAME}, and {reason}", "give another folder")


def _copy_card(source: Path, folder: Path) -> None:
    card = source.with_name(CARD_NAME)
    if card.is_file():
        write_bytes(folder / CARD_NAME, card.read_bytes())


def load_graph(bundle: str | Path) -> Graph:
    """The int8 graph of a bundle: its TFLite file, the controls of its blob, the layers' names of its golden file.

    Raises
    ------
    BadInput
        The folder is no bundle, or one of those files is damaged.
    """
    bundle = Path(bundle)
    student = load(bundle)
    curve = blob.companding_of((bundle / BLOB_NAME).read_bytes(), bundle / BLOB_NAME)
    graph = lower(tflite_frontend.load(bundle / TFLITE_NAME), _spec_of(student, curve))
    names = golden.layer_names(bundle / GOLDEN_NAME)
    if len(names) != len(graph.ops):
        return graph
    ops = tuple(replace(op, name=name) for op, name in zip(graph.ops, names, strict=True))
    return replace(graph, ops=ops)


def _float_student(
    opened: Source, calibration: Any, recipe: str | None, method: str | None, teacher: str | None
) -> FloatStudent | None:
    """What a recipe starts from, its choices checked before work is done; None of a student that has its integers."""
    named(RECIPES, recipe or DEFAULT, "--recipe")
    named(METHODS, method or ranges.DEFAULT, "--range")
    if teacher and recipe != "qat":
        raise BadInput("--teacher", f"teaches nothing with recipe {recipe or DEFAULT}", "give --recipe qat")
    graph = opened.graph()
    if graph.quantised:
        if recipe or method:
            raise BadInput(opened.path, "is int8 already, and keeps its integers", "leave --recipe and --range out")
        if calibration is not None:
            raise BadInput(opened.path, "is int8 already, and keeps its ranges", "leave --calibration out")
        return None
    clips = _clips(calibration, graph.sample_rate)
    heard = calibrating.utterances(clips, graph.window, graph.companding)
    check_float(opened, graph, heard[0])
    curves = taught(graph, calibrating.utterance(clips, graph.window), teacher) if teacher else None
    return FloatStudent(graph, heard, method or ranges.DEFAULT, curves)


def _write_models(opened: Source, files: Files, folder: Path, tell: Progress) -> Graph:
    for name, made in files.items():
        write_bytes(folder / name, made)
    graph = lower(replace(tflite_frontend.load(folder / TFLITE_NAME), source=str(opened.path)), opened.spec)
    tell("writing the kernel's blob")
    write_bytes(folder / BLOB_NAME, blob.pack(graph))
    tell("writing the TFLite file of one hop")
    write_bytes(folder / STREAM_NAME, tflite_stream.pack(graph))
    tell("writing C")
    for name, text in zip((SOURCE_NAME, HEADER_NAME), c.pack(graph), strict=True):
        write_bytes(folder / name, text)
    tell("writing ONNX")
    as_onnx = onnx_qdq.pack(graph)
    write_bytes(folder / QDQ_NAME, as_onnx)
    write_bytes(folder / ONNX_NAME, opened.onnx() or as_onnx)
    tell("writing golden inputs and outputs")
    write_bytes(folder / GOLDEN_NAME, golden.pack(graph, _speech(graph)))
    _copy_card(opened.path, folder)
    return graph


def _kept(opened: Source) -> Files:
    """The TFLite file of a student that has its integers already."""
    return {TFLITE_NAME: opened.int8_file() or tflite_file.pack(opened.graph())}


def _clips(calibration: Any, sample_rate: int) -> list[NDArray[np.float32]]:
    if calibration is None:
        return calibrating.packaged(sample_rate)
    if isinstance(calibration, str | Path):
        return calibrating.from_folder(calibration, sample_rate)
    return list(calibration)


def _speech(graph: Graph) -> NDArray[np.float32]:
    return audio.read(data.demo_clip().path, graph.sample_rate)


def _prove(graph: Graph, folder: Path) -> dict[str, Any]:
    """Equality of the runtimes on the golden windows, each heard as the end of a stream."""
    codes = golden.windows(graph, _speech(graph))
    heard = {name: Heard.of(graph, window, PROOF_WINDOWS) for name, window in codes.items()}
    proof = equality(graph, (folder / TFLITE_NAME).read_bytes(), (folder / BLOB_NAME).read_bytes(), heard)
    proof = stream_proof.extended(proof, graph, (folder / STREAM_NAME).read_bytes(), heard)
    if (folder / PCM_NAME).exists():
        windowed_pcm, one_hop_pcm = ((folder / name).read_bytes() for name in (PCM_NAME, PCM_STREAM_NAME))
        proof = stream_proof.with_pcm(proof, graph, windowed_pcm, one_hop_pcm, heard)
    return proof


def _facts(opened: Source, graph: Graph, folder: Path, proof: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": str(opened.path),
        "student": graph.name,
        "window": graph.window,
        "hop": graph.hop,
        "receptive_field": graph.receptive_field,
        "companding": graph.companding,
        "parameters": graph.parameters,
        "macs_per_hop": graph.macs_per_hop,
        "layers": layer_facts(graph),
        "files": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
        "proof": proof,
    }


def _write_report(folder: Path, graph: Graph, facts: dict[str, Any]) -> None:
    from facelite import report

    proof = {key: facts["proof"][key] for key in ("about", "holds", "rows")}
    collected = report.collect(load(folder), graph, proof=proof)
    said = ("source", "companding", "recipe", "calibration", "cross_check", "qdq", "layers", "files")
    conversion = {key: facts[key] for key in said if key in facts}
    report.write(folder, {**collected, "conversion": conversion})


def _first_difference(proof: dict[str, Any]) -> str:
    row = next(row for row in proof["rows"] if not row["holds"])
    return f"{row['runtime']} differs from {row['reference']} in {row['different']} of {row['compared']} values"


def _spec_of(student: Student, curve: companding.Curve) -> spec.StudentSpec:
    return spec.StudentSpec(
        name="student",
        sample_rate=student.sample_rate,
        lookahead=student.lookahead,
        controls=student.controls,
        smoothing=student.smoothing,
        companding=curve,
    )


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """A folder on `out`'s file system whose files move into it, one rename each, if nothing was raised."""
    out = out.resolve()
    home = next(folder for folder in (out, *out.parents) if folder.is_dir())
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=home))
    try:
        yield folder
        out.mkdir(parents=True, exist_ok=True)
        made = sorted(folder.iterdir())
        for file in made:
            os.replace(file, out / file.name)
        for name in _OF_SOME - {file.name for file in made}:
            (out / name).unlink(missing_ok=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
