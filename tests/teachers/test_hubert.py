"""A speech encoder saved by transformers is loaded, heard at the right time, and a head learns from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from facelite.errors import BadInput
from facelite.teachers.hubert.encoder import SpeechEncoder
from facelite.teachers.hubert.train import HeadTraining, train_head
from facelite.teachers.loudness import frame_levels, relative_loudness
from facelite.teachers.protocol import Teacher
from facelite.teachers.registry import open_teacher

SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}
KINDS = ("hubert", "wav2vec2", "wavlm")


@pytest.fixture(scope="module")
def encoders(torch, tmp_path_factory) -> Path:
    """A folder of randomly initialised encoders, one a model type, as `save_pretrained` writes them."""
    import transformers

    folder = tmp_path_factory.mktemp("encoders")
    for kind in KINDS:
        torch.manual_seed(11)
        config = transformers.AutoConfig.for_model(kind, **SMALL)
        transformers.AutoModel.from_config(config).save_pretrained(folder / kind)
        transformers.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder / kind)
    return folder


def _pair(seed: int, seconds: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Noise that swells, and a face that opens with it."""
    rng = np.random.default_rng(seed)
    count = round(seconds * 16000)
    swell = np.interp(np.arange(count), np.arange(0, count + 4000, 4000), rng.uniform(0, 1, count // 4000 + 1))
    audio = (rng.standard_normal(count) * swell**2 * 0.3).astype(np.float32)
    loud = relative_loudness(frame_levels(audio, 16000, 62.5))
    return audio, np.stack([loud, -0.5 * loud], 1).astype(np.float32)


@pytest.fixture(scope="module")
def trained(encoders, tmp_path_factory) -> tuple[Path, list[float]]:
    folder = tmp_path_factory.mktemp("teacher")
    shutil.copytree(encoders / "hubert", folder / "encoder")
    training = HeadTraining(steps=150, batch=4, crop=60, learning_rate=3e-3)
    pairs = [_pair(seed) for seed in range(3)]
    return folder, train_head(folder / "encoder", pairs, ("open", "signed"), folder, training=training, channels=32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", [-1, 1])
def test_features_are_the_encoders_own_at_the_middle_of_what_each_frame_hears(encoders, torch, voice, kind, layer):
    """Against transformers itself: its feature extractor, its model, and NumPy's interpolation."""
    import transformers

    found = SpeechEncoder.open(encoders / kind, layer).features(voice, 79)
    model = transformers.AutoModel.from_pretrained(encoders / kind).eval()
    extractor = transformers.AutoFeatureExtractor.from_pretrained(encoders / kind)
    heard = extractor(voice, sampling_rate=16000, return_tensors="pt").input_values
    with torch.no_grad():
        answer = model(heard, output_hidden_states=True)
    own = (answer.last_hidden_state if layer < 0 else answer.hidden_states[layer])[0].numpy()
    middles = (np.arange(len(own)) * 320 + 199.5) / 16000
    expected = np.stack([np.interp(np.arange(79) / 62.5, middles, column) for column in own.T], 1)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_a_long_recording_is_heard_in_pieces_that_fit(encoders, monkeypatch):
    audio, _ = _pair(5, 12.0)
    encoder = SpeechEncoder.open(encoders / "wav2vec2")
    whole = encoder.features(audio, 750)
    monkeypatch.setattr("facelite.teachers.hubert.encoder.PIECE", 200)
    pieces = encoder.features(audio, 750)
    assert pieces.shape == whole.shape
    assert np.corrcoef(pieces.ravel(), whole.ravel())[0, 1] > 0.97  # this encoder normalises over what it hears


def test_a_head_learns_and_answers_recordings_it_never_saw(trained):
    folder, losses = trained
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:10])
    teacher = open_teacher(f"hubert:{folder}")
    assert isinstance(teacher, Teacher)
    assert teacher.controls == ("open", "signed")
    audio, curves = _pair(77)
    answer = teacher.animate(audio, 16000).values
    assert answer.shape == curves.shape
    assert np.corrcoef(answer[:, 0], curves[:, 0])[0, 1] > 0.7
    assert answer[:, 1].min() < -0.1


def test_training_and_answers_repeat_and_the_fingerprint_follows_the_weights(trained, tmp_path, voice):
    folder, _ = trained
    first = open_teacher(f"hubert:{folder}")
    pairs = [_pair(seed, 2.0) for seed in range(2)]
    short = HeadTraining(steps=5, batch=2, crop=40)
    for name in ("a", "b"):
        train_head(folder / "encoder", pairs, ("open", "signed"), tmp_path / name, training=short, channels=32)
    a, b = (open_teacher(f"hubert:{tmp_path / name}") for name in ("a", "b"))
    assert a.fingerprint() == b.fingerprint() != first.fingerprint()
    np.testing.assert_array_equal(a.animate(voice, 16000).values, b.animate(voice, 16000).values)
    shutil.copytree(folder, tmp_path / "moved")
    assert open_teacher(f"hubert:{tmp_path / 'moved'}").fingerprint() == first.fingerprint()


@pytest.mark.parametrize("samples", [1, 399, 16000])
def test_any_length_and_rate_gives_as_many_frames_as_asked(trained, samples):
    teacher = open_teacher(f"hubert:{trained[0]}")
    assert len(teacher.animate(np.zeros(samples, np.float32), 16000).values) == -(-samples // 256)
    assert len(teacher.animate(np.zeros(samples * 3, np.float32), 48000).values) == -(-samples // 256)


def _without(*names: str):
    def spoil(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return spoil


def _changed(name: str, old: str, new: str):
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return spoil


def _pickled(folder: Path) -> None:
    import torch

    (folder / "encoder" / "model.safetensors").unlink()
    torch.save({}, folder / "encoder" / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_without("head.toml"), "head.toml: cannot be read"),
        (_without("head.safetensors"), "head.safetensors: is missing"),
        (_without("encoder/config.json"), "config.json: cannot be read"),
        (_changed("encoder/config.json", '"hubert"', '"bert"'), "'bert' is no speech encoder"),
        (_changed("encoder/config.json", "{", "["), "is not JSON"),
        (_pickled, "holds no .safetensors"),
        (_changed("head.toml", "layer = -1", "layer = 9"), "no layer 9"),
        (_changed("head.toml", "channels = 32", "channels = 16"), "does not fit head.toml"),
        (_changed("head.toml", "channels", "chanels"), "chanels"),
        (lambda folder: (folder / "head.safetensors").write_bytes(b"x" * 64), "does not fit head.toml"),
        (lambda folder: (folder / "encoder" / "model.safetensors").write_bytes(b"x" * 64), "cannot open it"),
    ],
)
def test_what_cannot_be_opened_is_named(trained, tmp_path, spoil, named):
    shutil.copytree(trained[0], tmp_path / "teacher")
    spoil(tmp_path / "teacher")
    with pytest.raises(BadInput) as refusal:
        open_teacher(f"hubert:{tmp_path / 'teacher'}")
    assert named in str(refusal.value)


def test_an_encoder_of_another_rate_hears_that_rate(trained, tmp_path, voice):
    shutil.copytree(trained[0], tmp_path / "teacher")
    settings = tmp_path / "teacher" / "encoder" / "preprocessor_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"sampling_rate": 8000}))
    teacher = open_teacher(f"hubert:{tmp_path / 'teacher'}")
    assert len(teacher.animate(voice, 16000).values) == 79


def test_recordings_that_do_not_fit_are_named(encoders, tmp_path):
    audio, curves = _pair(1, 1.0)
    for pairs, named in (
        ([], "no recordings"),
        ([(audio, curves[:-1])], "63 frames"),
        ([(audio, curves[:, :1])], "2 controls"),
        ([(audio, curves * np.float32(np.nan))], "NaN or infinity"),
    ):
        with pytest.raises(BadInput, match=named):
            train_head(encoders / "hubert", pairs, ("open", "signed"), tmp_path)


def test_names_that_toml_must_escape_are_read_back(torch, tmp_path):
    from facelite.teachers.hubert import head

    config = head.HeadConfig(encoder='my "own" encoder', width=4, controls=('open"wide"', "back\\slash"), channels=4)
    head.save(tmp_path, config, config.network())
    assert head.load(tmp_path)[0] == config
