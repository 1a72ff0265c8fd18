"""Figures of sweeps, clamps, and of models of many channels or none of the usual units."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray

import figures_recording as recordings
import loligo as lo
from loligo.analysis.dimensionless import is_dimensionless
from loligo.errors import UsageError
from loligo.figures import style
from loligo.figures.content.captions import conditions
from loligo.words import speaking
from seen import words_of

LIGHT = style.THEMES["light"]


def said(figure) -> list[str]:
    return [text for text, _ in words_of(figure)]


def curves(axes) -> list:
    """Lines that are no rules."""
    return [line for line in axes.lines if len(set(np.ravel(line.get_ydata()))) > 1]


def only_spikes(rec):
    return rec[["spike_count", "spike_time"]].assign_attrs(rec.attrs)


def swept(counts, **coords) -> xarray.Dataset:
    """Spikes alone of a sweep: so many in each lane."""
    counts = np.asarray(counts)
    dims = tuple(coords)
    most = max(int(counts.max()), 1)
    times = np.where(np.arange(most) < counts[..., None], 5.0 + np.arange(most), np.nan)
    return xarray.Dataset(
        {"spike_count": (dims, counts), "spike_time": ((*dims, "spike"), times)},
        coords={name: (name, np.asarray(values)) for name, values in coords.items()},
    )


# ------------------------------------------------------------------------ lanes


def test_labels_and_colours_have_the_order_of_the_values():
    rec = recordings.lanes([10, 0, 20, 2, 5], start=5.0, end=6.0, duration=20.0)
    figure = lo.plot(rec, panels=["V"])
    heights = {text: box.y0 for text, box in words_of(figure) if box.x0 > 0.9 * 1600}
    values = ("0", "2", "5", "10", "20")
    assert sorted(values, key=heights.__getitem__) == list(values)
    colours = {t.get_text(): t.get_color() for t in figure.texts if t.get_text() in values}
    assert [colours[value] for value in values] == style.in_order(5, LIGHT)


def test_what_was_recorded_of_lanes_is_drawn_and_the_leak_is_not():
    names = ("V", "m", "G_Na", "G_leak")
    rec = recordings.lanes([0, 10], names=names, duration=20.0)
    words = said(lo.plot(rec))
    for heading in ("Membrane potential (mV)", "Gate $m$", "Na conductance (mS/cm²)",
                    "Injected current (µA/cm²)", "Amplitude (µA/cm²)"):  # fmt: skip
        assert words.count(heading) == 1, heading
    assert not any("leak" in text for text in words)
    # a slide has no room for all: the gate gives way, and nothing that was chosen does
    assert "Gate $m$" in said(lo.plot(rec, panels=["V", "m", "stimulus"], size="slide"))


def test_stacked_lanes_stand_one_above_the_other_on_axes_alike():
    rec = recordings.lanes([10, 0, 20], duration=20.0)
    figure = lo.plot(rec, stacked=True)
    *lanes, stimulus = figure.axes
    assert [axes.get_ylim() for axes in lanes] == [lanes[0].get_ylim()] * 3
    peaks = [max(float(np.max(line.get_ydata())) for line in curves(axes)) for axes in lanes]
    assert peaks == pytest.approx(rec.V.max("time").sel(amplitude=[20, 10, 0]).values, abs=0.05)
    assert len(curves(stimulus)) == 2
    assert said(figure).count("Membrane potential (mV)") == 1
    with pytest.raises(UsageError, match="puts lanes one above the other, and the recording has"):
        lo.plot(recordings.recording(duration=10.0), stacked=True)
    many = rec.isel(amplitude=[0, 1] * 13)
    with pytest.raises(UsageError, match=r"up to 24 lanes.*has 26.*slice\(None, None, 2\)"):
        lo.plot(many, stacked=True)


def test_lanes_without_values_are_told():
    rec = recordings.lanes([0, 2, 10], duration=20.0)
    rec["V"] = rec.V.where(rec.amplitude != 2)
    rec["status"] = ("amplitude", np.array([0, 2, 0], dtype=np.int8))
    (told,) = [text for text in said(lo.plot(rec)) if "no stable rest" in text]
    assert told.endswith("no stable rest at 2 µA/cm²")


def test_a_dimension_is_called_by_what_varies_along_it():
    rec = recordings.lanes([5, 20], duration=20.0)
    first = {"kind": "pulse", "start": 5, "duration": 1, "amplitude": 20}
    array = {"dims": ["amplitude"], "values": [5, 20], "coords": {"amplitude": [5, 20]}}
    both = {"kind": "sum", "shapes": [first, {**first, "start": 12, "amplitude": array}]}
    rec.attrs["provenance"] = json.dumps({"stimulus": both})
    assert "Amplitude of the second pulse (µA/cm²)" in said(lo.plot(rec))
    begun = rec.rename(amplitude="initial_m").drop_attrs()
    words = said(lo.plot(begun))
    assert "Initial $m$" in words
    assert not any("_" in text for text in words if "initial" in text.lower())


# ------------------------------------------------------------------------ spikes alone


def test_spikes_alone_are_a_raster_with_their_number_below():
    rec = only_spikes(recordings.lanes([20, 0, 10], duration=30.0))
    above, below = lo.plot(rec).axes
    (strokes,) = curves(above)
    drawn = np.asarray(strokes.get_xdata())[::3]
    assert np.sort(drawn) == pytest.approx(np.sort(rec.spike_time.values[rec.spike_time > 0]))
    (line, _) = below.lines
    assert line.get_xdata().tolist() == [0, 10, 20]
    assert line.get_ydata().tolist() == rec.spike_count.sel(amplitude=[0, 10, 20]).values.tolist()
    (alone,) = lo.plot(rec[["spike_count"]]).axes
    assert curves(alone)[0].get_ydata().tolist() == line.get_ydata().tolist()
    one = lo.plot(only_spikes(recordings.recording(duration=30.0)))
    assert "Spikes" in said(one)
    with pytest.raises(UsageError, match="holds one number, 2 spikes"):
        lo.plot(recordings.recording(duration=30.0)[["spike_count"]])


@pytest.mark.parametrize(
    ("most", "bar"),
    [(3, ["0", "1", "2", "3"]), (20, ["0–1", "2–3", "4–5", "6–7", "8–9", "10–11", "12–13", "14–15",
                                      "16–17", "18–19", "20–21"])],
)  # fmt: skip
def test_counts_have_a_colour_each_or_so_many_of_them_together(most, bar):
    counts = np.linspace(0, most, 12).round().astype(int).reshape(3, 4)
    figure = lo.plot(swept(counts, g_Na=[60.0, 120.0, 180.0], amplitude=[0.0, 5.0, 10.0, 20.0]))
    axes, colours = figure.axes
    (image,) = axes.images
    assert len(bar) == image.get_cmap().N
    assert [tick.get_text() for tick in colours.get_yticklabels()] == bar
    # every count is within the range that its colour stands for
    shades = np.floor(image.norm(counts) * len(bar)).astype(int)
    size = -(-(most + 1) // len(bar))
    assert np.array_equal(np.asarray(shades), counts // size)


def test_three_parameters_are_a_map_for_each_value_of_the_shortest():
    counts = np.arange(24).reshape(3, 2, 4)
    rec = swept(counts, g_Na=[60.0, 120.0, 180.0], g_K=[36.0, 18.0], amplitude=[0.0, 1.0, 2.0, 3.0])
    figure = lo.plot(rec)
    maps = [axes for axes in figure.axes if axes.images]
    drawn = [np.asarray(axes.images[0].get_array()).tolist() for axes in maps]
    assert drawn == [counts[:, 0].tolist(), counts[:, 1].tolist()]  # the highest on top
    assert [t for t in said(figure) if " = " in t] == [
        r"$g_{\mathrm{K}}$ = 36", r"$g_{\mathrm{K}}$ = 18",
    ]  # fmt: skip
    wide = swept(np.zeros((5, 5, 5), int), a=range(5), b=range(5), c=range(5))
    with pytest.raises(UsageError, match=r"maps, up to 4 of them.*rec.isel\(a=slice"):
        lo.plot(wide)


# ------------------------------------------------------------------------ clamps


def clamped(ideal: bool, size: float = 1.0) -> xarray.Dataset:
    """Two steps through a series resistance, or without, with the current that charges the
    membrane."""
    time = np.linspace(0, 20, 401)
    on = (time >= 5) & (time < 15)
    current = [on * size * high * (1 - np.exp(-(time - 5) / 3)) for high in (500.0, 1500.0)]
    for row, peak in zip(current, (1e4, 3e4), strict=True):
        row[100] = 0.0 if ideal else size * peak
    V = [np.where(on, command, -65.0) for command in (-20.0, 20.0)]
    told = {"dims": ["voltage"], "values": [-20, 20], "coords": {"voltage": [-20, 20]}}
    clamp = {"kind": "clamp", "start": 5.0, "duration": 10.0, "voltage": told}
    clamp |= {} if ideal else {"series_resistance": 5.0, "resistance_unit": "ohm*cm2"}
    dims = ("voltage", "time")
    rec = xarray.Dataset(
        {
            "V": (dims, V, {"units": "mV", "role": "voltage"}),
            "I_clamp": (dims, current, {"units": "uA/cm2", "role": "clamp"}),
            "I_stim": (dims, np.zeros((2, 401)), {"units": "uA/cm2", "role": "stimulus"}),
        },
        coords={"time": time, "voltage": ("voltage", [-20.0, 20.0], {"units": "mV"})},
        attrs={"provenance": json.dumps({"stimulus": clamp})},
    )
    return rec.assign(Q_clamp=("edge", np.zeros(2))) if ideal else rec


def test_what_charges_the_membrane_does_not_flatten_the_current():
    potential, current = lo.plot(clamped(ideal=False)).axes  # and no empty panel of a stimulus
    assert 1400 < current.get_ylim()[1] < 1700
    words = said(current.figure)
    assert r"$I_{\mathrm{clamp}}$, transients cut off (µA/cm²)" in words
    assert "V, command dashed (mV)" in words
    dashed = [line for line in potential.lines if line.is_dashed() and line.get_zorder() > 2]
    assert [float(np.nanmax(line.get_ydata())) for line in dashed] == [-20, 20]
    assert potential.get_position().height < current.get_position().height
    for line in curves(current):  # nothing of it is drawn beyond, and nothing is changed
        assert line.get_clip_on()
        assert np.max(line.get_ydata()) >= 1e4
    _, whole = lo.plot(clamped(ideal=True)).axes
    assert not any("cut off" in text for text in said(whole.figure))
    assert r"$I_{\mathrm{clamp}}$ (mA/cm²)" in said(lo.plot(clamped(ideal=True, size=100.0)))


def test_commands_that_follow_one_another_are_one_phrase():
    def held(start, duration, voltage):
        return {"kind": "clamp", "start": start, "duration": duration, "voltage": voltage}

    array = {"dims": ["voltage"], "values": [-40, 40], "coords": {}}
    shapes = [held(0, 5, -65), held(5, 10, array), held(15, 5, -65)]
    told = {"provenance": json.dumps({"stimulus": {"kind": "sum", "shapes": shapes}})}
    assert conditions(told) == (
        "V held at −65 mV from 0 to 5 ms, then at −40 to 40 mV to 15 ms, then at −65 mV to 20 ms"
    )
    apart = [shapes[0], held(6, 2, 0)]
    told = {"provenance": json.dumps({"stimulus": {"kind": "sum", "shapes": apart}})}
    assert conditions(told) == "V held at −65 mV from 0 to 5 ms + V held at 0 mV from 6 to 8 ms"


def test_a_ramp_of_a_clamp_is_said_to_be_one():
    ramp = {"kind": "clamp", "start": 1, "duration": 100, "voltage": -100, "to": 50}
    told = {"provenance": json.dumps({"stimulus": ramp})}
    assert conditions(told) == "V ramped from −100 to 50 mV from 1 to 101 ms"
    with speaking("de"):
        assert conditions(told) == "V als Rampe von −100 auf 50 mV von 1 bis 101 ms"


# ------------------------------------------------------------------------ models of other kinds


def without_units() -> xarray.Dataset:
    """FitzHugh and Nagumo's variables as a program without units would have them (made up)."""
    time = np.linspace(0, 100, 501)
    V, w = 2 * np.sin(time / 8), np.cos(time / 8)
    return xarray.Dataset(
        {
            "V": ("time", V, {"units": "mV", "role": "voltage"}),
            "w": ("time", w, {"units": "1", "role": "state", "long_name": "recovery"}),
            "I_stim": ("time", 0.5 + 0 * time, {"units": "uA/cm2", "role": "stimulus"}),
        },
        coords={"time": time},
        attrs={"provenance": json.dumps({"model": {"channels": {"F": {"current": "w - V"}}}})},
    )


