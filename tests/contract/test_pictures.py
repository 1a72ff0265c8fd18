"""Figures and animations, checked by what is in them."""

from __future__ import annotations

import errno
import math
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageSequence

import figures_recording as recordings
import loligo as lo
from few import ALL
from loligo.errors import FileError, LoligoError, UsageError
from loligo.figures import animation, style
from loligo.figures.animation import animate
from loligo.figures.figure import plot
from loligo.figures.film.frames import Frame
from loligo.figures.film.timing import Timing
from loligo.figures.film.video import write_mp4
from seen import assert_apart

LIGHT, DARK = style.THEMES["light"], style.THEMES["dark"]

VARIANTS = {
    "usual": recordings.recording,
    "silent": lambda: recordings.recording(amplitude=0.0, initial=recordings.hh.rest()),
    "1 ms": lambda: recordings.recording(
        duration=1.0, start=0.2, end=0.4, interval=0.005, amplitude=100.0
    ),
    "10 s": recordings.long,
    "huge": recordings.huge,
    "noise": recordings.noise,
    "sine": recordings.sine,
    "other channels": recordings.renamed,
    "only V": lambda: recordings.only(recordings.recording(), "V"),
    "no V, no currents": lambda: recordings.only(recordings.recording(), "V", "n", "I_K"),
    "five lanes": lambda: recordings.lanes([0, 2, 5, 10, 20]),
    "gates of lanes": lambda: recordings.lanes([0, 10], names=("V", "m", "h")),
    "many lanes": lambda: recordings.lanes([0, 1, 2, 3, 4, 6, 8, 10, 12, 20]),
    "grid": lambda: recordings.grid(np.linspace(60, 180, 6), [0, 5, 10]),
    "long names": lambda: recordings.recording().assign_attrs(
        title="A title that is much too long for any figure " * 4, stimulus="words " * 60
    ),
    "strange names": lambda: recordings.recording().assign_attrs(title="$5 \\bad{ _^% <b>"),
}
MANY = ["V", "m", "h", "n", "I_Na", "I_K", "I_leak", "G_Na", "G_K", "stimulus"]
SIZES = [(1600, 1200), (640, 480), (1920, 600), (700, 1400)]


def pixels_of(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3]


