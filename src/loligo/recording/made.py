"""With what a recording was made, and when: of people and places nothing."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import cache
from importlib import metadata

import numpy as np

import loligo


def made() -> dict[str, str]:
    """Software, machine and date (UTC); all that bits depend on besides the model and the run."""
    return {"date": datetime.now(UTC).date().isoformat(), **_software()}


@cache
def _software() -> dict[str, str]:
    found = {
        "loligo": loligo.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "processor": platform.machine(),
        "system": platform.system(),
    }
    try:
        from loligo.engine.llvm.target import host

        found["processor"] += f" ({host().cpu})"
        found["llvmlite"] = metadata.version("llvmlite")
    except ImportError:  # in a browser there is none
        pass
    return found
