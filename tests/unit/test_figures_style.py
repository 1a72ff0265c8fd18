"""Colours: readable, and told apart by every kind of colour vision."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from loligo.errors import UsageError
from loligo.figures import style

# Simulation of dichromacy in linear RGB: Machado, Oliveira & Fernandes 2009,
# IEEE Trans. Vis. Comput. Graph. 15:1291, severity 1.0.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip


def linear(colour):
    c = np.array(style.rgb(colour)) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light):
    relative = TO_XYZ @ np.clip(light, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a, b):
    """WCAG 2 contrast ratio."""
    dark, bright = sorted(float(linear(c) @ TO_XYZ[1]) for c in (a, b))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", style.THEMES)
def test_channels_are_told_apart_by_every_kind_of_colour_vision(name, vision):
    theme = style.THEMES[name]
    colours = [*theme.channels.values(), *theme.others, theme.voltage]
    seen = [lab(VISION[vision] @ linear(c)) for c in colours]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 12  # 2.3 is just noticeable


@pytest.mark.parametrize("name", style.THEMES)
def test_everything_that_is_text_reads_on_the_page_and_on_the_band(name):
    theme = style.THEMES[name]
    inks = [theme.text, theme.voltage, theme.stimulus, *theme.channels.values(), *theme.others]
    assert min(contrast(ink, theme.background) for ink in (*inks, theme.muted)) >= 4.4
    assert min(contrast(ink, theme.band) for ink in inks) >= 4.0  # WCAG large text: 3


def test_sodium_potassium_and_leak_keep_their_colours_whatever_the_model():
    light = style.THEMES["light"]
    alone = style.channel_colours(["K"], light)
    many = style.channel_colours(["A", "Na", "KCa", "K", "leak", "Ca"], light)
    assert many["K"] == alone["K"] == light.channels["K"]
    assert many["Na"] == light.channels["Na"]
    assert many["leak"] == style.channel_colours(["L"], light)["L"] == light.channels["leak"]
    assert len(set(many.values())) == len(many)


def test_two_channels_never_share_a_colour_because_of_an_alias():
    colours = style.channel_colours(["L", "leak"], style.THEMES["light"])
    assert colours["L"] != colours["leak"]


def test_an_unknown_theme_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"theme='drak' is not a theme \(did you mean dark\?\)"):
        style.theme("drak")
    with pytest.raises(UsageError, match="use one of 'light', 'dark'"):
        style.theme(None)  # type: ignore[arg-type]


def test_a_persons_own_matplotlib_settings_are_left_alone():
    import matplotlib

    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "text.usetex": False}):
        before = dict(matplotlib.rcParams)
        with style.house_style():
            assert matplotlib.rcParams["axes.facecolor"] == "white"
        assert dict(matplotlib.rcParams) == before
