"""Work and precision: the errors and the cost of every setting of every solver, on one core."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.peers import CELL, ENSEMBLE
from benchmarks.plan import Bench, Setting
from benchmarks.squid import Work, errors
from benchmarks.workers import FailedError


def truths(bench: Bench) -> None:
    """The references, and how far two of them are apart."""
    ours = ("loligo", {"reference": bench.plan.reference})
    name = f"lo.Reference({bench.plan.reference:g})"
    try:
        if "heyoka" not in bench.peers:
            raise FailedError("it is absent")
        _trust(bench, "heyoka, tolerance 1e-15", "heyoka", {"tolerance": 1e-15})
        work = bench.judged(CELL)
        apart = errors(work.grid, bench.ask.trace(ours[0], work, ours[1]), bench.truths[CELL])[0]
        bench.results["truth"] |= {"other": name, "apart": apart}
    except FailedError as problem:
        if "heyoka" in bench.peers:
            bench.fail("heyoka", "the reference", problem)
        # slow: a few cells must do
        bench.plan = replace(bench.plan, judged=bench.plan.cells // 4)
        _trust(bench, name, *ours)


def _trust(bench: Bench, title: str, name: str, options: dict[str, Any]) -> None:
    for kind in (CELL, ENSEMBLE):
        bench.truths[kind] = bench.ask.trace(name, bench.judged(kind), options)
    cells = {kind: V.shape[1] for kind, V in bench.truths.items()}
    bench.results["truth"] = {"who": title, "cells": cells}


def ladders(bench: Bench) -> None:
    """Work and precision: every setting of every peer, one core."""
    for kind in (CELL, ENSEMBLE):
        settings = [s for s in _settings(bench, kind) if _judge(bench, s)]
        rounds(bench, settings, bench.work(kind), kind)
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


def rounds(bench: Bench, settings: list[Setting], work: Work, what: str) -> None:
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
        took = time.perf_counter() - began
        bench.say(f"  round {n}: {len(settings)} settings in {took:.0f} s")
        if n and bench.late(what, ahead=took):
            break
    bench.results["rows"] += [s.row for s in settings]
