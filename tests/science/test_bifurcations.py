"""Bifurcation diagrams of systems that are known in closed form, of published ones, and of the
squid by a second method."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from benchmarks.continuation import TRUTH
from scipy.integrate import solve_ivp

import loligo as lo
from complex_steps import exprel
from loligo.system.outline import STIMULUS
from loligo.theory import flow, work
from loligo.theory.field import Field
from loligo.theory.flow import Flow
from loligo.theory.patch import Patch


def normal_form(cubic: float, quintic: float) -> lo.Membrane:
    """z' = (mu + i) z + cubic z |z|^2 + quintic z |z|^4, V its real part."""
    around = "(mu + cubic*(V**2 + w**2) + quintic*(V**2 + w**2)**2)"
    return lo.Membrane(
        channels=[lo.Channel("X", current=f"w - V*{around}")],
        states=[lo.State("w", f"V + w*{around}", 0, scale=100)],
        parameters={"mu": -1.0, "cubic": cubic, "quintic": quintic},
    )


@pytest.mark.slow
def test_a_supercritical_hopf_point_of_known_normal_form() -> None:
    """Its cycles are circles of radius sqrt(mu), of period 2 pi, with the multiplier exp(-4 pi
    mu)."""
    found = lo.experiments.bifurcation(normal_form(-1e-4, 0.0), mu=(-0.2, 0.2))
    special, cycles = found["special"], found["cycles"]
    assert special.kind.values.tolist() == ["Hopf"]
    assert special.mu.values == pytest.approx([0.0], abs=1e-10)
    assert float(special.lyapunov[0]) < 0
    assert special.frequency.values == pytest.approx([1e3 / (2 * np.pi)], rel=1e-10)
    mu = cycles.mu.values
    assert cycles.V_max.values == pytest.approx(100 * np.sqrt(mu), rel=1e-3)
    assert cycles.period.values == pytest.approx(2 * np.pi, rel=1e-9)
    least = np.abs(cycles.multiplier_real.values).min(axis=1)
    assert least == pytest.approx(np.exp(-4 * np.pi * mu), rel=1e-4, abs=1e-9)
    assert cycles.stable.values.all()


@pytest.mark.slow
def test_a_subcritical_hopf_point_and_the_fold_of_its_cycles() -> None:
    """The radius obeys mu + c r^2 + q r^4 = 0, which folds at mu = c^2/(4 q)."""
    found = lo.experiments.bifurcation(normal_form(1e-4, -1e-8), mu=(-0.5, 0.5))
    special = found["special"]
    assert special.kind.values.tolist() == ["fold of cycles", "Hopf"]
    assert special.mu.values == pytest.approx([-0.25, 0.0], abs=1e-9)
    assert float(special.lyapunov[1]) > 0
    assert special.period.values == pytest.approx(2 * np.pi, rel=1e-9)
    assert special.precision.values.max() < 1e-9
    assert set(found["cycles"].stable.values.tolist()) == {0, 1}


def test_two_rests_and_the_folds_between_them(tmp_path: Path) -> None:
    """V' = I + V - V^3/3 folds at I = ± 2/3, where V = ∓ 1."""
    cell = lo.Membrane(channels=[lo.Channel("X", current="V**3/3 - V")])
    found = lo.experiments.equilibria(cell, current=(-2, 2))
    special = found["special"]
    assert special.kind.values.tolist() == ["fold", "fold"]
    assert special.current.values == pytest.approx([-2 / 3, 2 / 3], abs=1e-12)
    assert special.V.values == pytest.approx([1.0, -1.0], abs=1e-5)
    assert special.precision.values.max() < 1e-9
    assert set(found["equilibria"].stable.values.tolist()) == {0, 1}
    lines = lo.plot(found).axes[0].lines
    assert max(len(line.get_xdata()) for line in lines if line.get_marker() == "None") > 20
    few = found.copy()
    few["equilibria"] = found["equilibria"].to_dataset().isel(point=slice(0, 20))
    assert not any(
        len(line.get_xdata()) > 2
        for line in lo.plot(few).axes[0].lines
        if line.get_marker() != "None"
    )  # however few its points: a line
    few["special"] = found["special"].to_dataset().drop_vars("kind")
    with pytest.raises(lo.LoligoError, match=r"these lack special\.kind$"):
        lo.plot(few)
    part = found["special"].to_dataset()
    for once in (lo.plot, lambda rec: lo.animate(rec, tmp_path / "folds.gif")):
        with pytest.raises(lo.LoligoError, match="of what an experiment found"):
            once(part)
    for suffix in ("nc", "csv"):
        again: object = lo.open(lo.save(found, tmp_path / f"folds.{suffix}"))
        assert found.identical(again)  # type: ignore[arg-type]


