"""What the tests take for the truth is the same whether it is computed or remembered."""

from __future__ import annotations

import numpy as np
import pytest

import loligo as lo
import references
from references import reference, simulate

SQUID = lo.load("hodgkin-huxley-1952")


def test_what_is_remembered_is_what_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    currents = np.array([3.0, 12.0])
    options = {"initial": {"V": -64.0, "n": 0.3}, "record": ["V", "I_Na"], "progress": False}
    solver = lo.Reference(1e-9)
    fresh = lo.simulate(SQUID, lo.Pulse(1, 2, currents), 6, solver=solver, **options)
    first = reference(SQUID, lo.Pulse(1, 2, currents), 6, solver=solver, **options)
    monkeypatch.setattr(references.lo, "simulate", None)  # none of it can be computed again
    for again in (
        first,
        reference(SQUID, lo.Pulse(1, 2, currents), 6, solver=solver, **options),
        simulate(SQUID, lo.Pulse(1, 2, currents), 6, solver=solver, **options),
    ):
        assert again.identical(fresh)
        assert again.attrs == fresh.attrs
        for name in fresh.variables:
            assert again[name].values.tobytes() == fresh[name].values.tobytes()
            told, true = again[name].attrs, fresh[name].attrs
            assert told.keys() == true.keys()
            assert all(np.array_equal(told[key], true[key]) for key in true)


def test_another_problem_has_another_solution() -> None:
    one = reference(SQUID, lo.Pulse(1, 2, 10), 4)
    begin = one.isel(time=-1)
    others = [
        reference(SQUID.replace(g_K=35), lo.Pulse(1, 2, 10), 4),
        reference(SQUID, lo.Pulse(1, 2, 11), 4),
        reference(SQUID, lo.Pulse(1, 2, 10), 4.05),
        reference(SQUID, lo.Pulse(1, 2, 10), 4, solver=lo.Reference(1e-6)),
        reference(SQUID, lo.Pulse(1, 2, 10), 4, initial=-65),
        reference(SQUID, lo.Pulse(1, 2, 10), 4, initial=begin),
        reference(SQUID, lo.Pulse(1, 2, 10), 4, initial=begin.assign(V=begin.V + 1)),
        reference(SQUID, lo.Pulse(1, 2, 10), 4, initial={"V": -65.5}),
    ]
    seen = {each.V.values.tobytes() for each in (one, *others)}
    assert len(seen) == 1 + len(others)


def test_another_solver_is_asked_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(references.lo, "simulate", lambda *a, **more: told.append(more))
    for _ in range(2):
        simulate(SQUID, None, 1, solver=lo.Taylor())
    assert told == [{"solver": lo.Taylor()}] * 2
