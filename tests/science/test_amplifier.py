"""What a patch clamp's amplifier makes of a membrane, against its published equations written anew.

Lei et al. 2020 (doi:10.1098/rsta.2019.0348) and 2025 (doi:10.1002/advs.202500691), as Clerx (2026,
github.com/CardiacModelling/VoltageClampModel) has them at six levels: mV, ms, pA, pF, GOhm, kHz.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.integrate import solve_ivp

import loligo as lo

AREA = 2500.0  # um2: 25 pF at 1 uF/cm2
PF = 1e-2 * AREA  # of 1 uF/cm2
# of the files of the six levels, but for the area
RIG: dict[str, float] = {
    "series_resistance": 5, "compensation": 0.7, "prediction": 0.7, "estimated_resistance": 4.5,
    "slow_cancellation": 27, "pipette_capacitance": 5, "fast_cancellation": 5.5, "offset": 1,
    "leak": 0.5, "leak_reversal": 10, "feedback_resistance": 500, "feedback_capacitance": 5e-3,
    "amplifier_time": 13e-6, "compensation_time": 10e-3, "rise_time": 0.04, "command_time": 0.025,
    "filter": 10, "second_filter": 10,
}  # fmt: skip
CELL = lo.Membrane(C_m=1, area=AREA, channels=[lo.Channel("M", g=0.4, E=0)])  # 10 nS, 25 pF
SQUID = lo.load("hodgkin-huxley-1952").replace(area=AREA)
EDGES = [0.0, 0.6, 1.6, 2.4]
COMMANDS = [-80.0, 40.0, -50.0]


class Bench:
    """The published equations: y is what the amplifier has, then the membrane's V and gates."""

    def __init__(self, level: int, rig: dict[str, float], cell: Callable[..., Any]) -> None:
        self.level, self.cell, n = level, cell, rig
        self.alpha, self.beta, self.E = n["compensation"], n["prediction"], n["offset"]
        self.Rs, self.Re = 1e-3 * n["series_resistance"], 1e-3 * n["estimated_resistance"]
        self.Rf, self.Cf = 1e-3 * n["feedback_resistance"], n["feedback_capacitance"]
        self.Cm, self.Ce = PF, n["slow_cancellation"]
        self.Cp, self.Cpe = n["pipette_capacitance"], n["fast_cancellation"]
        self.ta, self.trc, self.ts = n["amplifier_time"], n["compensation_time"], n["command_time"]
        self.g, self.El = n["leak"], n["leak_reversal"]
        self.a1 = 2.7034 / (2 * np.pi * n["filter"])
        self.a2 = 2.114 / (2 * np.pi * n["second_filter"])
        self.a3 = 1.3616 / np.log(9) * n["rise_time"]
        self.to = 1 / (2 * np.pi * n["filter"])
        self.te = (1 - self.beta) * self.Re * self.Ce

    # how many numbers the amplifier has, and which of them are potentials
    COUNT = (16, 6, 4, 4, 1, 0)
    POTENTIALS = ((0, 1, 2, 4), (0, 1, 2, 4), (0, 2), (0, 2), (0,), ())

    def first(self, v: float, gates: list[float]) -> np.ndarray:
        y = np.zeros(self.COUNT[self.level])
        y[list(self.POTENTIALS[self.level])] = v
        return np.array([*y, v, *gates])

    def __call__(self, t: float, y: np.ndarray, Vc: float) -> np.ndarray:
        return np.concatenate(self.all(y, Vc)[0])

    def all(self, y: np.ndarray, Vc: float) -> tuple[list[Any], float, float]:
        """Rates, what is shown (pA), the pipette's potential."""
        n = self.COUNT[self.level]
        x, own = y[:n], y[n:]
        V, (Ii, gates) = own[0], self.cell(own)  # pA
        Il = self.g * (V - self.El)
        made = (self.zero, self.one, self.two, self.three, self.four, self.five)[self.level]
        rates, dV, shown, Vp = made(x, V, Vc, Ii, Il)
        return [np.array(rates), np.array([dV]), np.array(gates)], shown, Vp

    def headstage(self, x: Any, V: float, dVs: float, Vs: float, late: float, Vrc: float) -> Any:
        Vp, Vo, Ve = x[:3]
        dVe = (Vs - Ve) / self.te
        dVrc = (late - Vrc) / self.trc
        boost = self.alpha * self.Re / self.Rf
        Vr = boost * Vrc + (Vs - self.beta * Ve) / (1 - self.beta)
        dVr = boost * dVrc + (dVs - self.beta * dVe) / (1 - self.beta)
        dVo = (Vr - Vp) / self.ta
        dVp = (Vo - Vp) / self.Rf - (Vp + self.E - V) / self.Rs
        dVp = (dVp + self.Cf * dVo + self.Ce * dVe + self.Cpe * dVr) / (self.Cp + self.Cf)
        return [dVp, dVo, dVe, dVrc], Vr

    def membrane(self, Vp: float, V: float, Ii: float, Il: float) -> float:
        return (Vp + self.E - V) / (self.Rs * self.Cm) - (Il + Ii) / self.Cm

    def zero(self, x: Any, V: float, Vc: float, Ii: float, Il: float) -> Any:
        Vp, Vo, _, Vrc, Vs, Vs1 = x[:6]
        f = x[6:]
        rates, Vr = self.headstage(x, V, Vs1, Vs, f[5], Vrc)
        a1, a2, a3 = self.a1, self.a2, self.a3
        rates += [Vs1, 3 * ((Vc - Vs) / a3**2 - Vs1 / a3)]
        rates += [26.514 / a1**2 * (Vo - Vr - f[1]) - 5.0319 / a1 * f[0], f[0]]
        rates += [20.853 / a1**2 * (f[1] - f[3]) - 7.4714 / a1 * f[2], f[2]]
        rates += [18.801 / a1**2 * (f[3] - f[5]) - 8.4967 / a1 * f[4], f[4]]
        rates += [11.488 / a2**2 * (f[5] - f[7]) - 4.2076 / a2 * f[6], f[6]]
        rates += [9.1401 / a2**2 * (f[7] - f[9]) - 5.7924 / a2 * f[8], f[8]]
        return rates, self.membrane(Vp, V, Ii, Il), f[9] / self.Rf, Vp

    def one(self, x: Any, V: float, Vc: float, Ii: float, Il: float) -> Any:
        Vp, Vo, _, Vrc, Vs, out = x
        dVs = (Vc - Vs) / self.ts
        # compensation takes what is not filtered, which goes by V_r itself
        boost = self.alpha * self.Re / self.Rf
        Vr = boost * Vrc + (Vs - self.beta * x[2]) / (1 - self.beta)
        rates, _ = self.headstage(x, V, dVs, Vs, Vo - Vr, Vrc)
        rates += [dVs, (Vo - Vr - out) / self.to]
        return rates, self.membrane(Vp, V, Ii, Il), out / self.Rf, Vp

    def two(self, x: Any, V: float, Vc: float, Ii: float, Il: float, spare: Any = None) -> Any:
        spare = self.Cp - self.Cpe if spare is None else spare
        Ve, Vrc, Vs, out = x
        dVs, dVe = (Vc - Vs) / self.ts, (Vs - Ve) / self.te
        boost = self.alpha * self.Re / self.Rf
        Vr = boost * Vrc + (Vs - self.beta * Ve) / (1 - self.beta)
        I1 = (Vr + self.E - V) / self.Rs - self.Ce * dVe
        wanted = (dVs - self.beta * dVe) / (1 - self.beta)
        dVrc = (self.Rf * I1 + self.Rf * spare * wanted - Vrc) / (
            self.trc - self.alpha * self.Re * spare
        )
        seen = I1 + spare * (boost * dVrc + wanted)
        return [dVe, dVrc, dVs, (seen - out) / self.to], self.membrane(Vr, V, Ii, Il), out, Vr

    def three(self, *x: Any) -> Any:
        return self.two(*x, spare=0.0)

    def four(self, x: Any, V: float, Vc: float, Ii: float, Il: float) -> Any:
        dVe = (Vc - x[0]) / self.te
        lag = (self.alpha - self.beta) * self.Re * self.Ce * dVe
        dV = (Vc + self.E - V - lag) / (self.Cm * (self.Rs - self.alpha * self.Re))
        dV -= (Il + Ii) / self.Cm
        shown = Ii + Il + self.Cm * dV - self.Ce * dVe
        return [dVe], dV, shown, V - self.E + self.Rs * (Ii + Il + self.Cm * dV)

    def five(self, x: Any, V: float, Vc: float, Ii: float, Il: float) -> Any:
        dV = (Vc + self.E - V) / (self.Rs * self.Cm * (1 - self.beta))
        dV -= (1 - self.alpha) / (self.Cm * (1 - self.beta)) * (Il + Ii)
        return [], dV, Ii + Il, V - self.E + self.Rs * (Ii + Il + self.Cm * dV)

    def run(self, first: np.ndarray, times: np.ndarray) -> dict[str, np.ndarray]:
        """Through the edges: V, V_p, I_out (nA) and all that flows through the pipette (pA)."""
        y, n = first, self.COUNT[self.level]
        rows: list[tuple[float, ...]] = []
        for (a, b), Vc in zip(itertools.pairwise(EDGES), COMMANDS, strict=True):
            at = np.clip(times[(times > a - 1e-9) & (times < b - 1e-9)], a, b)
            found = solve_ivp(
                self, (a, b), y, "DOP853", np.append(at, b), args=(Vc,), rtol=1e-11, atol=1e-11
            )
            for one in found.y.T[:-1]:
                _, shown, Vp = self.all(one, Vc)
                rows.append((one[n], Vp, shown, (Vp + self.E - one[n]) / self.Rs))
            y = found.y[:, -1]
        found = dict(zip(("V", "V_p", "I_out", "flows"), np.array(rows).T, strict=True))
        return {**found, "I_out": 1e-3 * found["I_out"]}  # nA


