"""What all tests share: one place for what a run of the suite computes once, how much is tried,
and Ctrl-C as on a terminal. That this file is here lets every test import the helpers beside it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

import references
import trying  # noqa: F401  (a dozen of everything, unless told otherwise)


@pytest.fixture(scope="session", autouse=True)
def one_place_for_the_whole_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels and reference solutions are made once a run, whichever of its processes comes first.

    They are new in every run, so that none ever passes for what older code made; whoever sets
    LOLIGO_CACHE keeps the kernels.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # of all workers
        # every worker has a core; two threads, so that there are threads, on as many cores
        os.environ.setdefault("LOLIGO_THREADS", "2")
    references.folder = root / "references"
    kernels = root / "kernels"
    for place in (references.folder, kernels):
        place.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("LOLIGO_CACHE", str(kernels))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts this process and those that it starts.

    Whoever runs the suite in the background (``nohup``, many CI runners) has the signal ignored,
    and what is ignored is inherited.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
