"""Frame rates that exist, and how many frames."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loligo.errors import UsageError
from loligo.figures.film.timing import HOLD, Timing, timing

USUAL = {"fps": None, "speed": None, "frames": None, "loop": True, "ticks": 100}


def plan(duration=50.0, **given):
    return timing(duration, **{**USUAL, **given})


def test_the_usual_run_takes_five_seconds_in_more_than_a_hundred_frames():
    usual = plan()
    assert usual.count == 126
    assert usual.fps == 25
    assert usual.delays(100) == [4] * 125 + [150]
    assert usual.seconds == 5 + HOLD


@pytest.mark.parametrize(
    ("asked", "got"), [(100, 50), (60, 50), (50, 50), (30, 100 / 3), (24, 25), (10, 10), (0.5, 0.5)]
)
def test_gif_gets_the_nearest_rate_that_exists_and_says_so(asked, got):
    found = plan(fps=asked)
    assert found.fps == pytest.approx(got)
    assert (found.note == "") == (abs(asked - got) < 0.005 * asked)
    if found.note:
        assert found.note.startswith(f"{asked:g} frames a second do not exist in this format")


@given(st.floats(0.5, 1000))
def test_no_gif_frame_is_shorter_than_browsers_allow(fps):
    delays = plan(fps=fps, frames=5).delays(100)
    assert min(delays) >= 2
    assert delays[-1] == 150


def test_video_takes_any_rate():
    assert plan(fps=60, ticks=None).fps == 60
    assert plan(fps=60, ticks=None).delays(60)[0] == 1


def test_speed_decides_the_number_of_frames():
    assert plan(speed=5).count == 251
    assert plan(speed=100, fps=50).count == 26
    assert plan(frames=7).count == 7
    times = plan(frames=11).times(10.0, 20.0)
    assert times[0] == 10
    assert times[-1] == 20
    assert len(times) == 11


@pytest.mark.parametrize(
    ("given", "wording"),
    [
        ({"fps": 0}, "fps=0 must be positive; give frames a second, such as 25"),
        ({"fps": -5}, "fps=-5 must be positive"),
        ({"fps": math.nan}, "fps=nan must be positive"),
        ({"fps": "fast"}, "fps='fast' is not a number"),
        ({"fps": True}, "fps=True is not a number"),
        ({"fps": 5000}, "more than any screen shows; give 50 or less"),
        ({"speed": 0}, "speed=0 must be positive; give ms of model time a second"),
        ({"speed": math.inf}, "speed=inf must be positive"),
        ({"speed": 1e6}, "passes 50 ms in less than one frame; .* such as 10"),
        ({"speed": 1e-3}, "needs 1250001 frames for 50 ms, more than 5000; give a larger speed"),
        ({"frames": 1}, "frames=1 must be from 2 to 5000"),
        ({"frames": 2.5}, "frames=2.5 is not a number of frames"),
        ({"frames": 10, "speed": 10}, "give one of them and fps"),
    ],
)
def test_impossible_timings_say_what_is_possible(given, wording):
    with pytest.raises(UsageError, match=wording):
        plan(**given)


def test_delays_add_up_to_what_is_said():
    found = Timing(101, 20.0, loop=False)
    assert sum(found.delays(1000)) / 1000 == pytest.approx(found.seconds)
