"""When the program began: imported before anything else, for ``--timings``."""

from __future__ import annotations

import time

STARTED = time.perf_counter()