def test_a_model_without_units_fills_its_axes_and_has_none_in_its_words():
    figure = lo.plot(without_units())
    low, high = figure.axes[0].get_ylim()
    assert 4 / (high - low) > 0.8
    words = said(figure)
    assert {"V (dimensionless)", "Recovery", "Injected current", "Time"} <= set(words)
    assert not any(unit in text for text in words for unit in ("mV", "ms", "cm²"))


@pytest.mark.parametrize(
    ("channel", "peak", "expected"),
    [
        ({"current": "V**3/3 - V + w"}, 2.0, True),
        ({"current": "V**3/3 - V + w"}, 30.0, False),  # whatever it is, it is in mV
        ({"g": 0.3, "E": 0.0}, 2.0, False),  # a resistance, V counted from rest
        ({"g": 2.0, "E": -0.7, "gates": {"n": {}}}, 0.4, True),
        ({"g": 36.0, "E": -12.0, "gates": {"n": {}}}, 2.0, False),
        ({"g": 36.0, "E": "nernst(1, a, b)", "gates": {"n": {}}}, 2.0, False),
    ],
)
def test_whether_a_model_has_units_follows_from_its_potentials(channel, peak, expected):
    rec = without_units()
    rec["V"] = ("time", np.linspace(0, peak, 501), {"units": "mV", "role": "voltage"})
    rec.attrs["provenance"] = json.dumps({"model": {"C_m": 1.0, "channels": {"X": channel}}})
    assert is_dimensionless(rec, ("V",)) is expected


def test_many_gates_have_axes_by_channel_and_eight_channels_a_colour_each():
    channels = [f"C{k}" for k in range(8)]
    time = np.linspace(0, 10, 101)
    gates = {
        f"x{k}": ("time", time / 10, {"role": "gate", "channel": c, "units": "1"})
        for k, c in enumerate([*channels, "C0"])
    }
    V = ("time", time, {"units": "mV", "role": "voltage"})
    rec = xarray.Dataset({"V": V, **gates}, coords={"time": time})
    figure = lo.plot(rec)
    words = said(figure)
    assert len(figure.axes) == 1 + 8
    assert {"Gates of C0", "Gate $x_{1}$ of C1", "Gate $x_{7}$ of C7"} <= set(words)
    inks = {line.get_color() for axes in figure.axes[1:] for line in curves(axes)}
    assert len(inks) == 8