def texts(figure):
    """Every text that is drawn, with its box in pixels."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    found = []
    for one in figure.findobj(matplotlib.text.Text):
        box = one.get_window_extent(renderer)
        drawn = one.get_visible() and one.get_text().strip() and box.width > 0
        axes = one.axes
        if drawn and (axes is None or one in shown_ticks(axes) or one.figure is None):
            found.append((one.get_text(), box))
    return found


def shown_ticks(axes):
    ticks = [*axes.xaxis.get_major_ticks(), *axes.yaxis.get_major_ticks()]
    return [label for t in ticks for label in (t.label1, t.label2) if label.get_visible()]


def coloured(image, colour):
    """How many pixels have a colour."""
    red, green, blue = style.rgb(colour)
    same = (image[..., 0] == red) & (image[..., 1] == green) & (image[..., 2] == blue)
    return int(same.sum())


# ------------------------------------------------------------------------ figures


@pytest.mark.parametrize(
    "size", [*SIZES[:2], *(pytest.param(s, marks=pytest.mark.slow) for s in SIZES[2:])], ids=str
)
@pytest.mark.parametrize("variant", VARIANTS)
def test_no_text_overlaps_another_or_leaves_the_picture(variant, size):
    figure = plot(VARIANTS[variant](), size=size)
    image = pixels_of(figure)
    assert image.shape == (size[1], size[0], 3)
    found = texts(figure)
    assert len(found) >= 5
    assert_apart(found, size)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_every_colour_that_must_be_there_is(theme):
    image = pixels_of(plot(recordings.recording(), theme=theme.name))
    assert coloured(image, theme.background) > 0.3 * image[..., 0].size
    assert coloured(image, theme.band) > 0.2 * image[..., 0].size
    for ink in (theme.voltage, theme.stimulus, *map(theme.channels.get, ("Na", "K", "leak"))):
        assert coloured(image, ink) > 500


def test_the_usual_figure_shows_V_gates_conductances_and_stimulus_on_one_time_axis():
    figure = plot(recordings.recording())
    words = [text for text, _ in texts(figure)]
    headings = [
        "Squid giant axon, Hodgkin & Huxley 1952",
        "10 µA/cm² from 5 to 45 ms",
        "Membrane potential (mV)",
        "Gating variables",
        "Conductance (mS/cm²)",
        "Injected current (µA/cm²)",
        "Time (ms)",
    ]
    for text in (*headings, "m", "h", "n", "Na", "K", "leak", "rest −65.0"):
        assert words.count(text) == 1, text
    tops = [axes.get_position().y1 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True)
    assert {axes.get_xlim() for axes in figure.axes} == {(0.0, 50.0)}
    assert len({axes.get_position().x0 for axes in figure.axes}) == 1


def test_resting_and_zero_lines_lie_where_they_belong():
    axes = plot(recordings.recording()).axes[0]
    flat = [line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1]
    assert sorted(flat) == pytest.approx([-64.9964, 0.0], abs=1e-4)


def test_the_band_covers_just_the_time_of_injection():
    figure = plot(recordings.recording())
    for axes in figure.axes:
        (band,) = axes.patches
        assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((5.0, 45.0))
    assert not any(axes.patches for axes in plot(VARIANTS["silent"]()).axes)


def test_the_drawn_line_is_the_recording():
    rec = recordings.recording()
    line = max(plot(rec).axes[0].lines, key=lambda one: len(one.get_xdata()))
    time, drawn = line.get_xdata(), line.get_ydata()
    assert (time[0], time[-1]) == (rec.time.values[0], rec.time.values[-1])
    assert np.abs(np.interp(rec.time.values, time, drawn) - rec.V.values).max() < 0.005


def test_text_grows_with_pixels_and_dpi_changes_pixels_alone():
    def heading(**size):
        figure = plot(recordings.recording(), ("V", "stimulus"), **size)
        box = next(box for text, box in texts(figure) if text.startswith("Membrane"))
        return box.height, figure

    usual, _ = heading(size=(1600, 1200))
    assert heading(size=(800, 600))[0] == pytest.approx(usual / 2, abs=1.5)
    assert heading(size=(3200, 2400))[0] == pytest.approx(usual * 2, abs=2.5)
    for dpi in (100, 300, 600):
        tall, figure = heading(size=(8, 6), dpi=dpi)
        assert pixels_of(figure).shape[:2] == (6 * dpi, 8 * dpi)
        # both are whole pixels, of which one is so many of the other's
        assert tall == pytest.approx(usual * dpi / 200, abs=1 + dpi / 200)
        tall, figure = heading(size=(1600, 1200), dpi=dpi)  # in print, larger or smaller
        assert pixels_of(figure).shape[:2] == (1200, 1600)
        assert tall == pytest.approx(usual, abs=2)
        assert figure.get_figwidth() == pytest.approx(1600 / dpi)


@pytest.mark.parametrize(
    ("size", "pixels", "smallest", "largest"),  # points
    [
        (None, (1600, 1200), 9, 13),
        ("slide", (1920, 1080), 13.5, 25),
        pytest.param(*("16:9", (1920, 1080), 7, 13), marks=pytest.mark.slow),
        pytest.param(*("paper", (2100, 1530), 6.3, 12), marks=pytest.mark.slow),
        ("column", (1020, 1296), 5.4, 10),
        pytest.param(*((5, 4), (1000, 800), 5, 12), marks=pytest.mark.slow),
        ("16 x 12 cm", (1260, 945), 5, 12),
        pytest.param(*("1600x1200", (1600, 1200), 9, 13), marks=pytest.mark.slow),
    ],
)
def test_a_size_is_what_it_is_for(size, pixels, smallest, largest):
    figure = plot(recordings.recording(), size=size)
    assert pixels_of(figure).shape[:2] == pixels[::-1]
    sizes = [one.get_fontsize() for one in figure.findobj(matplotlib.text.Text) if one.get_text()]
    assert smallest <= min(sizes) + 1e-9
    assert max(sizes) <= largest


@pytest.mark.parametrize(
    "panels", [("V",), None, ("V", "m", "h", "n", "I_Na", "I_K", "I_leak", "G_Na", "stimulus")]
)
def test_type_on_a_slide_is_for_the_last_row_whatever_the_number_of_panels(panels):
    figure = plot(recordings.recording(), panels, size="slide")
    texts = [one for one in figure.findobj(matplotlib.text.Text) if one.get_text()]
    assert min(one.get_fontsize() for one in texts) / 72 >= figure.get_figheight() / 40 - 1e-9


def test_lanes_are_named_by_their_coordinate():
    words = [text for text, _ in texts(plot(recordings.lanes([0, 2, 5, 10, 20])))]
    for text in ("0", "2", "5", "10", "20", "Amplitude (µA/cm²)"):
        assert text in words


def test_many_lanes_become_a_map_of_V():
    rec = VARIANTS["many lanes"]()
    figure = plot(rec)
    words = [text for text, _ in texts(figure)]
    assert {"Membrane potential (mV)", "Amplitude (µA/cm²)", "Time (ms)"} <= set(words)
    (image,) = figure.axes[0].get_images()
    assert image.get_clim() == pytest.approx((rec.V.values.min(), rec.V.values.max()), abs=0.5)


def test_a_grid_becomes_a_map_of_spike_counts():
    rec = VARIANTS["grid"]()
    for one in (rec, rec[["spike_count", "spike_time"]].assign_attrs(rec.attrs)):
        figure = plot(one)
        assert "Number of spikes" in [text for text, _ in texts(figure)]
        (image,) = figure.axes[0].get_images()
        assert np.array_equal(np.asarray(image.get_array()), rec.spike_count.values)


def test_a_figure_shows_itself_once():
    from matplotlib._pylab_helpers import Gcf

    figure = plot(recordings.recording())
    data, meta = figure._repr_mimebundle_()  # type: ignore[attr-defined]
    assert figure not in [manager.canvas.figure for manager in Gcf.get_all_fig_managers()]
    assert data["image/png"].startswith(b"\x89PNG")
    assert meta["image/png"]["width"] == 800


WINDOWS = """
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