def model_cell(y: np.ndarray) -> Any:
    """10 nS and 25 pF."""
    return 10 * y[0], []


def squid(y: np.ndarray) -> Any:
    """Hodgkin & Huxley 1952, V absolute; pA and per ms."""
    v, m, h, n = y
    u = v + 65
    flows = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    gates = [
        0.1 * (u - 25) / -np.expm1(-(u - 25) / 10) * (1 - m) - 4 * np.exp(-u / 18) * m,
        0.07 * np.exp(-u / 20) * (1 - h) - h / (1 + np.exp(-(u - 30) / 10)),
        0.01 * (u - 10) / -np.expm1(-(u - 10) / 10) * (1 - n) - 0.125 * np.exp(-u / 80) * n,
    ]
    return flows * PF, gates  # uA/cm2 over the area, in pA


CELLS = {"model cell": (CELL, model_cell, []), "squid": (SQUID, squid, [0.01, 0.8, 0.2])}


def command(rig: lo.Amplifier | None) -> Any:
    spans = zip(itertools.pairwise(EDGES), COMMANDS, strict=True)
    parts = [lo.VoltageClamp(a, b - a, Vc, amplifier=rig) for (a, b), Vc in spans]
    return sum(parts[1:], start=parts[0])


def compare(
    level: int, solver: Any, cell: str = "model cell", within: float = 1e-6, **knobs: float
) -> None:
    rig = {**RIG, **knobs}
    membrane, equations, gates = CELLS[cell]
    start = dict(zip(("V", "m", "h", "n"), [-70.0, *gates], strict=False))
    rec = lo.simulate(
        membrane, command(lo.Amplifier(**rig, level=level)), EDGES[-1], solver=solver,
        initial=start, sample_interval=0.01,
    )  # fmt: skip
    bench = Bench(level, rig, equations)
    rec = rec.isel(time=slice(-1))  # at its very end a run has no clamp on
    exact = bench.run(bench.first(-70.0, gates), rec.time.values)
    for name in ("V", "V_p", "I_out"):
        off = np.abs(rec[name].values - exact[name]).max()
        assert off < within * np.abs(exact[name]).max(), (name, off)
    flows = rec.I_clamp.values * PF  # pA
    off = np.abs(flows - exact["flows"]).max()
    assert off < within * np.abs(exact["flows"]).max()


