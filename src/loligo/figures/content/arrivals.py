"""Several axons at once: when the action potential arrived where, a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.figures.content.subtitle import subtitle
from loligo.figures.content.titles import titles

if TYPE_CHECKING:
    import xarray


def is_arrivals(rec: Any) -> bool:
    """Whether ``rec`` is of axons of which their spikes alone can be drawn: several axons along
    one dimension, or spikes without V."""
    count = getattr(rec, "data_vars", {}).get("spike_count")
    if count is None or "position" not in count.dims or count.sizes["position"] < 2:
        return False
    lanes = len(count.dims) - 1
    along = "V" in rec and "position" in rec["V"].dims
    return lanes == 1 or (lanes == 0 and not along)


def arrivals(rec: xarray.Dataset) -> xarray.Dataset:
    """The first spike at every place, as an experiment's table."""
    import xarray as xr

    from loligo.analysis import spike_times

    times = spike_times(rec)
    first = times.isel(spike=0, drop=True) if times.sizes["spike"] else times.sum("spike") * np.nan
    dims = [dim for dim in first.dims if dim != "position"]
    first = first.transpose(*dims, "position").drop_vars(
        [name for name in first.coords if name not in (*dims, "position")]
    )
    told = {
        "units": "ms", "long_name": "arrival of the action potential", "role": "measured",
        "absent": "no action potential",
    }  # fmt: skip
    attrs = {
        "title": titles(rec.attrs)[0],
        "subtitle": subtitle(rec),
        "experiment": "arrivals",
    }
    return xr.Dataset({"arrival": first.assign_attrs(told)}, attrs=attrs)
