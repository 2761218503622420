"""A network exported to ONNX teaches what it answers in its own framework, frame by frame at the right time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr
from facelite.errors import BadInput
from facelite.teachers.protocol import Teacher
from facelite.teachers.registry import open_teacher

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's own exporter

WINDOW, HOP, EMOTIONS = 1280, 256, 5
NAMES = ("jawOpen", "mouthClose", "mouthPucker")

WINDOWED = f"""
model = "network.onnx"
controls = {list(NAMES)}
batch = 7

[input]
name = "audio"
layout = ["batch", 1, "samples"]
scale = 2.0

[output]
name = "curves"
layout = ["batch", 1, "controls"]

[windows]
length = {WINDOW}
hop = {HOP}

[constants.emotion]
shape = ["batch", 1, {EMOTIONS}]
values = [0.1, -0.2, 0.3, -0.4, 0.5]
"""

WHOLE = f"""
model = "network.onnx"
sample_rate = 8000
controls = {list(NAMES)}

[input]
name = "audio"
layout = ["samples"]
normalise = "utterance"

[output]
name = "curves"
layout = [1, "controls", "frames"]

[utterance]
frame_rate = 50.0
offset = 0.01
"""

STATEFUL = """
model = "network.onnx"
controls = ["level"]

[input]
name = "audio"
layout = ["batch", "samples"]

[output]
name = "curves"
layout = ["batch", "controls"]

[windows]
length = 256
hop = 256
centre = 0

[[states]]
input = "memory"
output = "remembered"
shape = [1, 1]
"""


def _windowed_network(torch):
    """Like Audio2Face-3D's: a window [batch, 1, samples] and an emotion [batch, 1, n] -> one frame [batch, 1, n]."""

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.listen = torch.nn.Sequential(
                torch.nn.Conv1d(1, 8, 64, 16), torch.nn.ReLU(), torch.nn.Conv1d(8, 8, 5, 4), torch.nn.ReLU()
            )
            self.answer = torch.nn.LazyLinear(len(NAMES))

        def forward(self, audio, emotion):
            heard = self.listen(audio).flatten(1)
            return self.answer(torch.cat([heard, emotion[:, 0]], 1))[:, None]

    torch.manual_seed(1)
    network = Network().eval()
    network(torch.zeros(1, 1, WINDOW), torch.zeros(1, 1, EMOTIONS))
    return network


def _whole_network(torch):
    torch.manual_seed(2)
    layers = (torch.nn.Conv1d(1, 6, 160, 160), torch.nn.Tanh(), torch.nn.Conv1d(6, len(NAMES), 3, padding=1))
    return torch.nn.Sequential(torch.nn.Unflatten(0, (1, 1, -1)), *layers).eval()


def _stateful_network(torch):
    class Level(torch.nn.Module):
        def forward(self, audio, memory):
            remembered = 0.75 * memory + audio.abs().mean(1, keepdim=True)
            return remembered * 2, remembered

    return Level()


@pytest.fixture(scope="module")
def exported(torch, tmp_path_factory) -> Callable[[str], tuple[Path, object]]:
    """`exported(name)` gives a folder with network.onnx and teacher.toml, and the PyTorch network."""
    window, emotion = torch.zeros(2, 1, WINDOW), torch.zeros(2, 1, EMOTIONS)
    recipes = {
        "windowed": (_windowed_network, WINDOWED, (window, emotion), ["audio", "emotion"]),
        "whole": (_whole_network, WHOLE, (torch.zeros(8000),), ["audio"]),
        "stateful": (_stateful_network, STATEFUL, (torch.zeros(1, 256), torch.zeros(1, 1)), ["audio", "memory"]),
    }
    axes = {
        "windowed": {name: {0: "batch"} for name in ("audio", "emotion", "curves")},
        "whole": {"audio": {0: "samples"}, "curves": {2: "frames"}},
    }
    made: dict[str, tuple[Path, object]] = {}

    def export(name: str):
        if name not in made:
            build, toml, example, inputs = recipes[name]
            folder, network = tmp_path_factory.mktemp(name), build(torch)
            torch.onnx.export(
                network,
                example,
                folder / "network.onnx",
                input_names=inputs,
                output_names=["curves", "remembered"][: 1 + (name == "stateful")],
                dynamic_axes=axes.get(name),
                dynamo=False,
            )
            (folder / "teacher.toml").write_text(toml)
            made[name] = folder, network
        return made[name]

    return export


def _teacher(folder: Path) -> Teacher:
    return open_teacher(f"onnx:{folder / 'teacher.toml'}")


