"""What the distillation tests share: a corpus of noise with phones, its labels, and a student of few weights."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from facelite.distill import recipe as recipes
from facelite.distill.labelling import labelled_sets
from facelite.speech import audio
from facelite.speech.corpus import MANIFEST_SCHEMA, PHONES_SCHEMA, Clip, Corpus
from facelite.speech.phones import TimedPhone

RECIPE = """
[student]
name = "test"
lookahead = 1024
controls = ["jawOpen", "mouthClose", "mouthPucker"]
front = { channels = 4, kernel = 160, stride = 8 }
layers = [
    { channels = 4, kernel = 13, stride = 8 },
    { channels = 4, kernel = 3, stride = 2 },
    { channels = 4, kernel = 4, stride = 2 },
    { channels = 4, kernel = 3, dilation = 2, residual = true },
]
[train]
steps = 6
batch = 2
crop_frames = 20
warmup = 2
evaluate_every = 2
"""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Corpus:
    """Three noisy clips with phones, one for validation, and one of noise."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    phones = tuple(
        TimedPhone(0.1 * i, 0.1 * (i + 1), s) for i, s in enumerate(("SIL", "B", "AA", "M", "UW", "SIL") * 3)
    )
    clips = []
    for index, (source, split) in enumerate([("a", "train"), ("a", "train"), ("a", "valid"), ("noise", "train")]):
        path = f"{index}.flac"
        audio.write(root / path, (rng.standard_normal(16000 * 2) * 0.1).astype(np.float32))
        timed = () if source == "noise" else phones
        clips.append(Clip(path, f"s{index}", "en", source, "CC0-1.0", split, 2.0, "", "", timed, root))
    return Corpus(root, tuple(clips))


@pytest.fixture(scope="session")
def recipe(tmp_path_factory) -> recipes.Recipe:
    path = tmp_path_factory.mktemp("recipe") / "test.toml"
    path.write_text(RECIPE, "utf-8")
    return recipes.load(path)


@pytest.fixture(scope="session")
def labels(corpus, recipe, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    (labels,) = labelled_sets([corpus], recipe.student.controls, recipe.student.hop, folder)
    return labels


@pytest.fixture(scope="session")
def corpus_folder(corpus) -> Path:
    """`corpus` with its tables, as the verbs open it."""
    clips, phones = [], []
    for clip in corpus:
        row = {name: getattr(clip, name) for name in MANIFEST_SCHEMA.names if name != "sha256"}
        clips.append(row | {"sha256": sha256((corpus.root / clip.path).read_bytes()).hexdigest()})
        phones += [{"path": clip.path, "start": p.start, "end": p.end, "phone": p.symbol} for p in clip.phones]
    pq.write_table(pa.Table.from_pylist(clips, MANIFEST_SCHEMA), corpus.root / "manifest.parquet")
    pq.write_table(pa.Table.from_pylist(phones, PHONES_SCHEMA), corpus.root / "phones.parquet")
    return corpus.root
