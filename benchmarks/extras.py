"""Beyond one core's steps: all cores, what recording costs, axons, the start from nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ladders import rounds
from benchmarks.peers import ENSEMBLE
from benchmarks.plan import Bench, Setting
from benchmarks.squid import Work
from benchmarks.verdicts import cheapest, families
from benchmarks.workers import ROOT, FailedError, cores, environment


def all_cores(bench: Bench) -> None:
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
    rounds(bench, settings, work, "all cores")


def scaling(bench: Bench) -> None:
    """loligo alone: 10,000 lanes on one and on all cores, and what recording V costs."""
    plan = bench.plan
    many = Work(plan.lanes, plan.lanes_duration)
    recording = {"tolerance": 1e-8, "whole": True, "record": True}
    works = {
        "one core": (many, {"tolerance": 1e-8}),
        "all cores": (many.but(cores=cores()), {"tolerance": 1e-8}),
        "spikes": (bench.work(ENSEMBLE), {"tolerance": 1e-8, "whole": True}),
        "V": (bench.work(ENSEMBLE), recording),
        # at once after another that recorded as much: its memory is at hand
        "V again": (bench.work(ENSEMBLE), recording),
    }
    seconds: dict[str, list[float]] = {what: [] for what in works}
    try:
        for n in range(plan.rounds + 1):
            for what, (work, options) in works.items():
                found = bench.ask.seconds("loligo", work, options)
                seconds[what] += [found] if n else []
            if n and bench.late("scaling"):
                break
    except FailedError as problem:
        bench.fail("loligo", "scaling", problem)
    bench.results["scaling"] = {
        "lanes": plan.lanes,
        "duration": plan.lanes_duration,
        "cores": cores(),
        "seconds": seconds,
    }


def axons(bench: Bench) -> None:
    """The squid axon beside NEURON and Arbor (:mod:`benchmarks.axon`), in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "axons.json")
        command = [sys.executable, "-m", "benchmarks.axon", str(path)]
        command += ["quick"] if bench.plan.quick else []
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment(1), capture_output=True, text=True,
                timeout=600, check=False,
            )  # fmt: skip
            if done.returncode:
                words = (done.stderr.strip().splitlines() or ["no words"])[-1][:300]
                raise FailedError(words)
            bench.results["axons"] = json.loads(path.read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired:
            bench.fail("axons", "the cable", FailedError("not done within 600 s"))
        except FailedError as problem:
            bench.fail("axons", "the cable", problem)


def cold(bench: Bench) -> None:
    """Cold start: the whole process, from the interpreter to the end of 50 ms of one cell."""
    seconds: dict[str, list[float]] = {}
    failed: set[str] = set()
    with tempfile.TemporaryDirectory() as place:
        for _ in range(max(1, bench.plan.rounds - 2)):
            for name, someone in bench.peers.items():
                cache = Path(tempfile.mkdtemp(dir=place))
                for words in CACHES[someone.caches]:
                    title = someone.title + words
                    try:
                        if title not in failed:
                            seconds.setdefault(title, []).append(_process(name, cache))
                    except FailedError as problem:
                        bench.fail(title, "cold start", problem)
                        failed.add(title)
            if bench.late("cold"):
                break
    bench.results["cold"] = {title: s for title, s in seconds.items() if s}


# whether a peer keeps what it compiled -> the processes, one after the other
CACHES = {False: ("",), True: (", its cache empty", ", its cache warm")}


def _process(name: str, cache: Path) -> float:
    told = environment(cores()) | dict.fromkeys(("LOLIGO_CACHE", "XDG_CACHE_HOME"), str(cache))
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
