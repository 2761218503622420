"""`facelite profile`: bits first, then figures that make sense; devices that die or lie leave no report."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time

import pytest
from facelite.cli import main
from facelite.errors import BadInput
from facelite.student import load
from facelite.targets import isa, profile
from facelite.targets.device import results, transport

QUICK = ["--hops", "60", "--paced", "5", "--characters", "4", "--threads", "2"]
PASS_ON = "sys.exit(subprocess.run(command).returncode)\n"

pytestmark = pytest.mark.program("gcc")


@pytest.fixture
def bundle(shipped_bundle, tmp_path):
    """A copy that may be written into."""
    return shutil.copytree(shipped_bundle, tmp_path / "out")


@pytest.fixture
def measured(bundle, built, here, capfd):
    """`measured(via, *more)`: exit code, report or None, and stderr."""

    def run(via: str, *more: str):
        command = ["profile", str(bundle), "--target", here, "--via", via, "--build", str(built), "--system", "linux"]
        code = main([*command, *QUICK, "--json", *more])
        said = capfd.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return run


def test_a_report_has_every_way_to_measure_and_is_kept_in_the_bundle(measured, bundle, here):
    _, report, _ = measured("local")
    assert report["bits"] == {"holds": True, "differs": None}
    assert set(report["times"]) == set(results.KINDS)
    for kind, times in report["times"].items():
        assert 0 < times["min"] <= times["p50"] <= times["p99"] <= times["max"], kind
    assert report["times"]["warm"]["count"] == 60
    assert report["times"]["paced"]["count"] == 5
    student = load(bundle)
    assert len(report["layers"]) == student.info.ops
    memory = report["memory"]
    assert memory["stream_bytes"] == student.info.stream_bytes
    assert 0 < memory["stack_used_bytes"] <= student.info.stack_bytes == memory["stack_bound_bytes"]
    assert memory["peak_process_bytes"] > student.info.blob_bytes
    assert results.load(bundle) == [report]
    assert results.load(bundle, "0" * 64) == []


def test_the_tier_of_the_target_is_what_runs(measured, here):
    """Not the strongest that this machine has."""
    _, report, _ = measured("local")
    target = profile.load(here)
    best = isa.best_built(target.arch, target.cpu.isa.value)
    assert report["isa"] == (best if best in report["tiers"] else report["tiers"][-1])


def test_layers_add_up_to_a_hop(measured):
    _, report, _ = measured("local", "--hops", "800")
    layers = sum(layer["min"] for layer in report["layers"])
    assert 0.5 * report["times"]["warm"]["min"] < layers < 1.5 * report["times"]["warm"]["min"]


def test_prediction_and_measurement_stand_side_by_side(measured):
    _, report, _ = measured("local")
    rows = {row["what"]: row for row in results.rows(report)}
    warm = rows["warm"]
    assert warm["low_us"] < warm["predicted_us"] < warm["high_us"]
    assert warm["error"] == pytest.approx(report["times"]["warm"]["p50"] / 1000 / warm["predicted_us"] - 1)
    assert rows["cold"]["predicted_us"] is None
    assert rows["crowd"]["p50_us"] == pytest.approx(report["times"]["crowd"]["p50"] / 1000 / 4)
    assert results.rows({**report, "emulated": True}) == []


@pytest.mark.program("openssh-server")
class TestSsh:
    def test_a_real_server_gives_the_bits_and_is_left_clean(self, measured, ssh_server, tmp_path):
        folder = tmp_path / "there"
        folder.mkdir()
        _, report, said = measured(ssh_server(f"SetEnv TMPDIR={folder}"))
        assert report["bits"]["holds"], said
        assert report["via"] == "ssh:127.0.0.1"
        assert set(report["times"]) == set(results.KINDS)
        assert list(folder.iterdir()) == []

    def test_a_connection_that_breaks_half_way_is_one_line_and_no_report(self, measured, ssh_server, bundle):
        dies = 'case "$SSH_ORIGINAL_COMMAND" in *\'--hops 60\'*) kill -9 $PPID;; esac; eval "$SSH_ORIGINAL_COMMAND"'
        code, report, said = measured(ssh_server(f"ForceCommand {dies}"))
        assert (code, report) == (2, None)
        assert said.splitlines()[-1].startswith("facelite: ssh:127.0.0.1: ")
        assert not (bundle / "measured").exists()

    def test_a_host_that_is_not_there_is_one_line(self, measured, monkeypatch):
        monkeypatch.setenv("FACELITE_SSH", "ssh -o BatchMode=yes -p 1")
        code, report, said = measured("ssh:127.0.0.1")
        assert (code, report) == (2, None)
        assert "refused" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "'facelite_profile' in command[0] and '60' in command and os.kill(os.getpid(), signal.SIGKILL)\n",
            "measuring",
        ),
        ("'facelite_replay' in command[0] and sys.exit(139)\n", "checking the bits, exit status 139"),
        ("'60' in command and sys.exit(print('{\"isa\": \"ne'))\n", "stopped while measuring"),
        ("'60' in command and __import__('time').sleep(60)\n", "no answer for 5 s"),
        ('sys.exit(print(\'{"isa": "ref", "tiers": []}\'))\n', "while starting it answered something"),
        ("'facelite_replay' in command[0] and sys.exit('lost')\n", "checking the bits, exit status 1: lost"),
        ("sys.exit(print('[]'))\n", "while starting it answered something"),
        ("'60' in command and sys.exit(print('{}'))\n", "while measuring it answered something"),
    ],
    ids=["killed", "crashes", "cut off", "hangs", "no tier", "launcher fails", "an array", "an empty object"],
)
def test_a_device_that_dies_half_way_is_one_line_and_no_report(measured, wrapper, bundle, code, told):
    exit_code, report, said = measured(wrapper(code + PASS_ON), "--timeout", "5" if "60)" in code else "300")
    assert (exit_code, report) == (2, None)
    assert told in said.splitlines()[-1]
    assert not (bundle / "measured").exists()


def test_bits_that_differ_are_told_and_nothing_is_measured(measured, wrapper, bundle):
    flip = """
