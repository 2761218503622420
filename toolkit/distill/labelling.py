"""From corpora to labelled sets: labels out of stores, made here where none are given, laid out for training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ..cli.common import note, progress
from ..errors import BadInput
from ..labels import card as labels_card
from ..labels.card import NOISE
from ..labels.plan import hashed
from ..labels.run import label
from ..labels.store import LabelStore
from ..locks import locked
from ..speech.corpus import Clip, Corpus
from .labelled import INDEX
from .layout import Chosen, lay_out

STORE = "store"


def labelled_sets(
    corpora: Sequence[Corpus],
    controls: tuple[str, ...],
    hop: int,
    folder: Path,
    teacher: str = "oracle",
    stores: Sequence[Path] = (),
) -> list[Path]:
    """A labelled set for each corpus, made in `folder` unless it is there already; progress on stderr.

    Parameters
    ----------
    controls, hop
        Of the student. A control that the labels do not hold is refused.
    teacher
        Asked for labels, kept in `folder`/store, where no `stores` are given.
    stores
        Folders written by `facelite label`; the first that holds a clip has the word.

    Raises
    ------
    BadInput
        No label for any clip of a corpus, the labels are for other controls or another hop, or another process lays out
        a set in `folder`.
    """
    if not stores:
        _make_store(corpora, teacher, folder / STORE)
        stores = [folder / STORE]
    opened = [LabelStore.open(path) for path in stores]
    for store in opened:
        _check_fit(store, controls, hop)
    return [_cached(corpus, opened, controls, hop, folder) for corpus in corpora]


def check_splits(corpora: Sequence[Corpus]) -> None:
    """Refuse corpora that cannot be trained on, before they are labelled.

    Raises
    ------
    BadInput
        The first, which is validated on, has no speech of a validation speaker, or none has any of a training speaker.
    """
    first = corpora[0].root
    if "valid" not in _splits(corpora[0]):
        raise BadInput(first, "has no clip of a validation speaker", "build a larger one, or name another corpus first")
    if not any("train" in _splits(corpus) for corpus in corpora):
        raise BadInput(first, "has no clip of a training speaker", "build a larger one, or name another corpus too")


def _splits(corpus: Corpus) -> set[str]:
    return {clip.split for clip in corpus if clip.source != NOISE}


def _make_store(corpora: Sequence[Corpus], teacher: str, folder: Path) -> None:
    with progress() as bar:
        task = bar.add_task("labelling", total=None)

        def show(done: int, total: int, failed: int) -> None:
            bar.update(task, completed=done, total=total)

        summary = label(corpora, teacher, folder, progress=show)
    for path, error in summary.failures:
        note(f"skipped {path}: {error}")


def _check_fit(store: LabelStore, controls: tuple[str, ...], hop: int) -> None:
    if missing := [name for name in controls if name not in store.card.controls]:
        raise BadInput(store.folder, f"holds no labels for {', '.join(missing)}", "ask a teacher that moves them")
    if hop != labels_card.HOP:
        raise BadInput(store.folder, f"has a frame every {labels_card.HOP} samples, the student one every {hop}")


def _cached(corpus: Corpus, stores: Sequence[LabelStore], controls: tuple[str, ...], hop: int, folder: Path) -> Path:
    """The set's folder, named by all that decides what is in it."""
    chosen = _choose(corpus, stores)
    rows = [(c.clip.path, c.key or c.clip.sha256, *_identity(c.clip)) for c in chosen]
    target = folder / hashlib.sha256(json.dumps([rows, controls, hop]).encode()).hexdigest()[:16]
    if not (target / INDEX).exists():
        with locked(folder), progress() as bar:
            task = bar.add_task(f"laying out {corpus.root.name}", total=len(chosen))
            lay_out(chosen, stores, controls, hop, target, lambda done, total: bar.update(task, completed=done))
    return target


def _identity(clip: Clip) -> tuple[str, ...]:
    return clip.source, clip.speaker, clip.language, clip.split, labels_card.phones_digest(clip.phones)


def _choose(corpus: Corpus, stores: Sequence[LabelStore]) -> list[Chosen]:
    held = [store.frames() for store in stores]
    found = (_find(hashed(clip), stores, held) for clip in corpus)
    chosen = [choice for choice in found if choice]
    names = ", ".join(str(store.folder) for store in stores)
    if all(choice.store is None for choice in chosen) and any(clip.source != NOISE for clip in corpus):
        raise BadInput(corpus.root, f"no clip has a label in {names}", f"run: facelite label {corpus.root} …")
    if absent := len(corpus) - len(chosen):
        note(f"{corpus.root}: left out {absent} of {len(corpus)} clips, which have no label in {names}")
    return chosen


def _find(clip: Clip, stores: Sequence[LabelStore], held: Sequence[dict[str, int]]) -> Chosen | None:
    if clip.source == NOISE:
        return Chosen(clip)
    for number, (store, keys) in enumerate(zip(stores, held, strict=True)):
        key = store.card.key(clip)
        if key in keys:
            return Chosen(clip, number, key)
    return None
