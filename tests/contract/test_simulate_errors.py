"""Every mistake in a call of `simulate` is answered by what is wrong, where, and what to do."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from loligo import memory
from loligo.errors import LoligoError, ModelError, RunError, StimulusError, UnitError, UsageError

SQUID = lo.load("hodgkin-huxley-1952")
PULSE = lo.Pulse(5, 40, 10)
ONE = "all lanes of a run share it. Arrays go where the model's, the stimulus's or the initial"
RUN_AWAY = lo.Membrane(channels=[lo.Channel("X", current="-0.05*(V+65)**2-1")])


def run(**changed: Any) -> xr.Dataset:
    call: dict[str, Any] = {"model": SQUID, "stimulus": PULSE, "duration": 50, **changed}
    return lo.simulate(call.pop("model"), call.pop("stimulus"), call.pop("duration"), **call)


ARGUMENTS: list[tuple[dict[str, Any], type[LoligoError], str]] = [
    # model
    ({"model": "hodgkin-huxley-1952"}, UsageError,
     "model must be a Membrane or an Axon, not 'hodgkin-huxley-1952'; "
     "lo.load(\"hodgkin-huxley-1952\") gives it"),
    ({"model": None}, UsageError, "model must be a Membrane or an Axon, not None"),
    ({"model": [SQUID, SQUID]}, UsageError,
     "model must be a Membrane or an Axon, not [<Membrane hodgkin"),
    # stimulus
    ({"stimulus": 10}, UsageError,
     "stimulus must be a stimulus such as lo.Pulse(5, 40, 10), or None, not 10"),
    ({"stimulus": [PULSE]}, UsageError, "or None, not [Pulse(start=5"),
    ({"stimulus": lo.Pulse}, UsageError, "or None, not <class"),
    ({"stimulus": lo.Pulse(60, 1, 10)}, StimulusError,
     "lies wholly outside the run: it begins at 60 ms, but the run ends at 50 ms; start it earlier "
     "or make the run longer (all times are in ms)"),
    ({"stimulus": lo.Pulse(-60, 1, 10)}, StimulusError,
     "it ends at -59 ms, but the run begins at 0 ms; start it later (all times are in ms)"),
    ({"stimulus": lo.Pulse(5, 1, "1 nA")}, StimulusError,
     "is a total current (nA), but the membrane has no area to spread it over; give one, "
     "model.replace(area=1000) in um2, or the current in uA/cm2"),
    # duration
    ({"duration": 0}, UsageError, "duration must be above 0 ms, but is 0 ms"),
    ({"duration": -1}, UsageError, "duration must be above 0 ms, but is -1 ms"),
    ({"duration": np.nan}, UsageError, "duration must be a number, but is nan"),
    ({"duration": np.inf}, UsageError, "duration must be finite, but is inf ms"),
    ({"duration": "50 mV"}, UnitError,
     "duration: '50 mV' is a voltage, but a time in ms is wanted; write a plain number or '10 ms'"),
    ({"duration": "long"}, UnitError, "duration: 'long' does not begin with a number"),
    ({"duration": None}, UsageError, "duration: None (NoneType) is not a number"),
    ({"duration": True}, UsageError, "duration: True (bool) is not a number"),
    ({"duration": [10, 20]}, UsageError, f"duration must be one number: {ONE}"),
    ({"duration": 1e300}, UsageError,
     "a run of 1e+300 ms with a sample_interval of 0.05 ms would have 2e+301 samples; make it "
     "shorter or the interval longer"),
    # sample_interval
    ({"sample_interval": 0}, UsageError, "sample_interval must be above 0 ms, but is 0 ms"),
    ({"sample_interval": [0.1, 0.2]}, UsageError, f"sample_interval must be one number: {ONE}"),
    ({"sample_interval": 100}, UsageError,
     "sample_interval is 100 ms, longer than the run of 50 ms; make it 50 ms or less"),
    # threshold
    ({"threshold": np.nan}, UsageError, "threshold must be a number, but is nan"),
    ({"threshold": "0 ms"}, UnitError, "threshold: '0 ms' is a time, but a voltage in mV is"),
    ({"threshold": [0, 1]}, UsageError, f"threshold must be one number: {ONE}"),
    # record
    ({"record": ["v"]}, UsageError,
     "record: the model has no 'v' (did you mean V?); it has V, m, h, n, phi, G_Na, G_K, G_L, "
     "I_Na, I_K, I_L, I_stim, and 'spikes' stands for the spikes alone"),
    ({"record": ["g_Na"]}, UsageError, "record: the model has no 'g_Na' (did you mean G_Na?)"),
    ({"record": 3}, UsageError, "record must be a list of names, not 3"),
    ({"record": [["V"]]}, UsageError, "record must be a list of names, not [['V']]"),
    # initial
    ({"initial": "Rest"}, UnitError,
     "initial: 'Rest' does not begin with a number; write for example '10 mV'. initial may be "
     "'rest', a holding potential in mV, a mapping of states such as {'V': -60, 'h': 0.2}, or a "
     "recording to continue from"),
    ({"initial": "65 ms"}, UnitError, "initial: '65 ms' is a time, but a voltage in mV is"),
    ({"initial": np.nan}, UsageError, "initial must be a number, but is nan. initial may be"),
    ({"initial": np.zeros((2, 2))}, UsageError, "an array of 2 dimensions needs names for them"),
    ({"initial": []}, UsageError, "initial: the array is empty; give at least one value"),
    ({"initial": {"v": -65}}, UsageError,
     "initial: there is no state 'v' in the model (did you mean V?); its states are V, m, h, n"),
    ({"initial": {1: 2}}, UsageError, "initial: there is no state 1 in the model"),
    ({"initial": {"V": "x"}}, UnitError, "initial_V: 'x' does not begin with a number"),
    ({"initial": {"m": 2}}, UsageError, "initial_m is a share of channels and must be "
     "between 0 and 1, but is 2"),
    ({"initial": {"m": -0.1}}, UsageError, "must be between 0 and 1, but is -0.1"),
    ({"initial": {"V": -60, "m": np.nan}}, UsageError, "initial_m must be a number, but is nan"),
    # solver
    ({"solver": "exponential"}, UsageError,
     "solver must be a solver such as lo.Taylor(1e-8) or lo.Exponential(dt=0.01), not "
     "'exponential': write lo.Exponential()"),
    ({"solver": "taylor:1e-8"}, UsageError, "not 'taylor:1e-8': write lo.Taylor()"),
    ({"solver": lo.Reference}, UsageError, ": write lo.Reference()"),
    ({"solver": 0.01}, UsageError, "lo.Exponential(dt=0.01), not 0.01"),
    ({"solver": lo.Exponential(1e-16)}, UsageError,
     "a run of 5e+17 steps would never end; use a longer dt"),
    # arrays
    ({"model": SQUID.replace(g_Na=[1, 2], g_K=xr.DataArray([1.0, 2, 3], dims="g_Na"))}, UsageError,
     "g_Na and g_K both vary along 'g_Na', but g_Na has 2 values there and g_K has 3. Give them "
     "dimensions of their own with labelled arrays"),
    ({"model": SQUID.replace(g_Na=xr.DataArray([1.0, 2], dims="V"))}, UsageError,
     "cannot have the dimension 'V': the recording has a variable of that name; rename it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "kind", "wording"), ARGUMENTS,
    ids=[f"{next(iter(a[0]))} {i}" for i, a in enumerate(ARGUMENTS)],
)  # fmt: skip
def test_an_argument_that_cannot_be_is_named(
    changed: dict[str, Any], kind: type[LoligoError], wording: str
) -> None:
    with pytest.raises(kind) as told:
        run(**changed)
    assert wording in str(told.value)


CALLS: list[tuple[Callable[[], Any], type[LoligoError], str]] = [
    (lambda: SQUID.replace(g_Na=[]), UsageError, "g_Na: the array is empty; give at least one"),
    (lambda: SQUID.replace(g_na=1), ModelError, "g_na"),
    (lambda: SQUID.replace(g_Na=np.nan), UsageError, "g_Na must be a number, but is nan"),
    (lambda: SQUID.replace(g_Na=-1), UsageError, "g_Na must be at least 0 mS/cm2, but is -1"),
    (lambda: SQUID.replace(C_m=0), UsageError, "C_m must be above 0 uF/cm2, but is 0"),
    (lambda: SQUID.replace(g_Na="120 mV"), UnitError, "g_Na: '120 mV' is a voltage"),
    (lambda: lo.Pulse(5, 1, []), StimulusError, "Pulse: amplitude: the array is empty"),
    (lambda: lo.Pulse(5, 0, 10), StimulusError, "Pulse: duration must be above 0 ms, but is 0 ms"),
    (lambda: lo.Pulse(5, 1, "1 nA") + PULSE, StimulusError,
     "a current density and a total current cannot be added"),
    (lambda: lo.Exponential(0), UsageError, "dt must be above 0 ms, but is 0 ms"),
    (lambda: lo.Exponential([0.1, 0.2]), UsageError,
     "dt must be one number: a run has one dt for all its lanes"),
    (lambda: lo.Exponential("1 mV"), UnitError, "dt: '1 mV' is a voltage, but a time in ms"),
    (lambda: lo.Exponential(engine="gpu"), UsageError,
     "engine is 'gpu'; there are 'llvm', 'cuda' and 'numpy'"),
    (lambda: lo.Taylor(1), UsageError, "tolerance is 1; the Taylor solver takes 1e-13"),
    (lambda: lo.Taylor(1e-20), UsageError, "(near the limit of double precision) to 0.001"),
    (lambda: lo.Reference(1e-20), UsageError,
     "tolerance is 1e-20; the reference solver takes 2.3e-14 (the limit of double precision)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "wording"), CALLS, ids=[c[2][:35] for c in CALLS])
def test_what_goes_into_a_run_is_checked_when_it_is_made(
    call: Callable[[], Any], kind: type[LoligoError], wording: str
) -> None:
    with pytest.raises(kind, match=re.escape(wording)):
        call()


@pytest.mark.parametrize("wish", ["0", "-1", "two", "1.5", "99999", " 2"])
def test_a_number_of_threads_that_cannot_be_is_named(
    wish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOLIGO_THREADS", wish)
    with pytest.raises(UsageError) as told:
        run(duration=6)
    assert str(told.value) == f"LOLIGO_THREADS is {wish!r}; give a whole number from 1 to 4096"


# -------------------------------------------------------------------------- too large a run


def test_a_run_that_does_not_fit_says_how_much_it_needs_before_it_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 8 << 30)
    started = time.perf_counter()
    model = SQUID.replace(g_Na=np.linspace(0, 1, 10_000))
    with pytest.raises(RunError) as told:
        run(model=model, stimulus=lo.Pulse(5, 1, np.linspace(0, 1, 10_000)))
    assert time.perf_counter() - started < 5
    # 8 bytes for each of 1e8 lanes: 1001 samples of V, and some 160 numbers of its own
    needed = 8e8 * (1001 + 160) / 1e9
    assert str(told.value) == (
        f"this run needs {needed:.0f} GB of memory (100,000,000 lanes × 1,001 samples × 1 "
        "recorded), but 8.59 GB is free; record=['spikes'] keeps the spikes alone, or take "
        "a longer sample_interval"
    )


def test_a_run_that_fits_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 200_000)
    assert run(duration=50).V.size == 1001
    monkeypatch.setattr(memory, "available", lambda: None)  # where the system does not say
    assert run(duration=50).V.size == 1001


# ------------------------------------------------------------------------------ divergence

AT = r"t = (\d+\.?\d*) ms"
SOLVERS = {
    "taylor": lo.Taylor(),
    "taylor in numpy": lo.Taylor(engine="numpy"),
    "exponential": lo.Exponential(),
    "exponential in numpy": lo.Exponential(engine="numpy"),
}


@pytest.mark.parametrize(
    "solver", [pytest.param(n, marks=pytest.mark.slow if "numpy" in n else ()) for n in SOLVERS]
)
def test_a_run_that_diverges_names_time_lane_variable_and_last_value(solver: str) -> None:
    with pytest.warns(UserWarning, match="1 of 2 lanes could not be run") as told:
        run(model=RUN_AWAY, stimulus=lo.Step(0, [-9.0, 1.0]), initial=-65, solver=SOLVERS[solver])
    (text,) = [str(each.message) for each in told]
    found = re.search(
        rf"the run diverged at {AT} in the lane amplitude = (-?[\d.]+): V is no", text
    )
    assert found, text
    # V' = 2 + V²/20 from 0 is tan: it is infinite after pi/2 sqrt(20/2) ms
    assert float(found[1]) == pytest.approx(np.pi / 2 * np.sqrt(10), abs=0.1)
    assert float(found[2]) == 1.0
    last = re.search(r"(?:last value was|V =) (-?[\d.e+]+?)\.? ", text)
    assert last, text
    assert float(last[1]) > 500
    assert "Check the parameters and the stimulus" in text
    assert "lo.Exponential(dt=" in text


def test_a_run_of_one_cell_that_diverges_names_no_lane() -> None:
    with pytest.raises(RunError, match=rf"the run diverged at {AT}: V is no longer finite"):
        run(model=RUN_AWAY, stimulus=None, initial=-65)


def test_the_reference_that_fails_says_when_and_where() -> None:
    said = (
        rf"the reference solver failed at {AT} in the lane amplitude = 1 \(.*\); last values: V = "
    )
    with pytest.warns(UserWarning, match=said):
        run(model=RUN_AWAY, stimulus=lo.Step(0, [1.0, 2.0]), initial=-65, solver=lo.Reference())


@pytest.mark.parametrize("solver", [*SOLVERS.values(), lo.Reference()])
def test_a_current_beyond_all_measure_is_told(solver: Any) -> None:
    with pytest.raises(RunError, match=r"at t = \d"):
        run(stimulus=lo.Pulse(5, 1, 1e308), duration=10, solver=solver)


def test_no_recording_has_a_nan_in_silence() -> None:
    """Whatever goes in, what comes out is finite or an error of ours."""
    draw = np.random.default_rng(8)
    for _ in range(12):
        numbers = {p: 10.0 ** draw.uniform(-6, 6) for p in ("g_Na", "g_K", "g_L", "C_m")}
        stimulus = lo.Pulse(1, 1, 10.0 ** draw.uniform(0, 9))
        try:
            rec = run(model=SQUID.replace(**numbers), stimulus=stimulus, duration=5, initial=-65)
        except RunError:
            continue
        assert all(np.isfinite(v.values).all() for v in rec.drop_dims("spike").data_vars.values())


def test_a_model_too_stiff_for_taylor_is_told_what_to_use() -> None:
    stiff = lo.Membrane(
        channels=[lo.Channel("L", g=0.3, E=-65), lo.Channel("X", g=1, E=-80, gates=[
            lo.Gate("x", inf="1/(1+exp(-(V+60)/5))", tau="1e-9+0*V")])],
    )  # fmt: skip
    with pytest.raises(RunError) as told:
        run(model=stiff, initial=-65, solver=lo.Taylor())
    assert "the model is too stiff for lo.Taylor: at t = " in str(told.value)
    assert "use solver=lo.Exponential(dt=0.01)" in str(told.value)
    rec = run(model=stiff, initial=-65)  # what nobody asked for by name goes another way
    assert rec.status == 1
    assert np.isfinite(rec.V).all()
    assert "V within 0.1 mV at every sample" in rec.attrs["accuracy"]


def test_a_switch_along_which_a_solution_slides_is_told_with_its_time() -> None:
    """Both branches of this current push V back to -50 mV: 1 mV takes it (10 - 3)/1 from -57."""
    relay = lo.Membrane(
        C_m=1, channels=[lo.Channel("X", current="where(V > -50, k, -0.7*k)")], parameters={"k": 10}
    )
    quick = lo.Taylor(engine="numpy")
    with pytest.raises(RunError) as told:
        lo.simulate(relay, None, 5, initial=-57, solver=quick)
    assert str(told.value) == (
        "no branch of a condition holds from t = 1 ms on: on both sides of the switch of -50 < V "
        "it is pushed back to it, and slides along it; the last values were V = -50. Write what "
        "lies between the two branches as well: a smooth step, as in "
        "1/(1 + exp(-(V + 40)/0.1)) for V > -40, or two thresholds"
    )
    with pytest.warns(UserWarning, match=r"1 of 2 lanes .*k = 10 at 1 ms\): no branch"):
        sweep = lo.simulate(relay.replace(k=[0.1, 10]), None, 5, initial=-57, solver=quick)
    assert sweep.status.values.tolist() == [0, 6]
    assert sweep.status.attrs["flag_meanings"].split()[6] == "switching"
    assert np.isnan(sweep.V[1]).all()


# ------------------------------------------------------------------- continuing and repeating


def test_continuing_from_a_recording_that_lacks_states_names_them() -> None:
    with pytest.raises(UsageError) as told:
        run(initial=run(record=["V", "h"]))
    assert str(told.value) == (
        "initial: the recording to continue from lacks m, n; record all states in the first run: "
        "record=['V', 'm', 'h', 'n']"
    )


def test_continuing_with_another_model_names_what_it_needs() -> None:
    other = lo.load("connor-stevens-1977")
    with pytest.raises(UsageError, match="lacks a, b; record all states in the first run"):
        run(model=other, initial=run())


def test_continuing_from_something_else_that_has_variables_is_refused() -> None:
    with pytest.raises(UsageError, match="lacks V, m, h, n"):
        run(initial=xr.Dataset())
    with pytest.raises(UsageError, match="has no samples"):
        run(initial=run().isel(time=slice(0)))


UNTOLD = (
    "this recording does not say how it was made (its attribute 'provenance' is missing or "
    "incomplete); only recordings of loligo.simulate can be rerun"
)


@pytest.mark.parametrize(
    "foreign",
    [
        xr.Dataset(),
        xr.Dataset(attrs={"provenance": "{"}),
        xr.Dataset(attrs={"provenance": "[1]"}),
        xr.Dataset(attrs={"provenance": "{}"}),
        xr.Dataset(attrs={"provenance": 3}),
        xr.Dataset(attrs={"provenance": "[" * 100_000}),
        xr.DataArray([1.0, 2.0]),
        3,
        None,
    ],
    ids=["empty", "cut", "a list", "nothing in it", "a number", "deep", "an array", "int", "None"],
)  # fmt: skip
def test_a_foreign_dataset_cannot_be_rerun(foreign: Any) -> None:
    with pytest.raises(UsageError) as told:
        lo.rerun(foreign)
    assert str(told.value) == UNTOLD


NONSENSE = [None, 3, "x", [], {}, [[]], {"kind": "pulse"}, -1e308, True]


@pytest.mark.parametrize(
    "entry",
    ["model", "stimulus", "solver", "duration", "sample_interval", "initial", "threshold",
     "record"],
)  # fmt: skip
def test_a_provenance_of_nonsense_is_an_error_of_ours_or_a_run(entry: str) -> None:
    rec = run(duration=6)
    for nonsense in NONSENSE:
        told = json.loads(rec.attrs["provenance"])
        told[entry] = nonsense
        forged = xr.Dataset(attrs={"provenance": json.dumps(told)})
        with contextlib.suppress(LoligoError):
            lo.rerun(forged)


# -------------------------------------------------------------------------------- stopping

LONG = {
    "one cell": "lo.simulate(squid, lo.Step(0, 10), 1e7, record=['spikes'])",
    "a hundred thousand": "lo.simulate(squid, lo.Step(0, np.linspace(0, 20, 100_000)), 1e5, "
    "record=['spikes'])",
    "fixed step": "lo.simulate(squid, lo.Step(0, np.linspace(0, 20, 20_000)), 1e5, "
    "record=['spikes'], solver=lo.Exponential())",
    "reference": "lo.simulate(squid, lo.Step(0, 10), 1e6, record=['spikes'], "
    "solver=lo.Reference())",
}
SCRIPT = """
import signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, loligo as lo
squid = lo.load("hodgkin-huxley-1952")
lo.simulate(squid, lo.Step(0, 10), 1, record=["spikes"])
lo.simulate(squid, lo.Step(0, [1.0] * 20), 1, record=["spikes"])
print("ready", flush=True)
try:
    CALL
except KeyboardInterrupt:
    print(time.time(), threading.active_count(), flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == "fixed step" else pytest.mark.slow) for n in LONG]
)
def test_control_c_stops_a_long_run_within_half_a_second(name: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("CALL", LONG[name])],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(1.0)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert err == ""
    stopped, threads = out.split()
    assert float(stopped) - sent < 0.5
    assert threads == "1"  # nothing goes on behind
