"""The axon against what is known of it: the squid's velocity, cable theory, charge, order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import loligo as lo
from loligo.engine.numpy.kernel import evaluate
from loligo.run.axon.clamps import held
from loligo.run.axon.coupled import CoupledCourse
from loligo.run.axon.currents import points_of
from loligo.run.axon.cut import cut_to_pieces
from loligo.run.axon.pose import pose
from loligo.run.axon.rest import begin
from loligo.run.compiled import kernels_of
from loligo.run.pace import Pace
from passive_cable import step_response

SQUID = lo.load("hodgkin-huxley-1952")
SHOCK = lo.at(0, lo.Pulse(0.2, 0.3, 50e3))


def velocity(axon: lo.Axon, dt: float | None = None, duration: float = 6.0, shock=SHOCK):
    """m/s, from the spikes in the middle of the axon, over the lanes."""
    rec = lo.simulate(
        axon, shock, duration, record=["spikes"], sample_interval=0.5,
        solver=None if dt is None else lo.Exponential(dt),
    )  # fmt: skip
    here = (rec.position > 0.4 * axon.length) & (rec.position < 0.8 * axon.length)
    times = lo.spike_times(rec).isel(spike=0, position=here.values)
    place = times.position.values - times.position.values.mean()
    late = times.values - times.values.mean(axis=-1, keepdims=True)
    return 1e-3 * np.sum(place**2) / np.sum(place * late, axis=-1)


def squid(celsius: float, compartments: int | None = None, **shape):
    given = {"length": "6 cm", "diameter": 476, "axial_resistivity": 35.4, **shape}
    return lo.Axon(SQUID.replace(celsius=celsius), compartments=compartments, **given)


def test_the_squids_impulse_travels_as_fast_as_the_equations_say():
    # converged, at 18.5 degC; Huxley's value by hand was 18.8 m/s (1952d, p. 528)
    assert velocity(squid(18.5, 600), 0.0025, 5.0) == pytest.approx(18.73, rel=1e-3)
    # Cooley & Dodge 1966 (doi:10.1016/S0006-3495(66)86679-1) found 12.3 m/s at 6.3 degC
    assert velocity(squid(6.3, 600), 0.005) == pytest.approx(12.31, rel=1e-3)


@pytest.mark.parametrize(("celsius", "converged"), [(18.5, 18.7317), (6.3, 12.3136)])
def test_the_accuracy_that_was_asked_for_is_kept(celsius, converged):
    for accuracy in (1e-2, 1e-3, 1e-4):
        found = velocity(squid(celsius, accuracy=accuracy, length="8 cm"), duration=8)
        assert abs(found / converged - 1) < accuracy


def myelinated(nodes=None, internodes=None, accuracy=1e-3) -> lo.Axon:
    """Nodes of ten times the squid's channels, a millimetre apart; of so many compartments."""
    node = SQUID.replace(celsius=18.5, g_Na=1200, g_K=360, g_L=3)
    pair = [
        lo.Region(node, 10, 10, name="node", compartments=nodes),
        lo.Myelin("1 mm", 10, 0.7, compartments=internodes),
    ]
    return lo.Axon(regions=[*pair * 20, pair[0]], axial_resistivity=70, accuracy=accuracy)


def saltatory(axon: lo.Axon, dt: float | None = None) -> float:
    """m/s, between the 8th and the 16th node."""
    centres = [8 * 1010 + 5, 16 * 1010 + 5]
    rec = lo.simulate(
        axon, lo.at(0, lo.Pulse(0.1, 0.2, 5)), 2, record=["spikes"], positions=centres,
        solver=None if dt is None else lo.Exponential(dt),
    )  # fmt: skip
    times = lo.spike_times(rec).isel(spike=0).values
    return float(8 * 1.010 / np.diff(times)[0])


def test_the_accuracy_that_was_asked_for_is_kept_on_a_myelinated_fibre():
    converged = saltatory(myelinated(nodes=5, internodes=20), 0.001)
    assert 20 < converged < 35
    for accuracy in (1e-2, 1e-3):
        assert abs(saltatory(myelinated(accuracy=accuracy)) / converged - 1) < accuracy


