"""Charts of what experiments found, checked by what is in them; the numbers are made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray
from matplotlib.colors import to_rgb

import loligo as lo
from loligo.errors import UsageError
from loligo.experiments.plan import Panel, Plan
from seen import assert_legible, words_of

SLIDE, THUMBNAIL = (1920, 1080), (480, 320)
SIZES = [pytest.param((1600, 1000), marks=pytest.mark.slow),
         pytest.param(SLIDE, marks=pytest.mark.slow), THUMBNAIL]  # fmt: skip


def made(variables: dict[str, Any], coords: dict[str, Any], *panels: Panel, **attrs: Any):
    """A dataset as an experiment returns it."""
    about = {"experiment": "made up", "title": "Title", "subtitle": "A membrane"}
    return xarray.Dataset(variables, coords, {**about, **Plan(panels).attributes, **attrs})


def family(lines: int = 12, **how: Any):
    """Currents in time at many potentials, and the command."""
    time, voltage = np.linspace(-1, 10, 111), np.linspace(-80, 40, lines)
    on = np.where(time > 0, -np.expm1(-np.clip(time, 0, None)), 0.0)
    current = {"units": "uA/cm2", "long_name": "ionic current", "role": "measured"}
    return made(
        {
            "I": (("voltage", "time"), voltage[:, None] * on, current),
            "command": (("voltage", "time"), np.where(time > 0, voltage[:, None], -65.0),
                        {"units": "mV", "long_name": "command"}),
        },
        {
            "voltage": ("voltage", voltage, {"units": "mV", "long_name": "command"}),
            "time": ("time", time, {"units": "ms", "long_name": "time from the step"}),
        },
        Panel(("I",), lines="voltage", heading="Ionic current", zero=True),
        Panel(("command",), weight=0.4), **how,
    )  # fmt: skip


def threshold(**how: Any):
    """Strength and duration: two numbers that were found, and durations at which nothing was."""
    d = np.geomspace(0.05, 100, 12)
    y = np.where(d < 0.1, np.nan, 2.0 + 3 / d)
    told = {"units": "uA/cm2", "long_name": "threshold", "absent": "no threshold"}
    return made(
        {
            "threshold": ("duration", y, told),
            "rheobase": ((), 2.0, {"units": "uA/cm2", "long_name": "rheobase"}),
            "chronaxie": ((), 1.654321, {"units": "ms", "long_name": "chronaxie"}),
            "lost": ((), np.nan, {"units": "ms", "long_name": "lost"}),
            "other": ((), 5.0, {"units": "nF", "long_name": "other"}),
        },
        {"duration": ("duration", d, {"units": "ms", "long_name": "duration"})},
        Panel(("threshold",), log="xy", marks=("rheobase", "chronaxie", "lost", "other")), **how,
    )  # fmt: skip


def panels_of(figure: Any) -> list[Any]:
    return [axes for axes in figure.axes if axes.get_label() != "colours"]


def curves_of(axes: Any, least: int = 3) -> list[Any]:
    return [line for line in axes.lines if len(line.get_xdata()) >= least]


SHOWN = {
    "family": family,
    "threshold": threshold,
    "said": lambda: threshold(summary="What was found is said in many words. " * 4),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", SHOWN)
def test_no_word_overlaps_another_or_leaves_the_picture(name: str, size: tuple[int, int]) -> None:
    theme = "dark" if size == SLIDE else "light"
    assert_legible(lo.plot(SHOWN[name](), size=size, theme=theme), size)


# ------------------------------------------------------------------------ many lines


def test_many_lines_are_told_apart_by_a_scale_of_colours_with_its_unit() -> None:
    rec = family()
    figure = lo.plot(rec)
    above, below = panels_of(figure)
    said = [text for text, _ in words_of(figure)]
    for words in ("Ionic current (µA/cm²)", "Time from the step (ms)"):
        assert said.count(words) == 1, words
    assert said.count("Command (mV)") == 2  # of the lower panel, and over the colours
    assert len(figure.axes) == 3  # one bar serves both panels
    for axes, name in ((above, "I"), (below, "command")):
        lines = curves_of(axes)
        assert [line.get_ydata().tolist() for line in lines] == rec[name].values.tolist()
        colours = [to_rgb(line.get_color()) for line in lines]
        lightness = [np.power(each, 2.2) @ (0.2126, 0.7152, 0.0722) for each in colours]
        assert np.all(np.diff(lightness) > 0)
    assert above.get_position().height > 2 * below.get_position().height
    assert any(set(np.ravel(line.get_ydata())) == {0} for line in above.lines)  # the line at 0


def test_a_few_lines_are_named_by_their_values() -> None:
    said = [text for text, _ in words_of(lo.plot(family(4)))]
    assert said.count("−80") >= 2  # beside the lines of either panel
    assert len(lo.plot(family(4)).axes) == 2


def test_colours_go_by_the_logarithm_of_what_spans_decades() -> None:
    d, time = np.geomspace(0.01, 100, 9), np.linspace(0, 1, 50)
    rec = made(
        {"V": (("duration", "time"), d[:, None] + time, {"units": "mV", "role": "measured"})},
        {"duration": ("duration", d, {"units": "ms"}), "time": ("time", time, {"units": "ms"})},
        Panel(("V",)),
    )
    figure = lo.plot(rec)
    bar = next(axes for axes in figure.axes if axes.get_label() == "colours")
    assert {"0.01", "1", "100"} <= {tick.get_text() for tick in bar.get_yticklabels()}
    (axes,) = panels_of(figure)
    middle = to_rgb(curves_of(axes)[4].get_color())
    first, last = (to_rgb(curves_of(axes)[k].get_color()) for k in (0, -1))
    assert not np.allclose(middle, first, atol=0.1)
    assert not np.allclose(middle, last, atol=0.1)


def test_lines_of_several_variables_differ_in_dashes_and_these_are_named() -> None:
    x, warm = np.linspace(0, 20, 60), np.array([6.3, 18.5])
    rate = {"units": "Hz", "long_name": "rate", "role": "measured"}
    rec = made(
        {
            "up": (("celsius", "x"), warm[:, None] + x, {**rate, "label": "from rest"}),
            "down": (("celsius", "x"), warm[:, None] - x, {**rate, "label": "from firing"}),
        },
        {"celsius": ("celsius", warm, {"units": "degC"}), "x": ("x", x, {"units": "ms"})},
        Panel(("up", "down")),
    )
    figure = lo.plot(rec)
    assert_legible(figure, (1600, 1000))
    said = [text for text, _ in words_of(figure)]
    for words in ("from rest", "from firing", "6.3", "18.5"):
        assert said.count(words) == 1, words
    lines = [line for line in curves_of(figure.axes[0]) if np.isfinite(line.get_ydata()).all()]
    assert [line.get_color() for line in lines[:2]] == [line.get_color() for line in lines[2:]]
    assert len({line.get_linestyle() for line in lines}) == 2


def test_too_many_lines_or_dimensions_are_refused_with_the_remedy() -> None:
    with pytest.raises(UsageError, match=r"600 lines cannot be told apart; select some of 'volt"):
        lo.plot(family(600))
    words = family(13).assign_coords(voltage=[f"drug {k}" for k in range(13)])
    with pytest.raises(UsageError, match=r"13 lines .* found.isel\(voltage=\[0, -1\]\)"):
        lo.plot(words)
    with pytest.raises(UsageError, match="I has 3 dimensions; select some"):
        lo.plot(family().expand_dims(celsius=[6.3, 18.5], axis=-1))


def test_a_line_that_would_hide_another_is_dashed() -> None:
    x = np.linspace(0, 20, 101)
    rate = {"units": "Hz", "long_name": "rate", "role": "measured"}
    up, down = np.where(x > 8, 50 + x, 0.0), np.where(x > 6, 50 + x, 0.0)
    rec = made({"up": ("x", up, rate), "down": ("x", down, rate)}, {"x": x}, Panel(("up", "down")))
    (axes,) = lo.plot(rec).axes
    first, second = curves_of(axes)
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")


# ------------------------------------------------------------------------ marks and words


def test_numbers_that_were_found_are_marked_on_the_axis_of_their_unit() -> None:
    figure = lo.plot(threshold())
    (axes,) = figure.axes
    said = [text for text, _ in words_of(figure)]
    assert "rheobase 2 µA/cm²" in said
    assert "chronaxie 1.654 ms" in said
    assert not any("lost" in text or "other" in text for text in said)
    upright = [line for line in axes.lines if len(set(np.ravel(line.get_xdata()))) == 1]
    assert [np.ravel(line.get_xdata())[0] for line in upright] == [1.654321]
    level = [line for line in axes.lines if set(np.ravel(line.get_ydata())) == {2.0}]
    assert len(level) == 1


@pytest.mark.parametrize("foot", [False, True])
def test_the_words_of_a_mark_stand_where_no_curve_goes_through_them(foot: bool) -> None:
    x = np.linspace(0.0, 10.0, 201)
    y = np.where(x > 4.9, 10.0, 0.0) if foot else np.where(x > 4.9, 10.0, 9.0)
    rec = made(
        {
            "y": ("x", y, {"units": "mV", "long_name": "y", "role": "measured"}),
            "at": ((), 5.0, {"units": "ms", "long_name": "rest"}),
        },
        {"x": ("x", x, {"units": "ms", "long_name": "time"})}, Panel(("y",), marks=("at",)),
    )  # fmt: skip
    figure = lo.plot(rec)
    (axes,) = figure.axes
    figure.canvas.draw()
    (words,) = [text for text in axes.texts if text.get_text() == "rest 5 ms"]
    box = words.get_window_extent()
    (curve,) = curves_of(axes)
    path = curve.get_path().transformed(curve.get_transform())
    assert not path.intersects_bbox(box, filled=False)
    assert axes.bbox.x0 <= box.x0
    assert box.x1 <= axes.bbox.x1


def test_where_nothing_was_found_the_variable_says_what_that_means() -> None:
    figure = lo.plot(threshold())
    (axes,) = figure.axes
    assert [text for text, _ in words_of(figure)].count("no threshold") == 1
    crosses = next(line for line in axes.lines if line.get_marker() == "x")
    lost = threshold().threshold.isnull()
    assert crosses.get_xdata().tolist() == lost.duration[lost].values.tolist()
    assert (crosses.get_ydata() < threshold().threshold.min().item()).all()
    silent = threshold()
    silent.threshold.attrs.pop("absent")
    assert "no threshold" not in [text for text, _ in words_of(lo.plot(silent))]


def test_a_figure_of_nothing_says_so() -> None:
    rec = threshold()
    rec["threshold"] = rec.threshold * np.nan
    for absent, words in (("no threshold", "no threshold"), ("", "nothing was found")):
        rec.threshold.attrs["absent"] = absent
        figure = lo.plot(rec, size=(480, 320))
        assert_legible(figure, (480, 320))
        assert words in [text for text, _ in words_of(figure)]


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_the_axes_named_are_logarithmic_and_no_others(log: str) -> None:
    x = np.geomspace(0.5, 100, 12)
    rec = made({"y": ("x", x, {"role": "measured"})}, {"x": x}, Panel(("y",), log=log))
    (axes,) = lo.plot(rec).axes
    wanted = log or "xy"  # without a word, their values decide
    assert axes.get_xscale() == ("log" if "x" in wanted else "linear")
    assert axes.get_yscale() == ("log" if "y" in wanted else "linear")


@pytest.mark.parametrize("size", SIZES[1:], ids=str)
def test_the_summary_stands_below_whole_and_wrapped(size: tuple[int, int]) -> None:
    summary = "Rheobase 2.24 µA/cm², chronaxie 1.654 ms. " * 5
    figure = lo.plot(threshold(summary=summary), size=size)
    (axes,) = figure.axes
    under = [(t, b) for t, b in words_of(figure) if b.y1 < axes.get_window_extent().y0]
    lines = [text for text, _ in under if "µA" in text or "ms." in text]
    assert len(lines) > 1
    assert " ".join(lines).split() == summary.split()
    assert_legible(figure, size)


def test_a_summary_for_which_there_is_no_room_is_left_out_whole() -> None:
    words = "word " * 190
    said = " ".join(
        text for text, _ in words_of(lo.plot(threshold(summary=words), size=(300, 250)))
    )
    assert "word" not in said
    assert "Title" in said
    bare = lo.plot(threshold(summary="What was found."), title="")
    assert "What was found." not in [text for text, _ in words_of(bare)]


@pytest.mark.parametrize(
    "summary",
    [
        "a\nb\x00\ud800 $x^$ \\frac",
        *(pytest.param(said, marks=pytest.mark.slow) for said in ("x" * 100_000, 5, "€" * 900)),
    ],
)
def test_a_summary_from_a_file_is_only_drawn(summary: Any) -> None:
    assert_legible(lo.plot(threshold(summary=summary), size=(640, 480)), (640, 480))


# ------------------------------------------------------------------------ planes


def test_a_plane_has_a_trajectory_nullclines_on_their_own_grid_and_a_field() -> None:
    time, v, w = np.linspace(0, 10, 80), np.linspace(-2, 2, 21), np.linspace(-1, 2, 15)
    gate = {"units": "1", "long_name": "recovery"}
    rec = made(
        {
            "V": (("start", "time"), np.array([[1.0], [1.5]]) * np.cos(time),
                  {"units": "mV", "long_name": "potential"}),
            "n": (("start", "time"), np.array([[1.0], [1.5]]) * np.sin(time), gate),
            "cubic": ("v", v - v**3 / 3, {**gate, "label": "nullcline of V"}),
            "line": ("v", v + 0.7, {**gate, "label": "nullcline of n"}),
            "dV": (("w", "v"), np.cos(v) + w[:, None], {}), "dn": (("w", "v"), v - w[:, None], {}),
            "stable": ("rest", [0.2, np.nan], {**gate, "label": "still"}),
            "moving": ("rest", [np.nan, 0.9], {**gate, "label": "not so"}),
        },
        {"time": time, "v": v, "w": w, "start": [1.0, 1.5], "rest": [-0.4, 0.3]},
        Panel(("n",), ("cubic", "line"), across="V", field=("dV", "dn"),
              points=("stable", "moving")),
    )  # fmt: skip
    figure = lo.plot(rec)
    assert_legible(figure, (1600, 1000))
    (axes,) = figure.axes
    said = [text for text, _ in words_of(figure)]
    for words in ("Potential (mV)", "Recovery", "nullcline of V", "nullcline of n", "still"):
        assert words in said, words
    paths = {(tuple(line.get_xdata()), tuple(line.get_ydata())) for line in curves_of(axes)}
    assert (tuple(rec.V.values[1]), tuple(rec.n.values[1])) in paths
    assert (tuple(v), tuple(rec.cubic.values)) in paths
    marks = {line.get_marker(): line.get_xydata().tolist() for line in axes.lines}
    assert marks["o"] == [[0.3, 0.9]]
    assert {"still", "not so"} <= set(said)
    (arrows,) = (c for c in axes.collections if type(c).__name__ == "Quiver")
    assert v.size * w.size == arrows.N
    assert np.all(np.sign(arrows.U) == np.sign(rec.dV.values.ravel()))


# ------------------------------------------------------------------------ how values are shown


def test_what_lies_side_by_side_is_bars_in_the_colours_of_channels() -> None:
    told = {"units": "mS/cm2", "long_name": "conductance", "role": "measured"}
    rec = made({"G": ("channel", [0.1, np.nan, 0.3], told)}, {"channel": ["Na", "KA", "L"]},
               Panel(("G",)))  # fmt: skip
    figure = lo.plot(rec)
    assert_legible(figure, (1600, 1000))
    (axes,) = figure.axes
    assert not curves_of(axes)
    heights = [c.get_paths()[0].get_extents().y1 for c in axes.collections]
    assert heights == pytest.approx([0.1, 0.3])
    colours = [c.get_facecolor()[0][:3] for c in axes.collections]
    theme = lo.figures.style.THEMES["light"].channels
    assert colours == [pytest.approx(to_rgb(theme[name])) for name in ("Na", "leak")]
    rec["G"] = -rec.G
    assert not lo.plot(rec).axes[0].collections  # bars are from 0 upwards


def test_currents_have_the_colours_of_their_channels() -> None:
    x = np.linspace(0, 1, 60)
    names = {"I_K": ("K", x**2), "I_Na": ("Na", -x), "I_L": ("L", 0 * x), "I_X": ("X", x)}
    rec = made(
        {
            name: ("x", y, {"units": "uA/cm2", "label": said, "channel": said})
            for name, (said, y) in names.items()
        },
        {"x": x}, Panel(tuple(names)),
    )  # fmt: skip
    theme = lo.figures.style.THEMES["light"].channels
    (axes,) = lo.plot(rec).axes
    colours = [to_rgb(line.get_color()) for line in curves_of(axes)]
    assert colours[:3] == [to_rgb(theme[name]) for name in ("K", "Na", "leak")]
    assert all(line.get_linestyle() == "-" for line in curves_of(axes))


@pytest.mark.parametrize(
    ("x", "log"),
    [
        (np.linspace(0.0125, 0.9875, 40), False), (np.geomspace(0.05, 100, 23), True),
        (np.array([10.0, 50, 100, 400, 1000]), True), (np.linspace(1, 2, 9), False),
        (np.array([0.0, 1, 10, 100]), False), (np.array([5.0]), False),
    ],
)  # fmt: skip
def test_an_axis_is_logarithmic_by_itself_where_its_values_are_spread_so(
    x: np.ndarray, log: bool
) -> None:
    rec = made({"y": ("x", np.ones(x.size), {"role": "measured"})}, {"x": x}, Panel(("y",)))
    assert lo.plot(rec, size=(400, 300)).axes[0].get_xscale() == ("log" if log else "linear")


def test_numbers_in_the_summary_are_set_as_numbers_are() -> None:
    said = "From -65 mV to (-0.5), 3.8e-08 of 1e+04; on-off, I_Na-4, 2-3, 1 - n."
    texts = [text for text, _ in words_of(lo.plot(threshold(summary=said)))]
    assert (
        "From −65 mV to (−0.5), 3.8·10⁻⁸ of 1·10⁴; on-off, $I_{\\mathrm{Na}}$-4, 2-3, 1 − n."
        in texts
    )


def test_no_name_of_a_variable_makes_a_story_of_what_was_found() -> None:
    rec = family().rename(I="course", command="marks")
    rec.attrs["chart"] = Plan((Panel(("course",), lines="voltage"),)).attributes["chart"]
    assert "Title" in [text for text, _ in words_of(lo.plot(rec))]
