"""Plain loops, compiled: the bits of the interpreter."""

from __future__ import annotations

import re
from math import inf, nan, sqrt
from typing import Any

import numpy as np
import pytest

from loligo.analysis import loops
from loligo.engine.arrays import array
from loligo.engine.compiled import compiled
from loligo.engine.llvm.called import source_of
from loligo.lanes import Floats, Integers

_SCALE = 3.0


def _both(a: float, b: float) -> tuple[float, float]:
    """Its docstring is no statement."""
    if a > b:
        return b, a
    return a, b


def _power(base: float, times: int) -> float:
    result = 1.0
    while True:
        if times <= 0:
            break
        if times % 2 == 1:
            result *= base
        base = base * base
        times = times // 2
    return result


def _everything(count: int, scale: float, values: Floats, whole: Integers, out: Floats) -> None:
    """Each statement and expression that there is."""
    room = array(3)
    for i in range(count):
        if i > 0 and values[i - 1] < values[i]:  # never before the first
            room[i % 3] += values[i]
            continue
        low, high = _both(values[i], float(i))
        room[2] = max(low, high, -inf) - min(i, 2) * _SCALE if low != high else nan
        if values[i] != values[i] or (0 <= i <= 1 and whole[i] > 2):
            whole[i] = -whole[i]
        elif low < high:
            whole[i] = int_of(values[i])
    for k in range(3, 6):
        out[k] = -abs(room[k - 3]) / scale
    out[0] = sqrt(abs(values[0])) + _power(1.000000001, 1000)
    out[1], out[2] = inf, float(count)
    if count > 100:
        return
    out[2] = -out[2]


def int_of(value: float) -> int:
    """As far as 3."""
    found = 0
    while found < 3 and float(found) < value:
        found = found + 1
    return found


def test_a_loop_has_the_bits_of_the_interpreter():
    rng = np.random.default_rng(5)
    for count in (1, 7, 40, 120):
        values, whole = rng.normal(0, 30, count), rng.integers(-9, 9, count)
        values[count // 2] = nan
        found: list[Any] = []
        for work in (_everything, compiled(_everything)):
            numbers, integers, out = values.copy(), whole.copy(), np.zeros(6)
            with np.errstate(all="ignore"):
                work(count, 0.3, numbers, integers, out)
            found.append((numbers, integers, out))
        for own, other in zip(*found, strict=True):
            np.testing.assert_array_equal(own, other, strict=True)


def _strange(count: int, out: Floats) -> None:
    with open("file"):
        out[0] = float(count)


def _raised(count: int, out: Floats) -> None:
    out[0] = float(count) ** 2.0


@pytest.mark.parametrize(
    ("work", "what"), [(_strange, "with open('file')"), (_raised, "float(count) ** 2.0")]
)
def test_what_is_not_compiled_is_said(work: Any, what: str):
    with pytest.raises(NotImplementedError, match=re.escape(what)):
        compiled(work)


def test_what_a_loop_follows_from_is_what_it_calls_and_its_constants():
    text = source_of([loops.describe])
    assert "def passing(" in text
    assert "def describe(" in text
    assert "PREFERENCE = 0.25" in text
    assert "RECOVERY = 1.0" in text


def test_arrays_of_another_kind_are_refused():
    call = compiled(_everything)
    with pytest.raises(AssertionError):
        call(1, 0.3, np.zeros(2, np.float32), np.zeros(2, np.int64), np.zeros(6))
    with pytest.raises(AssertionError):
        call(1, 0.3, np.zeros(4)[::2], np.zeros(2, np.int64), np.zeros(6))


@pytest.mark.parametrize("even", [True, False])
def test_spikes_are_described_as_the_interpreter_does(even: bool):
    """The same loops, statement by statement in Python: rough curves, ends, spikes anywhere."""
    rng = np.random.default_rng(int(even))
    for samples in (2, 5, 9, 60):
        time: Any = np.arange(samples) * 0.1 if even else np.cumsum(rng.uniform(0.01, 0.2, samples))
        values = np.cumsum(rng.normal(0, 12, (3, samples)), axis=1) - 20
        values[2] = 40 * np.sin(time * 3)
        lane = np.repeat(np.arange(3), 3)
        moment = np.sort(rng.uniform(time[0], time[-1], (3, 3)), axis=1).ravel()
        found: list[Any] = []
        for work in (loops.describe, loops.kernel()):
            out = np.zeros((len(loops.ROWS), lane.size))
            flat = out.ravel()
            asked = (0, 9, 9, samples, 1, 0.1 if even else 0.0, 10.0)
            with np.errstate(all="ignore"):
                work(*asked, time, values.ravel(), lane, moment, flat)
            found.append(flat)
        np.testing.assert_array_equal(found[0], found[1], strict=True)