def test_velocity_grows_with_the_root_of_the_diameter():
    diameters = np.array([119.0, 238.0, 476.0])
    found = [velocity(squid(18.5, diameter=d, accuracy=2e-4, length=f"{d / 80} cm"),
                      shock=lo.at(0, lo.Pulse(0.2, 0.3, 50e3 * (d / 476) ** 1.5)))
             for d in diameters]  # fmt: skip
    scaled = found / np.sqrt(diameters)
    assert np.ptp(scaled) / scaled.mean() < 1e-3


def test_second_order_in_space_and_in_time():
    by_dx = np.diff([velocity(squid(18.5, n), 0.005, 5.0) for n in (100, 200, 400)])
    assert np.log2(by_dx[0] / by_dx[1]) > 1.9
    by_dt = np.diff([velocity(squid(18.5, 200), dt, 5.0) for dt in (0.02, 0.01, 0.005)])
    assert np.log2(by_dt[0] / by_dt[1]) > 1.9


@pytest.mark.parametrize("ends", ["sealed", "killed", ("sealed", -30)])
def test_second_order_where_regions_meet_and_at_held_ends(ends):
    """A cone, a step of the diameter and of the membrane, a current between two centres."""

    def record(parts: int):
        regions = [
            lo.Region(SQUID, 3000, 200, 400, compartments=3 * parts),
            lo.Region(SQUID.replace(g_Na=60), 2000, 250, compartments=2 * parts),
        ]
        axon = lo.Axon(regions=regions, axial_resistivity=35.4, ends=ends)
        stimulus = lo.at(1234, lo.Pulse(0.2, 0.3, 3e3))
        return lo.simulate(axon, stimulus, 1.2, record="V", solver=lo.Exponential(0.0025))

    places = np.array([700.0, 1500.0, 2500.0, 3700.0, 4500.0])
    found = []
    for parts in (7, 21, 63):  # thirds have a centre at the same places
        rec = record(parts)
        from scipy.interpolate import CubicSpline

        found.append(CubicSpline(rec.position, rec.V.isel(time=slice(4, None, 4)))(places))
    errors = [np.abs(each - found[-1]).max() for each in found[:2]]
    # against the finest, whose own error is a ninth of the second's
    assert np.log(errors[0] / errors[1]) / np.log(3) > 1.9


PASSIVE = lo.Membrane(C_m=1, channels=[lo.Channel("L", g=0.1, E=-65)])


def test_a_passive_cable_is_as_cable_theory_has_it():
    """To 1e-5 of the range, everywhere and always, the moments after the step included."""
    shape = {"length": 4000.0, "diameter": 4.0, "axial_resistivity": 100.0}
    axon = lo.Axon(PASSIVE, **shape, compartments=1000)
    rec = lo.simulate(
        axon, lo.at(0, lo.Step(0, 0.1)), 60, record="V", sample_interval=0.5,
        positions=[0, 400, 1500, 4000], solver=lo.Exponential(0.001),
    )  # fmt: skip
    for v in rec.V:
        exact = step_response(
            float(v.position), v.time.values, **shape, conductance=0.1, capacitance=1.0,
            current=0.1,
        )  # fmt: skip
        assert np.abs(v.values + 65 - exact).max() < 1e-5 * np.ptp(exact)


def test_a_held_end_decays_along_the_cable_as_a_hyperbolic_sine():
    """V - E = (V0 - E) cosh((L - x)/lambda)/cosh(L/lambda) with the far end sealed; it starts
    there, because that is the resting state."""
    axon = lo.Axon(PASSIVE, 4000, 4, 100, ends=(-45, "sealed"), compartments=1000)
    rec = lo.simulate(axon, None, 1, record="V")
    constant = np.sqrt(4 * 1e7 / (4 * 100 * 0.1))
    exact = 20 * np.cosh((4000 - rec.position) / constant) / np.cosh(4000 / constant)
    for time in (0, -1):
        assert np.abs(rec.V.isel(time=time) + 65 - exact).max() < 1e-5 * 20