@pytest.mark.slow
def test_nothing_is_found_where_nothing_flows() -> None:
    """No V is chosen of a membrane without currents: none is told, without a word of NumPy's."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cell = lo.Membrane(channels=[lo.Channel("L", g=0, E=-65)])
        found = lo.experiments.equilibria(cell, current=(0, 10))
    assert found["special"].sizes["point"] == 0


def test_the_squid_stops_and_begins_where_it_is_published() -> None:
    """Hopf points at 9.78 and 154.5 uA/cm2 for a leak that reverses at -54.4 mV (Rinzel & Miller
    1980, doi:10.1016/0025-5564(80)90109-1). The leak is linear: another E_L shifts all currents by
    g_L times the difference, exactly."""
    squid = lo.load("hodgkin-huxley-1952")
    found = lo.experiments.equilibria(squid.replace(E_L=-54.4), current=(0, 180))["special"]
    assert found.current.values.round(2).tolist() == [9.78, 154.53]
    assert np.sign(found.lyapunov.values).tolist() == [1, -1]
    assert found.current.values - [9.775437995393, 154.522433665808] == pytest.approx(
        [0.0039] * 2, abs=1e-9
    )
    assert found.precision.values.max() < 1e-8


def test_what_cannot_be_varied_is_told() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    for values, words in (
        ({"g_NA": (0, 1)}, "did you mean g_Na"),
        ({"g_Na": 3}, "from where to where"),
        ({"g_Na": (0, 1), "current": (0, 1)}, "varies one thing"),
        ({"current": (0, 1), "points": 4}, "no 'points'"),
        ({"V": (-80, 0)}, "lo.steady_state"),
        ({"C_m": (0, 1)}, "C_m must be above 0"),
        ({"m": (0, 3)}, r"between 0 and 1, not \(0, 3\)"),
    ):
        with pytest.raises(lo.LoligoError, match=words):
            lo.experiments.equilibria(squid, **values)
    buffer = [lo.State("B", "k*(C - B)", 1), lo.State("C", "k*(B - C)", 0)]
    leak = lo.Channel("L", g=0.3, E=-65)
    cell = lo.Membrane(channels=[leak], states=buffer, parameters={"k": 2})
    with pytest.raises(lo.LoligoError, match=r"keep .* constant"):
        lo.experiments.bifurcation(cell)


# ------------------------------------------------------------------------ the squid's cycles


def _slopes(y: np.ndarray, current: object) -> np.ndarray:
    """Of the squid, of complex numbers too."""
    V, m, h, n = y
    am, bm = 1 / exprel(-(V + 40) / 10), 4 * np.exp(-(V + 65) / 18)
    ah, bh = 0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))
    an, bn = 0.1 / exprel(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)
    out = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.387)
    gates = [am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]
    return np.array([current - out, *gates])


def _around(u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a point where V is -60 mV, (m, h, n, period, current): what is missing after a period, how
    that changes with the five, and the map's derivative; rates differentiated by complex steps."""
    begun, currents = np.append(-60.0, u[:3]), u[4] + 1e-20j * np.append(np.zeros(4), 1)

    def flow(t: float, all_: np.ndarray) -> np.ndarray:
        y, changes = all_[:4], all_[4:].reshape(4, 5)
        rates = _slopes(y[:, None] + 1e-20j * changes, currents)
        return np.concatenate([rates[:, 0].real, (rates.imag / 1e-20).ravel()])

    first = np.concatenate([begun, np.eye(4, 5).ravel()])
    made = solve_ivp(flow, (0, u[3]), first, method="DOP853", rtol=1e-12, atol=1e-13)
    end, changes = made.y[:4, -1], made.y[4:, -1].reshape(4, 5)
    rates = _slopes(end, u[4]).real
    columns = (changes - np.eye(4, 5)).T
    return end - begun, np.column_stack([*columns[1:4], rates, columns[4]]), changes[:, :4]


