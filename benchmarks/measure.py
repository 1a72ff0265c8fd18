"""What is measured: accuracy and cost of every setting of every peer, interleaved."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import CELL, ENSEMBLE, NAMES, Family, Peer, peer
from benchmarks.squid import Work, errors
from benchmarks.verdicts import cheapest, families
from benchmarks.workers import ROOT, FailedError, Workers, cores, environment


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    Attributes
    ----------
    cells, duration, late
        Of an ensemble; ms; the last ms in which errors are looked for.
    judged
        Accuracy is looked at in every so-manieth cell.
    rounds, limit
        How often everything is timed, unless the seconds for the whole run would not do (but
        once at least).
    lanes, lanes_duration
        Of the run on one and on all cores.
    reference
        Tolerance of the second reference.
    values
        Only these values of the knobs are tried, or, if none are given, all there are.
    """

    cells: int = 1000
    duration: float = 1000.0
    late: float = 100.0
    judged: int = 10
    rounds: int = 5
    limit: float = 840.0
    lanes: int = 10_000
    lanes_duration: float = 200.0
    reference: float = 1e-13
    values: tuple[float, ...] = ()
    quick: bool = False


# the part of the limit by which the rounds of a kind of work should be over
UNTIL = {CELL: 0.25, ENSEMBLE: 0.75, "all cores": 0.85}

QUICK_VALUES = (0.05, 0.01, 1e-4, 1e-6, 1e-8, 1e-10)

FULL = Plan()
QUICK = Plan(64, 200.0, 50.0, 8, 2, 120.0, 512, 100.0, 1e-11, QUICK_VALUES, quick=True)


@dataclass
class Bench:
    """A measurement under way: what is there, what is known, and where it is kept."""

    plan: Plan
    ask: Workers
    peers: Mapping[str, Peer]
    results: dict[str, Any]
    started: float
    keep: Callable[[dict[str, Any]], None]
    say: Callable[[str], None]
    truths: dict[str, np.ndarray] = field(default_factory=dict)

    def work(self, kind: str) -> Work:
        return Work(1 if kind == CELL else self.plan.cells, self.plan.duration)

    def judged(self, kind: str) -> Work:
        """The part of the work that accuracy is taken from."""
        stride = 1 if kind == CELL else self.plan.judged
        return self.work(kind).but(keep=self.plan.late, stride=stride)

    def fail(self, who: str, what: str, problem: FailedError) -> None:
        self.say(f"  {who}, {what}: {problem}")
        self.results["failed"].append({"who": who, "what": what, "why": str(problem)})


def everything(plan: Plan, only: tuple[str, ...], log: Path, keep: Any, say: Any) -> dict[str, Any]:
    """Measure all there is; ``keep`` is called with the results whenever a part is done."""
    started = time.perf_counter()
    peers, absent = roll_call(only)
    for name, why in absent.items():
        say(f"{name}: {why}; skipped")
    results: dict[str, Any] = {
        "made": machine(plan, peers), "absent": absent, "failed": [], "rows": [], "tuned": [],
    }  # fmt: skip
    with Workers(log) as ask:
        bench = Bench(plan, ask, peers, results, started, keep, say)
        for part in (_truths, _ladders, _all_cores, _scaling, _cold):
            say(f"[{time.perf_counter() - started:4.0f} s] {(part.__doc__ or '').splitlines()[0]}")
            part(bench)
            results["made"]["seconds"] = round(time.perf_counter() - started)
            results["made"]["load after"] = _load()
            keep(results)
    return results


def roll_call(only: tuple[str, ...]) -> tuple[dict[str, Peer], dict[str, str]]:
    """Who is here, and why the others are not."""
    names = [n for n in NAMES if not only or n in only or n == "loligo"]
    why = {name: peer(name).missing() for name in names}
    here = {name: peer(name) for name in names if not why[name]}
    return here, {peer(name).title: reason for name, reason in why.items() if reason}


def machine(plan: Plan, peers: Mapping[str, Peer]) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "quick": plan.quick,
        "plan": dict(vars(plan)),
        "processor": _processor(),
        "cores": cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "versions": {p.title: p.version() for p in peers.values()},
        "differs": {p.title: p.differs for p in peers.values()},
        "load before": _load(),
    }


def _load() -> float | None:
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _processor() -> str:
    from loligo.engine.llvm.jit import processor

    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    host = processor()
    return f"{[*names, platform.processor()][0]} ({host.name}, {host.vector} doubles a register)"


# ---- the truth


