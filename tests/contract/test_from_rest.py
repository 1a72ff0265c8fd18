"""Potentials from rest: every axis of V, the commands of clamps and what is said of them."""

import numpy as np
import pytest
from PIL import Image

import loligo as lo

SQUID = lo.load("hodgkin-huxley-1952")


@pytest.fixture(scope="module")
def fired():
    return lo.simulate(SQUID, lo.Pulse(1, 1, 20), 6)


def test_V_is_what_it_was_less_rest_and_its_axis_says_so(fired):
    usual, counted = (lo.plot(fired, panels="V", from_rest=asked) for asked in (False, True))
    before, after = (
        np.asarray(max(figure.axes[0].lines, key=lambda line: len(line.get_ydata())).get_ydata())
        for figure in (usual, counted)
    )
    assert before - after == pytest.approx(np.full(before.size, fired.V.rest), abs=1e-9)
    assert before.size == after.size > fired.time.size  # as smooth
    said = [text.get_text() for text in counted.texts]
    assert "Potential from rest (mV)" in said
    ticks = [tick.get_text() for tick in counted.axes[0].get_yticklabels()]
    assert "rest 0" in ticks
    assert fired.V.rest == pytest.approx(-64.9964, abs=1e-4)  # what was drawn stays as it was
    assert "counted_from" not in fired.attrs


@pytest.mark.slow
def test_commands_of_clamps_follow_in_lanes_and_in_words():
    rec = lo.simulate(SQUID, lo.VoltageClamp(1, 2, [-59, 44]), 3, record=["V", "I_clamp"])
    figure = lo.plot(rec, from_rest=True, language="de")
    said = [text.get_text() for text in figure.findobj(lambda it: hasattr(it, "get_text"))]
    assert {"6", "109"} <= set(said)
    assert any("6 bis 109 mV gegenüber der Ruhe" in text for text in said)
    assert "Spannung gegenüber der Ruhe (mV)" in said


def test_a_model_and_an_animation_count_from_rest(tmp_path, fired):
    rates = lo.plot(SQUID, from_rest=True)
    across = rates.axes[-1]
    usual = lo.plot(SQUID).axes[-1].lines[0].get_xdata()
    moved = across.lines[0].get_xdata()
    assert usual - moved == pytest.approx(np.full(usual.size, -64.9964), abs=1e-4)
    assert any("Potential from rest" in text.get_text() for text in rates.findobj(
        lambda it: hasattr(it, "get_text")))  # fmt: skip
    films = [
        lo.animate(fired, tmp_path / f"{asked}.gif", frames=2, size=(640, 480), panels="V",
                   from_rest=asked)
        for asked in (False, True)
    ]  # fmt: skip
    drawn = [np.asarray(Image.open(film.path).convert("RGB")) for film in films]
    assert drawn[0].shape == drawn[1].shape
    assert (drawn[0] != drawn[1]).any()


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (lambda: lo.simulate(SQUID.replace(g_L=[0.3, 0.4]), duration=1), "does not tell one"),
        (lambda: lo.experiments.resting_state(SQUID), "what an experiment found"),
        (lambda: lo.narrate(lo.simulate(SQUID, lo.Pulse(1, 1, 20), 6)), "a story"),
    ],
)
def test_what_has_no_one_rest_says_what_to_do(what, why):
    with pytest.raises(lo.LoligoError, match=why) as error:
        lo.plot(what(), from_rest=True)
    assert "shift_voltage(65)" in str(error.value)
