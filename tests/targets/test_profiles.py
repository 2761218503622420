"""Profiles: the shipped ones say where every figure comes from; a faulty one is answered precisely."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest
from facelite.errors import BadInput
from facelite.targets import profile
from facelite.targets.difference import differences
from facelite.targets.schema import BUDGET


def _entries(document: dict) -> list[tuple[str, dict]]:
    return [
        (f"{section}.{key}", entry)
        for section in ("cpu", "memory", "limits")
        for key, entry in document.get(section, {}).items()
    ]


@pytest.mark.parametrize("name", profile.names())
def test_every_figure_has_source_and_confidence_and_every_budget_a_reason(name):
    path = profile.PROFILES / f"{name}.toml"
    lines = path.read_text().splitlines()
    document = tomllib.loads(path.read_text())
    assert document["name"] == name
    for key, entry in _entries(document):
        assert entry["source"], key
        assert entry["confidence"] in ("high", "medium", "low"), key
    for number, line in enumerate(lines):
        if f'source = "{BUDGET}"' in line:
            assert lines[number - 1].startswith("# "), f"{path}:{number + 1} gives no reason for its budget"


def test_the_targets_of_the_first_release_ship():
    assert set(profile.names()) == {
        *("ps4", "xbox-one", "ps5", "xbox-series-x", "xbox-series-s", "steam-deck", "switch", "switch-2"),
        *("quest-3", "pi-4", "pi-5", "pc-v2", "pc-v3", "pc-vnni", "web"),
    }


@pytest.fixture
def own(tmp_path) -> Path:
    return Path(shutil.copy(profile.PROFILES / "switch.toml", tmp_path / "our-devkit.toml"))


def test_a_studio_adds_its_own_file(own):
    own.write_text(own.read_text().replace("value = 256,", "value = 300,"))
    assert profile.load(str(own)).limits.weights.base == 300 * 1024


FAULTS = {
    "misspelt key": ("weights = {", "weigths = {", "weigths = {", ["limits.weigths", "did you mean weights?"]),
    "misspelt table": ("[limits]", "[limitz]", "[limitz]", ["limitz", "did you mean limits?"]),
    "unknown unit": ('unit = "kB"', 'unit = "kb"', 'unit = "kb"', ["limits.memory", "'kb'", "KiB"]),
    "unit of another kind": ("latency = { value = 100, unit = \"ms\"", "latency = { value = 100, unit = \"B\"",
                             "latency = { value = 100", ["limits.latency", "us, ms, s"]),
    "out of range": ("value = 81,", "value = 0.5,", "value = 0.5", ["limits.future_audio", "1 to 10000 ms"]),
    "negative": ("value = 81,", "value = -81,", "value = -81", ["limits.future_audio.value", "greater than 0"]),
    "text for a number": ("value = 81,", 'value = "81",', 'value = "81"', ["limits.future_audio.value", "number"]),
    "not finite": ("value = 81,", "value = inf,", "value = inf", ["limits.future_audio.value", "finite"]),
    "no source": ('source = "trade press", ', "", "clock = {", ["cpu.clock.source", "missing"]),
    "bare number": ('{ value = 81, unit = "ms", source = "our budget", confidence = "high" }', "81",
                    "future_audio = 81", ["limits.future_audio", "value, unit, source, confidence"]),
    "unknown confidence": ('confidence = "medium"', 'confidence = "sure"', 'confidence = "sure"', ["'high'"]),
    "unknown scheduling": ('scheduling = { value = "cortex-a57"', 'scheduling = { value = "cortex-x9"', "cortex-x9",
                           ["cpu.scheduling", "'cortex-x9' has no table", "cortex-a57, neoverse-n1"]),
    "tier of another architecture": ('isa = { value = "neon", source = "our', 'isa = { value = "avx2", source = "our',
                                     'isa = { value = "avx2"', ["limits.isa", "'avx2'", "neon_dotprod"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_file_line_key_and_what_is_allowed(own, fault):
    before, after, on_line, told = FAULTS[fault]
    text = own.read_text()
    assert before in text
    own.write_text(text.replace(before, after, 1))
    line = next(n for n, line in enumerate(own.read_text().splitlines(), start=1) if on_line in line)
    with pytest.raises(BadInput) as caught:
        profile.load(own)
    message = str(caught.value)
    assert message.startswith(f"{own}, line {line}: ")
    assert "\n" not in message
    for part in told:
        assert part in message


def test_a_file_that_is_not_toml_is_refused(own):
    own.write_text(own.read_text().replace("[limits]", "[limits"))
    with pytest.raises(BadInput, match="cannot be read as a target profile"):
        profile.load(own)


def test_a_profile_without_any_limit_is_refused(own):
    own.write_text(own.read_text().partition("[limits]")[0] + "[limits]\n")
    with pytest.raises(BadInput, match="sets no limit"):
        profile.load(own)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(BadInput, match="steam-deck"):
        profile.load("steamdeck")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"nowhere\.toml"):
        profile.load(tmp_path / "nowhere.toml")


def test_a_share_of_a_core_is_of_so_many_characters(own):
    fewer = own.with_name("fewer.toml")
    fewer.write_text(re.sub(r"count = \d+", "count = 3", own.read_text()))
    (difference,) = differences(profile.load(own), profile.load(fewer))
    assert difference.key == "limits.characters"
    assert difference.first.endswith(" for 16")
    assert difference.second.endswith(" for 3")
