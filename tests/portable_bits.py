"""The bits of portable mode on this machine, as hashes: ``python tests/portable_bits.py``.

Two machines agree where they print the same. Another kind of processor is had by ``qemu-user``: its
Python and its wheels in a folder, ``qemu-aarch64 -L root root/usr/bin/python3 tests/…``.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import loligo as lo

TAYLOR, EXPONENTIAL = lo.Taylor(portable=True), lo.Exponential(0.025, portable=True)
GATE = lo.Gate("n", alpha="0.1*exp(-V/20)", beta="0.05*exp(V/30)/(1 + exp(-V/7))")
SMALL = lo.Membrane(
    C_m=1.3,
    channels=[lo.Channel("K", g=3.0, E=-80, gates=[GATE]), lo.Channel("L", g=0.3, E=-52.7)],
)


def runs() -> Iterator[tuple[str, Any]]:
    """A membrane under everything, and an axon of two halves; then the squid's."""
    noisy = lo.Pulse(2, 9, [7.7, 20.0]) + lo.Sine(3, 14, 4, frequency=60)
    noisy = noisy + lo.Noise(1, 18, 1, tau=2, seed=3) + lo.Ramp(5, 9, 3)
    held = lo.Pulse(2, 5, 12) + lo.VoltageClamp(9, 5, -20) + lo.VoltageClamp(14, 3, -50, to=-10)
    for name, model in (("small", SMALL), ("squid", lo.load("hodgkin-huxley-1952"))):
        yield f"{name}, Exponential", lo.simulate(model, noisy, 20, solver=EXPONENTIAL)
        halves = [lo.Region(each, 6e3, 200, compartments=20)
                  for each in (model, model.replace(C_m=1.1))]  # fmt: skip
        axon = lo.Axon(regions=halves, axial_resistivity=35.4)
        shock = lo.at(0, lo.Pulse(0.5, 0.3, 3000))
        yield f"{name}, axon", lo.simulate(axon, shock, 5, solver=EXPONENTIAL)
        yield f"{name}, Taylor", lo.simulate(model, noisy, 20, solver=TAYLOR)
        yield f"{name}, clamped", lo.simulate(model, held, 20, solver=TAYLOR)


def main() -> None:
    print(platform.machine(), platform.python_version(), "NumPy", np.__version__)
    for name, rec in runs():
        found = hashlib.sha256()
        for each in sorted(rec.data_vars):
            if rec[each].dtype == float:
                values = np.where(np.isnan(rec[each].values), np.nan, rec[each].values)
                found.update(each.encode() + np.ascontiguousarray(values).tobytes())
        print(f"{name}: {found.hexdigest()[:16]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
