"""Which models of the library the tests try: four of them wherever it is a matter of loligo, all of
them where it is a matter of the models (``tests/science/test_library.py``, slow)."""

from __future__ import annotations

import pytest

import loligo as lo

FEW = ("connor-stevens-1977", "hodgkin-huxley-1952", "traub-miles-1991", "wang-buzsaki-1996")

OTHERS = tuple(name for name in lo.models() if name not in FEW)

# for tests that cost little with a few models, and too much with all
ALL = [*FEW, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