@pytest.mark.parametrize("level", [0, 5])
def test_each_level_is_what_was_published(level: int) -> None:
    compare(level, lo.Reference())


def test_power_series_through_an_amplifier() -> None:
    compare(3, lo.Taylor(1e-10))


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("level", range(6))
def test_each_level_under_every_solver(level: int, cell: str) -> None:
    compare(level, lo.Taylor(), cell)
    compare(level, lo.Taylor(), cell, prediction=0.0, compensation=0.4)
    compare(level, lo.Taylor(), cell, prediction=0.5, compensation=0.0, leak=0.0)
    # of second order in a step that must see an amplifier of 13 us
    compare(level, lo.Exponential(2e-6 if level == 1 else 1e-5), cell)
    if cell == "squid":
        compare(level, lo.Reference(), cell)


@pytest.mark.slow
@pytest.mark.parametrize("late", [0.0, 0.0037])
@pytest.mark.parametrize("level", [1, 4])
def test_fixed_steps_are_of_second_order(level: int, late: float) -> None:
    """Whether edges lie on the grid or not."""
    rig = lo.Amplifier(**{**RIG, "compensation": 0.6}, level=level)
    edge = 0.6 + late
    clamp = lo.VoltageClamp(0.0, edge, -80, amplifier=rig)
    clamp += lo.VoltageClamp(edge, 5, 40, amplifier=rig)
    asked: dict[str, Any] = {"initial": -70.0, "sample_interval": 0.04, "record": ["V", "I_out"]}
    exact = lo.simulate(CELL, clamp, 2, solver=lo.Taylor(1e-12), **asked)
    errors = []
    for dt in (4e-4, 2e-4, 1e-4, 5e-5, 2.5e-5):
        rec = lo.simulate(CELL, clamp, 2, solver=lo.Exponential(dt), **asked)
        errors.append(
            [float(np.abs(rec[name] - exact[name])[:-1].max()) for name in asked["record"]]
        )
    # an edge off the grid lies elsewhere in each of these steps
    for found in np.transpose(errors):
        assert np.log2(found[0] / found[-1]) > (7.8 if not late else 7)


