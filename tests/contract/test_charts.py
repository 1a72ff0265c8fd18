"""Charts of every kind that an experiment needs, checked by what is in them."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
import xarray

import loligo as lo
from chart_examples import EXAMPLES
from loligo.errors import UsageError
from loligo.figures import style
from loligo.figures.page import chart
from loligo.figures.page.chart import Axes, Axis, Chart, Line, Points, Rule
from loligo.figures.page.charting import draw_chart
from loligo.figures.page.size import sized
from seen import assert_legible, words_of

THEMES = style.THEMES
SIZES = [(1600, 1000), (640, 480), (700, 1000), (1920, 700)]


def drawn(what: Chart, size=(1600, 1000), theme="light"):
    with style.house_style():
        return draw_chart(what, sized(size, None, size), THEMES[theme])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_text_overlaps_another_or_leaves_the_picture(name, size):
    for theme in THEMES:
        figure = drawn(EXAMPLES[name](), size, theme)
        assert_legible(figure, size)
        assert len(words_of(figure)) >= 6


def only_axes(figure):
    return [axes for axes in figure.axes if axes.get_label() != "colours"]


def line_through(axes, x):
    """The vertices of the line that begins at x."""
    return next(one for one in axes.lines if len(one.get_xdata()) > 2 and one.get_xdata()[0] == x)


def test_a_second_axis_has_its_own_numbers_at_the_right():
    left, right = only_axes(drawn(EXAMPLES["current_voltage"]()))
    assert left.get_position().bounds == right.get_position().bounds
    assert left.get_xlim() == right.get_xlim()
    assert right.get_ylim()[1] == pytest.approx(42, abs=1)
    assert left.get_ylim()[1] > 4000
    assert all(tick.label2.get_visible() for tick in right.yaxis.get_major_ticks())
    assert not right.spines["left"].get_visible()
    said = [text for text, _ in words_of(left.figure)]
    for text in ("peak", "steady state", "conductance", "Current (µA/cm²)",
                 "Peak conductance (mS/cm²)", "Command voltage (mV)"):  # fmt: skip
        assert said.count(text) == 1, text


def test_logarithmic_axes_say_1_2_and_5():
    (axes,) = drawn(EXAMPLES["strength_duration"]()).axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    said = [text for text, _ in words_of(axes.figure)]
    assert {"0.02", "0.05", "0.1", "20", "50"} <= set(said)


def test_few_decades_have_round_numbers_and_many_have_powers():
    x = np.geomspace(1e-9, 1e6, 16)
    panel = Axes((Line(x, x),), Axis("x", log=True), Axis("y", log=True))
    said = [text for text, _ in words_of(drawn(Chart((panel,)), (640, 480)))]
    assert "10⁻⁶" in said
    assert "1000" in said or "100" in said


def test_a_logarithmic_axis_shorter_than_a_decade_has_round_numbers_too():
    x = np.linspace(1.0, 1.45, 16)
    panel = Axes((Line(x, x),), Axis("x"), Axis("y", log=True))
    said = [text for text, _ in words_of(drawn(Chart((panel,)), (640, 480)))]
    assert {"1.1", "1.3"} <= set(said)


def test_an_unstable_branch_is_dashed_and_joins_the_stable_one():
    x, stable = np.arange(10.0), np.arange(10) < 4
    solid, dashed = chart.branch(x, x, stable)
    assert not solid.dashes
    assert dashed.dashes
    assert np.flatnonzero(np.isfinite(solid.y)).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(np.isfinite(dashed.y)).tolist() == [3, 4, 5, 6, 7, 8, 9]
    (axes,) = drawn(EXAMPLES["bifurcation"]()).axes
    assert sum(line.is_dashed() for line in axes.lines if len(line.get_xdata()) > 2) == 3


def test_the_panels_of_a_raster_share_their_times():
    figure = drawn(EXAMPLES["raster"]())
    above, below = figure.axes
    assert above.get_xlim() == below.get_xlim() == (0, 500)
    assert above.get_position().x0 == below.get_position().x0
    assert not above.get_xticks().size
    strokes = max(above.lines, key=lambda one: len(one.get_xdata()))
    x = np.asarray(strokes.get_xdata()).reshape(-1, 3)
    assert np.all(x == x[:, :1])  # upright
    said = [text for text, _ in words_of(figure)]
    assert said.count("Time (ms)") == 1


def test_a_histogram_is_as_high_as_its_counts():
    area, outline = chart.histogram([0, 1, 2, 3], [2, 0, 5])
    assert outline.x.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert outline.y.tolist() == [0, 2, 2, 0, 0, 5, 5, 0]
    assert np.array_equal(area.high, outline.y)
    figure = drawn(EXAMPLES["histogram"]())
    assert {"measured", "gamma of order 9"} <= {text for text, _ in words_of(figure)}


def test_colours_by_value_have_a_bar_with_their_range():
    figure = drawn(EXAMPLES["phase_plane"]())
    bars = [axes for axes in figure.axes if axes.get_label() == "colours"]
    assert [axes.get_ylim() for axes in bars] == [(0.0, 80.0)]
    (axes,) = only_axes(figure)
    (path,) = [c for c in axes.collections if isinstance(c, matplotlib.collections.LineCollection)]
    colours = path.get_colors()
    assert not np.allclose(colours[0], colours[-1])
    assert np.allclose(
        colours[-1][:3], matplotlib.colors.to_rgb(style.THEMES["light"].graded[-1]), atol=0.02
    )


def test_arrows_are_equally_long_and_run_as_a_path_would():
    dx, dy = np.array([1.0, 0.0, 1e-9]), np.array([0.0, 5e8, 1e-9])
    panel = Axes((chart.Arrows([0, 1, 2], [0, 50, 100], dx, dy), Line([0, 2], [0, 100])))
    (axes,) = drawn(Chart((panel,))).axes
    (arrows,) = [c for c in axes.collections if isinstance(c, matplotlib.quiver.Quiver)]
    assert np.allclose(np.hypot(arrows.U, arrows.V), 1)
    wide, tall = (
        axes.bbox.width / np.ptp(axes.get_xlim()),
        axes.bbox.height / np.ptp(axes.get_ylim()),
    )
    assert np.allclose(arrows.U, [1, 0, np.cos(np.arctan2(tall, wide))], atol=1e-6)


def test_an_image_lies_where_its_edges_are_also_on_a_logarithmic_axis():
    """The crest of the made-up field runs along the line that is drawn over it."""
    figure = drawn(EXAMPLES["field"]())
    (axes,) = only_axes(figure)
    figure.canvas.draw()
    image = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    yellow = np.abs(image - np.array([253, 231, 37])).sum(axis=2) < 60
    for depth in (0.5, 1.0, 2.0, 2.5):
        x, y = axes.transData.transform((depth, 10**depth))
        column = np.flatnonzero(yellow[:, round(x) + 3])
        assert abs(column.mean() - (1000 - y)) < 20


def test_a_line_that_ends_at_the_right_is_named_there():
    x = np.linspace(0, 1, 50)
    lines = (Line(x, x, "Na", "one"), Line(x, 1 - x, "K", "two"))
    figure = drawn(Chart((Axes(lines),)))
    (axes,) = figure.axes
    boxes = dict(words_of(figure))
    right = axes.get_window_extent().x1
    assert boxes["one"].x0 > right
    assert boxes["two"].x0 > right
    assert boxes["one"].y0 > boxes["two"].y1


def test_lines_that_end_elsewhere_have_a_key():
    x = np.linspace(0, 1, 50)
    lines = (Line(x, x, "Na", "one"), Line(x / 2, 1 - x, "K", "two"))
    figure = drawn(Chart((Axes(lines),)))
    top = figure.axes[0].get_window_extent().y1
    boxes = dict(words_of(figure))
    assert boxes["one"].y0 > top
    assert boxes["two"].y0 > top


def test_what_was_varied_may_be_texts():
    velocity = ("drug", [18.7, np.nan, 15.0], {"units": "m/s", "long_name": "conduction velocity",
                                               "role": "measured",
                                               "absent": "no conduction"})  # fmt: skip
    found = xarray.Dataset(
        {"velocity": velocity}, {"drug": ["control", "TTX", "TEA"]}, {"experiment": "velocity"}
    )
    figure = lo.plot(found)
    (axes,) = only_axes(figure)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["control", "TTX", "TEA"]
    said = [text for text, _ in words_of(figure)]
    assert "Drug" in said
    assert "no conduction" in said
    assert_legible(figure, (1600, 1000))


def test_limits_that_are_given_cut_off_what_lies_beyond():
    x = np.linspace(-5, 5, 101)
    (axes,) = drawn(Chart((Axes((Line(x, x**3),), Axis("x"), Axis("y", limits=(-1, 1))),))).axes
    assert axes.get_ylim() == (-1, 1)
    assert line_through(axes, -5).get_clip_on()


@pytest.mark.parametrize(
    "layers",
    [
        (Line([0, 1], [2, 2]),),
        (Points([3], [4]),),
        (Line([0, 1], [np.nan, np.nan]),),
        (Rule(0),),
        (),
    ],
    ids=["flat", "one point", "nothing known", "a rule", "empty"],
)
@pytest.mark.parametrize("log", [False, True])
def test_little_to_show_is_shown(layers, log):
    figure = drawn(Chart((Axes(layers, Axis("x", log=log), Axis("y", log=log)),)))
    low, high = figure.axes[0].get_ylim()
    assert low < high


def test_what_does_not_fit_says_so():
    panels = tuple(Axes((Line([0, 1], [0, 1]),)) for _ in range(9))
    with pytest.raises(UsageError, match=r"does not fit in 400 × 300 pixels.*give a larger size"):
        drawn(Chart(panels), (400, 300))


def test_names_of_a_low_panel_are_in_one_key_over_the_first():
    """Beside it they would run into those of the next."""
    x = np.linspace(0, 1, 20)
    curves = [Line(x, x * k, "voltage", name, (k + 1.0, 1.0)) for k, name in enumerate("abcde")]
    low = Axes(tuple(curves), Axis("x", ""), Axis("y", ""))
    figure = drawn(Chart((low,) * 4, "Title", "", shared=True), (1920, 800))
    words = [word for word, _ in words_of(figure)]
    assert [words.count(name) for name in "abcde"] == [1] * 5
    highest = max(axes.bbox.y1 for axes in figure.axes)
    assert all(box.y0 > highest for word, box in words_of(figure) if word in tuple("abcde"))


def test_marks_at_the_edge_are_whole_and_none_is_drawn_beyond():
    axis = Axis("x", "", limits=(0.0, 1.0))
    points = Points(np.array([-0.5, 0.0, 1.0, 1.5]), np.array([0.0, 0.5, 1.0, 0.5]), "voltage")
    (axes,) = drawn(Chart((Axes((points,), axis, Axis("y", "", limits=(0.0, 1.0))),), "", "")).axes
    (line,) = axes.lines
    assert line.get_xdata().tolist() == [0.0, 1.0]
    assert not line.get_clip_on()
