"""Runs that are handed to their kernels in other portions than usual."""

from __future__ import annotations

from typing import Any

import xarray as xr

from loligo.run.pace import Pace
from loligo.simulation import record_run

USUAL = Pace()


def simulate(
    model: Any,
    stimulus: Any,
    duration: Any,
    *,
    pace: Pace = USUAL,
    solver: Any = None,
    progress: Any = False,
    **options: Any,
) -> xr.Dataset:
    """As :func:`loligo.simulate`, in portions of ``pace``."""
    usual = {
        "record": None, "sample_interval": 0.05, "initial": "rest", "threshold": 0.0,
        "positions": None,
    }  # fmt: skip
    return record_run(
        model, stimulus, duration, solver, progress, None, pace, **{**usual, **options}
    )