def _changes_at(u: np.ndarray, doubling: bool) -> float:
    """The current at which cycles fold, or their period doubles, near one: along the curve what is
    0 there is sought by the secant method."""

    def cycle(u: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        start = u
        for _ in range(8):
            missing, slopes, around = _around(u)
            whole = np.vstack([slopes, across])
            change = np.linalg.solve(whole, np.append(missing, across @ (u - start)))
            u = u - change
            if np.abs(change).max() < 1e-9:
                break
        ahead = np.linalg.solve(whole, np.eye(5)[-1])
        return u, ahead, np.linalg.det(around + np.eye(4)) if doubling else ahead[4]

    along = np.linalg.svd(_around(u)[1])[2][-1]
    u, along, before = cycle(u, along)
    step = 1e-4
    for _ in range(4):
        last = u
        u, along, now = cycle(last + step * along, along)
        if abs(u[4] - last[4]) < 1e-10:
            break
        step, before = -now * step / (now - before), now
    return float(u[4])


# where V is -60 mV on the way up: m, h, n, period, current
NEAR = {
    "fold of cycles": (0.0901556, 0.487943, 0.3702368, 19.895241, 6.2603213),
    "second fold": (0.0899419, 0.4354423, 0.3778337, 16.713797, 7.8423471),
    "period doubling": (0.0899304, 0.4346785, 0.3777617, 17.158521, 7.8453374),
}


@pytest.mark.slow
def test_the_squids_cycles_by_shooting() -> None:
    """Published near 6.26 (Balti, Lanza & Aziz-Alaoui 2018, doi:10.3934/mbe.2018036); three
    of them by single shooting, which shares nothing with loligo. A benchmark judges by these."""
    tree = lo.experiments.bifurcation(lo.load("hodgkin-huxley-1952"), current=(0, 180))
    found, cycles = tree["special"], tree["cycles"]
    assert found.kind.values.tolist() == [
        "fold of cycles", "fold of cycles", "period doubling", "period doubling",
        "fold of cycles", "Hopf", "Hopf"]  # fmt: skip
    assert found.precision.values.max() < 1e-8
    # a doubling and a fold that lie beside each other stand in the order of their curve
    between = (cycles.current.values > 7.9) & (cycles.current.values < 8)
    assert (np.diff(cycles.period.values[between]) > 0).all()
    for each, (name, near) in zip(found.current.values, NEAR.items(), strict=False):
        again = _changes_at(np.array(near), "doubling" in name)
        assert TRUTH[name] == pytest.approx(again, abs=1e-8), name
        assert each == pytest.approx(again, abs=1e-8), name
    assert found.current.values[5:] == pytest.approx(list(TRUTH.values())[:2], abs=1e-9)


@pytest.mark.slow
def test_a_saddle_node_on_a_cycle() -> None:
    """Of Wang & Buzsaki's interneuron the period grows without end at the fold."""
    found = lo.experiments.bifurcation(lo.load("wang-buzsaki-1996"), current=(-1, 30))
    special, periods = found["special"], found["cycles"].period
    assert special.kind.values.tolist() == ["fold", "saddle-node on a cycle", "Hopf"]
    assert float(special.current[0]) == pytest.approx(float(special.current[1]), abs=1e-12)
    assert float(periods.max()) > 10 * float(periods.min())


@pytest.mark.slow
def test_morris_and_lecars_second_class() -> None:
    """Hopf points at 93.86 and 212.02 uA/cm2, both subcritical; folds of cycles at 88.29 and 216.9
    (Rinzel & Ermentrout 1998, in Koch & Segev, section 7.3)."""
    found = lo.experiments.bifurcation(lo.load("rinzel-ermentrout-1998"), current=(0, 250))
    special = found["special"]
    assert special.kind.values.tolist() == ["fold of cycles", "Hopf", "Hopf", "fold of cycles"]
    assert special.current.values.round(2).tolist() == [88.29, 93.86, 212.02, 216.9]
    assert (special.lyapunov.values[1:3] > 0).all()
    assert special.precision.values.max() < 1e-8


def test_the_fast_subsystem_of_a_burster() -> None:
    """Hindmarsh & Rose's with z held stands still where z = 1 - 2 x^2 - x^3, which folds at x = 0
    and -4/3; its trace, -3 x^2 + 6 x - 1, is 0 at x = 1 ± sqrt(2/3)."""
    found = lo.experiments.equilibria(lo.load("hindmarsh-rose-1984"), z=(-12, 3))["special"]
    x = np.array([1 + np.sqrt(2 / 3), -4 / 3, 1 - np.sqrt(2 / 3), 0.0])
    assert found.kind.values.tolist() == ["Hopf", "fold", "Hopf", "fold"]
    assert found.z.values == pytest.approx(1 - 2 * x**2 - x**3, abs=1e-9)
    assert found.V.values == pytest.approx(x, abs=1e-5)
    with pytest.raises(lo.LoligoError, match=r"it can be .*C_m.*z"):
        lo.experiments.equilibria(lo.load("hindmarsh-rose-1984"), q=(0, 1))


@pytest.mark.slow
def test_a_hopf_point_of_two_dozen_states_is_found() -> None:
    """Beside a Hopf point at mu = 0 two dozen states that decay slowly: products of all pairs of
    eigenvalues are very small then."""
    slow = [lo.State(f"s{k}", f"-0.0{k}1*s{k} + 0.001*V", 0, scale=100) for k in range(10, 34)]
    around = "(mu - 1e-4*(V**2 + w**2))"
    cell = lo.Membrane(
        channels=[lo.Channel("X", current=f"100*(w - V*{around})")],
        states=[lo.State("w", f"100*(V + w*{around})", 0, scale=100), *slow],
        parameters={"mu": -1.0},
    )
    found = lo.experiments.equilibria(cell, mu=(-0.3, 0.2))["special"]
    assert found.kind.values.tolist() == ["Hopf"]
    assert found.mu.values == pytest.approx([0.0], abs=1e-10)
    assert found.period.values == pytest.approx([2 * np.pi / 100], rel=1e-10)


@pytest.mark.slow
def test_two_ends_at_a_saddle_that_is_left_fast_and_reached_slowly() -> None:
    """Of Pospischil's regular spiking cell: its slow current is sixty times as slow as the saddle
    is left. Small cycles from the Hopf point and spikes end there, at nearly the same current."""
    special = lo.experiments.bifurcation(lo.load("pospischil-2008-rs"))["special"]
    ends = special.kind.values == "homoclinic"
    assert ends.sum() == 2
    assert special.current.values[ends] == pytest.approx([2.3331982, 2.3331986], abs=1e-6)
    assert special.precision.values.max() < 1e-7


@pytest.mark.slow
def test_a_homoclinic_end_that_is_known() -> None:
    """x' = y, y' = x - x^2 - (3 H + mu) y with H = y^2/2 - x^2/2 + x^3/3: dH/dt = -(3 H + mu) y^2,
    so that cycles are the levels H = -mu/3. They are born at mu = 1/2, where H = -1/6 is least, and
    end at the saddle's loop, H = 0, at mu = 0."""
    x = "(V/100)"
    level = f"(w**2/2 - {x}**2/2 + {x}**3/3)"
    cell = lo.Membrane(
        channels=[lo.Channel("X", current="-100*w")],
        states=[lo.State("w", f"{x} - {x}**2 - (3*{level} + mu)*w", 0, scale=1)],
        parameters={"mu": 0.25},
    )
    found = lo.experiments.bifurcation(cell, mu=(-0.2, 0.7))
    special, cycles = found["special"], found["cycles"]
    assert special.kind.values.tolist() == ["homoclinic", "Hopf"]
    assert special.mu.values == pytest.approx([0.0, 0.5], abs=1e-7)
    assert np.isinf(special.period.values[0])
    # where a cycle turns w is 0
    high = cycles.V_max.values / 100
    assert high**3 / 3 - high**2 / 2 == pytest.approx(-cycles.mu.values / 3, abs=1e-4)


def test_what_a_call_may_take_is_bounded_and_what_is_left_out_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """FitzHugh's two Hopf points: with a tenth of the work they need, the diagram says where it
    stopped, and no cycle is claimed beyond."""
    whole = work.Work.__init__
    monkeypatch.setattr(work.Work, "__init__", lambda self: whole(self, 0.1))
    found = lo.experiments.bifurcation(lo.load("fitzhugh-1961"), current=(0, 1.7))
    summary = found.attrs["summary"]
    assert found["special"].kind.values.tolist().count("Hopf") == 2
    assert "more work than is given" in summary or "were not followed" in summary
    assert summary.endswith(found.attrs["left_out"])
    # of two states cycles are told all around, and drawn on the plane of both where there is room
    loops = found["orbits"]
    assert loops.V.values[:, 0] == pytest.approx(loops.V.values[:, -1], abs=1e-8)
    highest = dict(zip(found["cycles"].current.values, found["cycles"].V_max.values, strict=True))
    known = [place in highest for place in loops.current.values]
    assert any(known)
    assert loops.V.values.max(axis=1)[known] == pytest.approx(
        [highest[place] for place in loops.current.values[known]], abs=2e-2
    )
    assert [len(lo.plot(found, size=size).axes) for size in (None, (480, 360))] == [3, 2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["fitzhugh-1961", "bertram-2000", "noble-1962", "traub-miles-1991", "pospischil-2008-fs",
     "morris-lecar-1981", "rothman-manis-2003-ii", "rothman-manis-2003-ic"],
)  # fmt: skip
def test_a_model_of_the_library_has_a_diagram_or_a_reason(name: str) -> None:
    """Without a range; what is known by one way only is said."""
    found = lo.experiments.bifurcation(lo.load(name))
    special, summary = found["special"], found.attrs["summary"]
    assert special.kind.size or "nothing changes" in summary
    unknown = np.isnan(special.precision.values)
    assert unknown.any() == ("By one way only" in summary)
    assert special.precision.values[~unknown].max(initial=0) < 1e-6


def test_curves_that_were_not_looked_for_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = work.Work.__init__
    monkeypatch.setattr(work.Work, "__init__", lambda self: whole(self, 1e-9))
    squid = lo.load("hodgkin-huxley-1952")
    told = lo.experiments.equilibria(squid, current=(0, 20)).attrs
    assert "There may be further curves of equilibria, at 1.25 µA/cm², …, 20 µA" in told["summary"]
    assert told["summary"].endswith(told["left_out"])


@pytest.mark.slow
def test_a_long_flow_goes_in_pieces_and_ends_where_one_run_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that what it takes is seen on the way; and lanes that are lost stop no others."""
    of = Field(Patch.of(lo.load("hodgkin-huxley-1952"), "experiments.bifurcation"), STIMULUS)
    p = np.array([7.0, 10.0, 1e9, 20.0])
    states = np.repeat(np.array([[-65.0], [0.05], [0.6], [0.32]]), 4, axis=1)
    states = states[[("V", "m", "h", "n").index(name) for name in of.states]]
    whole = Flow(of)(states, p, 20.0)
    before = of.work.spent
    monkeypatch.setattr(flow, "_PIECE", 1e-3)
    pieces = Flow(of)(states, p, 20.0)
    assert np.isnan(pieces[:, 2]).all()
    fine = [0, 1, 3]
    assert pieces[:, fine] == pytest.approx(whole[:, fine], rel=1e-7, abs=1e-9)
    assert of.work.spent - before > 2 * 4e-3, "several runs"
