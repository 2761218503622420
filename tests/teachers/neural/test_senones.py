"""Senones: the probabilities that pocketsphinx's own decoder computes from the same cepstra, as far as it is exact."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from facelite.errors import BadInput
from facelite.teachers.neural.senones import cepstra, model_files, score

pocketsphinx = pytest.importorskip("pocketsphinx", reason="needs facelite[align]")

CLIP = Path(__file__).parents[2] / "data" / "emodb" / "clips" / "03a04Ad.opus"
SPOKEN = slice(0, 150)
"""Frames; digital silence follows, where the decoder's integers saturate."""


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    return soundfile.read(CLIP, dtype="float32")[0]


def decoder_scores(folder: Path, heard: np.ndarray) -> np.ndarray:
    """What pocketsphinx logs of cepstra [frames, 13]: natural logarithms [frames, senones] below the best."""
    model = pocketsphinx.get_model_path()
    decoder = pocketsphinx.Decoder(
        hmm=f"{model}/en-us/en-us",
        allphone=f"{model}/en-us/en-us-phone.lm.bin",
        lm=None,
        dict=None,
        senlogdir=str(folder),
        compallsen=True,
        topn=32,
        loglevel="FATAL",
    )
    raised = heard + np.float32(200) * (np.arange(13) == 0)  # frames below 0 are left out of the decoder's mean
    decoder.start_utt()
    decoder.process_cep(raised.astype("<f4").tobytes(), False, True)
    decoder.end_utt()
    (file,) = folder.iterdir()
    data = file.read_bytes()
    rows = np.frombuffer(data[data.index(b"endhdr\n") + 11 :], "<i2").reshape(-1, 1 + 5126)
    return -1024 * np.log(1.0001) * rows[:, 1:].astype(float)


def test_the_decoder_itself_hears_the_same(audio, tmp_path):
    heard = cepstra.coefficients(audio)
    owners = model_files.installed().owners
    senones = decoder_scores(tmp_path, heard)
    expected = np.stack([senones[:, owners == state].max(1) for state in range(score.COUNT)], 1)[SPOKEN]
    found = score.installed().log_posteriors(cepstra.differences(heard))[SPOKEN]
    found, expected = (v - v.mean(1, keepdims=True) for v in (found, expected))
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95  # it keeps 32 Gaussians of 128, in integers
    assert np.mean(found.argmax(1) == expected.argmax(1)) > 0.9


def test_probabilities_sum_to_one_and_pieces_do_not_show(audio, monkeypatch):
    streams = cepstra.streams(np.tile(audio, 4))
    whole = score.installed().log_posteriors(streams)
    np.testing.assert_allclose(np.exp(whole).sum(1), 1, atol=1e-4)
    monkeypatch.setattr(score, "_AT_ONCE", 100)
    np.testing.assert_allclose(score.installed().log_posteriors(streams), whole, atol=1e-2)


def test_gain_changes_nothing(audio):
    loud, quiet = (score.senones(gain * audio, 128, 250) for gain in (1.0, 0.01))
    np.testing.assert_allclose(quiet, loud, atol=0.02)


@pytest.mark.parametrize(("samples", "count"), [(1, 1), (100, 4), (16000, 125), (16000, 200)])
def test_any_length_is_heard_at_any_instants(audio, samples, count):
    answer = score.senones(audio[:samples], 128, count)
    assert answer.shape == (count, score.COUNT)
    assert answer.dtype == np.float32
    assert np.abs(answer).max() <= 1


def test_an_m_is_heard_as_one(audio):
    """Inside a hand-labelled m the nasals are far more probable than elsewhere, German though it is."""
    phones = model_files.installed().phones
    lines = (CLIP.parents[1] / "closures.csv").read_text().splitlines()
    closures = [line.split(",") for line in lines if CLIP.stem in line]
    start, end = next((float(a), float(b)) for _, a, b, phone in closures if phone == "M")
    probability = np.exp((score.senones(audio, 160, 200) - 1) * score.HALF_RANGE).reshape(200, len(phones), 3).sum(2)
    nasal = probability[:, [phones.index(phone) for phone in ("M", "N", "NG")]].sum(1)
    assert nasal[round(start * 100) : round(end * 100)].mean() > 4 * nasal.mean()


@pytest.mark.parametrize("name", [model_files.MEANS, model_files.DEFINITION, model_files.MIXTURES])
@pytest.mark.parametrize("kept", [None, 0, 900, 100_000])
def test_a_broken_model_is_named(tmp_path, name, kept):
    installed = Path(pocketsphinx.get_model_path()) / "en-us" / "en-us"
    for file in (model_files.MEANS, model_files.VARIANCES, model_files.DEFINITION, model_files.MIXTURES):
        shutil.copy(installed / file, tmp_path / file)
    if kept is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:kept])
    with pytest.raises(BadInput, match="cannot be read" if kept is None else "no phonetically tied"):
        model_files.read(tmp_path)
