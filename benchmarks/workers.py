"""The parent's side of the workers: start one when it is first asked, and outlive its death."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.squid import Work

ROOT = Path(__file__).parents[1]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOLIGO_THREADS")
FLOOR = 0.1  # s: a run shorter than this is repeated, and the mean taken
ONE_THREAD_XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


class FailedError(Exception):
    """A peer could not do what it was asked: its own words, or how it died."""


def cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def environment(count: int) -> dict[str, str]:
    """What a process that may use ``count`` cores is told."""
    told = dict(os.environ) | {name: str(count) for name in THREADS}
    told["NEURON_MODULE_OPTIONS"] = "-nogui"
    told["JAX_PLATFORMS"] = "cpu"
    told["PYTHONPATH"] = os.pathsep.join([str(ROOT), *_paths()])
    if count == 1:
        told["XLA_FLAGS"] = f"{ONE_THREAD_XLA} {told.get('XLA_FLAGS', '')}".strip()
    return told


def _paths() -> list[str]:
    return [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]


class Worker:
    """One process; it is started anew after it died."""

    def __init__(self, name: str, count: int, log: IO[str], patience: float) -> None:
        self.command = [sys.executable, "-m", "benchmarks.worker", name, str(count)]
        self.count, self.log, self.patience = count, log, patience
        self.process: subprocess.Popen[str] | None = None

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        process = self.process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:  # it died between two requests
            raise self._died() from None
        if not select.select([process.stdout], [], [], self.patience)[0]:
            process.kill()
            self._died()
            raise FailedError(f"no answer within {self.patience:g} s")
        line = process.stdout.readline()
        if not line:
            raise self._died()
        answer = json.loads(line)
        if "error" in answer:
            raise FailedError(answer["error"])
        return answer

    def _start(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=environment(self.count), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
        )  # fmt: skip
        return self.process

    def _died(self) -> FailedError:
        assert self.process is not None
        status = self.process.wait()
        self.process = None
        return FailedError(f"its process ended with status {status}")

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Workers:
    """All of them: ``with Workers(log) as ask`` … ``ask.seconds("heyoka", work, options)``."""

    def __init__(self, log: Path, patience: float = 120.0) -> None:
        self.log = log.open("w", encoding="utf-8")
        self.patience = patience
        self.place = tempfile.TemporaryDirectory(prefix="benchmarks-")
        self.there: dict[tuple[str, int], Worker] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.there.values():
            worker.close()
        self.log.close()
        self.place.cleanup()

    def _worker(self, name: str, count: int) -> Worker:
        if (name, count) not in self.there:
            self.there[name, count] = Worker(name, count, self.log, self.patience)
        return self.there[name, count]

    def seconds(self, name: str, work: Work, options: Mapping[str, Any]) -> float:
        """How long the work takes; its first call also compiles, outside the clock."""
        request = {"work": work.to_dict(), "options": dict(options), "keep": None}
        request["at least"] = FLOOR
        return float(self._worker(name, work.cores).ask(request)["seconds"])

    def trace(self, name: str, work: Work, options: Mapping[str, Any]) -> np.ndarray:
        """V (samples, lanes) on the work's grid."""
        path = Path(self.place.name, "V.npy")
        request = {"work": work.to_dict(), "options": dict(options), "keep": str(path)}
        self._worker(name, work.cores).ask(request)
        return np.load(path)
