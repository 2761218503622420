"""`facelite build`: what is in a build, that it repeats, and that its programs say the golden bits elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from facelite.cli import main
from facelite.errors import BadInput, FaceliteError, MissingDependency
from facelite.targets import isa, profile
from facelite.targets.cross import build, compilers, manifest
from facelite.targets.cross.platforms import PLATFORMS, platform_of
from facelite.targets.evidence import CODE_SIZES, gather

ROOT = Path(__file__).resolve().parents[3]
NODE = "node --no-warnings kernels/tools/wasi.mjs"
ELSEWHERE = {
    "Cortex-A57": ("switch", "gcc", "qemu:cortex-a57", ("gcc-aarch64-linux-gnu", "qemu-user")),
    "Cortex-A76": ("switch", "gcc", "qemu:cortex-a76", ("gcc-aarch64-linux-gnu", "qemu-user")),
    "Windows": ("pc-v3", "gcc", "exec:/usr/lib/wine/wine64", ("gcc-mingw-w64-x86-64", "wine64")),
    "Cortex-A57, zig": ("switch", "zig", "qemu:cortex-a57", ("qemu-user",)),
    "Windows, zig": ("pc-v3", "zig", "exec:/usr/lib/wine/wine64", ("wine64",)),
    "WebAssembly, zig": ("web", "zig", f"exec:{NODE}", ("nodejs",)),
}


def test_every_profile_has_a_platform_and_each_of_its_toolchain_files_is_there():
    for target in profile.load_all():
        assert platform_of(target).arch == target.arch
    for platform in PLATFORMS:
        assert {platform.arch} <= set(isa.TIERS)
        assert all((compilers.TOOLCHAINS / name).is_file() for name in platform.toolchains.values() if name)


@pytest.mark.parametrize(
    ("target", "compiler"),
    [
        pytest.param("steam-deck", "gcc", marks=pytest.mark.program("gcc")),
        *(pytest.param(target, "zig", marks=pytest.mark.slow) for target in ("switch", "pc-v3", "web")),
    ],
)
def test_two_builds_are_the_same_bytes_wherever_they_are_made(
    built, shipped_bundle, tmp_path, monkeypatch, target, compiler
):
    monkeypatch.setenv("CFLAGS", "-O0 -DUNWANTED=1")
    other = tmp_path / "another place with a longer name"
    build(shipped_bundle, target, other, compiler=compiler)
    first = built(target, compiler)
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    assert [str(name) for name in names if (first / name).read_bytes() != (other / name).read_bytes()] == []


@pytest.mark.program("gcc")
class TestHere:
    def test_the_manifest_tells_the_truth(self, built, shipped_bundle):
        folder = built("steam-deck", "gcc")
        made = manifest.read(folder)
        on_disk = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        real = {name for name, path in on_disk.items() if not path.is_symlink()} - {manifest.NAME}
        assert set(made["files"]) == real
        for name, file in made["files"].items():
            assert file["sha256"] == hashlib.sha256(on_disk[name].read_bytes()).hexdigest()
        assert set(made["tiers"]) == set(isa.BUILT["x86_64"])
        assert "-mavx2" in made["flags"]["tiers"]["avx2"]
        assert "-ffp-contract=off" in made["flags"]["all"]
        assert (folder / "student.facelite").read_bytes() == (shipped_bundle / "student.facelite").read_bytes()
        size = subprocess.run(["size", folder / "lib" / "libfacelite.a"], capture_output=True, text=True, check=True)
        text = sum(int(line.split()[0]) for line in size.stdout.splitlines()[1:])
        assert manifest.code_bytes(made) == text
        assert gather(shipped_bundle, (folder,)).code["x86_64"] == text

    def test_nothing_of_this_machine_is_in_it(self, built):
        folder = built("steam-deck", "gcc")
        for path in folder.rglob("*"):
            if path.is_file():
                assert str(ROOT).encode() not in path.read_bytes(), path

    def test_cmake_and_the_compiler_find_the_package(self, built, tmp_path):
        folder = built("steam-deck", "gcc")
        (tmp_path / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.20)\nproject(game C)\nfind_package(facelite REQUIRED)\n"
            "add_executable(game game.c)\ntarget_link_libraries(game facelite::facelite)\n"
        )
        code = "#include <facelite/facelite.h>\n#include <stdio.h>\nint main(void) { puts(facelite_version()); }\n"
        (tmp_path / "game.c").write_text(code)
        cmake = compilers.program("cmake")
        commands = [[cmake, "-B", "b", f"-DCMAKE_PREFIX_PATH={folder}"], [cmake, "--build", "b"], ["b/game"]]
        for command in commands:
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert re.fullmatch(r"\d+\.\d+\.\d+\n", done.stdout)

    def test_a_compiler_that_fails_is_one_line_and_leaves_nothing(self, shipped_bundle, tmp_path):
        (tmp_path / "bad.cmake").write_text("set(CMAKE_C_COMPILER false)\n")
        with pytest.raises(FaceliteError, match="cmake failed"):
            build(shipped_bundle, "steam-deck", tmp_path / "out", toolchain=tmp_path / "bad.cmake")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.cmake"]

    def test_a_studio_s_own_toolchain_file_is_used(self, shipped_bundle, tmp_path):
        (tmp_path / "ours.cmake").write_text(
            "set(CMAKE_C_COMPILER gcc)\nset(FACELITE_FLAGS_avx2 -mavx2 -mtune=znver2)\n"
        )
        made = build(shipped_bundle / "student.facelite", "ps5", tmp_path / "out", toolchain=tmp_path / "ours.cmake")
        assert made["compiler"]["family"] == "own"
        assert not made["stand_in"]
        assert "-mtune=znver2" in made["flags"]["tiers"]["avx2"]
        assert not made["student"]["generated"]


@pytest.mark.program("gcc")
def test_the_packaged_size_of_code_has_not_gone_stale(built):
    """Within 2 % by the compiler of targets/code_sizes.json, and no more than a tenth over the largest by any."""
    made = manifest.read(built("steam-deck", "gcc"))
    found, compiler = manifest.code_bytes(made), f"gcc {made['compiler']['version']}"
    packaged = [one for one in json.loads(CODE_SIZES.read_text())["builds"] if one["arch"] == "x86_64"]
    same = [one["bytes"] for one in packaged if (one["system"], one["compiler"]) == ("linux", compiler)]
    assert all(found == pytest.approx(size, rel=0.02) for size in same)
    assert found < 1.1 * max(one["bytes"] for one in packaged)


@pytest.mark.parametrize(
    ("target", "compiler", "via"),
    [
        pytest.param(
            *case,
            marks=[
                pytest.mark.program(*programs),
                *([] if case[2].startswith("qemu") and case[1] == "gcc" else [pytest.mark.slow]),
            ],
        )
        for *case, programs in ELSEWHERE.values()
    ],
    ids=ELSEWHERE,
)
def test_programs_say_the_golden_bits_elsewhere(built, shipped_bundle, target, compiler, via, capfd, monkeypatch):
    """facelite_replay on every tier and student.c; zig's first build for a system takes minutes."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("WINEPREFIX", str(ROOT / "build" / "wine"))
    monkeypatch.setenv("WINEDEBUG", "-all")
    quick = ["--hops", "40", "--paced", "3", "--characters", "3", "--no-write", "--json"]
    command = ["profile", str(shipped_bundle), "--target", target, "--via", via, *quick]
    main([*command, "--build", str(built(target, compiler))])
    found = json.loads(capfd.readouterr().out)
    assert found["bits"] == {"holds": True, "differs": None}
    best = {"qemu:cortex-a57": "neon", "qemu:cortex-a76": "neon_dotprod"}.get(via)
    assert best is None or found["tiers"][-1] == best
    assert len(found["layers"]) == len(np.load(shipped_bundle / "golden.npz")["layers"])


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (("--system", "amiga"), "nothing is known to build for x86_64 amiga; known: linux, windows"),
            (("--compiler", "tcc"), "'tcc' does not build for x86_64 linux"),
            (("--toolchain", "/nowhere.cmake"), "/nowhere.cmake: there is no such toolchain file"),
        ],
    )
    def test_wrong_use_is_one_line(self, bundle, tmp_path, capfd, arguments, told):
        out = ["-o", str(tmp_path / "out")]
        assert main(["build", str(bundle), "--target", "steam-deck", *out, *arguments]) == 2
        said = capfd.readouterr().err
        assert told in said
        assert said.count("\n") == 1

    def test_a_folder_with_other_things_is_left_alone(self, bundle, tmp_path):
        (tmp_path / "thesis.txt").write_text("years")
        with pytest.raises(BadInput, match="no build of facelite's"):
            build(bundle, "steam-deck", tmp_path)
        assert (tmp_path / "thesis.txt").read_text() == "years"

    def test_a_manifest_of_something_else_is_no_build(self, bundle, tmp_path):
        (tmp_path / "manifest.json").write_text('{"name": "a web app", "start_url": "/"}')
        with pytest.raises(BadInput, match="no build of facelite's"):
            build(bundle, "steam-deck", tmp_path)
        assert (tmp_path / "manifest.json").exists()

    @pytest.mark.program("gcc")
    def test_a_file_added_to_a_build_is_left_alone(self, built, bundle, tmp_path):
        out = shutil.copytree(built("steam-deck", "gcc"), tmp_path / "dist", symlinks=True)
        (out / "notes.txt").write_text("mine")
        with pytest.raises(BadInput, match="no build of facelite's"):
            build(bundle, "steam-deck", out)
        assert (out / "notes.txt").read_text() == "mine"

    def test_the_working_folder_is_not_replaced(self, bundle, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(BadInput, match="working folder"):
            build(bundle, "steam-deck", ".")

    def test_without_any_compiler_the_extra_is_named(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(compilers, "find_spec", lambda name: None)
        with pytest.raises(MissingDependency, match=r"facelite\[cross\]"):
            build(bundle, "switch", tmp_path / "out")
