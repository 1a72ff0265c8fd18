"""Several recordings on the same axes, checked by what is in the picture."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

import figures_recording as recordings
import loligo as lo
from axon_recording import axon_recording
from loligo.errors import UsageError
from loligo.figures import style
from loligo.figures.axon import several as axons
from loligo.figures.axon.frames import film
from loligo.figures.page.size import sized
from seen import assert_legible, coloured, images, words_of

THEMES = style.THEMES
LIGHT = THEMES["light"]
SIZES = [(1600, 1200), (640, 480), (700, 1400)]


def control():
    return recordings.recording()


def drug():
    """Another sampling, another duration, another amplitude."""
    return recordings.recording(amplitude=5.0, duration=35.0, end=30.0, interval=0.02)


def pair(**options):
    return lo.plot(control(), drug(), labels=["control", "TTX"], **options)


def lines_of(axes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Every line but the rules, by its colour."""
    return {
        one.get_color(): (np.asarray(one.get_xdata()), np.asarray(one.get_ydata()))
        for one in axes.lines
        if len(one.get_xdata()) > 2
    }


# ------------------------------------------------------------------------ figures


def test_each_recording_is_drawn_as_it_is_on_its_own_times():
    V, current = pair().axes
    first, second = LIGHT.recordings[:2]
    for color, rec in ((first, control()), (second, drug())):
        time, values = lines_of(V)[color]
        assert (time[0], time[-1]) == (rec.time.values[0], rec.time.values[-1])
        assert np.abs(np.interp(rec.time.values, time, values) - rec.V.values).max() < 0.005
    assert lines_of(current)[second][1].max() == 5.0
    assert V.get_xlim() == current.get_xlim() == (0.0, 50.0)


def test_recordings_are_told_apart_by_colour_dashes_and_name():
    figure = pair()
    V = figure.axes[0]
    drawn = [one for one in V.lines if len(one.get_xdata()) > 2]
    assert [one.is_dashed() for one in drawn] == [False, True]
    said = dict(words_of(figure))
    assert said["TTX"].x0 > V.get_window_extent().x1
    texts = [text for text, _ in words_of(figure)]
    assert texts.count("control") == texts.count("TTX") == 2  # beside either panel
    assert "control: 10 µA/cm² from 5 to 45 ms; TTX: 5 µA/cm² from 5 to 30 ms" in texts
    colours = {t.get_text(): t.get_color() for t in figure.texts}
    assert (colours["control"], colours["TTX"]) == LIGHT.recordings[:2]


def test_recordings_that_coincide_are_both_seen():
    image = picture_of(lo.plot(control(), control(), labels=["Taylor", "Reference"]))
    for ink in LIGHT.recordings[:2]:
        assert coloured(image, ink, 3) > 1500


def picture_of(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "draw",
    [
        pair,
        lambda **o: pair(panels=("V", "gates"), theme="dark", **o),
        lambda **o: lo.plot(
            *(recordings.recording(amplitude=a, duration=d) for a, d in
              ((2, 50), (6, 40), (12, 45), (20, 30), (3, 35))), **o),
        lambda **o: lo.plot(axon_recording(), axon_recording(duration=5.0), labels=["a", "b"], **o),
    ],
    ids=["pair", "gates", "five", "axons"],
)  # fmt: skip
def test_no_text_overlaps_another_or_leaves_the_picture(draw, size):
    assert_legible(draw(size=size), size)


def test_panels_may_follow_the_recordings_and_are_one_for_each_variable():
    for figure in (pair(panels=("V", "gates")), lo.plot(control(), drug(), ("V", "gates"))):
        said = [text for text, _ in words_of(figure)]
        assert [s for s in said if s.startswith("Gate")] == ["Gate $m$", "Gate $h$", "Gate $n$"]
    assert len(lo.plot(control(), "V").axes) == 1


