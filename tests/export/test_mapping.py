"""A studio's rig, Parquet and timecode: read back with pandas and the standard library."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas
import pytest
from facelite.curves import Curves
from facelite.errors import BadInput
from facelite.export import mapping, write
from pyarrow import parquet

RIG = {
    "JawDrop": {"sum": {"jawOpen": 40.0, "mouthClose": -12.5}, "offset": 1.0, "range": [0, 30]},
    "Corner_L": {"sum": {"mouthSmileLeft": 1.0, "mouthFrownLeft": -2.0}},
}


@pytest.fixture
def curves() -> Curves:
    values = np.random.default_rng(5).random((130, 4), np.float32)
    return Curves(values, ("jawOpen", "mouthClose", "mouthSmileLeft", "mouthFrownLeft"))


def test_each_control_of_the_rig_is_its_sum_in_its_range(tmp_path, curves):
    (tmp_path / "rig.json").write_text(json.dumps(RIG))
    rig = mapping.apply(curves, mapping.read(tmp_path / "rig.json"))
    write(tmp_path / "rig.parquet", rig)
    table = pandas.read_parquet(tmp_path / "rig.parquet")
    jaw, close, smile, frown = curves.values.T
    np.testing.assert_allclose(table["JawDrop"], np.clip(1 + 40 * jaw - 12.5 * close, 0, 30), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(table["Corner_L"], smile - 2 * frown, atol=1e-6)
    np.testing.assert_allclose(table["seconds"], np.arange(130) / 62.5)
    assert parquet.read_schema(tmp_path / "rig.parquet").metadata[b"frame_rate"] == b"62.5"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ([], "maps no control"),
        ({"A": 1}, 'A: "sum" is missing'),
        ({"A": {"sum": {"jawOpen": "much"}}}, "A: sum of jawOpen"),
        ({"A": {"sum": {}, "offset": float("nan")}}, "A: offset"),
        ({"A": {"sum": {}, "range": [1, 0]}}, 'A: "range"'),
        ({"A": {"sum": {}, "gain": 2}}, "unknown field 'gain'"),
        ({"A": {"sum": {"jawOpne": 1}}}, "no control 'jawOpne'"),
    ],
)
def test_a_wrong_mapping_names_control_and_field(tmp_path, curves, entries, fault):
    (tmp_path / "rig.json").write_text(json.dumps(entries))
    with pytest.raises(BadInput, match=fault):
        mapping.apply(curves, mapping.read(tmp_path / "rig.json"))


def test_timecode_starts_where_it_is_told_and_passes_midnight(tmp_path, curves):
    write(tmp_path / "talk.csv", curves, 25, start="23:59:59:20")
    rows = list(csv.DictReader((tmp_path / "talk.csv").open()))
    assert [row["Timecode"] for row in rows[3:7]] == [
        "23:59:59:23.000", "23:59:59:24.000", "00:00:00:00.000", "00:00:00:01.000",
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["1:2:3:4", "24:00:00:00", "00:00:60:00", "00:00:00:25", "soon"])
def test_a_start_that_is_no_timecode_is_refused(tmp_path, curves, start):
    with pytest.raises(BadInput, match="--start"):
        write(tmp_path / "talk.csv", curves, 25, start=start)


def test_live_link_refuses_a_rig_it_has_no_columns_for(tmp_path, curves):
    with pytest.raises(BadInput, match="none of these controls"):
        write(tmp_path / "talk.csv", mapping.apply(curves, RIG))


@pytest.mark.parametrize("gain", [1e300, 10**400])
def test_what_no_float_holds_is_refused(tmp_path, curves, gain):
    (tmp_path / "rig.json").write_text(json.dumps({"Jaw": {"sum": {"jawOpen": gain}}}))
    with pytest.raises(BadInput, match="Jaw"):
        mapping.apply(curves, mapping.read(tmp_path / "rig.json"), tmp_path / "rig.json")


def test_a_control_may_not_take_the_column_of_times(tmp_path, curves):
    with pytest.raises(BadInput, match="seconds"):
        write(tmp_path / "rig.parquet", Curves(curves.values[:, :1], ("seconds",)))
    assert not list(tmp_path.iterdir())
