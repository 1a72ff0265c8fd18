"""Arrays of very many numbers in what a recording says of itself."""

import json

import numpy as np
import pytest

import loligo as lo
from loligo.lanes import Labelled
from loligo.packed import READABLE, packed, unpacked

AMPLITUDES = np.linspace(0.0, 20.0, READABLE + 1)


@pytest.fixture(scope="module")
def sweep():
    shock = lo.Pulse(1, 1, AMPLITUDES)
    return lo.simulate(
        lo.load("hodgkin-huxley-1952"), shock, 2, solver=lo.Exponential(0.5), record=[]
    )


def test_few_numbers_are_written_one_by_one_and_many_as_their_bytes():
    few = np.arange(READABLE, dtype=float)
    assert packed(few) == few.tolist()
    many = np.arange(READABLE + 2, dtype=float).reshape(2, -1) / 7
    assert np.array_equal(unpacked(json.loads(json.dumps(packed(many)))), many)


def test_names_of_lanes_stay_readable():
    names = [f"cell {k}" for k in range(READABLE + 1)]
    assert packed(names) is names
    assert unpacked(names).tolist() == names


@pytest.mark.parametrize(
    "told",
    [
        {"shape": [2], "float64": "AAAA"},
        {"shape": [1], "float64": "no base 64!!"},
        {"shape": [-1], "float64": ""},
        {"shape": [True], "float64": "AAAAAAAA4D8="},
        {"shape": 1, "float64": "AAAAAAAA4D8="},
        {"shape": [10**30], "float64": "AAAAAAAA4D8="},
        {"float64": "AAAAAAAA4D8="},
        {"shape": [1], "float64": [0.5]},
    ],
)
def test_what_is_no_packed_array_is_refused_in_words(told):
    with pytest.raises(lo.errors.UsageError, match="this one cannot be read"):
        Labelled.from_dict({"dims": ["x"], "values": told})


def test_a_recording_of_many_lanes_is_made_again_from_what_it_says(sweep):
    assert len(sweep.attrs["provenance"]) < 30 * READABLE
    again = lo.rerun(sweep)
    assert again.amplitude.values.tobytes() == AMPLITUDES.tobytes()
    assert again.spike_count.equals(sweep.spike_count)


def test_so_is_the_part_of_it_that_is_left_when_it_is_drawn(sweep):
    left = sweep.isel(amplitude=[3, 5000])
    from loligo.recording.picked import reduced

    told = reduced(json.loads(left.attrs["provenance"]), left)
    amplitude = told["stimulus"]["amplitude"]
    assert amplitude["values"] == AMPLITUDES[[3, 5000]].tolist() == amplitude["coords"]["amplitude"]