def test_what_only_one_recording_holds_is_drawn_for_that_one():
    bare = recordings.only(control(), "V")
    V, current = lo.plot(bare, drug(), labels=["bare", "whole"]).axes
    assert len(lines_of(V)) == 2
    assert set(lines_of(current)) == {LIGHT.recordings[1]}


def test_without_labels_titles_tell_recordings_apart_or_else_numbers():
    other = drug().assign_attrs(title="Another axon")
    figure = lo.plot(control(), other)
    said = [text for text, _ in words_of(figure)]
    assert "Another axon" in said
    assert "Squid giant axon, Hodgkin & Huxley 1952 and Another axon" in said
    said = [text for text, _ in words_of(lo.plot(control(), drug()))]
    assert {"1", "2"} <= set(said)


def test_the_resting_potential_is_marked_if_it_is_the_same():
    def rests(rec):
        said = [text for text, _ in words_of(lo.plot(control(), rec, "V"))]
        return sum(text.startswith("rest") for text in said)

    rec = drug()
    assert rests(rec) == 1
    assert rests(rec.assign(V=rec.V.assign_attrs(rest=-60.0))) == 0


def test_lanes_of_one_and_places_of_axons_are_recordings_too():
    lane = recordings.lanes([0, 10]).isel(amplitude=1)
    place = axon_recording().isel(position=80)
    axes = lo.plot(lane, place, "V", labels=["patch", "axon"]).axes[0]
    assert len(lines_of(axes)) == 2
    said = [text for text, _ in words_of(lo.plot(control(), place, labels=["patch", "axon"]))]
    assert {"Injected current (µA/cm²)", "Injected current (µA)"} <= set(said)


def test_axons_are_compared_at_the_same_places():
    long, short = axon_recording(), axon_recording(length=4e4, compartments=80, duration=5.0)
    figure = lo.plot(long, short, labels=["long", "short"])
    said = [text for text, _ in words_of(figure)]
    for place in ("1", "2", "3"):
        assert f"Membrane potential at {place} cm (mV)" in said
    middle = figure.axes[1]
    for color, rec in zip(LIGHT.recordings, (long, short), strict=False):
        time, values = lines_of(middle)[color]
        assert (time[0], time[-1]) == (rec.time.values[0], rec.time.values[-1])
        drawn = np.interp(rec.time.values, time, values)
        beside = [rec.V.sel(position=place, method="nearest") for place in (1.99e4, 2.01e4)]
        assert any(np.abs(drawn - one.values).max() < 0.005 for one in beside)
    gates = lo.plot(long, short, ("V", "m"), labels=["long", "short"])
    assert len(gates.axes) == 6


# ------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("labels", "wording"),
    [
        (["control"], r"labels has 1 name for 2 recordings; give one for each"),
        (["a", "b", "c"], r"labels has 3 names for 2 recordings"),
        ("control", r"labels='control' does not name the recordings; give a text for each"),
        ([1, 2], r"labels=\[1, 2\] does not name the recordings"),
        ([], r"labels=\[\] does not name the recordings"),
        (["a", "a"], r"names two recordings alike"),
    ],
)
def test_labels_name_each_recording(labels, wording):
    with pytest.raises(UsageError, match=wording):
        lo.plot(control(), drug(), labels=labels)
    with pytest.raises(UsageError, match=wording):
        lo.animate(control(), drug(), "a.gif", labels=labels)