@pytest.mark.slow
@pytest.mark.parametrize("level", range(5))
def test_knobs_that_are_exact(level: int) -> None:
    exact = {"slow_cancellation": "exact", "fast_cancellation": "exact"}
    said = {"slow_cancellation": PF, "fast_cancellation": RIG["pipette_capacitance"]}
    one, other = (
        lo.simulate(
            CELL, command(lo.Amplifier(**{**RIG, **knobs}, level=level)), 2.4, solver=lo.Reference()
        )
        for knobs in (exact, said)
    )
    assert np.abs(one.I_out - other.I_out).max() < 1e-9 * np.abs(other.I_out).max()


@pytest.mark.slow
def test_no_capacitance_known_is_none_cancelled_and_none_predicted() -> None:
    """The published equations with C_m* -> 0."""
    for level in range(5):
        rig = lo.Amplifier(
            **{**RIG, "slow_cancellation": [0.0, 27.0], "compensation": 0.5}, level=level
        )
        rec = lo.simulate(
            CELL, command(rig), 2.4, solver=lo.Taylor(1e-11), record=["V", "I_out"], initial=-70.0
        ).isel(slow_cancellation=0, time=slice(-1))
        plain = {**RIG, "slow_cancellation": 1e-9, "prediction": 0.0, "compensation": 0.5}
        bench = Bench(level, {**plain, "estimated_resistance": 4.5}, model_cell)
        bench.te, bench.Ce = 1.0, 0.0
        exact = bench.run(bench.first(-70.0, []), rec.time.values)
        for name in ("V", "I_out"):
            off = np.abs(rec[name].values - exact[name]).max()
            assert off < 1e-6 * np.abs(exact[name]).max(), (level, name)


def charged(rig: lo.Amplifier) -> xr.Dataset:
    clamp = lo.VoltageClamp(0, 3, -80, amplifier=rig)
    return lo.simulate(CELL, clamp, 3, initial=0.0, solver=lo.Reference(), sample_interval=0.01)


@pytest.mark.slow
def test_the_ideal_clamp_is_the_limit_of_no_resistance() -> None:
    """V misses the command by I R_s, I = 10 nS (-80 mV), after R_s C_m = 25 us and 250."""
    for R in (1.0, 10.0):
        rec = charged(lo.Amplifier(R, level=5))
        t = rec.time.values[:-1]
        g, tau = 10.0, 1e-3 * R * PF  # nS, ms
        settled = -80 / (1 + 1e-3 * R * g)
        rate = (1 + 1e-3 * R * g) / tau
        exact = settled * (1 - np.exp(-rate * t))
        assert np.abs(rec.V.values[:-1] - exact).max() < 1e-8
        assert np.abs(rec.I_out.values[:-1] - 1e-3 * g * exact).max() < 1e-7
    errors = [abs(float(charged(lo.Amplifier(R, level=5)).V[-2]) + 80) for R in (0.4, 0.2)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.01)
    whole = charged(lo.Amplifier(5, compensation=1, level=5))
    assert abs(float(whole.V[-2]) + 80) < 1e-8


