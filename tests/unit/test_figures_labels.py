"""Numbers, ticks, and labels that do not overlap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from loligo.figures.content import labels

sizes = st.floats(1e-9, 1e9)


@given(
    st.lists(st.floats(-100, 100), min_size=1, max_size=12),
    st.floats(0.1, 5),
)
def test_labels_keep_their_distance_their_order_and_their_bounds(centres, height):
    low, high = -200.0, 200.0
    placed = labels.spread(centres, height, low, high)
    order = np.argsort(centres, kind="stable")
    assert np.all(np.diff(placed[order]) >= height - 1e-9)
    assert placed.min() >= low - 1e-9
    assert placed.max() <= high + 1e-9


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=5))
def test_labels_move_no_further_than_they_must(centres):
    placed = labels.spread(centres, 1.0, -100, 100)
    order = np.argsort(centres, kind="stable")
    wanted = np.array(centres)[order]
    start = wanted.mean() + np.arange(len(wanted)) * 1.0
    apart = [
        {"type": "ineq", "fun": lambda x, k=k: x[k + 1] - x[k] - 1.0}
        for k in range(len(wanted) - 1)
    ]
    best = minimize(lambda x: ((x - wanted) ** 2).sum(), start, constraints=apart)
    assert ((placed[order] - wanted) ** 2).sum() <= best.fun + 1e-3


def test_labels_that_are_apart_stay_where_they_are():
    assert labels.spread([3.0, 0.0, 1.5], 1.0, -10, 10).tolist() == [3.0, 0.0, 1.5]


@given(st.floats(-1e6, 1e6), sizes, st.integers(2, 12))
def test_ticks_are_round_few_and_inside(low, span, most):
    high = low + span
    if high <= low or span < 1e-9 * abs(low):
        return
    places = labels.ticks(low, high, most)
    assert 1 <= len(places) <= most
    assert all(low - 1e-6 * span <= p <= high + 1e-6 * span for p in places)
    if len(places) > 2:
        steps = np.diff(places)
        assert np.allclose(steps, steps[0])
        mantissa = steps[0] / 10 ** math.floor(math.log10(steps[0]) + 1e-9)
        assert min(abs(mantissa - m) for m in (1, 2, 2.5, 5, 10)) < 1e-3


def test_usual_axes_get_the_ticks_one_would_draw():
    assert labels.ticks(0, 50, 11) == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    assert labels.ticks(-0.06, 1.06, 3) == [0, 0.5, 1]
    assert labels.ticks(-82, 47, 7) == [-80, -60, -40, -20, 0, 20, 40]


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(-64.96, 1, "−65.0"), (-0.001, 1, "0.0"), (40.0, 0, "40"), (math.nan, 1, "–")],
)
def test_numbers_have_a_true_minus_and_no_negative_zero(value, places, text):
    assert labels.number(value, places) == text


@given(st.floats(1e-12, 1e15))
def test_large_and_small_axes_give_their_power_of_ten_to_the_heading(largest):
    power = labels.exponent(largest)
    assert power % 3 == 0
    if power:
        assert 0.999 <= largest / 10.0**power < 1000.001
    else:
        assert 1e-2 <= largest < 1e4


def test_symbols_are_set_as_in_a_paper():
    assert labels.symbol("m") == labels.Label("m", italic=True)
    assert labels.symbol("m_Na") == labels.Label(r"$m_{\mathrm{Na}}$", math=True)
    assert labels.symbol("Ca_i").text == r"$\mathrm{Ca}_{i}$"
    assert labels.symbol("g_K").text == r"$g_{\mathrm{K}}$"  # upright, as Na
    assert labels.symbol("mT") == labels.Label("mT")  # a word of two letters, as one of three
    assert labels.symbol("phi").text == r"$\phi$"
    assert not labels.symbol("strange$name_%").math  # never read as mathematics


@given(st.floats(1e-3, 1e6))
def test_running_values_show_two_to_four_figures(span):
    shown = round(span, labels.decimals(span))
    figures = len(str(int(shown * 10 ** labels.decimals(span))).lstrip("-0"))
    assert 2 <= figures <= 4 or span >= 9999
