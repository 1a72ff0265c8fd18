"""Whether the lab's page has the bits of Python's portable mode: ``python tests/lab_bits.py
[MODEL …]``.

Of every model of the library twenty random settings each under Taylor and Exponential, with all
kinds of currents, noise and clamps, and twenty axons, in Node and in Chromium: every observable
at every sample, every spike and peak. Settings share kernels: what is done at once is one of two
things, and its numbers are any. It takes 20 to 90 seconds of processor a model.
"""

from __future__ import annotations

import contextlib
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import loligo as lo
from in_page import computed, differs, row, spikes_differ
from loligo.errors import RunError
from loligo.lab.cuts import FIBRE
from loligo.lanes import Labelled, grid
from loligo.run.axon.compartments import NA, cut, shape_values
from loligo.stimulus.base import Stimulus
from scripted import Machine, in_node

SOLVERS = {"Taylor": lo.Taylor(portable=True), "Exponential": lo.Exponential(0.025, portable=True)}
RUN = "return given.simulations.map((each) => tried(() => told(model.simulate(each))));"
ALONG = """
return given.axons.map((each) => tried(() => {
  const { fibre, count, dt, lasts, per, parameters, ends } = each;
  const made = each.cut ?? $experiments_fibre.cut(fibre, given.table, count);
  const own = { ...model.defaults, ...parameters };
  const half = (name) =>
    Float64Array.from(made.area, (_, k) => k < count / 2 ? own[name] : ends[name]);
  const along = Object.fromEntries(Object.keys(ends).map((name) => [name, half(name)]));
  const pulses = each.pulses.map((pulse) => ({ ...pulse, at: pulse.at ? count - 1 : 0 }));
  const [area, link] = [made.area, made.link].map((row) => Float64Array.from(row));
  const axon = { area, link, numbers: { ...own, ...along }, pulses, threshold: 0 };
  const cable = new $engine_cable.Cable(model, axon, dt);
  const rows = [hex(cable.V)];
  cable.advance(Math.round(lasts / dt), ({ steps, V }) => {
    if (steps % per === 0) rows.push(hex(V));
  });
  return { rows, spikes: cable.spikes().map(spiked) };
}));
"""
MODULES = ("engine/cable.js", "experiments/fibre.js")


def drawn(rng: np.random.Generator, kind: str, which: int) -> Stimulus:
    """One of two things that are done, with any numbers and in any order."""

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def pulse() -> Stimulus:
        return lo.Pulse(u(-0.04, 19), u(0.05, 20), u(-10, 25))

    def noise(tau: float | None) -> Stimulus:
        return lo.Noise(u(-3, 9), u(3, 25), u(0, 3), seed=int(u(0, 1e9)), mean=u(0, 2), tau=tau)

    train = lo.PulseTrain(u(0, 9), u(0.1, 0.9), u(0, 30), interval=u(1, 6), count=int(u(1, 9)))
    ramp = lo.Ramp(u(0, 9), u(3, 25), u(0, 15))
    sine = lo.Sine(u(0, 9), u(3, 25), u(0, 6), frequency=u(0, 200), phase=u(0, 3))
    low, high = u(0, 50), u(0, 200)
    chirp = lo.Chirp(u(0, 9), u(3, 25), u(0, 6), frequency_start=low, frequency_end=high)
    done: list[Any] = [
        [pulse(), ramp, lo.Step(u(0, 20), u(0, 8)), chirp, pulse(), noise(None), pulse()],
        [train, pulse(), sine, noise(u(0.5, 5))],
    ][which]
    if kind == "Exponential":  # a kernel that both share
        done = [train, pulse(), ramp, sine, chirp, noise([None, u(0.5, 5)][which]), pulse()]
    elif which == 1:
        held = u(4, 12)
        done += [lo.VoltageClamp(held, 5, u(-100, 40)),
                 lo.VoltageClamp(held + 5, u(1, 9), u(-80, 0), to=u(-80, 40))]  # fmt: skip
    first, *others = (done[k] for k in rng.permutation(len(done)))
    for each in others:
        first = first + each
    return first


def numbers(model: lo.Membrane) -> dict[str, float]:
    """Its parameters, none of which is an array."""
    return {name: float(p.value) for name, p in model.parameters.items()
            if not isinstance(p.value, Labelled)}  # fmt: skip


def changes(model: lo.Membrane, rng: np.random.Generator) -> dict[str, float]:
    """Some of its numbers, a little off."""
    return {name: value * float(rng.uniform(0.93, 1.07))
            for name, value in numbers(model).items() if rng.random() < 0.6}  # fmt: skip


