"""What `validate --fit` proposes does meet the limits, and the next larger thing does not."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from facelite import companding, reference
from facelite.cli import main
from facelite.converters.backends.blob import pack
from facelite.converters.bundle import load_graph
from facelite.student import Student
from facelite.targets import profile
from facelite.targets.evidence import gather
from facelite.targets.fit import narrower, propose, shorter
from facelite.targets.validate import validate


@pytest.fixture(scope="module")
def graph(shipped_bundle):
    return load_graph(shipped_bundle)


def test_a_cut_graph_packs_and_runs_as_the_oracle_does(graph):
    for cut in (narrower(graph, 9), shorter(graph, 5), narrower(shorter(graph, 1), 1)):
        pcm = np.random.default_rng(1).integers(-8000, 8000, 40 * cut.hop).astype(np.int16)
        want = reference.animate(cut, companding.codes(pcm, cut.companding))
        np.testing.assert_array_equal(Student(pack(cut)).animate(pcm), want)


@pytest.mark.parametrize(("limit", "share"), [("weights", 0.7), ("hop", 0.6), ("memory", 0.9), ("state", 0.8)])
def test_the_proposed_width_fits_and_one_step_more_does_not(shipped_bundle, graph, profile_with, limit, share):
    known = gather(shipped_bundle)
    switch = profile.load("switch")
    found = {check.key: check.value for check in validate(known, switch).checks}[limit]
    figure = getattr(switch.limits, limit)
    low = figure.model_copy(update={"value": found * share / type(figure).unit_table[figure.unit]})
    tight = switch.model_copy(update={"limits": switch.limits.model_copy(update={limit: low})})
    verdict = validate(known, tight)
    assert [check.key for check in verdict.broken] == [limit]
    line = next(line for line in propose(shipped_bundle, known, verdict, tight) if line.startswith("fewer channels"))
    part = int(re.search(r": (\d+)/16", line)[1])

    def broken(cut) -> bool:
        return not validate(replace(known, student=Student(pack(cut))), tight).holds

    assert not broken(narrower(graph, part))
    assert broken(narrower(graph, part + 1))


def test_lookahead_smoothing_and_characters_are_proposed_from_the_excess(bundle, profile_with):
    path = profile_with(future_audio="70 ms")
    (smoothing, lookahead) = propose(bundle, gather(bundle), validate(bundle, path), profile.load(path))
    assert smoothing == "smoothing off: 16 ms less would meet future_audio"
    assert lookahead == "less lookahead: train with at most 54 ms to meet future_audio"


def test_the_command_line_prints_proposals_and_refuses_a_lone_blob(shipped_bundle, profile_with, capfd):
    path = profile_with(weights="100 KiB")
    assert main(["validate", str(shipped_bundle), "--target", str(path), "--fit"]) == 1
    assert "fewer channels: " in capfd.readouterr().out
    assert main(["validate", str(shipped_bundle / "student.facelite"), "--target", str(path), "--fit"]) == 2
    assert "--fit wants the bundle's folder" in capfd.readouterr().err


def test_two_targets_of_one_name_keep_their_own_proposals(shipped_bundle, profile_with, tmp_path, capfd):
    files = []
    for name, limit in (("small.toml", "1 KiB"), ("large.toml", "100 KiB")):
        files.append(profile_with(weights=limit).rename(tmp_path / name))
    alone = [_fits(shipped_bundle, [file], capfd)[0] for file in files]
    assert alone[0] != alone[1]
    assert _fits(shipped_bundle, files, capfd) == alone


def _fits(bundle, files, capfd):
    targets = [word for file in files for word in ("--target", str(file))]
    assert main(["validate", str(bundle), *targets, "--fit", "--json"]) == 1
    return [verdict["fit"] for verdict in json.loads(capfd.readouterr().out)["verdicts"]]
