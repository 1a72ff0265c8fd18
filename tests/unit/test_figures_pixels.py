"""Palettes, changed boxes, the GIF's blocks, and when each pixel of a line appears."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import figures_recording as recordings
from loligo.figures import style
from loligo.figures.content import signals
from loligo.figures.content.labels import Label
from loligo.figures.content.recorded import picture
from loligo.figures.film import frames, gif, palette, reveal
from loligo.figures.film.difference import patches
from loligo.figures.film.glyphs import Typesetter
from loligo.figures.page.drawing import draw
from loligo.figures.page.size import sized

LIGHT = style.THEMES["light"]
TIMES = np.linspace(0, 50, 51)


@pytest.fixture(scope="module")
def scene():
    shown = picture(signals.read(recordings.recording()), None, LIGHT)
    with style.house_style():
        return frames.scene(shown, sized((640, 480), None, (640, 480)), LIGHT, TIMES)


# ------------------------------------------------------------------------ palette


def random_colours(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3)).astype(np.uint8)


def test_a_palette_keeps_its_exact_colours_and_finds_the_nearest_of_all():
    exact = [(255, 255, 255), (208, 74, 2), (253, 243, 222), (34, 38, 43)]
    seen = random_colours(5000)
    made = palette.Palette(exact, palette.codes(seen))
    assert len(made.colours) == palette.TRANSPARENT
    for colour in exact:
        assert tuple(made.rgb(made.index(np.array(colour)))) == colour
    some = random_colours(300, 1)
    got = made.rgb(made.index(some)).astype(int)
    every = made.colours.astype(int)
    best = ((some[:, None].astype(int) - every) ** 2).sum(axis=2).min(axis=1)
    assert np.all(np.sqrt(((got - some) ** 2).sum(axis=1)) <= np.sqrt(best) + 8)  # 6 bits a channel


def test_few_colours_are_all_kept():
    seen = random_colours(100)
    made = palette.Palette([(255, 255, 255)], palette.codes(seen))
    assert np.abs(made.rgb(made.index(seen)).astype(int) - seen).max() <= 3


def test_codes_of_a_picture_are_those_of_its_colours():
    rgba = np.random.default_rng(2).integers(0, 256, (7, 5, 4)).astype(np.uint8)
    assert np.array_equal(palette.image_codes(rgba), palette.codes(rgba[..., :3]))


def test_blending_by_look_up_is_blending():
    made = palette.Palette([(255, 255, 255), (0, 0, 0)], palette.codes(np.repeat(
        np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)))  # fmt: skip
    white = made.index(np.full((1, 16, 3), 255))
    levels = np.arange(16, dtype=np.uint8)[None]
    grey = made.rgb(palette.Blender(made).blended(white, levels, (0, 0, 0)))[0, :, 0]
    assert np.abs(grey - 255 * (1 - np.arange(16) / 15)).max() <= 4
    assert grey[0] == 255
    assert grey[-1] == 0


# ------------------------------------------------------------------------ GIF


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 255])
)
def test_image_data_of_a_gif_is_decoded_to_what_was_put_in(width, height, seed, most):
    image = np.random.default_rng(seed).integers(0, most, (height, width)).astype(np.uint8)
    table = np.stack([np.arange(256, dtype=np.uint8)] * 3, axis=1)
    data = gif._header(table, (width, height), loop=False)
    data += b"\x2c" + np.array([0, 0, width, height], "<u2").tobytes() + b"\0"
    data += gif.compressed(image) + b";"
    got = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[..., 0]
    assert np.array_equal(got, image)


@pytest.mark.parametrize("even", [False, True])
def test_patches_put_together_are_the_frames(scene, even):
    canvas = np.zeros_like(scene.still)
    made = []
    whole = (frame.image.copy() for frame in frames.frames(scene))
    for patch, image in zip(patches(frames.frames(scene), even=even), whole, strict=True):
        left, top = patch.corner
        assert not even or (left % 2 == 0 and top % 2 == 0)
        height, width = patch.pixels.shape
        area = canvas[top : top + height, left : left + width]
        np.copyto(area, patch.pixels, where=patch.pixels != palette.TRANSPARENT)
        assert np.array_equal(canvas, image)
        made.append(patch.pixels.size)
    assert np.mean(made[1:]) < 0.35 * made[0]  # only what changes is written


@pytest.mark.parametrize("size", [pytest.param((640, 480), marks=pytest.mark.slow), "slide"])
def test_nothing_of_a_frame_is_left_in_the_next(size):
    """Each frame is what it is alone, and all that changed lies in its box; on a slide, where heads
    move in two columns that begin at different heights."""
    shown = picture(signals.read(recordings.lanes((2, 5, 10, 15, 20))), None, LIGHT, stacked=True)
    with style.house_style():
        scene = frames.scene(shown, sized(size, None, (640, 480)), LIGHT, TIMES[::5])
    assert (len({tuple(head.x) for head in scene.heads}) == 2) == (size == "slide")
    before, alone = None, scene.still.copy()
    for k, frame in enumerate(frames.frames(scene)):
        pixels, index = scene.changes.at(k)
        alone.reshape(-1)[pixels] = index
        image = alone.copy()
        frames._moving(scene, k, image)
        assert np.array_equal(image, frame.image)
        if before is not None:
            left, top, right, bottom = frame.box
            before[top:bottom, left:right] = image[top:bottom, left:right]
            assert np.array_equal(before, image)
        before = image


# ------------------------------------------------------------------------ lines in time


def test_every_pixel_of_a_line_appears_when_the_line_gets_there():
    shown = picture(signals.read(recordings.recording()), ("V", "gates", "stimulus"), LIGHT)
    with style.house_style():
        drawing = draw(shown, sized((1600, 1200), None, (640, 480)), LIGHT)
        renderer = drawing.figure.canvas.get_renderer()
        layers = reveal.layers(drawing, shown, TIMES, renderer)
    layout = drawing.layout
    assert len(layers) == 3
    for layer in layers:
        column = layer.pixels % 1600 + 0.5
        time = (column / layout.size.dpi - layout.left) / (layout.right - layout.left) * 50
        wide = 6 / ((layout.right - layout.left) * layout.size.dpi / 50)  # a stroke, in ms
        assert np.all(layer.frame >= np.clip(time - wide, 0, None))
        assert np.all(layer.frame - 1 <= np.clip(time + wide, 0, 50))
        assert layer.frame.min() >= 0
        assert layer.frame.max() == 50


def test_after_the_last_frame_every_line_is_whole(scene):
    """The lines revealed piece by piece are, in the end, what matplotlib draws at once."""
    shown = picture(signals.read(recordings.recording()), None, LIGHT)
    image = scene.still.copy().reshape(-1)
    for k in range(len(scene)):
        at, index = scene.changes.at(k)
        image[at] = index
    with style.house_style():
        drawing = draw(shown, sized((640, 480), None, (640, 480)), LIGHT, frames.readout(shown))
        for artist in drawing.ends:
            artist.set_visible(False)
        drawing.figure.canvas.draw()
    whole = np.asarray(drawing.figure.canvas.buffer_rgba())[..., :3].astype(int)
    ours = scene.palette.rgb(image).reshape(480, 640, 3).astype(int)
    off = np.abs(whole - ours).max(axis=2)
    assert np.mean(off > 12) < 1e-4
    assert off.max() <= 24


def test_what_has_appeared_stays(scene):
    image = scene.still.copy().reshape(-1)
    lines = np.zeros(image.size, dtype=bool)
    for k in range(len(scene)):
        at, index = scene.changes.at(k)
        image[at] = index
        assert np.all(lines[at] | ~np.isin(at, np.flatnonzero(lines)))
        lines[at] = True
    assert lines.sum() > 5000


# ------------------------------------------------------------------------ text


def test_every_running_value_is_whole_in_every_frame(scene):
    """No label wipes out a part of its neighbour: all ink of all labels is in its colour."""
    for k, frame in enumerate(frames.frames(scene)):
        left = round(float(scene.x[k])) + scene.gap
        for head, colours in zip(scene.heads, scene.colours, strict=True):
            for rank, colour in enumerate(colours):
                cover = head.text[k][rank]
                top = round(float(head.label_y[k, rank]))
                shown = frame.image[top : top + cover.shape[0], left : left + cover.shape[1]]
                ink = scene.palette.rgb(shown[cover == palette.LEVELS]).astype(int)
                assert len(ink) > 10
                assert np.abs(ink - colour).max() <= 3, (k, rank)


def test_digits_are_equally_wide_so_that_numbers_stand_still():
    setter = Typesetter(10.5, 200)
    assert len({setter.number(str(d), 1).shape for d in range(10)}) == 1
    short, long = setter.number("7.5", 6), setter.number("−120.7", 6)
    assert short.shape == long.shape
    assert not short[:, : short.shape[1] // 4].any()
    assert short[:, -round(setter.em) :].any()


def test_text_is_what_matplotlib_draws():
    setter = Typesetter(12, 100)
    ink = setter.label(Label("m", italic=True))
    assert ink.max() == palette.LEVELS
    rows = np.flatnonzero(ink.any(axis=1))
    assert rows[-1] <= setter.ascent  # an m stands on the baseline
    assert np.array_equal(ink, setter.label(Label("m", italic=True)))
    assert setter.label(Label("$m_{\\mathrm{Na}}$", math=True)).any()
