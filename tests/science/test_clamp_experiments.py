"""The experiments under voltage clamp against gates that are exponentials: exact at constant V."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq, curve_fit, minimize_scalar

import held_gates as exact
import loligo as lo
from cells import bistable
from loligo.errors import LoligoError
from loligo.experiments.fits import boltzmann

E = lo.experiments
SQUID = "hodgkin-huxley-1952"
EACH = pytest.mark.parametrize(
    "name",
    [n if n == SQUID else pytest.param(n, marks=pytest.mark.slow) for n in sorted(exact.LIBRARY)],
)
HELD = -65.0


def known(name: str) -> tuple[lo.Membrane, dict, dict[str, float]]:
    model = exact.LIBRARY[name]
    return lo.load(name), model, exact.steady(model, HELD)


def close(found: Any, truth: Any, digits: float = 3e-8) -> None:
    truth = np.asarray(truth)
    assert np.abs(np.asarray(found) - truth).max() < digits * np.abs(truth).max()


def sigmoid(V: np.ndarray, half: float, slope: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(V - half) / slope))


@EACH
def test_the_family_is_made_of_exponentials(name: str) -> None:
    membrane, model, before = known(name)
    found = E.clamp_family(membrane, voltage=[-100, -40, 0, 45], duration="15 ms")
    step = found.time.values >= 0
    for channel in model:
        t = found.time.values[step]
        rows = [exact.flow(model, channel, before, V, t) for V in found.voltage.values]
        close(found[f"I_{channel}"].values[:, step], rows)
        held = exact.conductance(model, channel, before) * (HELD - model[channel][1])
        assert np.abs(found[f"I_{channel}"].values[:, ~step] - held).max() < 1e-10
    whole = sum(found[f"I_{channel}"] for channel in model)
    assert np.abs(found.I_ionic - whole).max() < 1e-9
    close(found.charge, found.voltage - HELD, 1e-15)


def test_the_squid_s_peak_is_known() -> None:
    found = E.iv_curve(lo.load(SQUID), voltage=[0])
    assert float(found.peak_inward[0]) == pytest.approx(-1456.838, abs=5e-4)
    assert abs(found.peak_inward.attrs["precision"]) < 1e-3


@EACH
def test_peaks_and_what_stays(name: str) -> None:
    membrane, model, before = known(name)
    found = E.iv_curve(membrane)
    tops = [
        exact.peak(lambda t, V=V: exact.flow(model, "Na", before, V, t), 40.0)
        for V in found.voltage.values
    ]
    close(found.peak_inward, [value for value, _ in tops])
    large = (np.abs(found.peak_inward.values) > 1) & (found.voltage.values != HELD)
    assert np.abs(found.peak_time.values - [at for _, at in tops])[large].max() < 1e-4
    others = [channel for channel in model if channel != "L"]
    late = [
        sum(float(exact.flow(model, each, before, V, 40.0)) for each in others)
        for V in found.voltage.values
    ]
    close(found.steady, late)
    assert float(found.reversal) == pytest.approx(model["Na"][1], abs=1e-6)


@pytest.mark.slow
def test_without_a_channel_called_Na_it_is_all_but_the_leak() -> None:
    squid = lo.load(SQUID).to_dict()
    squid["channels"] = {{"Na": "fast"}.get(n, n): c for n, c in squid["channels"].items()}
    found = E.iv_curve(lo.Membrane.from_dict(squid))
    model, before = exact.SQUID, exact.steady(exact.SQUID, HELD)
    t = np.r_[0, np.geomspace(1e-4, 40, 400001)]
    lowest = [
        (exact.flow(model, "Na", before, V, t) + exact.flow(model, "K", before, V, t)).min()
        for V in found.voltage.values
    ]
    assert np.abs(found.peak_inward - lowest).max() < 2e-5
    turn = brentq(
        lambda V: (
            exact.flow(model, "Na", before, V, t) + exact.flow(model, "K", before, V, t)
        ).min(), 30, 60, xtol=1e-9,
    )  # fmt: skip
    assert float(found.reversal) == pytest.approx(turn, abs=1e-5)
    assert "I_fast + I_K" in found.attrs["summary"]


@EACH
@pytest.mark.parametrize("ion", ["Na", "K"])
def test_activation(name: str, ion: str) -> None:
    membrane, model, before = known(name)
    found = E.activation_curve(membrane, ion=ion)
    V = found.voltage.values
    tops = np.array([
        exact.peak(
            lambda t, v=v: exact.conductance(model, ion, exact.after(model, before, v, t), t), 40.0
        )[0]
        for v in V
    ])  # fmt: skip
    close(found.conductance, tops)
    close(found.activation, tops / tops.max())
    (half, slope), _ = curve_fit(sigmoid, V, tops / tops.max(), (-20, 10), xtol=1e-14, ftol=1e-14)
    assert float(found.V_half) == pytest.approx(half, abs=1e-5)
    assert float(found.slope) == pytest.approx(slope, abs=1e-5)
    off = sigmoid(V, half, slope) - tops / tops.max()
    assert float(found.misfit) == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-7)
    assert f"{half:.4g} mV" in found.attrs["summary"]


@EACH
def test_inactivation(name: str) -> None:
    membrane, model, before = known(name)
    found = E.inactivation_curve(membrane, test=5, prepulse=60)
    V, tops = found.voltage.values, []
    for v in V:
        left = exact.after(model, before, v, 60.0)
        tops.append(exact.peak(lambda t, left=left: exact.flow(model, "Na", left, 5.0, t), 20.0)[0])
    close(found.peak, tops)
    part = np.array(tops) / min(tops)
    close(found.available, part)
    (half, slope), _ = curve_fit(sigmoid, V, part, (-60, -8), xtol=1e-14, ftol=1e-14)
    assert float(found.V_half) == pytest.approx(half, abs=1e-5)
    assert float(found.slope) == pytest.approx(slope, abs=1e-5)


@EACH
def test_recovery(name: str) -> None:
    membrane, model, before = known(name)
    found = E.recovery_from_inactivation(membrane, interval=[0.3, 1, 2.7, 8, 20, 60])
    first = exact.peak(lambda t: exact.flow(model, "Na", before, 0.0, t), 50.0)[0]
    used, part = exact.after(model, before, 0.0, 50.0), []
    for pause in found.interval.values:
        rested = exact.after(model, used, HELD, pause)
        top = exact.peak(lambda t, at=rested: exact.flow(model, "Na", at, 0.0, t), 20.0)[0]
        part.append(top / first)
    close(found.recovered, part)

    def exponential(t: np.ndarray, start: float, tau: float) -> np.ndarray:
        return 1 - (1 - start) * np.exp(-t / tau)

    (start, tau), _ = curve_fit(
        exponential, found.interval.values, part, (0.0, 5.0), xtol=1e-14, ftol=1e-14
    )
    assert float(found.tau) == pytest.approx(tau, rel=1e-6)
    assert float(found.start) == pytest.approx(start, abs=1e-6)


@EACH
@pytest.mark.parametrize("ion", ["K", "Na"])
def test_tails(name: str, ion: str) -> None:
    membrane, model, before = known(name)
    opened = exact.after(model, before, 30.0, 0.8)
    E_ion = model[ion][1]
    steps = sorted([-120, -95.5, -60, -30, E_ion + 20])
    found = E.tail_currents(
        membrane, voltage=steps, ion=ion, prepulse=30, prepulse_duration=0.8, duration=8
    )
    t = found.time.values
    tails = np.array([exact.flow(model, ion, opened, v, t) for v in steps])
    close(found.current, tails)
    close(found.instantaneous, tails[:, 0])
    if tails[0, 0] < 0:
        assert float(found.reversal) == pytest.approx(E_ion, abs=1e-6)
    for k, v in enumerate(steps[:2]):
        t = np.linspace(0, float(found.fitted[k]), t.size)
        tail = exact.flow(model, ion, opened, v, t)
        (_, tau, _), _ = curve_fit(
            lambda t, size, tau, rest: rest + size * np.exp(-t / tau), t, tail / tail[0],
            (1.0, t[-1] / 10, 0.0), xtol=1e-14, ftol=1e-14, maxfev=9999,
        )  # fmt: skip
        assert float(found.tau[k]) == pytest.approx(tau, rel=1e-5)


@EACH
def test_the_window(name: str) -> None:
    membrane, model, _ = known(name)
    found = E.window_current(membrane)
    g, E_Na, gates = model["Na"]

    def open_(V: float) -> float:
        return gates["m"].inf(V) ** 3 * gates["h"].inf(V)

    V = found.voltage.values
    close(found.open, [open_(v) for v in V])
    close(found.activation, [gates["m"].inf(v) ** 3 for v in V])
    close(found.availability, [gates["h"].inf(v) for v in V])
    close(found.current, [g * open_(v) * (v - E_Na) for v in V])
    at = V[int(np.argmax(found.open.values))]
    best = minimize_scalar(lambda v: -open_(v), bounds=(at - 1, at + 1), method="bounded",
                           options={"xatol": 1e-12})  # fmt: skip
    assert float(found.V_peak) == pytest.approx(best.x, abs=1e-5)
    assert float(found.peak_open) == pytest.approx(-best.fun, rel=1e-9)
    for found_, (low, high) in ((found.V_low, (-99, best.x)), (found.V_high, (best.x, 39))):
        truth = brentq(lambda v: open_(v) + best.fun / 2, low, high, xtol=1e-12)
        assert float(found_) == pytest.approx(truth, abs=1e-6)
    deep = minimize_scalar(lambda v: g * open_(v) * (v - E_Na), bounds=(-60, 0), method="bounded",
                           options={"xatol": 1e-12})  # fmt: skip
    assert float(found.peak_current) == pytest.approx(deep.fun, rel=1e-9)
    assert float(found.V_current) == pytest.approx(deep.x, abs=1e-5)


# ------------------------------------------------------------------------ what cannot be found


PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.3, E=-65)], name="passive")
SILENT = {
    "clamp_family": "stepped",
    "iv_curve": "I_L is most inward at -90 mV, -7.5 µA/cm², and turns outward at -65 mV",
    "activation_curve": "is the same at all potentials: 0.3 mS/cm²",
    "inactivation_curve": "Prepulses do not halve I_L",
    "recovery_from_inactivation": "does not inactivate L",
    "input_impedance": "does not resonate",
    "phase_plane": "V alone moves",
    "tail_currents": "reverse at -65 mV, and none of them decays",
    "window_current": "L does not inactivate, so that there is no window",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SILENT)
def test_a_passive_membrane_says_what_it_lacks(name: str) -> None:
    assert SILENT[name] in getattr(E, name)(PASSIVE).attrs["summary"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SILENT)
@pytest.mark.parametrize(
    "membrane",
    [bistable(), lo.load(SQUID).replace(g_Na=0), lo.load(SQUID).replace(E_L=20)],
    ids=["no Na", "blocked", "fires by itself"],
)
def test_every_membrane_gives_an_answer(name: str, membrane: lo.Membrane) -> None:
    found = getattr(E, name)(membrane)
    assert found.attrs["summary"].endswith(".")
    assert "nan" not in found.attrs["summary"]


# ------------------------------------------------------------------------ wrong input


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("iv_curve", {"voltage": []}, "voltage is empty"),
    ("iv_curve", {"voltage": [0, 20, 20]}, "20 comes twice"),
    ("iv_curve", {"voltage": [20, 0]}, "increasing order"),
    ("iv_curve", {"voltage": [0, float("nan")]}, "voltage"),
    ("iv_curve", {"voltage": ["0 ms"]}, "mV"),
    ("iv_curve", {"voltage": "high"}, "voltage"),
    ("iv_curve", {"holding": [-65, -60]}, "holding is one number"),
    ("iv_curve", {"holding": 65000}, "holding"),
    ("iv_curve", {"duration": 0}, "duration"),
    ("iv_curve", {"ion": "Nа"}, "has Na, K, L"),
    ("activation_curve", {"ion": 3}, "has Na, K, L"),
    ("recovery_from_inactivation", {"interval": [-1, 2]}, "interval"),
    ("tail_currents", {"prepulse_duration": "3 mV"}, "prepulse_duration"),
    ("window_current", {"voltage": [[0, 1]]}, "voltage"),
]


@pytest.mark.parametrize(("name", "asked", "words"), WRONG)
def test_wrong_input_says_what_to_do(name: str, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(LoligoError, match=words):
        getattr(E, name)(lo.load(SQUID), **asked)


@pytest.mark.parametrize("name", SILENT)
def test_an_axon_is_no_membrane(name: str) -> None:
    axon = lo.Axon(lo.load(SQUID), "1 cm", 476, 35.4)
    with pytest.raises(LoligoError, match=r"axon\.regions\[0\]\.membrane"):
        getattr(E, name)(axon)
    with pytest.raises(LoligoError, match="varies"):
        getattr(E, name)(lo.load(SQUID).replace(g_Na=[60, 120]))


def test_points_that_rise_and_fall_have_no_curve_of_boltzmann() -> None:
    """Held at 0 mV the peak conductance goes down, up and down again with the potential; the
    nearest curve is as good as straight (its slope 180 mV over a range of 150)."""
    found = E.activation_curve(lo.load(SQUID), holding=0)
    assert np.isnan(found.V_half)
    assert np.isnan(found.slope)
    assert "no curve fits it" in found.attrs["summary"]


def test_a_curve_of_boltzmann_comes_out_as_it_went_in() -> None:
    V = np.linspace(-80.0, 40.0, 13)
    for slope in (9.0, -6.0):
        fit = boltzmann(V, 1 / (1 + np.exp(-(V + 31.5) / slope)))
        assert abs(fit.half + 31.5) < 1e-9
        assert abs(fit.slope - slope) < 1e-9
    straight = boltzmann(V, 0.5 + 0.001 * (V + 20))
    assert np.isnan(straight.half)
    assert np.isnan(straight.slope)