shown, closed = [], []

class FigureManager(FigureManagerBase):
    def show(self):
        shown.append(self.canvas.figure)

    def destroy(self):
        closed.append(self.canvas.figure)

    @classmethod
    def start_main_loop(cls):
        shown.append("waited")

class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager
"""
SCRIPTS = {
    "plt.show": "plot(rec); plt.show(); assert [type(s).__name__ for s in windows.shown] == "
    "['ShownFigure', 'str']",
    "figure.show": "figure = plot(rec); figure.show(); assert windows.shown == [figure, 'waited']",
    "both": "figure = plot(rec); own = plt.figure(); plt.show(); "
    "assert windows.shown == [figure, own, 'waited']; plt.close(figure); "
    "assert windows.closed == [figure]; plt.close('all'); assert plt.get_fignums() == []",
    "closed": "plot(rec); plt.close('all'); plt.show(); assert windows.shown == []",
    "pixels": "figure = plot(rec); figure.show(); figure.savefig('figure.png'); "
    "assert plt.imread('figure.png').shape[:2] == (754, 1600); "
    "assert figure.dpi * figure.get_figwidth() <= 1200",
    "many": "[plot(rec) for _ in range(25)]; assert len(plt.get_fignums()) == 20",
}


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_figure_appears(script, tmp_path):
    """In a process of its own, with windows that only say that they were shown."""
    (tmp_path / "windows.py").write_text(WINDOWS)
    lines = [
        "import windows, matplotlib",
        "matplotlib.rcParams['backend'] = 'module://windows'",
        "import matplotlib.pyplot as plt",
        "import figures_recording as recordings",
        "from loligo.figures import plot",
        "rec = recordings.only(recordings.recording(), 'V')",
        SCRIPTS[script],
    ]
    places = [str(tmp_path), str(Path(recordings.__file__).parent), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    command = [sys.executable, "-c", "\n".join(lines)]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
def test_pyplot_that_is_not_in_use_holds_no_figure():
    """Nobody who only writes files has to close them."""
    script = (
        "import gc, weakref, sys, figures_recording as r; from loligo.figures import plot; "
        "figure = plot(r.only(r.recording(), 'V')); gone = weakref.ref(figure); del figure; "
        "gc.collect(); assert gone() is None; assert 'matplotlib.pyplot' not in sys.modules"
    )
    places = [str(Path(recordings.__file__).parent), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_in_files_are_words(theme, tmp_path):
    figure = plot(recordings.recording(), theme=theme)
    figure.savefig(tmp_path / "figure.svg")
    svg = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    for words in ("Gating variables", "Time (ms)", "Squid giant axon, Hodgkin &amp; Huxley 1952"):
        assert f">{words}</text>" in svg
    figure.savefig(tmp_path / "figure.pdf")
    pdf = (tmp_path / "figure.pdf").read_bytes()
    assert b"/Type3" not in pdf
    assert b"/FontFile2" in pdf  # TrueType, which can be searched and edited


def test_a_background_is_left_out_if_that_is_asked(tmp_path):
    plot(recordings.recording(), transparent=True).savefig(tmp_path / "figure.png")
    plot(recordings.recording()).savefig(tmp_path / "usual.png")
    with Image.open(tmp_path / "figure.png") as image:
        assert image.getpixel((0, 0))[3] == 0
    with Image.open(tmp_path / "usual.png") as image:
        assert image.getpixel((0, 0)) == (255, 255, 255, 255)


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_figures_are_saved_like_any_other(tmp_path, suffix):
    path = tmp_path / f"spike.{suffix}"
    plot(recordings.recording()).savefig(path)
    assert path.stat().st_size > 10_000


def test_a_title_can_be_given_or_left_out():
    named = [text for text, _ in texts(plot(recordings.recording(), title="My axon"))]
    assert "My axon" in named
    bare = [text for text, _ in texts(plot(recordings.recording(), title=""))]
    assert not any("Squid" in text or "µA/cm² from" in text for text in bare)


@pytest.mark.parametrize(
    ("options", "wording"),
    [
        ({"size": (0, 100)}, r"size=\(0, 100\) is not a size; give \(width, height\) in pixels"),
        ({"size": 5}, "size=5 is not a size"),
        ({"size": (1e9, 1e9)}, "each from 200 to 16000"),
        ({"size": (math.nan, 500)}, "is not a size"),
        ({"size": (800.5, 600)}, "is not a size"),
        ({"dpi": 0}, "dpi=0 is not a resolution; give dots per inch from 10 to 2400"),
        ({"dpi": "high"}, "dpi='high' is not a resolution"),
        ({"size": (200, 200), "panels": MANY}, r"10 panels do not fit in 200 × 200 pixels"),
        ({"size": (16_000, 200), "panels": "V"}, "^the panel does not .* give a larger size.$"),
        ({"size": "slyde"}, r"not a size \(did you mean slide\?\)"),
        ({"size": "column", "dpi": 20}, r"at 20 dots per inch is 68 × 86 pixels"),
        ({"theme": "pink"}, "theme='pink' is not a theme"),
        ({"title": 5}, "title=5 is not text"),
    ],
)
def test_impossible_figures_say_what_is_possible(options, wording):
    with pytest.raises(UsageError, match=wording):
        plot(recordings.recording(), **options)


def test_more_lanes_than_can_be_shown_are_refused_with_a_way_out():
    many = recordings.lanes(list(range(9)), names=("V", "m"))
    with pytest.raises(UsageError, match=r"m has 9 lanes.*rec.isel\(amplitude=\[0, -1\]\)"):
        plot(many, panels=("m",))
    with pytest.raises(UsageError, match=r"9 lanes, and an animation shows up to 8.*lo.plot"):
        animate(many, "lanes.gif")


# ------------------------------------------------------------------------ animations


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    path = tmp_path_factory.mktemp("animation") / "action_potential.gif"
    return animate(recordings.recording(), path)


@pytest.fixture(scope="module")
def shots(usual):
    with Image.open(usual.path) as image:
        return [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(image)]


def test_the_usual_animation_is_what_the_readme_promises(usual):
    with Image.open(usual.path) as image:
        assert image.size == (1600, 1200) == usual.size
        assert image.n_frames == usual.frames >= 100
        assert image.info["loop"] == 0
        delays = []
        for k in range(image.n_frames):
            image.seek(k)
            delays.append(image.info["duration"])
    assert set(delays[:-1]) == {40}  # ms: a whole number of hundredths, at least two
    assert delays[-1] == 1500
    assert usual.path.stat().st_size < 3e6
    assert "126 frames of 1600 × 1200, 25 a second, 10 ms of model time" in repr(usual)


def test_three_spikes_are_drawn_one_after_the_other(shots):
    """Counted in the picture: the dark line crosses a level near 0 mV upwards and downwards."""
    rule = np.abs(shots[0].astype(int) - style.rgb(LIGHT.rule)).max(axis=2) < 8
    zero = int(np.flatnonzero(rule[:700].sum(axis=1) > 400)[0])  # the upper of the two rules
    band = np.flatnonzero((shots[0][zero - 12] == style.rgb(LIGHT.band)).all(axis=1))
    five, forty_five = band[0], band[-1]
    crossings = []
    for k, shot in enumerate(shots):
        head = five + (0.4 * k - 5) / 40 * (forty_five - five)
        crossings.append(coloured_runs(shot[zero - 12, : int(head) + 15]))
    assert crossings == sorted(crossings)
    assert set(crossings) == set(range(7))
    assert crossings.index(1) == 18  # the first frame after 6.9 ms, where V first passes 0 mV


def coloured_runs(row):
    """How many separate pieces of the voltage's colour a row of pixels has."""
    dark = np.abs(row.astype(int) - style.rgb(LIGHT.voltage)).max(axis=1) < 40
    return int((np.diff(dark.astype(int)) == 1).sum())