@pytest.mark.parametrize(
    ("recs", "options", "wording"),
    [
        ((control, axon_recording), {}, r"recording 2 is of an axon and recording 1 is not; select "
         r"a place of the axon \(um\), as in rec.sel\(position=2e4, method=\"nearest\"\)"),
        ((control, lambda: recordings.lanes([0, 2, 5])), {}, r"recording 2 has 3 lanes, and "
         r"several recordings are drawn together with one lane each.*rec.isel\(amplitude=0\)"),
        ((control, lambda: control().V), {}, "a DataArray cannot be drawn"),
        ((control, lambda: control().assign_attrs(experiment="x").assign(
            r=("k", [1.0, 2.0], {"role": "measured"}))), {}, "recording 2 is what an experiment"),
        ((control,) * 9, {}, "9 recordings cannot be told apart; give 8 or fewer"),
        ((control, drug), {"panels": ("Ca_i",)}, "'Ca_i' is not a panel"),
        ((control, drug), {"panels": ()}, "panels is empty"),
        ((control, drug), {"panels": 5}, "panels=5 names no panel"),
        ((control, drug, lambda: "V"), {"panels": "V"}, "panels is given twice"),
        ((control, drug, lambda: None, lambda: "V"), {}, "a NoneType cannot be drawn"),
        ((axon_recording, axon_recording), {"panels": ("V", "map")}, "panel 'map' is of one axon"),
        ((axon_recording, axon_recording), {"panels": ("stimulus",)}, "'I_stim' is not recorded"),
    ],
    ids=lambda value: None if isinstance(value, tuple) else str(value)[:20],
)  # fmt: skip
def test_recordings_without_common_axes_are_refused_with_a_way_out(recs, options, wording):
    with pytest.raises(UsageError, match=wording):
        lo.plot(*(make() for make in recs), **options)


def test_instants_and_labels_need_one_and_several():
    with pytest.raises(UsageError, match=r"at=... chooses instants of one axon"):
        lo.plot(axon_recording(), axon_recording(), at=3)
    with pytest.raises(UsageError, match=r"labels=... tells several recordings apart"):
        lo.plot(control(), labels=["control"])
    with pytest.raises(UsageError, match="path is given twice"):
        lo.animate(control(), "a.gif", path="b.gif")


# ------------------------------------------------------------------------ animations


def test_recordings_move_together_and_the_shorter_one_stops(tmp_path):
    made = lo.animate(
        control(), drug(), tmp_path / "pair.gif", labels=["control", "TTX"], size=(800, 600),
        frames=26, panels="V",
    )  # fmt: skip
    shots = images(made.path)
    assert len(shots) == made.frames == 26
    first, second = LIGHT.recordings[:2]
    amount = [coloured(shot, second, 3) for shot in shots]
    # 2 ms a frame: the drug's line ends at 35 ms, where its head vanishes and nothing is added
    assert amount[17] - amount[19] > 50
    assert max(amount[19:]) - min(amount[19:]) < 10
    assert coloured(shots[-1], first, 3) > coloured(shots[13], first, 3) + 200


def test_axons_are_animated_together(tmp_path):
    made = lo.animate(
        axon_recording(), axon_recording(celsius=15.0), path=tmp_path / "two.webp",
        labels=["warm", "cool"], size=(600, 500), frames=6,
    )  # fmt: skip
    shots = images(made.path)
    for ink in LIGHT.recordings[:2]:
        assert coloured(shots[-1], ink, 3) > coloured(shots[0], ink, 3) + 100


# ------------------------------------------------------------------------ what one measured


@pytest.fixture(scope="module")
def computed():
    return control()


def measured(rec, every=20, factor=0.9):
    """Times (ms) and values (mV) of a person's own."""
    return rec.time.values[::every], factor * rec.V.values[::every]


def data_line(figure, label="data"):
    """The line that is called so, by the colour of its name."""
    (colour,) = {t.get_color() for t in figure.findobj(Text) if t.get_text() == label}
    axes = next(a for a in figure.axes for line in a.lines if line.get_color() == colour)
    return axes, next(line for line in axes.lines if line.get_color() == colour).get_xydata().T