def _truths(bench: Bench) -> None:
    """The references, and how far two of them are apart."""
    independent = "heyoka" in bench.peers
    second = {"reference": bench.plan.reference}
    if not independent:  # loligo's Reference is slow: a few cells must do
        bench.plan = replace(bench.plan, judged=bench.plan.cells // 4)
    told = {}
    for kind in (CELL, ENSEMBLE):
        work = bench.judged(kind)
        who, options = ("heyoka", {"tolerance": 1e-15}) if independent else ("loligo", second)
        bench.truths[kind] = bench.ask.trace(who, work, options)
        told[kind] = len(work.current)
    bench.results["truth"] = {
        "who": "heyoka, tolerance 1e-15"
        if independent
        else f"lo.Reference({second['reference']:g})",
        "cells": told,
    }
    if independent:
        other = bench.ask.trace("loligo", bench.judged(CELL), second)
        bench.results["truth"] |= {
            "other": f"lo.Reference({second['reference']:g})",
            "apart": errors(bench.judged(CELL).grid, other, bench.truths[CELL])[0],
        }


# ---- work and precision


@dataclass
class Setting:
    """One row: a family, a value of its knob, the fastest of its further options."""

    name: str
    family: Family
    kind: str
    value: float
    options: dict[str, Any]
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def part(self) -> tuple[int, float]:
        """The cells and the share of the time that the clock runs over."""
        return (1, 1.0) if self.kind == CELL else (self.family.stride, self.family.share)

    def clocked(self, work: Work) -> Work:
        stride, share = self.part
        return work.but(stride=stride, duration=round(work.duration * share, 6))

    @property
    def text(self) -> str:
        return f"{self.family.knob} {self.value:g}"

    @property
    def scale(self) -> float:
        return self.part[0] / self.part[1]


def _ladders(bench: Bench) -> None:
    """Work and precision: every setting of every peer, one core."""
    for kind in (CELL, ENSEMBLE):
        settings = [s for s in _settings(bench, kind) if _judge(bench, s)]
        rounds(bench, settings, bench.work(kind), UNTIL[kind])
        bench.keep(bench.results)


def _settings(bench: Bench, kind: str) -> Iterator[Setting]:
    for name, someone in bench.peers.items():
        for family in someone.families:
            wanted = bench.plan.values
            values = [v for v in family.values.get(kind, ()) if not wanted or v in wanted]
            if not values:
                continue
            middle = values[len(values) // 2]
            try:
                tuned = _tune(bench, Setting(name, family, kind, middle, dict(family.options)))
            except FailedError as problem:
                bench.fail(family.title, "its options", problem)
                continue
            bench.say(f"  {family.title}, {kind}")
            for value in values:
                yield Setting(name, family, kind, value, {**tuned, family.knob: value})


def _tune(bench: Bench, setting: Setting) -> dict[str, Any]:
    """The family's options with the fastest of each axis, found one axis after the other."""
    best = dict(setting.options)
    work = setting.clocked(bench.work(setting.kind))
    for axis, choices in setting.family.axes.items():
        trials = [{**best, axis: choice} for choice in choices]
        tries = [[_seconds(bench, setting, work, trial) for trial in trials] for _ in range(4)]
        seconds = [min(found) for found in zip(*tries[1:], strict=True)]  # the first compiles
        # a default is left for a gain that is more than noise
        if min(seconds) < 0.97 * seconds[0]:
            best = trials[int(np.argmin(seconds))]
        bench.results["tuned"].append({
            "family": setting.family.title, "kind": setting.kind, "axis": axis,
            "seconds": dict(zip(map(str, choices), seconds, strict=True)),
            "chosen": best.get(axis, choices[0]),
        })  # fmt: skip
    return best


def _seconds(bench: Bench, setting: Setting, work: Work, trial: dict[str, Any]) -> float:
    told = {**trial, setting.family.knob: setting.value}
    return bench.ask.seconds(setting.name, work, told)


def _judge(bench: Bench, setting: Setting) -> bool:
    """Its errors; whether it can be timed at all."""
    work, truth = bench.judged(setting.kind), bench.truths[setting.kind]
    if setting.kind == ENSEMBLE:
        work = work.but(stride=work.stride * setting.family.judged)
        truth = truth[:, :: setting.family.judged]
    try:
        V = bench.ask.trace(setting.name, work, setting.options)
    except FailedError as problem:
        bench.fail(setting.family.title, setting.text, problem)
        return False
    found = errors(work.grid, V, truth)
    stride, share = setting.part
    setting.row |= {
        "kind": setting.kind, "name": setting.name, "family": setting.family.title,
        "knob": setting.family.knob, "value": setting.value, "options": setting.options,
        "error_mV": _finite(found[0]), "error_ms": _finite(found[1]),
        "stride": stride, "share": share, "cores": 1, "seconds": [],
    }  # fmt: skip
    return True


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def rounds(bench: Bench, settings: list[Setting], work: Work, until: float) -> None:
    """Time everything, round after round, so that all see the same machine; then keep the rows."""
    for n in range(bench.plan.rounds + 1):  # the first compiles, and does not count
        began = time.perf_counter()
        for setting in list(settings):
            try:
                found = bench.ask.seconds(setting.name, setting.clocked(work), setting.options)
            except FailedError as problem:
                bench.fail(setting.family.title, setting.text, problem)
                settings.remove(setting)
                continue
            if n:
                setting.row["seconds"].append(found * setting.scale)
        ended = time.perf_counter()
        bench.say(f"  round {n}: {len(settings)} settings in {ended - began:.0f} s")
        if n and 2 * ended - began - bench.started > until * bench.plan.limit:
            break
    bench.results["rows"] += [s.row for s in settings]


# ---- several cores


def _all_cores(bench: Bench) -> None:
    """The ensemble on all cores, each family at its cheapest good setting."""
    if cores() == 1:
        return
    work = bench.work(ENSEMBLE).but(cores=cores())
    settings = []
    known = {f.title: (n, f) for n, p in bench.peers.items() for f in p.families if p.parallel}
    for title, rows in families(bench.results["rows"], ENSEMBLE).items():
        if title in known:
            row = cheapest(rows)
            name, family = known[title]
            setting = Setting(name, family, ENSEMBLE, row["value"], row["options"])
            setting.row = {**row, "cores": cores(), "seconds": []}
            settings.append(setting)
    rounds(bench, settings, work, UNTIL["all cores"])


def _scaling(bench: Bench) -> None:
    """loligo alone: 10,000 lanes on one and on all cores, and what recording V costs."""
    plan = bench.plan
    many = Work(plan.lanes, plan.lanes_duration)
    works = {
        "one core": (many, {"tolerance": 1e-8}),
        "all cores": (many.but(cores=cores()), {"tolerance": 1e-8}),
        "spikes": (bench.work(ENSEMBLE), {"tolerance": 1e-8, "whole": True}),
        "V": (bench.work(ENSEMBLE), {"tolerance": 1e-8, "whole": True, "record": True}),
    }
    seconds: dict[str, list[float]] = {what: [] for what in works}
    try:
        for n in range(plan.rounds + 1):
            for what, (work, options) in works.items():
                found = bench.ask.seconds("loligo", work, options)
                seconds[what] += [found] if n else []
    except FailedError as problem:
        bench.fail("loligo", "scaling", problem)
    bench.results["scaling"] = {
        "lanes": plan.lanes,
        "duration": plan.lanes_duration,
        "cores": cores(),
        "seconds": seconds,
    }


# ---- from nothing


def _cold(bench: Bench) -> None:
    """Cold start: the whole process, from the interpreter to the end of 50 ms of one cell."""
    with tempfile.TemporaryDirectory() as place:
        jobs: dict[str, tuple[str, bool]] = {"loligo, kernel cache warm": ("loligo", False)}
        jobs = {"loligo, kernel cache empty": ("loligo", True), **jobs}
        jobs |= {p.title: (n, False) for n, p in bench.peers.items() if n != "loligo"}
        seconds: dict[str, list[float]] = {title: [] for title in jobs}
        for _ in range(max(2, bench.plan.rounds - 2)):
            for title, (name, empty) in list(jobs.items()):
                cache = Path(place, "kernels")
                if empty:
                    cache = Path(tempfile.mkdtemp(dir=place))
                cache.mkdir(mode=0o700, exist_ok=True)
                try:
                    seconds[title].append(_process(name, cache))
                except FailedError as problem:
                    bench.fail(title, "cold start", problem)
                    del jobs[title]
        # the first warm run fills the cache
        seconds["loligo, kernel cache warm"] = seconds["loligo, kernel cache warm"][1:]
    bench.results["cold"] = {title: s for title, s in seconds.items() if s}


def _process(name: str, cache: Path) -> float:
    told = environment(cores()) | {"LOLIGO_CACHE": str(cache)}
    command = [sys.executable, "-m", "benchmarks.worker", name, "first"]
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=120, check=False
        )
    except subprocess.TimeoutExpired:
        raise FailedError("not done within 120 s") from None
    if done.returncode:
        raise FailedError((done.stderr.strip().splitlines() or ["no words"])[-1][:300])
    return time.perf_counter() - started
