"""Every kind of limit: one that just holds, and one that is broken by the smallest step."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from facelite.cli import main
from facelite.errors import BadInput
from facelite.targets import isa, profile
from facelite.targets.evidence import packaged_code
from facelite.targets.limits import CEILINGS, FORECASTS
from facelite.targets.schema import Limits
from facelite.targets.validate import validate, validate_all

SIZES = {
    "weights": ("weight_bytes",),
    "model_file": ("blob_bytes",),
    "state": ("stream_bytes",),
    "scratch": ("scratch_bytes",),
    "stack": ("stack_bytes",),
    "memory": ("blob_bytes", "model_bytes", "stream_bytes", "scratch_bytes", "stack_bytes"),
}
TIMES_MS = {"future_audio": 80, "latency": 96}  # 64 + 16, and the hop of 16


def test_every_limit_of_the_schema_is_checked():
    assert {kind.key for kind in (*CEILINGS, *FORECASTS)} | {"isa"} == set(Limits.model_fields)
    assert {*SIZES, *TIMES_MS, "code"} == {ceiling.key for ceiling in CEILINGS}


@pytest.mark.parametrize("key", SIZES)
def test_a_size_may_reach_its_limit_and_not_pass_it(student, profile_with, key):
    exact = sum(getattr(student.info, field) for field in SIZES[key])
    exact += packaged_code()["x86_64"] if key == "memory" else 0
    holding = validate(student, profile_with(**{key: f"{exact} B"}))
    assert holding.holds
    assert holding.checks[0].margin == 0
    broken = validate(student, profile_with(**{key: f"{exact - 1} B"}))
    assert [check.key for check in broken.broken] == [key]
    assert broken.broken[0].margin == -1


def test_code_may_reach_its_limit_and_not_pass_it(student, profile_with):
    exact = packaged_code()["x86_64"]
    assert validate(student, profile_with(code=f"{exact} B")).holds
    broken = validate(student, profile_with(code=f"{exact - 1} B"))
    assert [(check.key, check.margin) for check in broken.broken] == [("code", -1)]


class TestCertificate:
    @pytest.fixture
    def certified(self, bundle, tmp_path):
        """`certified(**changes)`: the bundle with a certificate whose fields are changed so."""

        def make(**changes):
            blob = (bundle / "student.facelite").read_bytes()
            (tmp_path / "student.facelite").write_bytes(blob)
            fields = {"blob_sha256": hashlib.sha256(blob).hexdigest(), "holds": True, "future": {"ms": 80}, **changes}
            (tmp_path / "certificate.json").write_text(json.dumps(fields))
            return tmp_path

        return make

    def test_future_audio_is_the_longer_of_header_and_certificate(self, certified, profile_with):
        assert validate(certified(), profile_with(future_audio="80 ms")).holds
        broken = validate(certified(future={"ms": 80.0625}), profile_with(future_audio="80 ms"))
        assert [(check.key, check.value) for check in broken.broken] == [("future_audio", 80.0625)]
        assert validate(certified(future={"ms": 10}), profile_with(future_audio="80 ms")).checks[0].value == 80

    def test_one_that_does_not_hold_breaks_every_target(self, certified, profile_with, capfd):
        folder, path = certified(holds=False), profile_with(state="1 MiB")
        assert not validate(folder, path).holds
        assert main(["validate", str(folder), "--target", str(path)]) == 1
        assert "hears more than the student says" in capfd.readouterr().err

    def test_one_about_another_student_or_damaged_is_refused(self, certified, profile_with):
        for changes in ({"blob_sha256": "0" * 64}, {"future": "soon"}):
            with pytest.raises(BadInput, match=r"certificate\.json.*facelite certify"):
                validate(certified(**changes), profile_with(state="1 MiB"))


@pytest.mark.parametrize("key", TIMES_MS)
def test_a_time_may_reach_its_limit_and_not_pass_it(student, profile_with, key):
    assert validate(student, profile_with(**{key: f"{TIMES_MS[key]} ms"})).holds
    broken = validate(student, profile_with(**{key: f"{TIMES_MS[key] - 0.001} ms"}))
    assert [check.key for check in broken.broken] == [key]


def test_the_kernel_must_reach_the_floor_of_the_instruction_set(student, profile_with):
    assert validate(student, profile_with(isa="avx2")).holds
    broken = validate(student, profile_with(isa="avx512vnni"))
    assert [(check.key, check.value, check.limit) for check in broken.broken] == [("isa", "avx2", "avx512vnni")]


def test_units_are_converted(student, profile_with):
    kib = student.info.blob_bytes / 1024
    assert validate(student, profile_with(model_file=f"{kib} KiB")).holds
    assert validate(student, profile_with(latency="0.096 s")).holds


def test_a_limit_is_tight_from_nine_tenths_on(student, profile_with):
    def state(limit: float) -> str:
        return validate(student, profile_with(latency=f"{limit} ms")).checks[0].state

    assert state(96 / 0.9) == "tight"
    assert state(96 / 0.89) == "holds"
    assert state(95) == "broken"


def test_the_blob_on_disk_is_what_counts(bundle, student):
    size = (bundle / "student.facelite").stat().st_size
    for verdict in validate_all(bundle):
        values = {check.key: check.value for check in verdict.checks}
        assert values["model_file"] == size
        assert values["weights"] < size < values["memory"]


def test_all_means_every_profile(student):
    assert [verdict.target for verdict in validate_all(student)] == list(profile.names())


def test_tiers_are_the_ones_the_kernel_has_code_for():
    source = Path(__file__).parents[2] / "kernels" / "src"
    for arch, folder in (("x86_64", "x86"), ("aarch64", "arm"), ("wasm32", "wasm")):
        files = {re.sub(r"^ops_", "", path.stem) for path in (source / folder).glob("ops_*.c")}
        assert set(isa.BUILT[arch]) == {"ref", *files}
        assert set(isa.BUILT[arch]) <= set(isa.TIERS[arch])


class TestCommandLine:
    def test_a_broken_limit_exits_1_and_is_named(self, bundle, profile_with, capfd):
        path = profile_with(weights="10 B", latency="1 s", scratch="1 B")
        assert main(["validate", str(bundle), "--target", str(path)]) == 1
        output = capfd.readouterr()
        assert "devkit: weights is" in output.err
        assert "devkit: scratch per thread is" in output.err
        assert "latency" not in output.err

    def test_a_limit_that_holds_exits_0_with_margins_on_stdout(self, bundle, profile_with, capfd):
        assert main(["validate", str(bundle), "--target", str(profile_with(latency="100 ms"))]) == 0
        output = capfd.readouterr()
        assert re.search(r"algorithmic latency\W+96 ms\W+100 ms\W+4 ms\W+tight", output.out)
        assert "lookahead 64 + smoothing 16 + hop 16" in output.out

    def test_json_is_one_object_with_every_target(self, bundle, capfd):
        code = main(["validate", str(bundle), "--target", "all", "--json"])
        report = json.loads(capfd.readouterr().out)
        assert code == (0 if report["holds"] else 1)
        assert [verdict["target"] for verdict in report["verdicts"]] == list(profile.names())
        check = report["verdicts"][0]["checks"][0]
        assert check["margin"] == check["limit"] - check["value"]

    def test_a_damaged_blob_is_refused_in_one_line(self, bundle, tmp_path, capfd):
        blob = bytearray((bundle / "student.facelite").read_bytes())
        blob[len(blob) // 2] ^= 1
        (tmp_path / "student.facelite").write_bytes(blob)
        assert main(["validate", str(tmp_path), "--target", "switch"]) == 2
        assert capfd.readouterr().err.count("\n") == 1

    def test_targets_show_prints_every_figure_with_its_source(self, capfd):
        assert main(["targets", "show", "switch"]) == 0
        shown = capfd.readouterr().out
        for part in ("1.02 GHz", "Cortex-A57", "limits.weights", "our budget"):
            assert part in shown


def test_a_bundle_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"student\.facelite"):
        validate(tmp_path, "switch")