@pytest.mark.parametrize("kind", ["squid", "wang-buzsaki-1996", "patches", "clamped"])
def test_charge_is_conserved_to_rounding(kind):
    """Over the axon, the change of C V is what was injected less what the membrane let out."""
    membrane = lo.load(kind) if kind == "wang-buzsaki-1996" else SQUID
    regions = [lo.Region(membrane, 1500, 50, compartments=150)]
    if kind == "patches":
        regions = [lo.Region(membrane, 20, 10), lo.Myelin(500, 10)] * 5
    axon = lo.Axon(regions=regions, axial_resistivity=35.4)
    stimulus = lo.at(0, lo.Pulse(0.1, 0.2, 30)) + lo.at(700, lo.Step(0.25, 20))
    if kind == "clamped":
        stimulus += lo.at(100, lo.Clamp(0.3, 0.4, -80, 0.1)) + lo.at(1001, lo.Clamp(0.105, 5, 0, 1))
    uncut = pose(
        axon, stimulus, 1.0, record=["spikes"], sample_interval=0.05, initial="rest",
        threshold=0, positions=None,
    )  # fmt: skip
    solver = lo.Exponential(0.01)
    kernels, _ = kernels_of(uncut, solver, Pace())
    problem = cut_to_pieces(uncut, kernels, solver.engine)
    course = CoupledCourse(problem, solver, kernels, begin(problem, kernels), Pace())
    steps = _Charges(course)
    for k in range(course.schedule.steps):
        steps.take(k)
    stored = np.sum(course.line.capacity[0] * (course.steps.voltage()[0] - steps.first))
    assert steps.moved > 1.0  # it fired: pC
    assert abs(stored - (steps.injected - steps.ionic)) < 1e-12 * steps.moved


class _Charges:
    """Steps of a run, one by one, and the charges that went in and out, by the scheme's own
    rule: dt (I + G u), V + 2 u the next V; with backward Euler halves by theirs."""

    def __init__(self, course) -> None:
        from loligo.engine.numpy.coupled import NumpyCourse

        self.course = course
        self.first = course.steps.voltage()[0].copy()
        self.injected = self.ionic = self.moved = 0.0
        self.dense = NumpyCourse

    def take(self, k: int) -> None:
        course, dt = self.course, self.course.schedule.dt
        if course.clamps is not None:
            course.clamps.begin(k, k + 1)
        before = course.steps.voltage()[0].copy()
        current, slope = self._membranes(k, before)
        given = course.table.given(k, k + 1)
        course.steps.advance(range(1), **given, first=k, stop=k + 1)
        after = course.steps.voltage()[0].copy()
        area = course.line.area[0]
        charge = area * dt * (current + slope * 0.5 * (after - before))
        points, link = self._held(k)
        middle = 0.5 * (before + after)
        if given["damped"][0, 0]:
            dense = self.dense(
                replace(course.line, link=link), course.patches, points, course.schedule,
                before[None],
            )  # fmt: skip
            first = dense._solve(0, current, slope, given["injected"][0, 0])
            charge = self._halves(after - before, first, current, slope)
            middle = 0.5 * (before + first + after)
        there = points.place
        held = points.conductance[0] * (points.potential[0] - middle[there])
        self.injected += dt * (given["injected"].sum() + held.sum())
        self.ionic += charge.sum()
        self.moved += np.abs(charge).sum() + dt * np.abs(given["injected"]).sum()
        self.moved += dt * np.abs(held).sum()
        if course.clamps is not None:
            course.clamps.end(k + 1)

    def _held(self, k: int):
        """What holds V in a step: clamps, as far as they are on."""
        course = self.course
        found = course.table.electrodes
        on = [e.during(k, course.schedule.dt) for e in found]
        return held(points_of(course.table.problem), course.line, found, on)

    def _membranes(self, k: int, v):
        course, dt = self.course, self.course.schedule.dt
        current, slope = np.empty(v.size), np.empty(v.size)
        for i, patch in enumerate(course.patches):
            program = patch.kernel.program
            inputs = dict(zip(program.constants, patch.constants[:, 0], strict=True))
            inputs |= dict(zip(program.states[1:], course.steps.states(i)[:, 0], strict=True))
            inputs |= {"V": v[patch.place], ".dt": dt, ".lead": dt if k else 0.5 * dt}
            found = evaluate(program.blocks["offer"], inputs)
            current[patch.place], slope[patch.place] = found[".I"], found[".G"]
        return current, slope

    def _halves(self, change, first, current, slope):
        """h (I + G u) + h (I + G u + G w), u and w the halves' changes."""
        half = 0.5 * self.course.schedule.dt
        later = current + slope * first
        return self.course.line.area[0] * half * (2 * later + slope * (change - first))
