"""The gallery's pictures may be shown, and what would not be for showing is found."""

from __future__ import annotations

import pytest
from docs.gallery.check import faults
from docs.gallery.pages import PAGE, page
from docs.gallery.table import pictures
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Of one recording, or of none; `.ci/run` makes them all.
CHEAP = (
    "recording-hodgkin-light", "recording-hodgkin-dark", "recording-hodgkin-slide",
    "recording-hodgkin-thumbnail", "film-thumbnail",
)  # fmt: skip


def named():
    return {f"{row.name}-{variant}": (row, variant) for row, variant in pictures()}


@pytest.mark.parametrize("name", CHEAP)
def test_a_picture_may_be_shown(name):
    row, variant = named()[name]
    assert row.made(variant) == []


def test_the_page_says_what_there_is():
    """If not: python -m docs.gallery none, which makes no picture."""
    assert PAGE.read_text(encoding="utf-8") == page()


def bad(spoil):
    """A figure with a line and a text, and what ``spoil`` adds."""
    figure = Figure(figsize=(4, 3), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    axes.plot([0, 1], [0, 1], "k", clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 1], yticks=[0, 1])
    spoil(figure, axes)
    return figure


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda figure, axes: None, []),
        (lambda figure, axes: figure.text(0.1, 0.9, "one") and figure.text(0.12, 0.9, "two"),
         ["'one' and 'two' overlap"]),
        (lambda figure, axes: figure.text(0.97, 0.9, "beyond"),
         ["'beyond' leaves the frame: (389, 19, 440, 33) of 400 × 300"]),
        (lambda figure, axes: axes.set_xticks([0, 1], ["5", "5"]), ["tick '5' repeats"]),
        (lambda figure, axes: figure.text(0.1, 0.9, "pale", color="#999999"),
         ["'pale' has a contrast of 2.85"]),
        (lambda figure, axes: axes.plot([0, 1], [1, 0], "#bbbbbb"),
         ["a line of #bbbbbb has a contrast of 1.92"]),
        (lambda figure, axes: axes.plot([0, 1], [0, 1.3], "k", clip_on=False),
         ["a line leaves its axes at [320. 294.]"]),
        (lambda figure, axes: axes.plot([2, 3], [2, 3], "k", scalex=False, scaley=False),
         ["a line is not in its axes: '_child1'"]),
        (lambda figure, axes: axes.set_yticks([0.5, 0.56]), ["ticks '0.56' and '0.50' touch"]),
        (lambda figure, axes: axes.annotate("a note", (0.02, 0.02), (-50, 0), color="k",
                                            textcoords="offset points",
                                            bbox={"pad": 9, "facecolor": "w"}),
         ["the ground of 'a note' covers '0'"]),
        (lambda figure, axes: axes.plot([1.0], [0.5], "ko"),
         ["a mark is cut by its axes: '_child1'"]),
    ],
)  # fmt: skip
def test_what_is_not_for_showing_is_found(spoil, found):
    assert faults(bad(spoil)) == found


def _in_two_panels(apart):
    """Two panels with four names beside each, those of the lower one so far up."""
    figure = Figure(figsize=(4, 3), dpi=100)
    FigureCanvasAgg(figure)
    for panel, foot in enumerate((0.6, 0.2)):
        axes = figure.add_axes((0.2, foot, 0.6, 0.25))
        axes.plot([0, 1], [0, 1], "k")
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        for rank, name in enumerate("WXYZ"):
            lift = foot + 0.05 * rank + (apart if panel else 0.0)
            figure.text(0.85, lift, name, size=10)
    return figure


def test_names_that_run_from_one_panel_into_another_are_found():
    assert faults(_in_two_panels(0.0)) == []
    assert faults(_in_two_panels(0.2)) == ["Z, Y, X, W, Z, Y, X, W are one list beside 2 panels"]


def test_type_that_the_last_row_cannot_read_is_found():
    (told,) = faults(bad(lambda figure, axes: figure.text(0.1, 0.9, "tiny", size=4)), slide=True)
    assert told == "'tiny' of 5.6 pixels and more, below 7.5"


def test_every_picture_has_a_name_of_its_own():
    assert len(named()) == len(list(pictures())) >= 150
