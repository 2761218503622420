"""Every command and snippet of the documentation is executed, or held against what it is for."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from facelite import spec
from facelite.cli import app
from facelite.compare.gates import read_gates
from facelite.targets import profile
from facelite.teachers import onnx_config

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PAGES = sorted(str(path.relative_to(ROOT)) for path in [*(ROOT / "docs").glob("*.md"), ROOT / "examples" / "README.md"])

NEEDS = {
    "bench": "a quiet machine",
    "corpus": "recordings; minutes to hours",
    "demo": "run by CI itself",
    "distill": "a corpus, and hours",
    "evaluate": "a corpus; make evaluate runs it",
    "label": "a corpus",
    "live": "a person who closes it",
    "profile": "a device",
    "recipes": "minutes of LiteRT's 16-bit kernels",
    "retarget": "labels of another rig",
    "teach": "a corpus, and hours",
}
"""Verbs whose commands are only held against what the verb takes, and what running them would need."""

STAND_INS = re.compile(r"…|\.\.\.|\[|\b[A-Z]{3,}\b|padded\.onnx|golden-|device|mine/")
"""Words that stand for others, and files that no test makes for a page."""

OTHERS = ("--golden", "--install")
"""Options of the kernel's own tools and of CMake."""

VERDICTS = {"compare": (0, 1), "validate": (0, 1)}
"""Exit codes of verbs whose pages show limits that are broken, too."""

AUDIO = "from facelite.speech import audio; pcm = audio.read('speech.wav')\n"
PREAMBLES = {
    "docs/certificate.md": AUDIO + "from facelite import companding; pcm = companding.to_int16(pcm)\n",
    "docs/compare.md": AUDIO,
    "docs/latency.md": "",
    "docs/pytorch_to_switch.md": AUDIO,
    "docs/start.md": "",
    "docs/targets.md": "",
    "docs/converters.md": """
import numpy as np
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter("out/student_stream_int8.tflite")
details = {one["name"].split(":")[0].rsplit("_", 1)[-1]: one for one in interpreter.get_input_details()}
shapes = {name: one for name, one in interpreter.get_signature_runner().get_input_details().items()}
states = {name: np.zeros(one["shape"], np.int8) for name, one in shapes.items() if name != "waveform"}
codes = np.zeros((1, 256, 1), np.int8)
""",
}
"""Pages whose Python is run, and what it takes for granted. The other pages' needs corpora or networks of the reader's
own: what they import is imported."""

READERS = {
    'controls = ["jawOpen", "mouthClose", "mouthFunnel"]': spec.load,
    'companding = "mulaw"': spec.load,
    "gates = [": read_gates,
    'name = "our-': profile.load,
    'model = "network.onnx"': onnx_config.load,
}
"""What a TOML block says -> what reads such a file."""

C = """
#include <facelite/facelite.h>
void show(const facelite_stream *stream, double seconds_handed_over, float *face);
void show(const facelite_stream *stream, double seconds_handed_over, float *face) {{
{}
}}
"""


@pytest.mark.parametrize("name", PAGES)
def test_every_command_is_one_that_facelite_takes(page_of, name):
    root = app.build()
    for command in page_of(name).commands():
        words = shlex.split(command.replace("[--", "--").replace("]", ""))[1:]
        verb = root
        while words and hasattr(verb, "commands") and not words[0].startswith("-"):
            assert words[0] in verb.commands, command
            verb = verb.commands[words.pop(0)]
        known = {option for parameter in verb.params for option in [*parameter.opts, *parameter.secondary_opts]}
        used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
        assert used - known - {"-h", "--help"} == set(), command


@pytest.mark.parametrize("name", PAGES)
def test_every_option_in_running_text_is_one_of_some_verb(page_of, name):
    known = set(OTHERS)
    verbs = [app.build()]
    while verbs:
        verb = verbs.pop()
        verbs += getattr(verb, "commands", {}).values()
        known |= {option for parameter in verb.params for option in [*parameter.opts, *parameter.secondary_opts]}
    text = re.sub(r"^```.*?^```$", "", page_of(name).text, flags=re.DOTALL | re.MULTILINE)
    named = re.findall(r"`(--[a-z][a-z0-9-]*)[^`\n]*`", text)
    assert set(named) <= known


@pytest.mark.parametrize("module", ["distill.half", "idle.measure", "web.bench"])
def test_modules_that_pages_run_tell_what_they_take(page_of, module):
    assert any(f"python -m facelite.{module} " in page_of(name).text for name in PAGES)
    told = subprocess.run(
        [sys.executable, "-m", f"facelite.{module}", "--help"], capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    assert "usage:" in told.stdout.lower()


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_commands_run(page_of, workplace, name):
    """In the order of the page, in one folder; after the page's Python, which may write what they read."""
    page = page_of(name)
    if name in PREAMBLES and name != "docs/converters.md":
        _python(page, workplace)
    for command in page.commands():
        words = shlex.split(command)
        named = [word for word in words[2:] if not word.startswith("-")]  # without one it is a mention
        if not named or words[1] in NEEDS or STAND_INS.search(command):
            continue
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        result = subprocess.run(
            words, cwd=workplace, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=900
        )
        assert result.returncode in VERDICTS.get(words[1], (0,)), f"{command}\n{result.stderr}"


@pytest.mark.parametrize("name", sorted(PREAMBLES))
def test_python_runs(page_of, workplace, name):
    _python(page_of(name), workplace)


@pytest.mark.parametrize("name", [name for name in PAGES if name not in PREAMBLES])
def test_other_python_imports_what_there_is(page_of, name):
    for code in page_of(name).blocks("python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(compile(ast.Module([node], []), name, "exec"), {})


@pytest.mark.parametrize("name", PAGES)
def test_toml_is_what_its_reader_takes(page_of, tmp_path, name):
    for block in page_of(name).blocks("toml"):
        tomllib.loads(block)
        (tmp_path / "page.toml").write_text(block)
        (tmp_path / "network.onnx").touch()
        for marker, read in READERS.items():
            if marker in block:
                read(tmp_path / "page.toml")


@pytest.mark.parametrize("name", PAGES)
def test_c_compiles(page_of, tmp_path, name):
    for block in page_of(name).blocks("c"):
        (tmp_path / "page.c").write_text(C.format(block))
        strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'kernels' / 'include'}", "-fsyntax-only"]
        subprocess.run(["cc", *strict, tmp_path / "page.c"], check=True, timeout=60)


@pytest.mark.parametrize("name", [*PAGES, "README.md", "HACKING.md"])
def test_make_targets_and_presets_exist(page_of, name):
    text = page_of(name).text
    targets = set(re.findall(r"^(?: {4})?make ([a-z][a-z-]*)", text, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z][a-z-]*)[ `]", text)
    )
    if targets:
        subprocess.run(["make", "-n", *sorted(targets)], cwd=ROOT, check=True, capture_output=True, timeout=60)
    presets = (ROOT / "CMakePresets.json").read_text()
    for preset in re.findall(r"(?:cmake|ctest)(?: --build)? --preset ([a-z][\w-]*)", text):
        assert f'"{preset}"' in presets


def _python(page, folder: Path) -> None:
    code = PREAMBLES[str(page.path.relative_to(ROOT))] + "\n".join(page.blocks("python"))
    result = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    for block in page.blocks("toml"):
        if block.startswith('name = "ours"'):  # beside the student that the page's Python wrote
            (folder / "student.toml").write_text(block)
