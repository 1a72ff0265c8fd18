"""Figures and animations of axons and of experiments, checked by what is in them."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
import xarray
from scipy.interpolate import CubicSpline

import loligo as lo
from axon_recording import axon_recording
from loligo.errors import UsageError
from loligo.experiments.plan import Panel, Plan
from loligo.figures import style
from loligo.figures.axon import content
from seen import assert_legible, images, words_of

THEMES = style.THEMES
SIZES = [(1600, 1300), (800, 600), (1920, 900), (700, 1000)]


def only(rec: xarray.Dataset, *names: str) -> xarray.Dataset:
    return rec[[*names, "spike_count", "spike_time"]].assign_attrs(rec.attrs)


def tapering() -> xarray.Dataset:
    rec = axon_recording()
    return rec.assign_coords(diameter=("position", np.linspace(200, 800, rec.sizes["position"])))


VARIANTS = {
    "usual": axon_recording,
    "two electrodes": lambda: axon_recording(
        shocks=((0.0, 0.5, 0.2, 20e3), (8e4, 0.5, 0.2, 20e3))
    ).assign_attrs(title="A collision with a title that is rather long " * 3),
    "myelin": lambda: axon_recording(internodes=True),
    "taper": tapering,
    "only V": lambda: only(axon_recording(), "V"),
    "silent": lambda: axon_recording(shocks=((0.0, 0.5, 0.2, 10.0),), duration=2.0),
    "no diameter": lambda: axon_recording().drop_vars(["diameter", "myelin", "region"]),
}
PANELS = [None, ("V", "gates", "axon", "traces"), ("V",), ("V", "conductances", "map", "traces")]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_text_overlaps_another_or_leaves_the_picture(variant, size):
    assert_legible(lo.plot(VARIANTS[variant](), size=size), size)


@pytest.mark.parametrize("panels", PANELS, ids=str)
def test_any_choice_of_panels_is_legible(panels):
    for theme in THEMES:
        assert_legible(lo.plot(axon_recording(), panels, theme=theme), (1600, 1300))


def test_the_usual_figure_shows_the_wave_its_currents_the_axon_and_the_map():
    said = [text for text, _ in words_of(lo.plot(axon_recording()))]
    for text in ("Membrane potential (mV)", "Ionic current (µA/cm²)", "Na", "K", "leak",
                 "Position along the axon (cm)", "rest −65.0"):  # fmt: skip
        assert said.count(text) == 1, text
    assert sum(text.endswith(" ms") for text in said) >= 5  # the instants over the peaks
    assert any("m/s" in text for text in said)


def test_the_line_is_V_along_the_axon_at_the_instant_that_was_asked_for():
    rec = axon_recording()
    figure = lo.plot(rec, at=3.0)
    lines = [x for x in figure.axes[0].lines if len(x.get_xdata()) > 2]
    (line,) = lines
    drawn = np.interp(rec.position.values, line.get_xdata() * 1e4, line.get_ydata())
    assert np.abs(drawn - rec.V.sel(time=3.0, method="nearest").values).max() < 0.005
    # and a curve between the centres: as the spline through all of them has it
    middle = 0.5 * (rec.position.values[1:] + rec.position.values[:-1])
    curve = CubicSpline(rec.position, rec.V.sel(time=3.0, method="nearest"))(middle)
    assert np.abs(np.interp(middle, line.get_xdata() * 1e4, line.get_ydata()) - curve).max() < 0.1


def test_the_map_is_V_over_places_and_times():
    rec = axon_recording()
    figure = lo.plot(rec)
    meshes = [m for axes in figure.axes for m in axes.findobj(matplotlib.image.AxesImage)]
    meshes += [m for axes in figure.axes for m in axes.findobj(matplotlib.collections.QuadMesh)]
    shapes = [np.shape(m.get_array())[:2] for m in meshes]
    assert rec.V.T.shape in shapes


def test_the_axes_of_an_axon_share_their_places():
    figure = lo.plot(axon_recording(), ("V", "currents", "gates", "axon", "map"))
    panels = [axes for axes in figure.axes if axes.get_xlim() == (0.0, 8.0)]
    assert len(panels) == 5
    assert len({axes.get_position().x0 for axes in panels}) == 1


def test_V_close_to_an_electrode_does_not_squeeze_the_action_potential():
    rec = axon_recording(shocks=((0.0, 0.5, 0.2, 100e3),))
    assert float(rec.V.max()) > 140
    assert lo.plot(rec).axes[0].get_ylim()[1] < 80


def test_an_electrode_that_was_not_recorded_is_known_from_the_provenance():
    axon = lo.Axon(lo.load("hodgkin-huxley-1952"), "4 cm", 476, 35.4, accuracy=0.05)
    rec = lo.simulate(axon, lo.at("1 cm", lo.Pulse(0.5, 0.5, 3e4)), 2, record=["V"])
    (electrode,) = content.read(rec).electrodes
    assert electrode.place == pytest.approx(1.0)
    (on,) = electrode.on
    assert on == pytest.approx((0.5, 1.0))
    said = [text for text, _ in words_of(lo.plot(rec))]
    assert "30 µA from 0.5 to 1 ms at 1 cm, 6.3 °C" in said


def test_an_instant_may_have_its_unit():
    seen = [
        [list(line.get_ydata()) for line in lo.plot(axon_recording(), at=at).axes[0].lines]
        for at in (3.5, "3.5 ms", "0.0035 seconds")
    ]
    assert seen[0] == seen[1] == seen[2]


def test_few_positions_are_traces_in_time():
    rec = axon_recording().isel(position=[10, 80, 150]).drop_vars(["spike_count", "spike_time"])
    said = [text for text, _ in words_of(lo.plot(rec))]
    assert {"0.525", "7.53", "Time (ms)", "Position (cm)"} <= set(said)


ALL = ("V", "gates", "currents", "axon", "map", "traces")


@pytest.mark.parametrize(
    ("options", "wording"),
    [
        ({"at": 99}, r"at=99 is not within the recording, which lasts from 0 to 7 ms"),
        ({"at": "now"}, "at='now' is not a time; give ms"),
        ({"panels": ["U"]}, r"'U' is not a panel.*choose from 'V', 'gates'.*'axon', 'map', 'tra"),
        ({"panels": ["axon"]}, "must name something along the axon"),
        ({"panels": []}, "panels is empty"),
        ({"panels": ["stimulus"]}, "'stimulus' is not recorded along the axon"),
        ({"title": 5}, "title=5 is not text"),
        ({"size": (200, 200), "panels": ALL}, "does not fit in 200 × 200 pixels"),
    ],
)
def test_impossible_figures_say_what_is_possible(options, wording):
    with pytest.raises(UsageError, match=wording):
        lo.plot(axon_recording(), **options)


def test_several_axons_are_drawn_by_when_the_action_potential_arrived():
    squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    axon = lo.Axon(squid, "4 cm", [238, 476, 952], 35.4, accuracy=0.01)
    rec = lo.simulate(axon, lo.at(0, lo.Pulse(0.5, 0.2, 90e3)), 4)
    for one in (rec, rec[["spike_count", "spike_time"]]):
        figure = lo.plot(one)
        said = [text for text, _ in words_of(figure)]
        assert {"238", "476", "952", "Diameter (µm)", "Arrival of the action potential (ms)",
                "Position along the axon (cm)"} <= set(said)  # fmt: skip
    alone = lo.simulate(axon.replace(diameter=476), lo.at(0, lo.Pulse(0.5, 0.2, 30e3)), 4,
                        record=["spikes"])  # fmt: skip
    assert_legible(lo.plot(alone), (1600, 1000))


def test_of_several_axons_one_must_be_chosen():
    one = axon_recording()
    both = xarray.concat([one[["V"]], one[["V"]]], "diameter_sweep")
    with pytest.raises(UsageError, match=r"2 axons along 'diameter_sweep'.*isel\(diameter_sweep=0"):
        lo.plot(both)
    with pytest.raises(UsageError, match="2 axons along 'diameter_sweep'"):
        lo.animate(both, "axons.gif")
    with pytest.raises(UsageError, match=r"at=\.\.\. chooses instants of the recording of an axon"):
        lo.plot(one.isel(position=5), at=3)


# ------------------------------------------------------------------------ animations


@pytest.mark.parametrize("theme", THEMES)
def test_the_wave_moves_along_the_axon(theme, tmp_path):
    rec = axon_recording()
    made = lo.animate(rec, tmp_path / "wave.gif", size=(800, 600), frames=15, theme=theme)
    shots = images(made.path)
    assert len(shots) == made.frames == 15
    # in the strip it is green where V is high
    found = []
    for k, shot in enumerate(shots):
        red, green, blue = np.moveaxis(shot[325:360].astype(int), -1, 0)
        bright = (green > 150) & (blue < 150) & (red < 200)
        if bright.sum() > 40:
            found.append((k, np.flatnonzero(bright.any(axis=0)).mean()))
    places = [place for k, place in found if 2 <= k <= 9]
    assert len(places) >= 5
    assert np.all(np.diff(places) > 0)


def test_every_frame_is_what_drawing_it_alone_would_give(tmp_path):
    """Only what changed is drawn: the 10th frame of many is the last of two."""
    rec = axon_recording()
    film = lo.animate(rec, tmp_path / "long.gif", size=(640, 480), frames=15, panels=("V", "axon"))
    until = rec.isel(time=slice(None, 91))  # to 4.5 ms, which is frame 9 of 14
    other = lo.animate(until, tmp_path / "two.gif", size=(640, 480), frames=2, panels=("V", "axon"))
    one, two = images(film.path)[9].astype(int), images(other.path)[1].astype(int)
    top = 110  # below the title and the clock, which know how long the recording is
    off = np.abs(one[top:] - two[top:]).max(axis=-1)
    assert (off > 60).mean() < 0.02  # palettes and limits differ a little, lines do not


def test_an_electrode_lights_up_while_it_is_on(tmp_path):
    rec = axon_recording(shocks=((0.0, 1.0, 2.0, 2e3),))
    shots = images(lo.animate(rec, tmp_path / "on.gif", size=(800, 600), frames=15).path)
    ink = np.array(style.rgb(THEMES["light"].stimulus), dtype=float)
    lit = [int((np.abs(s.astype(float) - ink).sum(axis=-1) < 30).sum()) for s in shots]
    on = [1.0 <= 7.0 * k / 14 < 3.0 for k in range(15)]
    assert [count > 10 for count in lit] == on


@pytest.mark.parametrize("variant", ["myelin", "taper", "only V", "silent", "no diameter"])
def test_any_axon_can_be_animated(variant, tmp_path):
    made = lo.animate(VARIANTS[variant](), tmp_path / "wave.webp", size=(400, 300), frames=5)
    assert made.path.stat().st_size > 3000


def test_videos_of_an_axon_hold_the_frames_of_its_gif(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    options = {"size": (400, 300), "frames": 6}
    rec = axon_recording()
    paths = [lo.animate(rec, tmp_path / f"a{kind}", **options).path
             for kind in (".gif", ".webp", ".mp4")]  # fmt: skip
    still, exact = (images(path) for path in paths[:2])
    assert all(np.array_equal(a, b) for a, b in zip(still, exact, strict=True))
    reader = ffmpeg.read_frames(str(paths[2]))
    next(reader)
    shots = [np.frombuffer(data, np.uint8).reshape(300, 400, 3).astype(int) for data in reader]
    for k in range(6):  # the codec blurs edges, but not the picture
        assert np.abs(shots[k] - still[k]).mean() < 3, k
        other = still[k - 1 if k else 5].astype(int)
        assert np.abs(shots[k] - still[k]).mean() < np.abs(shots[k] - other).mean()


def test_a_map_does_not_move(tmp_path):
    with pytest.raises(UsageError, match=r"panel 'map' stands still; lo.plot\(rec\) draws it"):
        lo.animate(axon_recording(), tmp_path / "map.gif", panels=("V", "map"))


def test_what_is_followed_is_spread_over_the_axon():
    shown = content.read(axon_recording(internodes=True))
    places = [float(shown.place[k]) for k in shown.followed()]
    assert places == pytest.approx([2.0, 4.0, 6.0], abs=0.25)
    assert not any(shown.myelin[k] for k in shown.followed())


# ------------------------------------------------------------------------ experiments


def found(theory: bool = True, blocked: bool = False) -> xarray.Dataset:
    x = np.array([10.0, 50, 100, 400, 1000])
    y = np.sqrt(x) * 0.86
    if blocked:
        y[-2:] = np.nan
    told = {"units": "m/s", "long_name": "conduction velocity", "absent": "no conduction"}
    variables = {"velocity": ("diameter", y, {**told, "role": "measured"})}
    if theory:
        variables["law"] = ("diameter", np.sqrt(x) * 0.86, {**told, "role": "theory", "label": "∝"})
    coords = {"diameter": ("diameter", x, {"units": "um", "long_name": "diameter"})}
    return xarray.Dataset(variables, coords, {"experiment": "velocity", "title": "A law"})


def lines() -> xarray.Dataset:
    position = np.linspace(0, 1e5, 201)
    rows = np.array([position / k for k in (1e4, 1.5e4, 2e4)])
    rows[2, 100:] = np.nan
    return xarray.Dataset(
        {"arrival": (("kind", "position"), rows,
                     {"units": "ms", "long_name": "arrival", "role": "measured",
                      "absent": "blocked"})},
        {"kind": ["a", "b", "c"], "position": ("position", position, {"units": "um"})},
        {"experiment": "direction", "title": "Three waves"},
    )  # fmt: skip


@pytest.mark.parametrize("size", [(1600, 1000), (640, 480)], ids=str)
@pytest.mark.parametrize(
    "what",
    [found, lambda: found(False), lambda: found(False, True), lines],
    ids=["law", "points", "blocked", "lines"],
)
def test_an_experiments_figure_is_legible(what, size):
    for theme in THEMES:
        assert_legible(lo.plot(what(), theme=theme, size=size), size)


def planned() -> xarray.Dataset:
    """Two panels: peak and steady current against voltage; a rate on logarithmic axes."""
    V, duration = np.linspace(-80, 60, 15), np.geomspace(0.1, 10, 9)
    open_ = 1 / (1 + np.exp(-(V + 30) / 7))
    current = {"units": "uA/cm2", "role": "measured"}
    variables = {
        "peak": ("voltage", 4 * open_ * (V - 50), {**current, "long_name": "peak current"}),
        "steady": ("voltage", 3 * open_ * (V + 77), {**current, "label": "steady state"}),
        "threshold": ("duration", 2 + 3 / duration,
                      {"units": "uA/cm2", "long_name": "threshold", "role": "measured"}),
        "law": ("duration", 2.1 + 3 / duration, {"role": "theory", "label": "Lapicque"}),
    }  # fmt: skip
    coords = {
        "voltage": ("voltage", V, {"units": "mV", "long_name": "command"}),
        "duration": ("duration", duration, {"units": "ms", "long_name": "duration"}),
    }
    plan = Plan((Panel(("peak", "steady")), Panel(("threshold",), ("law",), log="xy")))
    attrs = {"experiment": "made up", "title": "Two panels", **plan.attributes}
    return xarray.Dataset(variables, coords, attrs)


@pytest.mark.parametrize("size", [(1600, 1000), (640, 480), (700, 1000)], ids=str)
def test_an_experiments_plan_is_drawn_panel_by_panel(size):
    figure = lo.plot(planned(), size=size)
    assert_legible(figure, size)
    said = [text for text, _ in words_of(figure)]
    for text in ("Peak current (µA/cm²)", "peak current", "steady state", "Command (mV)",
                 "Threshold (µA/cm²)", "Lapicque", "Duration (ms)"):  # fmt: skip
        assert said.count(text) == 1, text
    above, below = figure.axes
    assert (above.get_xscale(), below.get_xscale(), below.get_yscale()) == ("linear", "log", "log")
    curves = [line for line in above.lines if line.get_linewidth() and len(line.get_xdata()) == 15]
    drawn = {tuple(np.round(line.get_ydata(), 9)) for line in curves}
    assert drawn == {tuple(np.round(planned()[name].values, 9)) for name in ("peak", "steady")}


def test_one_variable_may_be_drawn_against_another():
    rec = planned().assign_attrs(Plan((Panel(("steady",), across="peak"),)).attributes)
    (axes,) = lo.plot(rec).axes
    line = next(line for line in axes.lines if len(line.get_xdata()) == 15)
    assert np.array_equal(line.get_xdata(), rec.peak.values)
    assert np.array_equal(line.get_ydata(), rec.steady.values)


def test_every_law_beside_what_was_measured_has_its_name():
    rec = found()
    told = {"units": "m/s", "role": "theory", "label": "wave"}
    rec["other"] = ("diameter", rec.law.values * 1.1, told)
    said = [text for text, _ in words_of(lo.plot(rec))]
    assert {"∝", "wave"} <= set(said)


def test_where_nothing_is_conducted_the_figure_says_so():
    said = [text for text, _ in words_of(lo.plot(found(False, True)))]
    assert "no conduction" in said
    assert "Diameter (µm)" in said


def test_an_experiment_has_one_figure():
    with pytest.raises(UsageError, match="an experiment has one figure"):
        lo.plot(found(), panels=("V",))
    with pytest.raises(UsageError, match="title=5 is not text"):
        lo.plot(found(), title=5)


# ------------------------------------------------------------------------ whose picture it is


@pytest.fixture(scope="module")
def wrapped():
    """An action potential along a short myelinated fibre."""
    fibre = lo.experiments.myelinated(internodes=8)
    shock = lo.at(0, lo.Pulse(0.1, 0.1, 10))
    return lo.simulate(fibre, shock, 0.8, sample_interval=0.01)


def test_the_title_is_the_fibres(wrapped):
    said = [text for text, _ in words_of(lo.plot(wrapped))]
    assert "Myelinated axon (7 µm)" in said
    assert any(t.startswith("Squid giant axon (Hodgkin & Huxley 1952), 10 nA") for t in said)


@pytest.mark.slow
def test_what_an_electrode_does_has_no_colour_of_what_the_axon_does(wrapped):
    from loligo.figures.axon import content, tube

    axon = content.read(wrapped)
    scale = tube.scale((axon,), THEMES["light"], 256)
    steps = scale.steps(axon.V)
    beyond = steps == len(scale.table) - 1
    assert axon.V.max() > 100 > 60 > scale.high  # the action potential stays below E_Na
    assert beyond[axon.V > 60].all()
    assert not beyond[axon.quiet()][:, axon.undisturbed()].any()
    said = [text for text, _ in words_of(lo.plot(wrapped))]
    assert any("grey: beyond it, at the electrode" in text for text in said)


def test_the_jump_from_node_to_node_is_to_be_seen(wrapped):
    from loligo.figures.axon import content

    axon = content.read(wrapped)
    assert axon.nodes.size == 9
    figure = lo.plot(wrapped)
    dots = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    arrived = dots[-1].get_xydata().T
    np.testing.assert_allclose(arrived[0], axon.place[~axon.myelin])
    first = wrapped.spike_time.isel(spike=0).values[~axon.myelin]
    np.testing.assert_allclose(arrived[1], first)


@pytest.mark.slow
def test_the_colour_bar_has_ticks():
    figure = lo.plot(axon_recording())
    bar = next(axes for axes in figure.axes if axes.yaxis.get_ticks_position() == "right")
    ticks = [float(t.get_text().replace("−", "-")) for t in bar.get_yticklabels()]
    assert len(ticks) >= 2
    for value, tick in zip(bar.get_yticks(), ticks, strict=True):
        assert value == tick
        assert bar.get_ylim()[0] <= tick <= bar.get_ylim()[1]


@pytest.mark.slow
def test_one_place_gives_one_panel_of_gates(wrapped):
    figure = lo.plot(wrapped.sel(position=[4e3], method="nearest"))
    said = [text for text, _ in words_of(figure)]
    assert "Gating variables" in said
    assert "seen at " in " ".join(said)  # in one line or in two


@pytest.mark.slow
def test_a_stretch_is_named_where_it_lies():
    squid = lo.load("hodgkin-huxley-1952").replace(celsius=18.5)
    fibre = lo.Axon(
        regions=[
            lo.Region(squid, 20000, 476, compartments=20),
            lo.Region(squid.replace(celsius=5), 10000, 476, compartments=10, name="cooled"),
            lo.Region(squid, 20000, 476, compartments=20),
        ],
        axial_resistivity=35.4,
    )
    rec = lo.simulate(
        fibre, lo.at(0, lo.Pulse(0.5, 0.2, 30e3)), 2, record=["V"],
        solver=lo.Exponential(dt=0.01), sample_interval=0.05,
    )  # fmt: skip
    figure = lo.plot(rec)
    boxes = dict(words_of(figure))
    named, strip = boxes["cooled"], figure.axes[1]
    middle = strip.transData.transform((2.5, 0.0))[0]
    assert abs((named.x0 + named.x1) / 2 - middle) < 0.1 * strip.bbox.width


def test_eight_axons_fit_a_slide(tmp_path):
    """What there is no room for is left out, but for V, beside which they are named."""
    axons, names = [only(axon_recording(), "V")] * 8, [f"g_Na {k}" for k in range(8)]
    figure = lo.plot(*axons, size="slide", labels=names)
    assert_legible(figure, (1920, 1080))
    words = [word for word, _ in words_of(figure)]
    assert words.count(r"$g_{\mathrm{Na}}$ 7") == sum("Membrane potential" in w for w in words) < 3
    film = lo.animate(*axons, tmp_path / "eight.gif", size="slide", labels=names, frames=2)
    assert film.size == (1920, 1080)
