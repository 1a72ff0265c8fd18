"""Lanes of a design, and of a table's rows."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.errors import FileError, LoligoError, UnitError, UsageError

SQUID = lo.load("hodgkin-huxley-1952")
BOTH = {"g_Na": (60, 180), "g_K": (20, 60, "log")}


def drawn(count: int, method: str, seed: int = 0, ranges: Any = BOTH) -> np.ndarray:
    lanes = lo.design(None, ranges, count, method=method, seed=seed)
    return np.stack([lanes[name].values for name in ranges])


def strata(values: np.ndarray, low: float, high: float, logarithmic: bool) -> np.ndarray:
    share = (values - low) / (high - low)
    if logarithmic:
        share = np.log(values / low) / np.log(high / low)
    return np.sort(np.floor(share * values.size).astype(int))


@pytest.mark.parametrize("method", ["sobol", "halton", "latin hypercube", "uniform"])
def test_a_design_is_in_its_ranges_and_the_same_for_the_same_seed(method: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, again, other = drawn(100, method), drawn(100, method), drawn(100, method, 1)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one[0].min() >= 60
    assert one[0].max() <= 180
    assert one[1].min() >= 20
    assert one[1].max() <= 60
    if method != "latin hypercube":  # fewer are the first of more
        assert np.array_equal(drawn(40, method), one[:, :40])


@pytest.mark.parametrize("method", ["sobol", "latin hypercube"])
def test_each_parameter_has_one_lane_in_each_of_as_many_parts_of_its_range(method: str) -> None:
    g_Na, g_K = drawn(64, method, 5)
    assert strata(g_Na, 60, 180, False).tolist() == list(range(64))
    assert strata(g_K, 20, 60, True).tolist() == list(range(64))


def test_a_distribution_is_followed() -> None:
    from scipy.stats import norm

    (values,) = drawn(4096, "sobol", ranges={"g_Na": norm(120, 10)})
    assert abs(values.mean() - 120) < 0.05
    assert abs(values.std() - 10) < 0.05
    assert abs(np.mean(values < 110) - 0.158655) < 1e-3  # the normal distribution at -1


def test_a_model_gets_the_same_numbers_and_units_are_read() -> None:
    cells = lo.design(SQUID, {"g_Na": ("0.06 S/cm2", "180 mS/cm2"), "celsius": (6, 18)}, 16, seed=3)
    lanes = lo.design(None, {"g_Na": ("60 mS/cm2", "0.18 S/cm2"), "celsius": (6, 18)}, 16, seed=3)
    for name in ("g_Na", "celsius"):
        value = cells.parameters[name].value
        assert value.dims == ("lane",)
        assert np.allclose(value.values, lanes[name].values, rtol=1e-14)
    assert lanes.g_Na.attrs["units"] == "mS/cm2"
    axon = lo.Axon(SQUID, "1 cm", 476, 35.4)
    drawn = lo.design(axon, {"diameter": ("0.1 mm", "0.5 mm"), "celsius": (6, 18)}, 4)
    assert 100 <= drawn.regions[0].diameter.values.min() <= 500


WRONG: list[tuple[Any, ...]] = [
    ((SQUID, {"g_na": (1, 2)}, 4), {}, r"no parameter g_na \(did you mean g_Na\?\) in hodgkin"),
    ((SQUID, {"amplitude": (1, 2)}, 4), {}, r"no parameter amplitude .* lanes = lo.design\(None"),
    (("squid", {"g_Na": (1, 2)}, 4), {}, "model is 'squid'; give a membrane or an axon"),
    ((SQUID, {}, 4), {}, "ranges are parameters and from where to where"),
    ((SQUID, {"g_Na": (2, 1)}, 4), {}, "the range of g_Na must rise, and 2 to 1 does not"),
    ((SQUID, {"g_Na": (0, 1, "log")}, 4), {}, "above 0, and that of g_Na begins at 0"),
    ((SQUID, {"g_Na": (1, 2, "lin")}, 4), {}, "g_Na is drawn from .low, high."),
    ((SQUID, {"g_Na": 3}, 4), {}, "g_Na is drawn from .low, high."),
    ((SQUID, {"g_Na": ([1, 2], 3)}, 4), {}, "an end of the range of g_Na is one number"),
    ((SQUID, {"g_Na": ("1 mV", "2 mV")}, 4), {}, "'1 mV' is a voltage, but a conductance"),
    ((SQUID, {"g_Na": (-5, -1)}, 4), {}, "lo.design: g_Na must be at least 0 mS/cm2"),
    ((SQUID, {"g_Na": (1, 2)}, 0), {}, "count is how many lanes, a whole number, not 0"),
    ((SQUID, {"g_Na": (1, 2)}, 2.5), {}, "count is how many lanes"),
    ((SQUID, {"g_Na": (1, 2)}, 1 << 31), {}, "2,147,483,648 lanes are more than"),
    ((SQUID, {"g_Na": (1, 2)}, 4), {"method": "sobl"}, r"'sobl' \(did you mean sobol\?\); it is"),
    ((SQUID, {"g_Na": (1, 2)}, 4), {"seed": -1}, "seed is a whole number from 0, not -1"),
]


@pytest.mark.parametrize(("given", "named", "told"), WRONG)
def test_a_design_that_cannot_be_says_why(given: Any, named: Any, told: str) -> None:
    with pytest.raises(LoligoError, match=told):
        lo.design(*given, **named)


def test_rows_of_anything_with_columns(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({"g_Na (S/cm2)": [0.12, 0.1], "E_Na": [50, 55], "g_K/(mS/cm2)": [36, 30]})
    expected = {"g_Na": [120.0, 100.0], "E_Na": [50.0, 55.0], "g_K": [36.0, 30.0]}
    frame.to_csv(tmp_path / "cells.csv")  # with pandas' numbering
    frame.to_csv(tmp_path / "cells.tsv", sep="\t", index=False)
    german = "g_Na (S/cm2);E_Na;g_K (mS/cm2)\n0,12;50;36\n0,1;55;30\n"
    (tmp_path / "german.csv").write_text(german)
    below = "g_Na,E_Na,g_K\nS/cm2,mV,mS/cm2\n0.12,50,36\n0.1,55,30\n"
    (tmp_path / "below.csv").write_text(below)
    files = [tmp_path / name for name in ("cells.csv", "cells.tsv", "german.csv", "below.csv")]
    columns = {name: frame[name].tolist() for name in frame}
    for table in (frame, columns, frame.astype(object), *files):
        cells = lo.rows(table, SQUID)
        for name, values in expected.items():
            value = cells.parameters[name].value
            assert value.dims == ("lane",)
            assert np.allclose(value.values, values, rtol=1e-14)
    (tmp_path / "ones.csv").write_text("C_m\n1\n2\n")  # no row of units
    assert lo.rows(tmp_path / "ones.csv").C_m.values.tolist() == [1, 2]
    lanes = lo.rows(frame.rename(columns={"E_Na": "amplitude (nA)"}))
    assert lanes.amplitude.attrs["units"] == "nA"
    assert lo.Pulse(5, 1, lanes.amplitude).unit == "nA"


def test_lanes_are_labelled_by_an_index_or_a_column() -> None:
    import pandas as pd

    frame = pd.DataFrame({"g_Na": [100, 120, 140]}, index=["a", "b", "c"])
    assert lo.rows(frame).lane.values.tolist() == ["a", "b", "c"]
    assert lo.rows(frame.iloc[1:].reset_index(drop=True)).coords.keys() == set()
    named = lo.rows({"lane": [7, 9], "g_Na": [1, 2]}, SQUID).parameters["g_Na"].value
    assert named.coords["lane"].tolist() == [7, 9]


TABLES: list[tuple[Any, type[Exception], str]] = [
    ({"g_na": [1]}, UsageError, r"the table, column 'g_na': .* \(did you mean g_Na\?\)"),
    ({"depth": [1]}, UsageError, r"no parameter depth .* lanes = lo.rows\(table\)"),
    ({"g_Na": [1, np.nan]}, UsageError, "g_Na in row 2 is missing; give every cell a number"),
    ({"g_Na": [1, None, None]}, UsageError, r"g_Na in row 2 \(and 1 more\) is missing"),
    ({"g_Na": [1, np.inf]}, UsageError, "g_Na in row 2 is inf"),
    ({"g_Na": [1, "a"]}, UsageError, "g_Na in row 2 is 'a', not a number"),
    ({"g_Na": [True, False]}, UsageError, "g_Na in row 1 is True, not a number"),
    ({"g_Na": [[1, 2]]}, UsageError, "g_Na has 2 dimensions"),
    ({"g_Na": [1, -2]}, UsageError, "the table: g_Na must be at least 0 mS/cm2"),
    ({"g_Na (mV)": [1]}, UnitError, "the table: g_Na: .* is a voltage, but a conductance"),
    ({"g_Na (foo)": [1]}, UsageError, "column 'g_Na .foo.': 'foo' is no unit"),
    ({"g_Na": [1, 2], "g_K": [1]}, UsageError, "its columns differ in length: g_Na 2, g_K 1"),
    ({"g_Na": []}, UsageError, "the table has no row"),
    ({}, UsageError, "the table has no column"),
    ({"g_Na": [1, 2], "g_Na (mS/cm2)": [1, 2]}, UsageError, "two columns are called 'g_Na'"),
    ({"lane": [1, 1], "g_Na": [1, 2]}, UsageError, "two lanes have the same label"),
    ({0: [1]}, UsageError, "a column is called 0, which is no name"),
    (5, UsageError, "takes a DataFrame, a mapping of columns or a file, not 5"),
    ("g_Na,g_K\n1,\n", UsageError, "cells.csv: g_K in row 1 is missing"),
    ("g_Na,g_K\n1,2\n3,x\n", FileError, "g_K in row 2 is 'x', not a number"),
    ("g_Na,g_Na\n1,2\n", FileError, "is no table: two columns are called 'g_Na'"),
    ("1,2\n3,4\n", FileError, "its first line must name the columns, such as g_Na"),
    ("", FileError, "cells.csv"),
]


@pytest.mark.parametrize(("table", "kind", "told"), TABLES)
def test_a_table_that_cannot_be_says_where(
    table: Any, kind: type[Exception], told: str, tmp_path: Path
) -> None:
    if isinstance(table, str):
        (tmp_path / "cells.csv").write_text(table)
        table = tmp_path / "cells.csv"
    with pytest.raises(kind, match=told):
        lo.rows(table, SQUID)


def test_files_that_are_no_tables_of_cells(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        lo.rows(tmp_path / "cells.csv", SQUID)
    with pytest.raises(FileError, match=r"a table of cells is a .csv, .tsv"):
        lo.rows(tmp_path / "cells.npz", SQUID)


def test_two_columns_of_a_frame_of_one_name() -> None:
    import pandas as pd

    with pytest.raises(UsageError, match="the table: two columns are called 'g_Na'"):
        lo.rows(pd.DataFrame([[1, 2]], columns=["g_Na", "g_Na"]), SQUID)