import zipfile
if 'facelite_replay' in command[0] and '--golden' in command:
    with zipfile.ZipFile('golden.npz') as golden:
        arrays = {name: bytearray(golden.read(name)) for name in golden.namelist()}
    arrays['stream_curves.npy'][1000] ^= 1
    with zipfile.ZipFile('golden.npz', 'w') as golden:
        for name, data in arrays.items():
            golden.writestr(name, bytes(data))
"""
    code, report, said = measured(wrapper(flip + PASS_ON), "--no-write")
    assert code == 1
    assert not report["bits"]["holds"]
    assert report["times"] is None
    assert "the device's bits differ: ref: " in said


def test_a_device_that_hangs_is_given_up_with_all_that_was_started(measured, wrapper, tmp_path):
    beat = tmp_path / "beat"
    (tmp_path / "beat.py").write_text(
        f"import pathlib, time\nwhile True:\n    pathlib.Path({str(beat)!r}).touch()\n    time.sleep(0.05)\n"
    )
    code = f"'60' in command and subprocess.run([sys.executable, {str(tmp_path / 'beat.py')!r}])\n"
    assert measured(wrapper(code + PASS_ON), "--timeout", "5")[0] == 2
    assert beat.exists()
    beat.unlink()
    time.sleep(0.5)
    assert not beat.exists()


def test_a_frozen_host_is_one_line(measured, tmp_path, monkeypatch):
    """It answers until it is to measure, and then nothing more, not even to be cleaned."""
    frozen, ssh = tmp_path / "frozen", tmp_path / "ssh"
    ssh.write_text(f"""#!/bin/sh
[ -e '{frozen}' ] && exec sleep 60
shift
case "$1" in *'--hops 60'*) touch '{frozen}'; exec sleep 60;; esac
exec sh -c "$1"
""")
    ssh.chmod(0o755)
    monkeypatch.setenv("FACELITE_SSH", str(ssh))
    monkeypatch.setattr(transport, "CLEANING", 1.0)
    code, report, said = measured("ssh:box", "--timeout", "5")
    assert (code, report) == (2, None)
    assert "no answer for 5 s" in said.splitlines()[-1]


def test_a_device_without_the_tier_that_the_target_requires_breaks_it(measured, wrapper, here):
    code = """
if 'facelite_profile' in command[0]:
    import json
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    answer.update(isa='ref', tiers=['ref'])
    sys.exit(print(json.dumps(answer)))
"""
    exit_code, report, said = measured(wrapper(code + PASS_ON), "--no-write")
    assert exit_code == 1
    assert f"this device has no {report['prediction']['tier']}" in said
    assert f"{here}: the device runs ref, at least" in said
    assert all(row["predicted_us"] is None for row in results.rows(report))


def test_memory_is_the_program_s_and_not_its_parent_s(built, shipped_bundle, tmp_path):
    shutil.copy(shipped_bundle / "student.facelite", tmp_path)
    (tmp_path / "clip.s16").write_bytes(bytes(64000))
    parent = f"""
import subprocess
ballast = bytearray(200 << 20)
few = [word for name in ("hops", "cold", "paced", "characters", "threads") for word in ("--" + name, "0")]
subprocess.run([{str(built / "bin" / "facelite_profile")!r}, *few, "student.facelite", "clip.s16"], check=True)
"""
    done = subprocess.run([sys.executable, "-c", parent], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["memory"]["peak_process_bytes"] < 100 << 20


def test_a_hop_that_is_too_slow_breaks_the_limit(bundle, built, here, tmp_path, capfd):
    path = tmp_path / "slow.toml"
    figure = 'value = 1, unit = "us", source = "a test", confidence = "high"'
    path.write_text(f'name = "slow"\ntitle = "Slow"\nextends = "{here}"\n[limits]\nhop = {{ {figure} }}\n')
    command = ["profile", str(bundle), "--target", str(path), "--via", "local", "--build", str(built)]
    assert main([*command, *QUICK]) == 1
    assert "slow: a hop takes" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("via", "told"),
    [
        ("telnet:host", "is no way to a device; ways: local, qemu"),
        ("exec:/no/such/program", "/no/such/program cannot be run"),
    ],
)
def test_a_wrong_way_is_one_line(measured, via, told):
    code, report, said = measured(via)
    assert (code, report) == (2, None)
    assert told in said


def test_a_build_for_something_else_is_refused(measured, bundle, built, here, capfd):
    other = "switch" if here != "pi-4" else "steam-deck"
    assert main(["profile", str(bundle), "--target", other, "--via", "local", "--build", str(built)]) == 2
    assert "this machine is" in capfd.readouterr().err
    assert main(["profile", str(bundle), "--target", other, "--via", "exec:true", "--build", str(built)]) == 2
    assert "the device wants" in capfd.readouterr().err


@pytest.mark.parametrize("missing", ["via", "times", "prediction"])
def test_a_measurement_that_lacks_a_field_is_named(tmp_path, missing):
    told = dict.fromkeys(("target", "via", "isa", "emulated", "bits", "times", "prediction"))
    del told[missing]
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "pc.json").write_text(json.dumps({"build": {"student": {"sha256": "0"}}, **told}))
    with pytest.raises(BadInput, match=r"pc\.json: is no measurement"):
        results.load(tmp_path)
