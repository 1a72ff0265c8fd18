"""A figure's second line: what was done to all that is shown, which lane it is, what is missing."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import xarray

import loligo as lo
from loligo.figures.content.subtitle import subtitle

SQUID = lo.load("hodgkin-huxley-1952")
PULSE = lo.Pulse(1, 1, 5)


def swept(**values: Any) -> xarray.Dataset:
    return lo.simulate(SQUID.replace(**values), PULSE, 3)


def test_a_lane_that_was_picked_is_named():
    assert subtitle(swept(g_K=[20, 36]).isel(g_K=0)).endswith("6.3 °C, g_K = 20 mS/cm²")
    student = xarray.DataArray([90.0, 120.0], dims="student", coords={"student": ["ann", "bob"]})
    assert subtitle(swept(g_Na=student).isel(student=1)).endswith("student = bob")


def test_what_the_stimulus_says_is_not_said_twice():
    rec = lo.simulate(SQUID, lo.Pulse(1, 1, [5, 10]), 3).isel(amplitude=1)
    assert subtitle(rec) == "10 µA/cm² from 1 to 2 ms, 6.3 °C"
    warm = swept(celsius=[6.3, 18.5]).isel(celsius=1)
    assert subtitle(warm).count("18.5") == 1


@pytest.mark.parametrize("count", [1, 4])
def test_lanes_that_were_lost_are_named_or_counted(count: int):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rec = lo.simulate(SQUID, lo.Pulse(1, 1, [5, *(-k * 1e16 for k in range(1, count + 1))]), 3)
    said = subtitle(rec).split("; ")[1]
    assert said == ("diverged at −10¹⁶ µA/cm²" if count == 1 else "diverged in 4 of 5 lanes")


def test_joined_recordings_say_of_the_stimulus_what_is_so_of_all():
    first, other = lo.simulate(SQUID, PULSE, 3), lo.simulate(SQUID, lo.Pulse(1, 2, 9), 3)
    assert subtitle(xarray.concat([first, first.copy()], dim="run")) == subtitle(first)
    assert subtitle(xarray.concat([first, other], dim="run")) == "6.3 °C"
    alone = [rec.drop_vars("I_stim") for rec in (first, other)]
    assert subtitle(xarray.concat(alone, dim="run")) == "6.3 °C"
