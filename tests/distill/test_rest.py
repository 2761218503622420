"""Music and noise in training audio have a resting face; a batch depends on recipe and step alone."""

from __future__ import annotations

import numpy as np
import pytest
from facelite.distill import recipe
from facelite.distill.crops import Crops
from facelite.distill.labelled import Entry, LabelledSet


@pytest.fixture
def labelled() -> LabelledSet:
    """Three clips whose curves are all 1, one of them noise, one speech that nobody labelled."""
    student = recipe.load("tiny_real_time").student
    frames = 100
    entry = {"path": "", "source": "s", "speaker": "s", "split": "train", "closures": (), "speech": ()}
    entries = (
        Entry(frames=frames, frame=0, labelled=True, language="en", **entry),
        Entry(frames=frames, frame=frames, labelled=False, language="", **entry),
        Entry(frames=frames, frame=2 * frames, labelled=False, language="de", **entry),
    )
    audio = np.random.default_rng(0).integers(-3000, 3000, 3 * frames * student.hop).astype(np.int16)
    audio[2 * frames * student.hop :] = 0
    curves = np.ones((3 * frames, len(student.controls)), np.float16)
    return LabelledSet(audio, curves, student.controls, student.hop, entries)


def crops(labelled: LabelledSet, **augment: object) -> Crops:
    known = recipe.load("tiny_real_time")
    return Crops([labelled], known.model_copy(update={"augment": recipe.AugmentConfig(**augment)}))


def test_rest_alone_is_sound_with_curves_of_zero(labelled: LabelledSet) -> None:
    batch = crops(labelled, rest_share=1.0).batch(0)
    assert not batch.curves.any()
    assert (np.abs(batch.audio).max(axis=(1, 2)) > 0).all()


def test_speech_keeps_its_curves(labelled: LabelledSet) -> None:
    batch = crops(labelled, rest_share=0.0, speed_share=0.0).batch(0)
    assert batch.curves.mean() > 0.8  # the gaps between clips are at rest too
    mixed = crops(labelled, rest_share=0.5, speed_share=0.0).batch(0)
    assert 0.05 < mixed.curves.mean() < batch.curves.mean()


def test_a_batch_is_a_function_of_recipe_and_step(labelled: LabelledSet) -> None:
    everything = {name: 1.0 for name in recipe.AugmentConfig.model_fields if name.endswith("_share")}
    everything["rest_share"] = 0.3
    first = crops(labelled, **everything).batch(7)
    again = crops(labelled, **everything)
    again.batch(3)
    again = again.batch(7)
    assert np.array_equal(first.audio, again.audio)
    assert np.array_equal(first.curves, again.curves)
    assert np.isfinite(first.audio).all()


@pytest.mark.parametrize("speed", [(1.0, 1.5), (1.3, 2.0), (0.5, 0.5), (1.18, 1.18)])
def test_a_crop_is_whole_at_any_speed(labelled: LabelledSet, speed: tuple[float, float]) -> None:
    made = crops(labelled, speed_share=1.0, speed=speed)
    for step in range(3):
        assert np.isfinite(made.batch(step).audio).all()