def cases(model: lo.Membrane, kind: str, seed: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Simulations as documents, and their recordings."""
    rng = np.random.default_rng(seed)
    for k in range(3 * count):
        changed, stimulus = changes(model, rng), drawn(rng, kind, k % 2)
        held = float(rng.uniform(-70, -55))
        duration = float(rng.uniform(20, 30))
        asked: dict[str, Any] = {"sample_interval": [0.05, 0.1, 0.13][k % 3]}
        for initial in ([None, "rest", held][k % 3], held):
            with contextlib.suppress(RunError):  # it fires by itself, and has no rest
                rec = lo.simulate(model.replace(**changed), stimulus, duration,
                                  solver=SOLVERS[kind], initial=initial, **asked)  # fmt: skip
                break
        else:
            continue
        solver = {**SOLVERS[kind].to_dict(), "kind": kind}
        document = {"parameters": changed, "stimulus": [each.to_dict() for each in stimulus.shapes],
                    "duration": duration, "solver": solver, "initial": initial,
                    **asked}  # fmt: skip
        yield document, rec
        count -= 1
        if not count:
            return


def compared(
    model: str | lo.Membrane, kind: str, seed: int, count: int, machines: Mapping[str, Machine]
) -> int:  # fmt: skip
    """How many runs there were; all of them have the same bits."""
    membrane = lo.load(model) if isinstance(model, str) else model
    every = list(cases(membrane, kind, seed, count))
    for name, machine in machines.items():
        simulations = [document for document, _ in every]
        runs = computed(RUN, model, simulations=simulations, machine=machine)
        for (document, rec), run in zip(every, runs, strict=True):
            wrong = differs(rec, run)
            assert not wrong, (name, wrong, document)
    return len(every)


def axons(model: lo.Membrane, seed: int, count: int) -> Iterator[tuple[Any, lo.Axon, Any]]:
    """Axons as the page has them and as Python has them, of two halves that differ or of one; and
    what is injected at their ends."""
    rng = np.random.default_rng(seed)

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    for k in range(count):
        parameters, pieces = changes(model, rng), int(rng.integers(1, 30))
        ends = {} if k % 3 else {name: 0.9 * value for name, value in numbers(model).items()
                                 if name.startswith(("g_", "C_m"))}  # fmt: skip
        wide, length = u(1, 500), u(300, 900)
        size = 2 * pieces if ends else pieces
        fibre = {"diameter": wide, "length": length * size, "resistivity": u(30, 200),
                 "g_ratio": None}  # fmt: skip
        shock = 2e-4 * wide * length
        pulses = [
            {"at": at, "start": u(-0.1, 1), "duration": u(0.1, 3), "amplitude": u(0.2, 3) * shock}
            for at in ([0], [1], [0, 1])[k % 3]
        ]
        first = model.replace(**parameters)
        halves = [first, first.replace(**ends)] if ends else [first]
        regions = [lo.Region(each, length * pieces, wide, compartments=pieces) for each in halves]
        axon = lo.Axon(regions=regions, axial_resistivity=fibre["resistivity"])
        injected = [
            lo.at(fibre["length"] * p["at"], lo.Pulse(p["start"], p["duration"], p["amplitude"]))
            for p in pulses
        ]
        dt, per = [(0.01, 10), (0.025, 4)][k % 2]
        document = {"fibre": fibre, "count": size, "dt": dt, "per": per, "lasts": 4.0,
                    "parameters": parameters, "ends": ends, "pulses": pulses,
                    "cut": _cut(axon) if ends else None}  # fmt: skip
        yield document, axon, sum(injected[1:], start=injected[0])


def _cut(axon: lo.Axon) -> dict[str, list[float]]:
    """Of several regions, as Python cuts them: the page's own fibres have a cut of theirs."""
    counts = [region.compartments or 1 for region in axon.regions]
    parts = cut(axon, grid(shape_values(axon)), counts)
    return {"area": (NA * parts.area[0]).tolist(), "link": parts.link[0].tolist()}


def along(
    model: str | lo.Membrane, seed: int, count: int, machines: Mapping[str, Machine]
) -> int:  # fmt: skip
    """How many axons there were; all of them have the same bits."""
    membrane = lo.load(model) if isinstance(model, str) else model
    every: list[tuple[Any, Any]] = []
    for document, axon, injected in axons(membrane, seed, count):
        solver = lo.Exponential(document["dt"], portable=True)
        between = document["dt"] * document["per"]
        try:
            rec = lo.simulate(axon, injected, document["lasts"], solver=solver,
                              sample_interval=between, initial="rest")  # fmt: skip
        except RunError:
            rec = None
        every.append((document, rec))
    for name, machine in machines.items():
        documents = [document for document, _ in every]
        found = computed(
            ALONG, model, *MODULES, axons=documents, table=dict(FIBRE), machine=machine
        )
        for (document, rec), run in zip(every, found, strict=True):
            wrong = _axon_differs(rec, run)
            assert not wrong, (name, wrong, document)
    return sum(rec is not None for _, rec in every)


def _axon_differs(rec: Any, run: dict[str, Any]) -> list[str]:
    if rec is None or "error" in run:  # neither has a rest to begin with
        return [] if rec is None and "error" in run else [run.get("error", "no rest in Python")]
    voltage = rec.V.transpose("time", "position").values
    found = [] if np.array_equal(voltage, [row(each) for each in run["rows"]], True) else ["V"]
    for k, each in enumerate(run["spikes"]):
        at = rec.isel(position=k)
        found += spikes_differ(at.spike_time.values, at.spike_peak.values, each)
    return found


@contextlib.contextmanager
def in_lab(started: Any) -> Iterator[Machine]:
    """In a browser, in a lab's own page: what is run there is run under its policy."""
    import tempfile
    from pathlib import Path

    from browser import opened

    with tempfile.TemporaryDirectory() as folder:
        file = lo.lab("hodgkin-huxley-1952").save(Path(folder, "lab.html"))
        page, _ = opened(started.new_context(), file)
        yield page.evaluate


def main(*names: str) -> None:
    warnings.simplefilter("ignore")
    from browser import browser

    with browser() as started, in_lab(started) as chromium:
        machines: dict[str, Machine] = {"Node": in_node, "Chromium": chromium}
        for name in names or sorted(lo.models()):
            begun = time.process_time()
            told: list[str] = []
            for what in (*SOLVERS, "axons"):
                try:
                    seed = len(name)
                    if what == "axons":
                        count = along(name, seed, 20, machines)
                    else:
                        count = compared(name, what, seed, 20, machines)
                    told.append(f"{what} {count}")
                except AssertionError as wrong:
                    told.append(f"{what} DIFFERS {str(wrong)[:700]}")
            print(f"{name}: {', '.join(told)}; {time.process_time() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
