"""A whole measurement: who is here, on what machine, and the parts one after the other."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import extras, ladders
from benchmarks.peers import NAMES, Peer, peer
from benchmarks.plan import Bench, Plan
from benchmarks.workers import Workers, cores

PARTS = (
    ladders.truths,
    ladders.ladders,
    extras.all_cores,
    extras.axons,
    extras.scaling,
    extras.cold,
)


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
        for part in PARTS:
            say(f"[{time.perf_counter() - started:4.0f} s] {(part.__doc__ or '').splitlines()[0]}")
            part(bench)
            results["made"]["seconds"] = round(time.perf_counter() - started)
            results["made"]["load after"] = _load()
            keep(results)
    return results


def roll_call(only: tuple[str, ...]) -> tuple[dict[str, Peer], dict[str, str]]:
    """Who is here, and why the others are not."""
    asked = (*only, "loligo") if only else NAMES
    why = {n: peer(n).missing() if n in asked else "it was not asked for" for n in NAMES}
    here = {name: peer(name) for name in NAMES if not why[name]}
    return here, {peer(name).title: reason for name, reason in why.items() if reason}


def machine(plan: Plan, peers: Mapping[str, Peer]) -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "quick": plan.quick,
        "plan": dict(vars(plan)),
        "processor": processor(),
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


def processor() -> str:
    """This machine's, and for which kind loligo compiles."""
    from loligo.engine.llvm.target import host

    known = Path("/proc/cpuinfo")
    lines = known.read_text(encoding="utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{[*names, platform.processor()][0]} ({host().cpu}, {host().vector} doubles a register)"
