"""A conversion's files say the same thing to libraries that facelite did not write."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib

import facelite
import numpy as np
import pytest
from facelite import _kernel, companding, data, reference
from facelite.cli import main
from facelite.converters.bundle import convert, load_graph
from facelite.converters.frontends import keras as keras_frontend
from facelite.speech import audio

FILES = {
    "MODEL_CARD.md",
    "golden.npz",
    "report.csv",
    "report.html",
    "report.json",
    "student.c",
    "student.facelite",
    "student.h",
    "student.onnx",
    "student_int8.onnx",
    "student_int8.tflite",
    "student_stream_int8.tflite",
}


def test_bundle_holds_every_file_and_nothing_is_left_beside_it(small_bundle):
    assert {path.name for path in small_bundle.iterdir()} == FILES
    assert [path.name for path in small_bundle.parent.iterdir()] == ["out"]


def test_tflite_hears_the_codes_themselves(small_bundle, litert):
    detail = litert((small_bundle / "student_int8.tflite").read_bytes()).inputs[0]
    assert detail["dtype"] == np.int8
    assert detail["quantization"] == (np.float32(1 / 127), 0)
    assert list(detail["shape"]) == [1, 2048, 1]


def test_the_file_of_one_hop_is_fed_its_own_states_by_name(small_bundle, signals):
    """As an application does that knows nothing of facelite, from a state of zeros, warmed up by silence."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    graph = load_graph(small_bundle)
    file = str(small_bundle / "student_stream_int8.tflite")
    interpreter = Interpreter(file, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    details = {detail["name"]: detail for detail in interpreter.get_input_details()}
    assert details["waveform"]["quantization"] == (np.float32(1 / 127), 0)
    runner = interpreter.get_signature_runner()
    states = {name: np.zeros(detail["shape"], np.int8) for name, detail in runner.get_input_details().items()}
    silence = states.pop("waveform")
    for _ in range(graph.window // graph.hop):
        states = runner(waveform=silence, **states)
        states.pop("controls")
    frames = []
    for hop in signals["speech"][: 30 * graph.hop].reshape(30, 1, graph.hop, 1):
        states = runner(waveform=hop, **states)
        frames.append(states.pop("controls")[0])
    heard = np.concatenate([np.zeros(graph.window, np.int8), signals["speech"][: 30 * graph.hop]])
    np.testing.assert_array_equal(frames, reference.run(graph, heard)[-1][-30:])


def test_onnx_gives_what_keras_gives(small_student, small_bundle, signals):
    import onnxruntime

    model = keras_frontend.load(small_student)
    session = onnxruntime.InferenceSession(small_bundle / "student.onnx", providers=["CPUExecutionProvider"])
    windows = companding.decode(signals["speech"][: 8 * 2048]).reshape(8, 2048, 1)
    expected = model(windows).numpy()
    (found,) = session.run(["controls"], {"waveform": windows})
    assert np.abs(found - expected).max() < 1e-5


def test_int8_stays_close_to_keras(small_student, small_bundle, signals, litert):
    """Loose, since the weights are random: a wrong scale or layout would be far outside."""
    model, graph = keras_frontend.load(small_student), load_graph(small_bundle)
    int8 = litert((small_bundle / "student_int8.tflite").read_bytes())
    windows = signals["speech"][: 12 * 2048].reshape(12, 2048)
    expected = model(companding.decode(windows)[:, :, None]).numpy()
    quant = graph.tensors[-1].quant
    found = np.stack([int8(window).ravel() for window in windows]).astype(np.float32) - quant.zero_point
    error = found * quant.scale - expected
    assert np.sqrt(np.mean(error**2) / np.mean(expected**2)) < 0.1


def test_golden_vectors_replay_on_every_tier(small_bundle):
    golden = np.load(small_bundle / "golden.npz")
    blob = (small_bundle / "student.facelite").read_bytes()
    for tier in _kernel.isa_available():
        _kernel.isa_force(tier)
        model = _kernel.Model(blob)
        _kernel.isa_force(None)
        hop = model.info["hop"]
        for codes, output, checksums in zip(golden["codes"], golden["outputs_int8"], golden["checksums"], strict=True):
            stream = _kernel.Stream(model)
            assert np.array_equal(stream.step_codes(codes)[-1], output)
            stream.reset()
            hops = [stream.step_layers(np.ascontiguousarray(part)) for part in codes.reshape(-1, hop)]
            layers = [np.concatenate(frames) for frames in zip(*hops, strict=True)]
            assert [zlib.crc32(layer.tobytes()) for layer in layers] == checksums.tolist()
    student = facelite.load(small_bundle)
    assert np.array_equal(student.animate(golden["stream_pcm"]), golden["stream_curves"])


def test_ten_seconds_are_the_same_in_any_pushes(small_bundle):
    student, graph = facelite.load(small_bundle), load_graph(small_bundle)
    pcm = np.concatenate([audio.read(clip.path) for clip in data.clips()])[:160000]
    expected = reference.animate(graph, companding.codes(pcm))
    assert len(expected) == 160000 // graph.hop
    for size in (1, 13, 1009, 160000):
        stream = student.stream()
        pushed = [stream.push(pcm[start : start + size]) for start in range(0, len(pcm), size)]
        assert np.array_equal(np.concatenate([*pushed, stream.flush()]), expected), size


def test_a_student_of_another_curve_hears_by_it_in_every_file(small_student, tmp_path):
    """The proof holds LiteRT, fed codes and fed PCM, against the kernel and the oracle."""
    shutil.copy(small_student, tmp_path / "student.keras")
    spec = small_student.with_name("student.toml").read_text("utf-8")
    (tmp_path / "student.toml").write_text('companding = "mulaw32"\n' + spec, "utf-8")
    facts = convert(tmp_path / "student.keras", tmp_path / "out", recipe="mulaw_input")
    assert facts["proof"]["holds"]
    graph, pcm = load_graph(tmp_path / "out"), audio.read(data.demo_clip().path)[:48000]
    assert graph.companding == "mulaw32"
    heard = facelite.load(tmp_path / "out").animate(pcm)
    assert np.array_equal(heard, reference.animate(graph, companding.codes(pcm, "mulaw32")))
    assert not np.array_equal(heard, reference.animate(graph, companding.codes(pcm)))


def test_a_folder_without_a_bundle_is_one_clear_line(tmp_path):
    with pytest.raises(facelite.BadInput, match=tmp_path.name) as refusal:
        load_graph(tmp_path)
    assert "\n" not in str(refusal.value)


def test_converting_twice_gives_the_same_model_files(small_student, small_bundle, tmp_path):
    convert(small_student, tmp_path / "again")
    for name in ("student.facelite", "student.c", "student.h", "student_int8.tflite", "golden.npz"):
        assert (tmp_path / "again" / name).read_bytes() == (small_bundle / name).read_bytes(), name


def test_a_bundle_s_own_tflite_makes_the_same_blob(small_student, small_bundle, tmp_path):
    shutil.copy(small_bundle / "student_int8.tflite", tmp_path / "theirs.tflite")
    shutil.copy(small_student.with_name("student.toml"), tmp_path / "theirs.toml")
    facts = convert(tmp_path / "theirs.tflite", tmp_path / "out")
    assert facts["proof"]["holds"]
    for name in ("student.facelite", "student_int8.tflite"):
        assert (tmp_path / "out" / name).read_bytes() == (small_bundle / name).read_bytes(), name
    ours, theirs = (np.load(folder / "golden.npz") for folder in (small_bundle, tmp_path / "out"))
    assert np.array_equal(ours["checksums"], theirs["checksums"])


def test_layers_have_the_names_that_keras_gave_them(small_bundle):
    rows = json.loads((small_bundle / "report.json").read_text())["conversion"]["layers"]
    assert [row["name"] for row in rows] == ["front8", "front4", "front2", "middle", "add", "head"]


def test_report_states_the_conversion(small_bundle):
    report = json.loads((small_bundle / "report.json").read_text())
    graph = load_graph(small_bundle)
    assert report["proof"]["holds"]
    assert sum(row["macs"] for row in report["conversion"]["layers"]) == graph.macs_per_hop
    assert report["conversion"]["files"]["student.facelite"] == (small_bundle / "student.facelite").stat().st_size


def test_calibration_moves_the_scales(small_student, tmp_path):
    rng = np.random.default_rng(0)
    quiet = [rng.normal(0, 0.001, 30000).astype(np.float32)]
    convert(small_student, tmp_path / "quiet", calibration=quiet)
    convert(small_student, tmp_path / "loud", calibration=[clip * 300 for clip in quiet])
    scales = [load_graph(tmp_path / name).tensors[1].quant.scale for name in ("quiet", "loud")]
    assert scales[0] < scales[1]


def test_a_failed_conversion_leaves_the_old_bundle_alone(small_student, small_bundle, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(small_bundle, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    silence = [np.zeros(100, np.float32)]
    empty = tmp_path / "no audio"
    empty.mkdir()
    with pytest.raises(facelite.BadInput, match="no sound files"):
        convert(small_student, out, calibration=empty)
    with pytest.raises(facelite.FaceliteError):
        convert(small_student, out, calibration=[clip[:0] for clip in silence])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"out", "no audio"}


def test_a_bundle_may_lie_behind_a_link(small_student, small_bundle, tmp_path):
    """To another file system, into which no file can be renamed from beside the link."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as far:
        if os.stat(far).st_dev == tmp_path.stat().st_dev:
            pytest.skip("/dev/shm is no file system of its own here")
        (tmp_path / "link").symlink_to(far)
        convert(small_student, tmp_path / "link")
        assert set(os.listdir(far)) == {path.name for path in small_bundle.iterdir()}
        assert os.listdir(tmp_path) == ["link"]


def test_nothing_of_an_earlier_student_stays(small_student, small_bundle, tmp_path):
    out = shutil.copytree(small_bundle, tmp_path / "out")
    (out / "MODEL_CARD.md").write_text("of another")
    (out / "certificate.json").write_text("{}")
    alone = shutil.copytree(small_student.parent, tmp_path / "alone")
    (alone / "MODEL_CARD.md").unlink(missing_ok=True)
    convert(alone / small_student.name, out)
    assert not {"MODEL_CARD.md", "certificate.json"} & {path.name for path in out.iterdir()}


def test_what_an_option_would_not_change_is_refused(small_student, small_bundle, tmp_path):
    clips = [np.ones(30000, np.float32)]
    model, spec = small_bundle / "student_int8.tflite", small_student.with_name("student.toml")
    with pytest.raises(facelite.BadInput, match=r"leave --calibration out"):
        convert(model, tmp_path / "out", spec, calibration=clips)
    for option, given in (("recipe", "int8"), ("method", "percentile"), ("cross_check", True), ("teacher", "oracle")):
        with pytest.raises(facelite.BadInput, match="beside --windowed-only"):
            convert(small_student, tmp_path / "out", windowed_only=True, **{option: given})
    assert not (tmp_path / "out").exists()


def test_silence_calibrates_nothing(small_student, tmp_path):
    with pytest.raises(facelite.BadInput, match="no sound"):
        convert(small_student, tmp_path / "out", calibration=[np.zeros(30000, np.float32)])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "verb", [["report"], ["compare"], ["certify"], ["profile", "--target", "pc-v3", "--via", "local"]]
)
@pytest.mark.parametrize("damage", ["empty", "cut", "without its arrays"])
def test_a_damaged_golden_file_is_one_line(small_bundle, tmp_path, capfd, verb, damage):
    bundle = shutil.copytree(small_bundle, tmp_path / "bundle")
    path = bundle / "golden.npz"
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2]}.get(damage, b""))
    if damage == "without its arrays":
        np.savez(path, other=np.zeros(3))
    assert main([verb[0], str(bundle), *verb[1:]]) == 2
    assert capfd.readouterr().err.strip().splitlines()[-1].startswith(f"facelite: {path}: is damaged")
