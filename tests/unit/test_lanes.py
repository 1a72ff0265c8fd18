"""Labelled values and their common grid, checked against xarray's broadcasting."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from loligo.errors import UsageError
from loligo.lanes import Labelled, Value, from_plain, grid, to_plain

_SIZES = {"a": 2, "b": 3, "c": 4}
_FLOATS = st.floats(-1e6, 1e6)


@st.composite
def labelled(draw: st.DrawFn) -> Labelled:
    dims = draw(st.lists(st.sampled_from(sorted(_SIZES)), unique=True, min_size=1))
    shape = tuple(_SIZES[dim] for dim in dims)
    values = draw(arrays.arrays(np.float64, shape, elements=_FLOATS))
    named = draw(st.sets(st.sampled_from(dims)))
    return Labelled(tuple(dims), values, {dim: np.arange(_SIZES[dim]) * 1.5 for dim in named})


@given(st.lists(st.one_of(_FLOATS, labelled()), min_size=1, max_size=4))
def test_grid_broadcasts_as_xarray_does(values: list[Value]) -> None:
    xarray = pytest.importorskip("xarray")
    named = {f"p{i}": value for i, value in enumerate(values)}
    lanes = grid(named)
    theirs = xarray.broadcast(
        *[
            xarray.DataArray(v.values, dims=v.dims)
            if isinstance(v, Labelled)
            else xarray.DataArray(v)
            for v in values
        ]
    )
    for name, expected in zip(named, theirs, strict=True):
        assert lanes.dims == expected.dims
        assert lanes.shape == expected.shape
        assert np.array_equal(lanes.array(name), expected.values)
        flat = lanes.flat(name)
        assert flat.dtype == np.float64
        assert np.array_equal(flat, expected.values.ravel())
    last = lanes.size - 1
    assert lanes.lane(last) == {name: lanes.flat(name)[last] for name in named}
    assert set(lanes.label(last)) == set(lanes.dims)


def test_grid_of_numbers_is_one_lane() -> None:
    lanes = grid({"C_m": 1.0})
    assert (lanes.dims, lanes.shape, lanes.size) == ((), (), 1)
    assert lanes.flat("C_m").tolist() == [1.0]
    assert lanes.lane(0) == {"C_m": 1.0}
    assert lanes.label(0) == {}


def test_labels_tell_where_a_lane_lies() -> None:
    drug = Labelled(("drug",), np.zeros(2), {"drug": np.array(["TTX", "TEA"])})
    dose = Labelled(("dose",), np.zeros(3))
    assert grid({"x": drug, "y": dose}).label(5) == {"drug": "TEA", "dose": 2}


def test_labels_are_shared_when_equal_and_refused_otherwise() -> None:
    one = Labelled(("a",), np.array([1.0, 2.0]), {"a": np.array([1.0, 2.0])})
    same = Labelled(("a",), np.array([5.0, 6.0]), {"a": np.array([1.0, 2.0])})
    other = Labelled(("a",), np.array([5.0, 6.0]), {"a": np.array([5.0, 6.0])})
    longer = Labelled(("a",), np.zeros(3))
    unlabelled = Labelled(("a",), np.zeros(2))
    assert grid({"x": one, "y": same}).shape == (2,)
    assert grid({"x": unlabelled, "y": one}).coords["a"].tolist() == [1.0, 2.0]
    for wrong in (other, longer):
        with pytest.raises(UsageError, match=r"x and y both vary along 'a'.*labelled arrays"):
            grid({"x": one, "y": wrong})


@given(labelled(), st.floats(-10, 10))
def test_labelled_is_a_value(value: Labelled, factor: float) -> None:
    twin = copy.deepcopy(value)
    assert twin == value
    assert hash(twin) == hash(value)
    assert pickle.loads(pickle.dumps(value)) == value
    assert np.array_equal((factor * value).values, factor * value.values)
    assert (-value).coords.keys() == value.coords.keys()
    with pytest.raises(ValueError, match="read-only"):
        value.values[...] = 0


@given(st.one_of(_FLOATS, labelled()))
def test_json_round_trip_is_exact(value: Value) -> None:
    again = from_plain(json.loads(json.dumps(to_plain(value))))
    assert again == value
    assert hash(again) == hash(value)


def test_labels_keep_their_kind_in_json() -> None:
    for labels in ([1, 2], [1.0, 2.0], ["x", "y"], [True, False]):
        value = Labelled(("a",), np.zeros(2), {"a": np.array(labels)})
        again = Labelled.from_dict(json.loads(json.dumps(value.to_dict())))
        assert again.coords["a"].dtype.kind == np.array(labels).dtype.kind
        assert again == value


def test_negative_zero_hashes_as_zero() -> None:
    plus, minus = (Labelled(("a",), np.array([zero])) for zero in (0.0, -0.0))
    assert plus == minus
    assert hash(plus) == hash(minus)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"dims": ["a"]},
        {"dims": ["a"], "values": "x"},
        {"dims": [], "values": [1]},
        {"dims": ["a"], "values": [1], "coords": {"a": [1, 2]}},
        "x",
        True,
        None,
    ],
)
def test_documents_that_are_no_values(document: object) -> None:
    with pytest.raises(UsageError):
        from_plain(document)


def test_labels_that_json_cannot_hold_are_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(UsageError, match="labels of dimension 'a' must be finite numbers"):
            Labelled(("a",), np.zeros(2), {"a": np.array([bad, 1.0])})


def test_labels_in_another_order_are_told_as_that() -> None:
    there = Labelled(("c",), np.array([1.0, 2.0]), {"c": np.array(["a", "b"])})
    back = Labelled(("c",), np.array([1.0, 2.0]), {"c": np.array(["b", "a"])})
    with pytest.raises(UsageError, match=r"same labels along 'c' in another order.*sortby\('c'\)"):
        grid({"g_Na": there, "g_K": back})