@pytest.mark.parametrize("form", ["pair", "volts", "array", "pint", "table", "index", "file"])
def test_data_of_ones_own_are_laid_over_in_their_units(computed, form, tmp_path):
    time, values = measured(computed)
    if form == "pair":
        given = (time, values)
    elif form in ("volts", "array"):
        scale, unit_, each = (1e-3, "V", "s") if form == "volts" else (1.0, "mV", "ms")
        given = xr.DataArray(
            values * scale, {"time": ("time", time * scale, {"units": each})}, ("time",),
            attrs={"units": unit_},
        )  # fmt: skip
    elif form == "pint":
        pint = pytest.importorskip("pint").UnitRegistry()
        given = (pint.Quantity(time / 1e3, "s"), pint.Quantity(values / 1e3, "V"))
    else:
        pandas = pytest.importorskip("pandas")
        table = pandas.DataFrame({"t (s)": time / 1e3, "Vm (V)": values / 1e3})
        given = table.set_index("t (s)") if form == "index" else table
        if form == "file":
            given = tmp_path / "cell.csv"
            table.to_csv(given, index=False, sep=";", decimal=",")
    axes, (x, y) = data_line(lo.plot(computed, data=given))
    assert axes.get_ylim()[0] < y.min() < y.max() < axes.get_ylim()[1]
    np.testing.assert_allclose(x, time, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y, values, rtol=1e-12, atol=1e-12)


def test_several_data_have_names_and_find_their_panels(computed):
    time, values = measured(computed)
    gate = xr.DataArray(np.linspace(0.1, 0.2, time.size), {"time": time}, ("time",), name="h")
    figure = lo.plot(
        computed, panels=("V", "gates"), data={"cell 1": (time, values), "cell 2": gate}
    )
    top, below = figure.axes[:2]
    assert data_line(figure, "cell 1")[0] is top
    assert data_line(figure, "cell 2")[0] is below
    assert "model" in [text for text, _ in words_of(figure)]