@pytest.mark.slow
def test_compensation_and_prediction_do_what_they_are_for() -> None:
    def rig(**knobs: Any) -> xr.Dataset:
        return charged(lo.Amplifier(10, level=3, **{"slow_cancellation": "exact", **knobs}))

    plain, compensated, predicted = rig(), rig(compensation=0.8), rig(prediction=0.8)
    miss = [abs(float(rec.V[-2]) + 80) for rec in (plain, compensated, predicted)]
    assert miss[1] < 0.25 * miss[0]
    assert miss[2] == pytest.approx(miss[0], rel=1e-3)  # prediction is done when V stands still

    # what is cancelled is not compensated
    with_charge = rig(compensation=0.8, slow_cancellation=0)
    early = [float(rec.V.sel(time=0.2)) for rec in (plain, compensated, predicted, with_charge)]
    assert early[0] == pytest.approx(early[1], abs=1)
    assert early[0] > -45
    assert max(early[2:]) < -65


@pytest.mark.slow
def test_the_charging_current_is_cancelled() -> None:
    seen = charged(lo.Amplifier(10, level=3))
    cancelled = charged(lo.Amplifier(10, slow_cancellation="exact", level=3))
    assert np.abs(seen.I_out).max() > 4 * np.abs(cancelled.I_out).max()
    assert float(cancelled.I_out[-2]) == pytest.approx(float(seen.I_out[-2]), rel=2e-4)


def test_every_number_may_be_an_array() -> None:
    asked: dict[str, Any] = {"solver": lo.Reference(), "record": ["V", "I_out"]}
    both = lo.Amplifier([2, 4], compensation=[0, 0.5, 0.9], level=5)
    rec = lo.simulate(CELL, command(both), 2.4, **asked)
    assert rec.I_out.dims == ("series_resistance", "compensation", "time")
    assert rec.series_resistance.attrs["units"] == "MOhm"
    assert rec.compensation.attrs["long_name"] == "compensation of the series resistance"
    for R, alpha in itertools.product((2, 4), (0.0, 0.5)):
        one = lo.simulate(CELL, command(lo.Amplifier(R, compensation=alpha, level=5)), 2.4, **asked)
        lane = rec.sel(series_resistance=R, compensation=alpha)
        assert np.array_equal(lane.I_out, one.I_out)


@pytest.mark.slow
def test_while_no_clamp_is_on_the_membrane_is_free() -> None:
    rig = lo.Amplifier(5, compensation=0.5, level=1)
    clamp = lo.VoltageClamp(2, 1, -40, amplifier=rig) + lo.VoltageClamp(5, 1, -90, amplifier=rig)
    asked: dict[str, Any] = {"solver": lo.Reference(), "initial": -30.0}
    rec = lo.simulate(CELL, clamp, 8, **asked)
    alone = lo.simulate(CELL, None, 8, **asked)
    early = rec.time.values < 2 - 1e-9
    assert np.abs(rec.V - alone.V).values[early].max() < 1e-9
    assert np.abs(rec.V_p - rec.V).values[early].max() == 0
    off = early | (rec.time.values > 6)
    assert not rec.I_out.values[off].any()
    assert not rec.I_clamp.values[off].any()
    # V decays with C/g = 2.5 ms
    v = rec.V.sel(time=[6.5, 7.5]).values
    assert v[1] / v[0] == pytest.approx(np.exp(-0.4), rel=1e-9)


@pytest.mark.slow
def test_the_command_may_follow_a_waveform() -> None:
    """The same as ramps that follow one another."""
    rig = lo.Amplifier(5, compensation=0.5, level=3)
    wave = lo.Waveform([0, 1, 1.5, 3], [-80, 20, 20, -60], unit="mV")
    followed = lo.VoltageClamp(1, 3, wave, amplifier=rig)
    ramps = (
        lo.VoltageClamp(1, 1, -80, to=20, amplifier=rig)
        + lo.VoltageClamp(2, 0.5, 20, amplifier=rig)
        + lo.VoltageClamp(2.5, 1.5, 20, to=-60, amplifier=rig)
    )
    for solver, within in ((lo.Reference(), 1e-8), (lo.Exponential(1e-3), 1e-7)):
        one, other = (lo.simulate(SQUID, each, 5, solver=solver) for each in (followed, ramps))
        for name in ("V", "V_p", "I_out", "I_clamp"):
            off = np.abs(one[name] - other[name]).max()
            assert off < within * np.abs(other[name]).max(), (name, solver)


