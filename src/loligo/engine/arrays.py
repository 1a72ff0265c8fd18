"""What plain loops (:mod:`loligo.engine.llvm.plain`) have besides Python's own."""

from __future__ import annotations

import numpy as np

from loligo.lanes import Floats


def array(size: int) -> Floats:
    """Room for so many numbers, all 0; ``size`` is written as a number."""
    return np.zeros(size)