@pytest.mark.parametrize(
    ("given", "wording"),
    [
        (lambda t, v: (t, v[1:]), r"data=\(time, values\): there are 51 times and 50 values"),
        (lambda t, v: (t[:0], v[:0]), "data: 'values' holds no number"),
        (lambda t, v: (t, v * np.nan), "data: 'values' holds no number"),
        (lambda t, v: 7, "data=7 is not understood; give a DataArray over time, a pair"),
        (lambda t, v: (t + 1e3, v), r"fewer than two samples .* go from 1000 to .* 'time \(s\)'"),
        (lambda t, v: xr.DataArray(v, {"time": t}, ("time",), attrs={"units": "kg"}),
         "'values' is in 'kg', which is the unit of no panel; they are in mV"),
        (lambda t, v: xr.DataArray(v, {"time": t}, ("time",), "V", {"units": "s"}),
         "'V' is in 's', a time; it must be in mV"),
        (lambda t, v: xr.DataArray([v, v], dims=("cell", "time")),
         r"data has the dimensions \('cell', 'time'\); select one line over time"),
        (lambda t, v: (["a", "b"], v), "are two rows of numbers"),
        (lambda t, v: "nowhere.csv", "cannot read nowhere.csv"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_laid_over(computed, given, wording):
    with pytest.raises(lo.LoligoError, match=wording):
        lo.plot(computed, data=given(*measured(computed)))


def test_data_have_no_place_where_there_are_no_lines_in_time():
    with pytest.raises(UsageError, match=r"data=... is laid over lines in time.*choose a place"):
        lo.plot(axon_recording(), data=([0, 1], [0, 1]))
    with pytest.raises(UsageError, match=r"none of; put your own on its axes: lo.plot"):
        lo.plot(lo.load("hodgkin-huxley-1952"), data=([0, 1], [0, 1]))


def test_what_recordings_share_is_said_once(computed):
    told = {"stimulus": lo.Pulse(5, 40, 10).to_dict()}
    pair = [
        computed.assign_attrs(provenance=json.dumps({**told, "model": {"celsius": celsius}}))
        for celsius in (6.3, 18.5)
    ]
    said = [text for text, _ in words_of(lo.plot(*pair, labels=("6.3 °C", "18.5 °C")))]
    assert "10 µA/cm² from 5 to 45 ms" in said
    said = [text for text, _ in words_of(lo.plot(*pair, labels=("cold", "warm")))]
    assert "10 µA/cm² from 5 to 45 ms; cold: 6.3 °C; warm: 18.5 °C" in said


# ------------------------------------------------------------------------ axons under one clock


def test_axons_of_other_lengths_and_times_travel_under_one_clock(tmp_path):
    """Each is as long as it is on one scale; what is over stands still, grey and without a line."""
    long, short = axon_recording(), axon_recording(length=4e4, compartments=80, duration=4.0)
    what = axons.together([long, short], ["long", "short"], None, LIGHT, None)
    assert [axon.length for axon in what.axons] == pytest.approx([what.length, 4.0])
    assert {axon.unit for axon in what.axons} == {"cm"}
    assert what.traces.end == float(long.time[-1]) > 4.0
    for (words, colour), axon, ink in zip(what.said, what.axons, LIGHT.recordings, strict=False):
        assert words.endswith(f": {axon.speed}")
        assert axon.speed.endswith(" m/s")
        assert colour == ink
    assert float(what.axons[0].place[what.followed[0][1]]) == pytest.approx(3.0, abs=0.05)
    assert float(what.axons[1].place[what.followed[1][1]]) == pytest.approx(3.0, abs=0.05)
    made = film(what, LIGHT, sized((600, 500), None, (600, 500)), np.array([1.0, 3.0, 6.0]))
    one, other = made.tubes
    assert other.box[2] - other.box[0] < 0.75 * (one.box[2] - one.box[0])
    known = one.steps.max() + 1
    assert (other.steps[:2] <= known).all()
    assert (other.steps[2] == len(other.table) - 1).all()
    (row,) = made.rows
    assert np.isfinite(row.curves[0].y).all()
    assert np.isfinite(row.curves[1].y[:2]).all()
    assert np.isnan(row.curves[1].y[2]).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"panels": ("V", "map")}, "panel 'map' stands still, and is of one axon"),
        ({"panels": ("axon",)}, "panels must name something along the axons, such as 'V'"),
        ({"panels": ("I_stim",)}, "'I_stim' is not recorded along the axons"),
        ({"data": ([0.0, 1.0], [0.0, 1.0])}, r"of an axon choose a place: rec.sel\(position=2e4"),
        ({"labels": ["a", "b" * 61]}, "has 61 letters; a name beside a line has at most 60"),
    ],
)
def test_what_several_axons_cannot_show_is_said(options, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        lo.animate(axon_recording(), axon_recording(), path=tmp_path / "a.gif", **options)


def test_recordings_are_named_without_their_papers():
    rec = control()
    other = rec.assign_attrs(title="Another cell (Somebody 1999)")
    said = [text for text, _ in words_of(lo.plot(rec, other))]
    assert said.count("Another cell") == 2
    assert any("(Somebody 1999)" in text for text in said)  # in the title


# ------------------------------------------------------------------------ words that take room


def test_a_long_title_goes_on_in_the_next_line():
    title = "A title that says what was done to a cell under a current, " * 2
    figure = lo.plot(control(), title=title.strip(), size="slide")
    said = [text for text, _ in words_of(figure)]
    assert not [text for text in said if "…" in text]
    lines = [text for text in said if text in title and len(text) > 9]
    assert len(lines) > 1
    assert " ".join(lines) == title.strip()


def test_a_title_may_have_lines_of_its_own():
    said = [text for text, _ in words_of(lo.plot(control(), title="one\n\ttwo"))]
    assert {"one", "two"} <= set(said)


def test_letters_that_no_font_has_are_told_once_and_boxes_stand_for_them():
    with pytest.warns(UserWarning, match="no installed font has '\U00012000', and boxes") as told:
        figure = lo.plot(control(), title="cell \U00012000")
    assert len(told) == 1
    assert "cell □" in [text for text, _ in words_of(figure)]


@pytest.mark.parametrize("size", [(480, 360), (400, 300)])
def test_type_in_a_small_picture_can_be_read(size):
    figure = lo.plot(recordings.recording(), size=size)
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    assert min(text.get_size() for text in words) * figure.dpi / 72 > 5.9
