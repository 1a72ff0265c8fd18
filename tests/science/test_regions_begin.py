"""Where the regions of an axon begin, region by region: gates from the papers' formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import held_gates as exact
import loligo as lo
from loligo.errors import LoligoError

SQUID, WANG = "hodgkin-huxley-1952", "wang-buzsaki-1996"


def axon(second: str = WANG) -> lo.Axon:
    """node, inter, end, node"""
    return lo.Axon(
        regions=[
            lo.Region(lo.load(name), 400, name=label, diameter=100, compartments=2)
            for name, label in (
                (SQUID, "node"), (SQUID, "inter"), (second, "end"), (SQUID, "node")
            )
        ],
        axial_resistivity=100,
    )  # fmt: skip


def begun(initial: Any, **more: Any) -> xr.Dataset:
    return lo.simulate(
        axon(), None, 0.1, initial=initial, record=["V", "m", "h", "n"], sample_interval=0.1,
        solver=lo.Exponential(0.05), **more,
    ).isel(time=0)  # fmt: skip


def held(rec: xr.Dataset, label: str, V: Any, **others: float) -> None:
    """Whether a region begins at V with its gates steady there, but for some."""
    there = rec.isel(position=rec.region.values == label)
    assert np.allclose(there.V, V, rtol=0, atol=1e-12), label
    name = WANG if label == "end" else SQUID
    steady = exact.steady(exact.LIBRARY[name], V) | others
    for gate in ("m", "h", "n"):
        if gate in steady and not np.isnan(there[gate]).any():
            assert np.allclose(there[gate], steady[gate], rtol=0, atol=1e-9), (label, gate)


def test_some_regions_are_given_and_the_others_rest() -> None:
    rec = begun({"node": {"V": -70, "h": 0.5}, "end": -60})
    held(rec, "node", -70, h=0.5)
    held(rec, "end", -60)
    alone = lo.rest(lo.load(SQUID))
    held(rec, "inter", float(alone.V))


@pytest.mark.slow
def test_what_is_given_everywhere_is_the_others() -> None:
    rec = begun({"V": -66, "n": 0.4, "node": {"V": -70}})
    held(rec, "node", -70, n=0.4)
    held(rec, "inter", -66, n=0.4)
    held(rec, "end", -66, n=0.4)
    rec = begun({"V": -66, "inter": "rest"})
    held(rec, "inter", float(lo.rest(lo.load(SQUID)).V))
    held(rec, "node", -66)
    # m is no state of the other membrane
    held(begun({"m": 0.1, "V": -66, "end": {"h": 0.2}}), "end", -66, h=0.2)


@pytest.mark.slow
def test_arrays_are_axons_and_the_run_can_be_made_again(tmp_path: Any) -> None:
    given = {"node": {"V": [-70, -60]}, "inter": {"n": 0.35}}
    for solver in (lo.Exponential(0.01), lo.Reference(1e-9)):
        rec = lo.simulate(axon(), None, 1, initial=given, solver=solver, record=["V", "n"])
        assert rec.initial_V.values.tolist() == [-70, -60]
        assert lo.rerun(rec).equals(rec)
        lo.save(rec, tmp_path / "begun.nc")
        assert lo.rerun(lo.open(tmp_path / "begun.nc")).equals(rec)
        one = lo.simulate(
            axon(), None, 1, initial={"node": {"V": -60}, "inter": {"n": 0.35}}, solver=solver,
            record=["V", "n"],
        )  # fmt: skip
        assert np.abs(one.V - rec.V.sel(initial_V=-60)).max() < 1e-9
    both = [
        lo.simulate(axon(), None, 1, initial=given, record=["V"], solver=s, sample_interval=0.1)
        for s in (lo.Exponential(0.0025), lo.Reference(1e-9))
    ]
    assert float(abs(both[0].V - both[1].V).max()) < 1e-3


@pytest.mark.slow
def test_a_model_s_own_start_is_for_the_others() -> None:
    starting = lo.load(SQUID).replace(g_L=0.3)
    starting = lo.Membrane.from_dict({**starting.to_dict(), "start": {"V": -50}})
    cable = lo.Axon(
        regions=[
            lo.Region(starting, 400, name=label, diameter=100, compartments=2)
            for label in ("a", "b")
        ],
        axial_resistivity=100,
    )
    rec = lo.simulate(cable, None, 0.1, initial={"a": -70}, sample_interval=0.1, record=["V"])
    assert rec.V.isel(time=0).values.tolist() == [-70, -70, -50, -50]


@pytest.mark.parametrize(
    ("initial", "words"),
    [
        ({"nod": {"V": -70}}, "the axon has no region 'nod' (did you mean node or end?)"),
        ({"node": {"W": 1}}, "in the region 'node', initial: there is no state 'W'"),
        ({"node": {"h": 3}}, "in the region 'node', initial_h is a share of channels"),
        ({"node": "high"}, "in the region 'node', initial_V: 'high'"),
        ({"end": {"m": 0.1}}, "in the region 'end', initial: there is no state 'm'"),
    ],
)
def test_what_cannot_be(initial: Any, words: str) -> None:
    with pytest.raises(LoligoError) as told:
        begun(initial)
    assert words in str(told.value)
