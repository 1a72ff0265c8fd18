"""What the page begins with, where little is said."""

from __future__ import annotations

import pytest

import loligo as lo
from loligo.model.catalogue import catalogue


def test_the_squid_begins_with_the_demonstration():
    begun = lo.lab("hodgkin-huxley-1952").simulation
    assert begun.stimulus == lo.Pulse(5, 40, 10)
    assert begun.duration == 50.0


def test_another_model_of_the_library_begins_with_what_shows_it():
    told = catalogue()["morris-lecar-1981"]
    begun = lo.lab("morris-lecar-1981").simulation
    assert begun.stimulus == lo.Pulse(told.lasts / 10, told.lasts, told.step)
    assert begun.duration == 1.2 * told.lasts
    assert lo.lab("morris-lecar-1981", duration=100).simulation.duration == 100.0


def test_what_is_said_is_what_it_begins_with():
    pulse = lo.Pulse(1, 2, 30)
    assert lo.lab("morris-lecar-1981", pulse).simulation.stimulus == pulse


def test_several_models_are_one_list():
    with pytest.raises(lo.LoligoError, match=r"several models are one list, lo\.lab\(\[\.\.\.\]\)"):
        lo.lab("hodgkin-huxley-1952", "connor-stevens-1977")


@pytest.mark.slow
@pytest.mark.parametrize("name", lo.models())
def test_what_every_model_of_the_library_begins_with_is_a_link(name: str):
    """Those that burst twice a minute too: of a long run the samples are further apart."""
    start = lo.lab(name).start
    assert lo.from_link(start.link()) == start
    assert start.duration / start.sample_interval <= 20_000
