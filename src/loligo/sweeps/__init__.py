"""Sweeps that outgrow the machine: cut into blocks, each simulated once and kept in a store."""

from loligo.sweeps.calling import sweep
from loligo.sweeps.status import SweepStatus, sweep_status

__all__ = ["SweepStatus", "sweep", "sweep_status"]
