"""A profile that extends another takes what it does not say itself, and a fault is placed in the file that holds it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from facelite.cli import main
from facelite.errors import BadInput
from facelite.targets import profile

STATE = 'state = { value = %s, unit = "KiB", source = "our budget", confidence = "high" }'


def _write(folder: Path, name: str, extends: str, limits: str = "", title: bool = True) -> Path:
    path = folder / f"{name}.toml"
    head = f'name = "{name}"\n' + (f'title = "{name}"\n' if title else "") + f"extends = {json.dumps(extends)}\n"
    path.write_text(head + (f"[limits]\n{limits}\n" if limits else ""))
    return path


def test_what_is_not_said_comes_from_the_parent(tmp_path):
    found = profile.load(_write(tmp_path, "devkit", "ps5", STATE % 3))
    parent = profile.load("ps5")
    assert (found.name, found.limits.state.base) == ("devkit", 3 * 1024)
    assert found.cpu == parent.cpu
    assert found.limits.weights == parent.limits.weights


def test_a_chain_takes_the_nearest_figure_and_paths_count_from_the_file(tmp_path):
    (tmp_path / "base").mkdir()
    _write(tmp_path / "base", "studio", "switch", STATE % 3)
    found = profile.load(_write(tmp_path, "devkit", "base/studio.toml", STATE.replace("state", "scratch") % 12))
    assert (found.limits.state.base, found.limits.scratch.base) == (3 * 1024, 12 * 1024)
    assert found.cpu.isa.value == "neon"


def test_figures_are_taken_whole(tmp_path):
    own = _write(tmp_path, "devkit", "ps5", 'state = { value = 3, unit = "KiB" }')
    with pytest.raises(BadInput, match=r"devkit\.toml, line 5: limits\.state\.source is missing"):
        profile.load(own)


def test_a_name_is_not_inherited(tmp_path):
    with pytest.raises(BadInput, match=r"devkit\.toml: title is missing"):
        profile.load(_write(tmp_path, "devkit", "ps5", title=False))


def test_a_fault_of_the_parent_is_placed_in_the_parent(tmp_path):
    parent = _write(tmp_path, "studio", "ps5", (STATE % 4).replace("KiB", "kib"))
    own = _write(tmp_path, "devkit", "studio.toml", STATE.replace("state", "scratch") % 12)
    with pytest.raises(BadInput) as caught:
        profile.load(own)
    assert str(caught.value).startswith(f"{parent}, line 5: limits.state unit 'kib'")


def test_a_circle_is_named(tmp_path):
    _write(tmp_path, "studio", "devkit.toml")
    with pytest.raises(BadInput, match=r"studio\.toml, line 3: extends in a circle: devkit.* -> studio.* -> devkit"):
        profile.load(_write(tmp_path, "devkit", "studio.toml"))


@pytest.mark.parametrize(
    ("extends", "told"), [("ps6", "no such profile"), ("lost.toml", "no such file"), ("", "must be a profile's name")]
)
def test_a_parent_that_is_not_there_is_named_with_the_line(tmp_path, extends, told):
    with pytest.raises(BadInput, match=rf"devkit\.toml, line 3: .*{told}"):
        profile.load(_write(tmp_path, "devkit", extends))


class TestDiff:
    def test_only_figures_that_differ_are_told(self, capfd):
        assert main(["targets", "diff", "xbox-series-s", "xbox-series-x", "--json"]) == 0
        found = {entry["key"]: entry for entry in json.loads(capfd.readouterr().out)["differences"]}
        assert set(found) == {"cpu.clock", "memory.games"}
        assert found["cpu.clock"]["ratio"] == pytest.approx(3.66 / 3.4)

    def test_units_do_not_differ(self, tmp_path, capfd):
        own = _write(tmp_path, "devkit", "ps5", (STATE % 4096).replace("KiB", "B"))
        assert main(["targets", "diff", "ps5", str(own)]) == 0
        assert "no figure differs" in capfd.readouterr().out