def test_every_frame_adds_to_the_one_before(shots):
    """All that is behind the head stays as it is, pixel by pixel; between one head and the next,
    every panel gets something of its own colours."""
    first = shots[0]
    rule = np.abs(first.astype(int) - style.rgb(LIGHT.rule)).max(axis=2) < 8
    zero = int(np.flatnonzero(rule[:700].sum(axis=1) > 400)[0])
    band = np.flatnonzero((first[zero - 12] == style.rgb(LIGHT.band)).all(axis=1))
    heads = band[0] + (0.4 * np.arange(len(shots)) - 5) / 40 * (band[-1] - band[0])
    panels = (first[:, band[len(band) // 2]] == style.rgb(LIGHT.band)).all(axis=1)
    reach = 24  # pixels: the head with its halo
    for k in range(1, len(shots)):
        before, after = shots[k - 1][panels], shots[k][panels]
        until = max(int(heads[k - 1]) - reach, 0)
        assert np.array_equal(before[:, :until], after[:, :until]), k
        new = slice(max(int(heads[k - 1]) + 1, 0), max(int(heads[k]) - reach // 2, 0))
        added = np.any(shots[-1][panels][:, new] != first[panels][:, new], axis=-1)
        whole = np.any(after[:, new] != first[panels][:, new], axis=-1)
        assert np.all(whole[added]), k
    for ink in (LIGHT.channels["Na"], LIGHT.channels["K"], LIGHT.stimulus, LIGHT.voltage):
        amount = [
            coloured(shot[panels, int(heads[0]) : max(int(head) - reach, 0)], ink)
            for shot, head in zip(shots, heads, strict=True)
        ]
        assert amount == sorted(amount)
        assert amount[-1] > 500 > amount[0]


def test_flat_areas_do_not_crawl(shots):
    ground = np.array(style.rgb(LIGHT.background))
    for shot in shots[::10]:
        assert np.all(shot[:30] == ground)
        assert np.all(shot[:, :20] == ground)
        assert np.all(shot[-20:] == ground)
        assert coloured(shot, LIGHT.band) > 0.15 * shot[..., 0].size


def test_the_colours_of_an_animation_are_those_of_the_figure(shots):
    for ink in (LIGHT.text, LIGHT.voltage, LIGHT.stimulus, *map(LIGHT.channels.get, ("Na", "K"))):
        assert coloured(shots[-1], ink) > 300, ink


@pytest.mark.slow
def test_dark_lanes_and_other_models_animate(tmp_path):
    for name, rec, options in (
        ("dark", recordings.recording(), {"theme": "dark"}),
        ("lanes", VARIANTS["five lanes"](), {}),
        ("other", recordings.renamed(), {}),
        ("V", VARIANTS["only V"](), {"panels": "V"}),
        ("noise", recordings.noise(), {"title": ""}),
        ("short", VARIANTS["1 ms"](), {}),
        ("huge", recordings.huge(), {}),
    ):
        made = animate(rec, tmp_path / f"{name}.gif", size=(480, 360), frames=9, **options)
        with Image.open(made.path) as image:
            assert image.n_frames == 9
            assert image.size == (480, 360)
            image.seek(8)
            last = np.asarray(image.convert("RGB"))
        ground = style.THEMES[options.get("theme", "light")].background
        assert 0.2 < coloured(last, ground) / last[..., 0].size < 0.97


def test_loop_and_rate_are_as_asked(tmp_path):
    made = animate(
        recordings.recording(), tmp_path / "a.gif", size=(320, 240), frames=4, fps=60, loop=False
    )
    assert made.fps == 50
    assert "60 frames a second do not exist in this format: 50 are shown" in repr(made)
    with Image.open(made.path) as image:
        assert "loop" not in image.info
        assert image.info["duration"] == 20


def test_webp_holds_the_same_frames(tmp_path):
    rec = recordings.recording()
    options = {"size": (401, 301), "frames": 12}
    pair = [animate(rec, tmp_path / f"a{kind}", **options) for kind in (".gif", ".webp")]
    with Image.open(pair[0].path) as one, Image.open(pair[1].path) as two:
        assert two.n_frames == 12
        assert two.info["loop"] == 0
        for k in range(12):
            one.seek(k)
            two.seek(k)
            assert np.array_equal(one.convert("RGB"), two.convert("RGB")), k
        assert two.info["duration"] == 1500


def test_mp4_needs_its_extra_and_says_so(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(FileError, match=r'pip install "loligo\[mp4\]"; or write a .gif or .webp'):
        animate(recordings.recording(), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_mp4_is_written_where_the_extra_is(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    made = animate(recordings.recording(), tmp_path / "a.mp4", size=(401, 301), frames=10, fps=30)
    reader = ffmpeg.read_frames(str(made.path))
    about = next(reader)
    assert about["size"] == (402, 302)  # even, as the codec wants it
    assert about["duration"] == pytest.approx(9 / 30 + 1.5, abs=0.011)  # the last one is held
    assert sum(1 for _ in reader) in (10, 9 + 45)  # as the reader repeats what is held, or not
    shown = subprocess.run(
        [ffmpeg.get_ffmpeg_exe(), "-i", made.path, "-f", "framecrc", "-fps_mode", "passthrough",
         "-"], capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    unit = next(line for line in shown if line.startswith("#tb 0:")).split(": ")[1]
    times = [int(line.split(",")[2]) * Fraction(unit) for line in shown if line[0] != "#"]
    assert times == [Fraction(k, 30) for k in range(10)]
    assert "<video" in made._repr_html_()


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize("name", ["pipe:1.mp4", "-y.mp4"])
def test_a_videos_name_is_a_name(tmp_path, monkeypatch, name):
    """To ffmpeg it may look like an option, or like a protocol."""
    pytest.importorskip("imageio_ffmpeg")
    monkeypatch.chdir(tmp_path)
    shown = Frame(np.zeros((32, 32), np.uint8), (0, 0, 32, 32))
    colours = np.zeros((2, 3), np.uint8)
    write_mp4(Path(name), [shown] * 2, colours, (32, 32), Timing(2, 25.0, True))
    assert b"ftyp" in Path(name).read_bytes()[:12]


@pytest.mark.skipif(not Path("/bin/true").exists(), reason="a program that takes nothing")
@pytest.mark.parametrize("program", ["/no/ffmpeg", __file__, "/bin/true"])
def test_what_is_no_ffmpeg_is_told(tmp_path, monkeypatch, program):
    """The last ends well, having read nothing."""
    pytest.importorskip("imageio_ffmpeg")
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", program)
    shown = Frame(np.zeros((200, 200), np.uint8), (0, 0, 200, 200))
    colours, timing = np.zeros((2, 3), np.uint8), Timing(99, 25.0, True)
    with pytest.raises(FileError, match=r"ffmpeg could not write .*; write a \.gif or \.webp"):
        write_mp4(tmp_path / "a.mp4", [shown] * 99, colours, (200, 200), timing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_video_that_does_not_fit_on_the_disk_is_told_as_any_other_file(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    colours = np.zeros((2, 3), np.uint8)
    shown = Frame(np.zeros((200, 200), np.uint8), (0, 0, 200, 200))
    (tmp_path / "full.mp4").symlink_to("/dev/full")
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_mp4(tmp_path / "full.mp4", [shown] * 9, colours, (200, 200), Timing(9, 25.0, True))


def test_an_encoder_ends_with_the_film_that_is_interrupted(tmp_path):
    pytest.importorskip("imageio_ffmpeg")

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        animate(recordings.recording(), tmp_path / "a.mp4", size=(320, 240), frames=9,
                progress=stop)  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_an_animation_shows_itself_in_a_notebook(usual):
    html = usual._repr_html_()
    assert html.startswith('<img src="data:image/gif;base64,R0lGODlh')
    assert 'width="800"' in html


# ------------------------------------------------------------------------ files


def test_progress_is_told_frame_by_frame(tmp_path):
    told = []
    animate(
        recordings.recording(),
        tmp_path / "a.gif",
        size=(320, 240),
        frames=5,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(k, 5) for k in range(1, 6)]


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_animation_leaves_the_old_file_and_nothing_else(tmp_path, suffix, failure):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"the old one")

    def stop(done, total):
        if done == 3:
            raise failure

    with pytest.raises(failure):
        animate(recordings.recording(), path, size=(320, 240), frames=9, progress=stop)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "wording"),
    [
        ("a.avi", r"'a.avi' ends in '.avi'; end it in .gif, .webp, .mp4"),
        ("spikes", "'spikes' has no suffix; end it in .gif"),
        (5, "a path is text, such as .shock.nc., not a int: 5"),
    ],
)
def test_other_kinds_of_file_are_refused_with_those_there_are(path, wording):
    with pytest.raises(UsageError, match=wording):
        animate(recordings.recording(), path)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        animate(recordings.recording(), tmp_path / "no" / "a.gif")


def test_a_suffix_in_capitals_is_the_same_kind(tmp_path):
    made = animate(recordings.recording(), tmp_path / "A.GIF", size=(320, 240), frames=3)
    assert made._repr_html_().startswith("<img")


def test_every_refusal_is_one_of_ours_and_happens_before_anything_is_written(tmp_path):
    rec = recordings.recording()
    for options in ({"fps": 0}, {"speed": -1}, {"size": (1, 1)}, {"panels": ("x",)}, {"frames": 0}):
        with pytest.raises(LoligoError):
            animate(rec, tmp_path / "a.gif", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", ALL)
def test_the_title_of_every_library_model_fits(model):
    title = lo.load(model).title
    shown = [text for text, _ in texts(plot(recordings.recording(), title=title))]
    assert title in shown


def test_the_public_names_are_these():
    assert lo.plot is plot
    assert lo.animate is animation.animate
