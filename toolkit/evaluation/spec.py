"""A table's specification: which rows, from which students and seeds, measured on what. TOML."""

from __future__ import annotations

from os.path import normpath
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from .. import strict_toml
from ..speech.splits import SPLITS
from ..teachers.registry import names_teacher

_Item = TypeVar("_Item")


def _distinct(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    """What stands there twice would be counted as two seeds."""
    if doubled := next((item for index, item in enumerate(items) if item in items[:index]), None):
        raise ValueError(f"{doubled!r} stands there more than once")
    return items


_Gain = Annotated[float, Field(ge=-120, lt=0, allow_inf_nan=False)]
_Snr = Annotated[float, Field(ge=-60, le=120, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Strict):
    """One row: a teacher or a student.

    Attributes
    ----------
    name
        As the table calls it.
    students
        What `open_subjects` takes; several are seeds of one recipe and become mean and spread.
    smoothing
        Whether the mean of three frames is delivered; None: as each student says.
    """

    name: str
    students: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)]
    smoothing: bool | None = None


class TableSpec(_Strict):
    """What a table holds.

    Attributes
    ----------
    title
        Its heading.
    corpora
        Folders with speech: corpora, or hand-labelled clips (`speech.open_speech`).
    splits, sources
        Which clips; no source means all.
    teacher
        Whose curves are the reference: as `open_teacher` takes it, or a folder of labels.
    headline
        The group whose figures lead: "source/split" or "all"; "" means "all", or the only one there is.
    gain_db, snr_db
        Conditions beside clean speech: levels below 0, -120 at least; ratios from -60 to 120. None stands there twice.
    int8
        Convert float students that have no bundle, and measure them on the C kernel too.
    row
        The rows, in order; no two of one name.
    """

    title: str = "Evaluation"
    corpora: Annotated[tuple[str, ...], Field(min_length=1)]
    splits: tuple[str, ...] = ("test",)
    sources: tuple[str, ...] = ()
    teacher: str = "oracle"
    headline: str = ""
    gain_db: Annotated[tuple[_Gain, ...], AfterValidator(_distinct)] = ()
    snr_db: Annotated[tuple[_Snr, ...], AfterValidator(_distinct)] = ()
    int8: bool = False
    row: Annotated[tuple[Row, ...], Field(min_length=1)]

    @field_validator("splits")
    @classmethod
    def _known(cls, splits: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [split for split in splits if split not in SPLITS]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is unknown, use {', '.join(SPLITS)}")
        return splits

    @field_validator("row")
    @classmethod
    def _named_apart(cls, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        _distinct(tuple(row.name for row in rows))
        return rows


def load(path: str | Path, corpora: tuple[str, ...] = ()) -> TableSpec:
    """Read a specification; paths in it are relative to its folder.

    Parameters
    ----------
    corpora
        Used instead of its own.

    Raises
    ------
    BadInput
        It cannot be read, is not TOML, misspells a key or holds a value out of range; the first fault is named.
    """
    path = Path(path)
    own = {"corpora": [str(Path(corpus).absolute()) for corpus in corpora]} if corpora else {}
    spec = strict_toml.read(path, TableSpec, "give a table's specification", lambda document: document | own)
    return _rooted(spec, path.parent)


def _rooted(spec: TableSpec, folder: Path) -> TableSpec:
    def rooted(name: str) -> str:
        if names_teacher(name):
            kind, colon, argument = name.partition(":")
            return f"{kind}{colon}{normpath(folder / argument)}" if argument else name
        return normpath(folder / name)

    rows = tuple(row.model_copy(update={"students": tuple(map(rooted, row.students))}) for row in spec.row)
    corpora = tuple(normpath(folder / corpus) for corpus in spec.corpora)
    return spec.model_copy(update={"row": rows, "corpora": corpora, "teacher": rooted(spec.teacher)})