def test_documents_and_files_keep_it(tmp_path: Any) -> None:
    rig = lo.Amplifier(
        [2, 4], compensation=0.3, slow_cancellation="exact", estimated_resistance=3, level=5
    )
    clamp = lo.VoltageClamp(1, 2, -40, to=20, amplifier=rig)
    from loligo.stimulus.document import from_dict

    assert from_dict(clamp.to_dict()) == clamp
    assert eval(repr(rig.replace(series_resistance=4)), {"Amplifier": lo.Amplifier}) == rig.replace(
        series_resistance=4
    )
    rec = lo.simulate(CELL, clamp, 4, solver=lo.Reference())
    assert lo.rerun(rec).identical(rec)
    lo.save(rec, tmp_path / "clamped.nc")
    assert lo.open(tmp_path / "clamped.nc").identical(rec)


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "too much compensation": (lambda: lo.Amplifier(5, compensation=1.2), r"fraction .* is 1\.2"),
    "all predicted": (lambda: lo.Amplifier(5, prediction=1), r"prediction must be .*below 1"),
    "a negative capacitance": (
        lambda: lo.Amplifier(5, fast_cancellation="-2 pF"), r"fast_cancellation must be .*0 pF"
    ),
    "no resistance": (lambda: lo.Amplifier(0), r"series_resistance must be above 0"),
    "another unit": (lambda: lo.Amplifier("5 pF"), r"resistance in Mohm is wanted"),
    "a level": (lambda: lo.Amplifier(5, level=6), r"level is 6; give 0"),
    "blind": (lambda: lo.Amplifier(5, prediction=0.5), r"slow_cancellation='exact'"),
    "at once": (lambda: lo.Amplifier(5, compensation=1, level=4), r"take level 3"),
    "runs away": (
        lambda: lo.Amplifier(20, compensation=0.9, fast_cancellation=0, level=2),
        r"fast_cancellation\), compensate less",
    ),
    "an array of another level": (
        lambda: lo.Amplifier(5, filter=[2, 5], level=5), r"level of 0 to 3"
    ),
    "a word": (lambda: lo.Amplifier(5, slow_cancellation="yes"), r"slow_cancellation"),
    "no amplifier": (lambda: lo.VoltageClamp(0, 5, 0, amplifier=5), r"lo\.Amplifier\("),
    "two resistances": (
        lambda: lo.VoltageClamp(0, 5, 0, 5, amplifier=lo.Amplifier()), r"leave one of them out"
    ),
    "no area": (
        lambda: lo.simulate(
            lo.load("hodgkin-huxley-1952"), lo.VoltageClamp(0, 5, 0, amplifier=lo.Amplifier()), 5
        ),
        r"area: model\.replace\(area=2000\)",
    ),
    "some without": (
        lambda: lo.simulate(
            CELL,
            lo.VoltageClamp(0, 5, 0, amplifier=lo.Amplifier()) + lo.VoltageClamp(5, 5, 0),
            10,
        ),
        r"same amplifier or none",
    ),
    "an axon": (
        lambda: lo.at(0, lo.VoltageClamp(0, 5, 0, amplifier=lo.Amplifier())), r"series_resistance="
    ),
    "a name": (lambda: lo.Amplifier(5).replace(compensate=1), r"did you mean compensation"),
    "a name of the membrane": (
        lambda: lo.simulate(
            lo.Membrane(C_m=1, area=100, channels=[lo.Channel("out", g=1, E=-60)]),
            lo.VoltageClamp(0, 5, 0, amplifier=lo.Amplifier()), 5,
        ),
        r"I_out of its own",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_is_told_with_its_remedy(name: str) -> None:
    doing, told = WRONG[name]
    with pytest.raises(lo.LoligoError, match=told):
        doing()


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 2, 3])
def test_steps_too_long_for_an_amplifier_are_told(level: int) -> None:
    """And those that are not warned of are right."""
    cell = lo.load("hodgkin-huxley-1952").replace(area=2000)
    rig = lo.Amplifier(10, compensation=0.7, level=level)
    clamps = lo.VoltageClamp(0, 2, -65, amplifier=rig) + lo.VoltageClamp(2, 3, 0, amplifier=rig)

    def V(solver: Any) -> np.ndarray:
        return lo.simulate(cell, clamps, 5, solver=solver, record=["V"]).V.values

    truth = V(lo.Taylor(1e-9))
    with pytest.warns(UserWarning, match="long beside the amplifier's own times, of which"):
        coarse = V(lo.Exponential(0.005))
    assert np.abs(coarse - truth).max() < 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fine = V(lo.Exponential(0.001))
    assert np.abs(fine - truth).max() < 0.02
    lines = [text.get_text() for text in lo.plot(lo.simulate(cell, clamps, 5)).texts]
    assert "through an amplifier with 10 MΩ, 70 % compensated" in " ".join(lines)
