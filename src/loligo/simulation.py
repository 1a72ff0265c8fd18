"""The one orchestrator: model, stimulus and solver become a recording."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from loligo import solvers
from loligo.errors import UsageError, callers_level
from loligo.lanes import Grid, to_plain
from loligo.model import Axon, Membrane
from loligo.progress import progress as bar
from loligo.run.cells import Initial
from loligo.run.outcome import Outcome
from loligo.run.pace import Pace
from loligo.run.pose import pose
from loligo.run.problem import Problem, Uncut
from loligo.run.sensitivities import refuse_sensitivities
from loligo.run.solve import Answer, refuse_for_axons, solve
from loligo.run.until import Until
from loligo.solvers import Solver
from loligo.stimulus.base import Stimulus
from loligo.stimulus.place import Placed

if TYPE_CHECKING:
    import xarray

# Swings without a spike from which on it is said: one or two are an answer to what was done.
_MANY = 3
_TREMBLES = 30.0  # mV: by less V swings under noise, whether there are spikes or not


def simulate(
    model: Membrane | Axon,
    stimulus: Stimulus | Placed | None = None,
    duration: Any = 50.0,
    *,
    solver: Solver | None = None,
    record: Any = None,
    sample_interval: Any = 0.05,
    initial: Any = None,
    threshold: Any = 0.0,
    positions: Any = None,
    until: Any = None,
    sensitivities: Any = None,
    progress: bool | Callable[[float], None] | None = None,
    timings: dict[str, float] | None = None,
) -> xarray.Dataset:
    """Compute what a membrane, or an axon, does under a stimulus.

    Anywhere a number stands in the model, the stimulus or the initial values, an array may
    stand: every combination is a lane, and the recording has the arrays' dimensions.

    Parameters
    ----------
    model : Membrane or Axon
        From :func:`loligo.load`, :class:`loligo.Membrane` or :class:`loligo.Axon`.
    stimulus : Stimulus, optional
        Such as ``Pulse(start=5, duration=40, amplitude=10)``; None for no current. For an axon
        with its place: ``lo.at(0, lo.Pulse(1, 1, 50e3))``.
    duration : float or quantity
        ms.
    solver : Solver, optional
        If not given, ``Taylor(1e-8)``, whose steps end at the edges of the stimulus, at the knots
        of noise, waveforms and courses, and where a condition in the model changes. Where samples
        have more than 500 knots a ms that may cost more than fixed steps as good as 1e-2 mV: there
        it is ``Exponential`` with the step that each lane's own halving shows to be good to 0.1 mV
        at every sample and 0.01 ms in its spikes, from 0.01 ms down to 1/128 of it. So is a lane
        run that is too stiff for ``Taylor``, unless ``Taylor`` was asked for. An axon
        takes ``Exponential``
        with the step that its ``accuracy`` asks for in the fastest lane (and as many
        compartments): lanes are single runs to the last bit where dt and compartments are given.
        The recording's ``solver``, ``dt``, ``accuracy`` and ``V_error`` (mV) tell.
    record : list of str, optional
        Names along time. By default everything for one lane, V for several (of clamped membranes
        the currents too); ``["spikes"]`` keeps the spikes alone, ``["Q_clamp"]`` them and the
        charges of a clamp's jumps, which are always recorded.
    sample_interval : float or quantity
        Samples lie at its multiples (ms); at an edge of the stimulus, the value just after it.
    initial : None, "rest", float, mapping or recording
        None is where the model says that it starts, and rest if it says nothing. ``"rest"`` is the
        stable equilibrium without stimulus, for each lane; what fires by itself has none. A number
        is a holding potential (mV) with all gates at their steady state. A mapping gives states by
        name, in an axon those of any of its membranes, or by region (``{"node": {"V": -70}}``, the
        others as if nothing were said); with these held the others are made steady, V at rest if it
        is not given. What the equations keep constant, the sum of occupancies say,
        keeps the value that the model's initial values give it. A recording is continued from its
        last sample; an axon's begins with two damped steps: second order, but not the same bits.
    threshold : float or quantity
        A spike is a rise of V through it (mV): every rise that is more than the solver's own
        error, or, under noise, one after V was 5 mV below. Spikes are located inside the step,
        in every run, each with its peak and trough; swings of V by 10 mV and more that are no
        spikes are counted as ``spike_uncounted``.
    positions : list, optional
        Of an axon: where to record, um; each once, in their order along the axon. V is V at the
        place (a cubic through the centres of the compartments around, bent where a current goes
        in; at a clamp, what the electrode holds there), gates, currents and conductances are the
        cubic through those of the same membrane. By default the centres of all compartments.
    until : Spikes or str, optional
        What ends a run before ``duration``: so many spikes, ``lo.Spikes(10)`` or ``"10 spikes"``,
        or a condition on something that is recorded, ``"V > -20"`` (or ``<``, ``>=``, ``<=``; in
        its own unit, or one that is said). The last sample is the first at which it is so: in a
        single run no more are kept, in a sweep each lane's others are NaN; of an axon, where it has
        been so at every recorded place. The recording's ``until`` tells, and how many lanes ended
        by it.
    sensitivities : list of str, optional
        What to differentiate the run by: parameters of the membrane (``"g_Na"``), numbers of the
        stimulus (``"amplitude"``, ``"start"``; of several shapes ``"stimulus1.amplitude"``), given
        initial values (``"initial.V"``). The recording then has ``dV_dg_Na`` (mV per mS/cm2) beside
        V, and ``dspike_time_dg_Na``; ``record`` may name the same of anything else recorded
        (``"dm_dg_Na"``, ``"dI_Na_dE_K"``). They are exact derivatives, as accurate as the run
        (the linearised equations, expanded by the same series): an edge that moves jumps where it
        should, and a run that begins at rest begins with the derivative of the rest; NaN, with a
        warning, where that is about to vanish. Of single membranes, by ``Taylor`` or ``Reference``.
    progress : bool or callable, optional
        Whether to show a bar; by default on a terminal and in a notebook. A function is called
        with the fraction done instead.
    timings : dict, optional
        Filled with stage -> seconds.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV), gates, currents (uA/cm2), conductances (mS/cm2) over (lanes…, time), for an
        axon over (lanes…, position, time);
        ``spike_count`` over the lanes, ``spike_time`` (ms) over (lanes…, ``spike``), NaN where a
        lane has fewer. Of many lanes of which few fire, where that table would take more than
        256 MB and four times the spikes, they lie in one row along ``event``, lane by lane, and
        ``spike_lane`` says whose each is. ``status`` says how each lane of a sweep ended. Under an
        ideal clamp of a membrane ``Q_clamp`` (nC/cm2), over the lanes and ``edge``, is the charge
        that the electrode gives at once when V jumps, at ``edge_time`` (ms), be it because a clamp
        goes on, a shock comes or the command itself jumps. At an edge a sample is just after it;
        but a clamp that ends where the run ends is still on in the last one.

    Raises
    ------
    LoligoError
        Naming the argument that cannot be, or where and when a single run failed. Of a sweep, lanes
        that cannot be run have NaN for their values, -1 for their ``spike_count`` and the reason in
        ``status``; one warning counts them.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> rec = lo.simulate(squid, lo.Pulse(5, 1, 20), duration=20, sample_interval=0.01)
    >>> round(float(rec.V.max()), 1)
    40.5
    >>> sweep = lo.simulate(squid, lo.Pulse(5, 40, [0, 5, 10]), duration=50)
    >>> sweep.V.dims, sweep.spike_count.values.tolist()
    (('amplitude', 'time'), [0, 1, 3])
    >>> rec = lo.simulate(squid, lo.Pulse(5, 1, 20), duration=20, sensitivities=["g_Na"])
    >>> rec.dV_dg_Na.units, round(float(rec.dspike_time_dg_Na[0]), 4)
    ('mV/(mS/cm2)', -0.0041)
    """
    return record_run(
        model, stimulus, duration, solver, progress, timings, Pace(), positions=positions,
        record=record, sample_interval=sample_interval, initial=initial, threshold=threshold,
        until=until, sensitivities=sensitivities,
    )  # fmt: skip


def record_run(
    model: Any, stimulus: Any, duration: Any, solver: Solver | None,
    progress: bool | Callable[[float], None] | None,
    timings: dict[str, float] | None, pace: Pace, **asked: Any,
) -> xarray.Dataset:  # fmt: skip
    """:func:`simulate`, in portions of ``pace``."""
    check(solver, timings)
    answer = answered(model, stimulus, duration, solver, progress, pace, **asked)
    notes, swings = list(answer.outcome.notes), swung(answer.problem, answer.outcome)
    if swings is not None:
        size = answer.problem.recorded.size
        notes.append(told_of_swings(swings, size, answer.problem.times.threshold))
    for note in notes:
        warnings.warn(note, stacklevel=callers_level())
    if timings is not None:
        timings.update(answer.outcome.timings)
    return recording_of(answer, stimulus, asked["positions"])


def answered(
    model: Any, stimulus: Any, duration: Any, solver: Solver | None,
    progress: bool | Callable[[float], None] | None, pace: Pace, **asked: Any,
) -> Answer:  # fmt: skip
    """What :func:`record_run` makes a recording of, without a warning."""
    question = asked_of(model, stimulus, duration, solver, **asked)
    with bar("simulating", progress) as advance:
        return solve(question, solver, advance, pace)


def asked_of(
    model: Any, stimulus: Any, duration: Any, solver: Solver | None, *, positions: Any,
    at_once: bool = True, **asked: Any,
) -> Problem | Uncut:  # fmt: skip
    """The arguments of :func:`simulate`, read and checked.

    Parameters
    ----------
    at_once
        Whether all lanes are run together, and so must fit into the memory.
    """
    if hasattr(asked["initial"], "data_vars"):
        from loligo.recording.door import welcome

        asked["initial"] = welcome(asked["initial"])
    if isinstance(model, Axon):
        from loligo.run.axon.pose import pose as pose_axon

        refuse_for_axons(solver)
        refuse_sensitivities(
            asked.pop("sensitivities", None),
            "derivatives are computed of single membranes, not along an axon",
        )
        return pose_axon(model, stimulus, duration, positions=positions, **asked)
    if positions is not None:
        raise UsageError("positions are places along an axon, and a membrane has none")
    return pose(model, stimulus, duration, at_once=at_once, **asked)


@dataclass(frozen=True)
class Swung:
    """Lanes in which V swings again and again without a spike being counted.

    Attributes
    ----------
    lanes
        How many.
    worst
        Which of all swings most often.
    count, low, high
        How often that does, and between what values, mV.
    """

    lanes: int
    worst: int
    count: int
    low: float
    high: float


def swung(problem: Problem, outcome: Outcome) -> Swung | None:
    """What is to be told of swings that are no spikes; None where there is nothing to tell."""
    swings = outcome.uncounted
    if swings is None:
        return None
    least = _TREMBLES if problem.noisy else 0.0
    told = (swings.count >= _MANY) & (swings.high - swings.low >= least)
    if not told.any():
        return None
    worst = int(np.argmax(np.where(told, swings.count, 0)))
    low, high = float(swings.low[worst]), float(swings.high[worst])
    return Swung(int(told.sum()), worst, int(swings.count[worst]), low, high)


def told_of_swings(found: Swung, lanes: int, threshold: float) -> str:
    """A note on them, of so many lanes in all."""
    low, high = found.low, found.high
    where = f" in {found.lanes} of {lanes} lanes" if lanes > 1 else ""
    most = "up to " if lanes > 1 else ""
    below = high < threshold
    why = "without reaching" if below else "without coming from 5 mV below"
    remedy = (
        f"if they are spikes, use for example threshold={0.5 * (low + high):.3g}"
        if below
        else "under noise V trembles, and a threshold that it passes in one go tells spikes best"
    )
    return (
        f"V goes up and down {why} the threshold of {threshold:g} mV{where}: {most}"
        f"{found.count} times, between {low:.4g} and {high:.4g} mV. None of these is "
        f"counted as a spike; {remedy}"
    )


def check(solver: Any, timings: Any) -> None:
    """Refuse what is no solver, and what cannot be filled."""
    if not isinstance(timings, MutableMapping | None):  # it is filled after the run
        raise UsageError(f"timings must be a dictionary to be filled, not {timings!r:.60}")
    if solver is None or type(solver) in solvers.SOLVERS.values():
        return
    name = solver if isinstance(solver, str) else getattr(solver, "__name__", "")
    meant = str(name).replace(":", "(").partition("(")[0].lower()
    hint = f": write lo.{meant.capitalize()}()" if meant in solvers.SOLVERS else ""
    raise UsageError(
        "solver must be a solver such as lo.Taylor(1e-8) or lo.Exponential(dt=0.01), not "
        f"{solver!r:.60}{hint}"
    )


def recording_of(
    answer: Answer, stimulus: Any, positions: Any, told: Mapping[str, Any] | None = None
) -> xarray.Dataset:
    """The labelled arrays.

    Parameters
    ----------
    told
        Documents of the model, the stimulus and the initial values, where these have other lanes
        than the answer.
    """
    from loligo.recording.build import attributes, dataset

    problem, solver, outcome = answer.problem, answer.solver, answer.outcome
    duration = problem.times.duration if answer.duration is None else answer.duration
    told = documents(problem, stimulus) if told is None else told
    provenance = _provenance(problem, told, solver, duration)
    if problem.until is not None:
        provenance["until"] = problem.until.to_document()
        outcome.settings["until"] = told_of_end(problem.until, answer.ended, problem.lanes)
    if problem.by:
        provenance["sensitivities"] = [by.label for by in problem.by]
    if answer.lane_by_lane:  # then the default, asked for again, chooses the same
        provenance["lane_by_lane"] = True
    if problem.geometry is None:
        about = attributes(problem.model, stimulus, solver, provenance, outcome.settings)
        return dataset(problem, outcome, about)
    from loligo.recording.axon import axon_attributes, axon_dataset

    if positions is not None:
        positions = problem.along.positions.tolist()
    provenance["positions"] = positions
    about = attributes(problem.model, stimulus, solver, provenance, outcome.settings)
    return axon_dataset(problem, outcome, about | axon_attributes(problem.along.axon))


def told_of_end(until: Until, ended: int | None, lanes: Grid) -> str:
    """What ends a run before its time, and in how many lanes it did."""
    which = f" in {ended} of {lanes.size} lanes" if lanes.dims else ""
    never = "" if ended else ", which never was"
    return f"{until.told()}{never or which}"


def documents(asked: Problem | Uncut, stimulus: Any) -> dict[str, Any]:
    """What may differ between lanes, as plain data."""
    return {
        "model": (asked.axon if isinstance(asked, Uncut) else asked.model).to_dict(),
        "stimulus": None if stimulus is None else stimulus.to_dict(),
        "initial": _initial_to_plain(asked.initial),
    }


def _provenance(
    problem: Problem, told: Mapping[str, Any], solver: Solver, duration: float
) -> dict[str, Any]:
    """All that it takes to make a recording again."""
    from loligo.recording.made import made

    return {
        "model": told["model"],
        "stimulus": told["stimulus"],
        "solver": solver.to_dict(),
        "duration": duration,
        "sample_interval": problem.times.sample_interval,
        "initial": told["initial"],
        "threshold": problem.times.threshold,
        "record": list(problem.records) or ["spikes"],
        "made": made(),
    }


def _initial_to_plain(initial: Initial) -> Any:
    states = {name: to_plain(value) for name, value in initial.states.items()}
    states |= {label: _initial_to_plain(own) for label, own in initial.regions.items()}
    if initial.voltage is None:
        return states or "rest"
    voltage = to_plain(initial.voltage)
    return {"V": voltage, **states}
