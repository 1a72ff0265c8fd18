"""A sweep that tests kill: as a process of its own, which says of each block when it computes it.

``python tests/sweeping.py STORE LOG [ADDRESS | share]``
"""

from __future__ import annotations

import functools
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import loligo as lo
from loligo.sweeps import leases

BLOCKS, ROW = 40, 6
CONDUCTANCES = np.linspace(60, 180, BLOCKS)


def counted(rec: xr.Dataset, store: str, log: str, slow: float) -> xr.Dataset:
    """What is kept of a block; and a line: which it is, by whom, and whether it was whole."""
    number = int(np.argmin(abs(CONDUCTANCES - float(rec.g_Na[0]))))
    whole = any(Path(store, ".sweep/blocks").rglob(f"{number:07d}.json"))
    with open(log, "a") as file:
        file.write(f"{number} {os.getpid()} {int(whole)}\n")
    time.sleep(slow)
    return rec[["spike_time", "spike_count", "status"]]


def sweep(store: str, log: str, slow: float = 0.15, **how: Any) -> xr.Dataset:
    """A block for each conductance."""
    squid = lo.load("hodgkin-huxley-1952").replace(g_Na=CONDUCTANCES)
    pulse = lo.Pulse(5, 40, np.linspace(5, 20, ROW))
    summary = functools.partial(counted, store=store, log=log, slow=slow)
    return lo.sweep(squid, pulse, 50, store=store, block=ROW, summary=summary, **how)


def main(store: str, log: str, *how: str) -> None:
    leases.BEAT, leases.PATIENCE = 0.2, 1.5
    if not how:
        sweep(store, log, slow=0.0)
    elif how == ("share",):
        sweep(store, log, share=True)
    else:
        from distributed import Client

        with Client(how[0], set_as_default=False) as client:
            sweep(store, log, client=client)


if __name__ == "__main__":
    main(*sys.argv[1:])
