"""Reference solutions, each computed once a run of the suite, whichever test asks first.

They are most of what the comparisons cost. A solution is kept under the JSON of its problem, all
that ``lo.simulate`` was given, in a folder that the run's processes share.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import loligo as lo

try:
    import fcntl
except ImportError:  # on Windows two processes may compute the same
    fcntl = None

# where they are kept; tests/conftest.py says where that is
folder: Path | None = None


def simulate(
    model: Any, stimulus: Any = None, duration: Any = 50.0, *, solver: Any = None, **options: Any
) -> xr.Dataset:
    """``lo.simulate``; what ``lo.Reference`` has solved is not solved again."""
    if not isinstance(solver, lo.Reference):
        return lo.simulate(model, stimulus, duration, solver=solver, **options)
    return reference(model, stimulus, duration, solver=solver, **options)


def reference(
    model: Any, stimulus: Any = None, duration: Any = 50.0, *,
    solver: lo.Reference | None = None, **options: Any,
) -> xr.Dataset:  # fmt: skip
    """The reference solution, as ``lo.simulate(…, solver=lo.Reference())`` returns it."""
    solver = solver or lo.Reference()
    assert folder is not None, "asked for before any test has begun"
    path = folder / f"{_key(model, stimulus, duration, solver, options)}.pickle"
    with _alone(path.with_suffix(".lock")):
        if not path.exists():
            solved = lo.simulate(model, stimulus, duration, solver=solver, **options)
            part = path.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(solved))
            os.replace(part, path)
        return pickle.loads(path.read_bytes())


def _key(
    model: Any, stimulus: Any, duration: Any, solver: lo.Reference, options: dict[str, Any]
) -> str:
    problem = {**options, "model": model, "stimulus": stimulus, "duration": duration}
    told = json.dumps({**problem, "solver": solver}, sort_keys=True, default=_plain)
    return hashlib.sha256(told.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """What JSON has no word for: models, stimuli, solvers, recordings and arrays."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value.to_dict()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No other process of the run is in here for this path; a lock dies with its process."""
    with path.open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