def test_a_windowed_network_answers_as_in_pytorch_at_the_centre_of_its_window(exported, torch, voice):
    folder, network = exported("windowed")
    curves = _teacher(folder).animate(voice, 16000)
    emotion = torch.tensor([[[0.1, -0.2, 0.3, -0.4, 0.5]]])
    padded = np.pad(voice, (WINDOW, WINDOW))
    expected = []
    for frame in range(-(-len(voice) // HOP)):
        start = frame * HOP - WINDOW // 2 + WINDOW
        window = torch.from_numpy(2 * padded[start : start + WINDOW])[None, None]
        expected.append(network(window, emotion).detach().numpy()[0, 0])
    assert curves.controls == NAMES
    assert curves.values.shape == (79, 3)
    np.testing.assert_allclose(curves.values, expected, atol=1e-5)
    assert curves.values.min() < 0


def test_a_network_over_utterances_is_resampled_in_and_out(exported, torch, voice):
    folder, network = exported("whole")
    curves = _teacher(folder).animate(voice, 16000)
    heard = soxr.resample(voice, 16000, 8000, quality="HQ")
    heard = (heard - heard.mean()) / np.sqrt(heard.var() + 1e-7)
    answer = network(torch.from_numpy(heard)).detach().numpy()[0]
    times = np.arange(79) / 62.5
    expected = [np.interp(times, np.arange(answer.shape[1]) / 50 + 0.01, row) for row in answer]
    np.testing.assert_allclose(curves.values.T, expected, atol=1e-5)


def test_a_state_passes_from_window_to_window(exported, voice):
    folder, _ = exported("stateful")
    values = _teacher(folder).animate(voice, 16000).values[:, 0]
    level, expected = 0.0, []
    for window in np.pad(voice, (0, -len(voice) % 256)).reshape(-1, 256):
        level = 0.75 * level + np.abs(window).mean()
        expected.append(2 * level)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_the_fingerprint_follows_weights_and_settings_alone(exported, tmp_path):
    folder, _ = exported("windowed")
    shutil.copytree(folder, tmp_path / "moved")
    first, moved = _teacher(folder).fingerprint(), tmp_path / "moved" / "teacher.toml"
    assert _teacher(moved.parent).fingerprint() == first
    moved.write_text(WINDOWED.replace("batch = 7", "batch = 3"))
    assert _teacher(moved.parent).fingerprint() == first
    moved.write_text(WINDOWED.replace("scale = 2.0", "scale = 1.0"))
    assert _teacher(moved.parent).fingerprint() != first


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("batch = 7", "bacth = 7", "bacth"),
        ("[windows]", "[window]", "window"),
        (f"length = {WINDOW}", "length = -1", "windows.length"),
        ('"batch", 1, "samples"', '"batch", 1', "layout"),
        ("values = [0.1, -0.2,", "values = [", "3 values do not fill"),
        ('name = "audio"', 'name = "waveform"', "no input waveform"),
        ('name = "curves"', 'name = "result"', "no output result"),
        ("[constants.emotion]", "[constants.mood]", "no input mood"),
        ("network.onnx", "other.onnx", "is not a file"),
        ("network.onnx", "teacher.toml", "cannot open"),
        (" = ", " == ", "not TOML"),
    ],
)
def test_a_toml_that_does_not_fit_is_refused_when_it_is_opened(exported, tmp_path, old, new, named):
    shutil.copytree(exported("windowed")[0], tmp_path / "teacher")
    assert old in WINDOWED
    (tmp_path / "teacher" / "teacher.toml").write_text(WINDOWED.replace(old, new))
    with pytest.raises(BadInput, match=named) as refusal:
        _teacher(tmp_path / "teacher")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (f"length = {WINDOW}", "length = 1000", "refuses"),
        ('["batch", 1, "controls"]', '["batch", "controls"]', "output.layout"),
        ("'mouthPucker'", "'mouthPucker', 'jawLeft'", "3 controls"),
    ],
)
def test_a_network_that_answers_otherwise_is_named(exported, tmp_path, voice, old, new, named):
    shutil.copytree(exported("windowed")[0], tmp_path / "teacher")
    assert old in WINDOWED
    (tmp_path / "teacher" / "teacher.toml").write_text(WINDOWED.replace(old, new))
    with pytest.raises(BadInput, match=named) as refusal:
        _teacher(tmp_path / "teacher").animate(voice, 16000)
    assert "network.onnx" in str(refusal.value)


def test_nan_and_missing_frames_are_refused(exported, tmp_path, voice):
    shutil.copytree(exported("windowed")[0], tmp_path / "loud")
    loud = WINDOWED.replace("scale = 2.0", "scale = 3e38").replace("[output]", "[output]\nscale = 3e38")
    (tmp_path / "loud" / "teacher.toml").write_text(loud)
    with pytest.raises(BadInput, match=r"NaN or infinity at 0\.0"):
        _teacher(tmp_path / "loud").animate(voice, 16000)
    shutil.copytree(exported("whole")[0], tmp_path / "teacher")
    (tmp_path / "teacher" / "teacher.toml").write_text(WHOLE.replace("50.0", "80.0"))
    with pytest.raises(BadInput, match="before the audio"):
        _teacher(tmp_path / "teacher").animate(voice, 16000)


def test_a_toml_with_both_ways_of_hearing_is_refused(tmp_path):
    (tmp_path / "teacher.toml").write_text(WINDOWED + "\n[utterance]\nframe_rate = 50.0\n")
    with pytest.raises(BadInput, match="one of"):
        _teacher(tmp_path)
