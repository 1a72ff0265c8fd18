"""The spikes of a recording in one row, lane by lane."""

from __future__ import annotations

import numpy as np
import xarray as xr


def fired(rec: xr.Dataset) -> np.ndarray:
    """Their times, ms, without what fills the table up."""
    times = rec.spike_time.values.ravel()
    return times[~np.isnan(times)]
