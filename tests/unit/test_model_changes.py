"""A membrane changed in a word: what of it becomes what, and what is refused."""

from __future__ import annotations

import json
import math
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import loligo as lo
from cells import calcium, conditional
from few import FEW
from loligo.errors import LoligoError
from loligo.figures import style
from loligo.lanes import Labelled
from loligo.model.drug import Drug
from loligo.model.expression import parse
from loligo.model.frame import shifted
from loligo.model.parameter import Parameter
from loligo.system.outline import outline_of

SQUID = lo.load("hodgkin-huxley-1952")
FIELD = lo.Membrane(
    channels=[
        lo.Channel("Ca", current="ghk(2, P_Ca, Ca_in, Ca_out)", ion="Ca", meaning="calcium"),
        lo.Channel("L", g=0.3, E=-65),
    ],
    parameters={"P_Ca": Parameter("P_Ca", "10 um/s", "cm/s"), "Ca_in": "100 nM", "Ca_out": "2 mM"},
    celsius=20,
)


def g(model: lo.Membrane) -> dict[str, object]:
    return {channel.name: channel.g for channel in model.channels if channel.g is not None}


def told(make: Callable[[], object]) -> str:
    with pytest.raises(LoligoError) as caught:
        make()
    return str(caught.value)


# ---------------------------------------------------------------------------- pharmacology


def test_a_block_takes_its_share_and_blocks_compose() -> None:
    assert g(SQUID.block("Na", 0.9)) == {"Na": 12.0, "K": 36.0, "L": 0.3}
    assert g(SQUID.block(["Na", "K"], "50 %")) == {"Na": 60.0, "K": 18.0, "L": 0.3}
    assert g(SQUID.block("Na")) == {"Na": 0.0, "K": 36.0, "L": 0.3}
    assert SQUID.block("Na", 0.9).block("Na", 0.5) == SQUID.replace(g_Na=6)
    assert SQUID.block("Na", 0) == SQUID
    assert SQUID.block("Na", 0.9).structure() == SQUID.structure()  # no kernel of its own


def test_an_array_of_blocks_is_a_dimension() -> None:
    swept = SQUID.block("Na", [0, 0.5, 0.9]).block("K", np.array([0.0, 0.1]))
    expected = Labelled(("block_Na",), np.array([120.0, 60, 12]), {"block_Na": [0, 0.5, 0.9]})  # type: ignore[dict-item]
    assert swept.parameters["g_Na"].value == expected
    both = SQUID.block(["Na", "K"], [0, 1]).parameters
    assert both["g_Na"].value.dims == both["g_K"].value.dims == ("block",)
    crossed = SQUID.replace(g_Na=[100, 200]).block("Na", [0, 0.5]).parameters["g_Na"].value
    assert crossed.values.tolist() == [[100, 50], [200, 100]]
    assert lo.Membrane.from_dict(json.loads(json.dumps(swept.to_dict()))) == swept


def test_a_current_that_is_written_out_is_blocked_as_a_whole() -> None:
    once = FIELD.block("Ca", 0.75)
    assert str(once.channels[0].current) == "(1 - block_Ca)*(ghk(2, P_Ca, Ca_in, Ca_out))"
    assert once.parameters["block_Ca"].value == 0.75
    twice = once.block("Ca", 0.5)
    assert twice.channels == once.channels
    assert twice.parameters["block_Ca"].value == 0.875
    free = twice.replace(block_Ca=0)
    assert free.block("Ca", 0.1).parameters["block_Ca"].value == pytest.approx(0.1, rel=1e-15)


def test_drugs_block_by_their_dose_and_find_channels_by_the_ion() -> None:
    k_d, dose = 3.3e-6, 1e-5
    assert lo.TTX("10 nM").block == pytest.approx(dose / (dose + k_d), rel=1e-15)
    assert lo.TTX(0).block == 0
    assert lo.TEA("5 mM").block == pytest.approx(5 / 5.4, rel=1e-15)
    steep = Drug("X", "2 mM", half_dose="1 mM", ion="K", hill=3)
    assert steep.block == pytest.approx(8 / 9, rel=1e-15)
    assert Drug("X", "1e6 mM", half_dose=1e-6, ion="K").left == pytest.approx(1e-12, rel=1e-12)
    for name in FEW:
        model = lo.load(name)
        before, ttx, tea = g(model), g(model.with_drug(lo.TTX("3.3 nM"))), None
        assert ttx == {**before, "Na": before["Na"] / 2}
        tea = g(model.with_drug(lo.TEA("0.4 mM")))
        carried = [c.name for c in model.channels if c.ion == "K"]
        assert tea == {**before, **{each: before[each] / 2 for each in carried}}
    crab = lo.load("connor-stevens-1977")
    assert g(crab.with_drug(lo.TEA("0.4 mM"), channels="K")) == {**g(crab), "K": 10.0}
    doses = SQUID.with_drug(lo.TTX(np.array([0, 3.3e-6]))).parameters["g_Na"].value
    assert (doses.dims, doses.values.tolist()) == (("TTX",), [120, 60])


def test_concentrations_make_nernst_potentials() -> None:
    kelvin = 273.15 + 6.3
    thermal = 8.31446261815324 * kelvin / 96485.33212331002 * 1000
    salty = SQUID.with_concentrations(Na=(50, 440), K=(400, 20))
    assert str(salty.channels[0].E) == "nernst(1, Na_out, Na_in)"
    assert set(salty.parameters) == {*SQUID.parameters, "Na_in", "Na_out", "K_in", "K_out"} - {
        "E_Na", "E_K",
    }  # fmt: skip
    kept = SQUID.with_concentrations(Na=(None, 440), K=(400, None)).parameters
    assert kept["Na_in"].value == pytest.approx(440 * math.exp(-50 / thermal), rel=1e-14)
    assert kept["K_out"].value == pytest.approx(400 * math.exp(-77 / thermal), rel=1e-14)
    chloride = SQUID.with_channel(lo.Channel("Cl", 0.1, -70)).with_concentrations(Cl=(None, 500))
    expected = 500 * math.exp(-70 / thermal)
    assert chloride.parameters["Cl_in"].value == pytest.approx(expected, rel=1e-14)
    assert salty.replace(Na_out="220 mM").parameters["Na_out"].value == 220.0
    assert lo.load("traub-miles-1991").with_concentrations(Na=(10, 140), celsius=37).celsius == 37
    assert lo.Membrane.from_dict(salty.to_dict()) == salty


# ---------------------------------------------------------------------------- channels, temperature


def test_channels_go_and_come_back() -> None:
    bare = SQUID.without("K", "L")
    assert [c.name for c in bare.channels] == ["Na"]
    again = bare.with_channel(SQUID.channels[1]).with_channel(SQUID.channels[2])
    assert again == SQUID
    assert lo.load("connor-stevens-1977").without("Na", "K", "A").parameters.keys() == {
        "C_m", "g_L", "E_L",
    }  # fmt: skip
    warm = lo.Membrane(
        channels=[
            lo.Channel("K", 1, "nernst(1, 5, 140)", ion="K", gates=[lo.Gate("n", 1, "1", "1")]),
            lo.Channel("L", 0.3, -65),
        ],
        celsius=37,
        start={"V": -60, "n": 0.5},
    )
    left = warm.without("K")  # nothing is left that needs a temperature, or of which n could be
    assert (left.celsius, dict(left.start)) == (None, {"V": -60.0})


def test_warmth_quickens_gates_and_schemes() -> None:
    cell = lo.load("traub-miles-1991").with_q10(3, reference=36)
    assert cell.celsius == 36
    assert {str(gate.rate) for gate in cell.gates} == {"q10(3, 36)"}
    assert str(SQUID.with_q10(2, 6.3, gates="n").gates[2].rate) == "q10(2, 6.3)"  # in place of phi
    assert SQUID.with_q10(2, 6.3, gates="n").gates[:2] == SQUID.gates[:2]
    fast = lo.load("wang-buzsaki-1996").with_q10("3", reference="309.15 K")
    assert [str(gate.rate) for gate in fast.gates] == ["None", *["(phi)*q10(3, 36)"] * 2]
    scheme = lo.Scheme("K", ["C", "O"], ["C <-> O: 0.1*exp(V/20), 0.05"])
    kinetic = lo.Membrane(channels=[lo.Channel("K", 1, -77, open="O")], schemes=scheme)
    assert str(kinetic.with_q10(3, 20).schemes[0].transitions[0]) == (
        "C <-> O: (0.1*exp(V/20))*q10(3, 20), (0.05)*q10(3, 20)"
    )


# ---------------------------------------------------------------------------- another frame


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("0.1*(V+40)/(1-exp(-(V+40)/10))", -5, "0.1*(V+45)/(1-exp(-(V+45)/10))"),
        ("0.1*(V + 40)", 65, "0.1*(V-25)"),
        ("4*exp(-(V+65)/18)", 65, "4*exp(-(V)/18)"),
        ("exp(V/20)", -5, "exp((V+5)/20)"),
        ("(54 - V)*0.32", 10, "(64-V)*0.32"),
        ("2**-V", 1, "2**-(V-1)"),
        ("0.1 if -50 < V < -40 else V", 0.5, "0.1 if -50 < (V-0.5) < -40 else (V-0.5)"),
        ("a*V + 40", -5, "a*(V+5) + 40"),
        ("V - E_K - 3", -5, "(V+5) - E_K - 3"),
        ("V-.3", -0.1, "V-0.2"),
        ("ghk(1, P*(V+3), 2, 3)", -5, "ghk(1, P*(V+8), 2, 3, V+5)"),
        ("ghk(1, P, 2, 3, V - 7)", -5, "ghk(1, P, 2, 3, V-2)"),
        ("x + 40", -5, "x + 40"),
    ],
)
def test_a_formula_in_another_frame_still_looks_as_in_the_paper(
    text: str, by: float, expected: str
) -> None:
    from fractions import Fraction

    assert str(shifted(parse(text), {"V": Fraction(str(by))})) == expected


@pytest.mark.parametrize("make", [lambda: SQUID, calcium, conditional, lambda: FIELD])
def test_another_frame_and_back_is_the_same_function(make: Callable[[], lo.Membrane]) -> None:
    from loligo.model.check import _SCAN, _Field

    model = make()
    there = model.shift_voltage(-5)
    here, moved = (_Field(each, each.quantities, {}) for each in (model, there))
    names = frozenset(model.quantities)
    before, after = here.at(_SCAN, names), moved.at(_SCAN - 5, names)
    for name in names:
        shift = 5.0 if name.startswith("E_") else 0.0
        same = np.asarray(after[name]) + shift
        np.testing.assert_allclose(same, before[name], rtol=1e-12, atol=1e-11, err_msg=name)
    back = there.shift_voltage(5)
    assert {n: p.value for n, p in back.parameters.items()} == {
        n: p.value for n, p in model.parameters.items()
    }


def test_what_starts_somewhere_starts_there_in_another_frame() -> None:
    started = SQUID.changed(start={"V": -60, "h": 0.4}).shift_voltage("-5 mV")
    assert dict(started.start) == {"V": -65.0, "h": 0.4}
    assert started.parameters["E_L"].value == -59.387


# ---------------------------------------------------------------------------- of the whole cell


def test_the_whole_cells_capacitance_and_conductance_are_spread_over_its_area(
    tmp_path: Path,
) -> None:
    cell = lo.Membrane("0.2 nF", lo.Channel("L", g="20 uS", E=-65), area=20000)
    assert (cell.C_m, cell.channels[0].g) == (1.0, 100.0)
    assert cell.replace(C_m="100 pF", g_L="3000 nS").parameters["g_L"].value == 15.0
    swept = lo.Membrane("0.2 nF", lo.Channel("L", g=0.1, E=-65), area=[10000, 20000])
    assert swept.C_m == Labelled(("area",), np.array([2.0, 1.0]), {"area": [1e4, 2e4]})  # type: ignore[dict-item]
    path = tmp_path / "cell.toml"
    path.write_text('C_m = "0.2 nF"\narea = 20000\n[channels.L]\ng = "20 uS"\nE = -65\n')
    assert lo.load(path) == cell
    path.write_text('C_m = "0.2 nF"\n[channels.L]\ng = 1\nE = -65\n')
    assert f"{path}, line 1, column 1: C_m: 0.2 nF is the whole" in told(lambda: lo.load(path))
    path.write_text('[channels.L]\nE = -65\ng = "20 uS"\n')
    assert f"{path}, line 3, column 1: g_L: 20 uS is the whole" in told(lambda: lo.load(path))


# ---------------------------------------------------------------------------- documents


def test_a_start_and_an_ion_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "cell.toml"
    model = SQUID.changed(start={"h": "40 %", "V": -50})
    model.save(path)
    assert "[start]\nV = -50.0\nh = 0.4\n" in path.read_text()
    assert 'ion = "K"' in path.read_text()
    again = lo.load(path)
    assert again == model
    assert hash(again) == hash(model)
    assert pickle.loads(pickle.dumps(model)) == model
    assert model != SQUID
    assert model.structure() == SQUID.structure()
    path.write_text("start = -60\n[channels.L]\ng = 1\nE = -65\n")
    assert dict(lo.load(path).start) == {"V": -60.0}
    path.write_text("[channels.L]\ng = 1\nE = -65\n[start]\nV = -60\nm = 0.2\n")
    assert f"{path}, line 6, column 1: start: there is no state m" in told(lambda: lo.load(path))
    swept = SQUID.changed(start=[-60, -50])
    assert lo.Membrane.from_dict(json.loads(json.dumps(swept.to_dict()))) == swept


REFUSED = {
    "no channel": (
        lambda: SQUID.block("NA"),
        "there is no channel NA (did you mean Na?) in hodgkin-huxley-1952; it has Na, K, L",
    ),
    "an ion": (
        lambda: lo.Membrane(channels=lo.Channel("NaP", 1, 50, ion="Na")).block("Na"),
        'those that carry Na are ["NaP"]; it has NaP',
    ),
    "too much": (lambda: SQUID.block("Na", 90), 'block_Na must be between 0 and 1, but is 90; 90'),
    "less than none": (lambda: SQUID.block("Na", -0.1), "block_Na must be at least 0"),
    "no such ion": (
        lambda: SQUID.with_drug(Drug("Cd", 1, 0.1, ion="Ca")),
        "Cd blocks channels that carry Ca, and hodgkin-huxley-1952 has none; it has Na (Na), K (K)"
        ', L (says no ion). A channel says its ion: Channel(..., ion="Ca")',
    ),
    "no drug": (lambda: SQUID.with_drug("TTX"), 'with_drug takes a drug such as lo.TTX("10 nM")'),  # type: ignore[arg-type]
    "nothing to block": (lambda: Drug("X", 1, 1), "X: nothing says what it blocks"),
    "a volume": (lambda: lo.TTX("10 nL"), "TTX: '10 nL' is a volume, but a concentration"),
    "a name twice": (
        lambda: SQUID.with_channel(SQUID.channels[0]),
        'there is a channel Na already; to put another in its place, take it out first: model.with',
    ),
    "needed": (
        lambda: calcium().without("Ca"),
        "without Ca: derivative of state Ca: unknown name I_Ca",
    ),
    "no temperature": (
        lambda: lo.load("traub-miles-1991").with_concentrations(Na=(10, 140)),
        "concentrations make potentials at a temperature, and this membrane has none; give one",
    ),
    "one concentration": (
        lambda: SQUID.with_concentrations(Na=440),
        "Na: give (inside, outside) in mM, as in Na=(50, 440)",
    ),
    "neither": (lambda: SQUID.with_concentrations(Na=(None, None)), "there is nothing to begin wi"),
    "two potentials": (
        lambda: lo.load("connor-stevens-1977").with_concentrations(K=(None, 20), celsius=20),
        "K, A have no single number for it; give both",
    ),
    "an unknown ion": (lambda: SQUID.with_concentrations(Xe=(1, 2)), "there is no ion Xe here"),
    "an array of shifts": (lambda: SQUID.shift_voltage([1, 2]), "shift_voltage takes one number"),
    "a gate": (lambda: SQUID.with_q10(3, 6, gates="x"), "there is no gate x; there are m, h, n"),
    "an instantaneous gate": (
        lambda: lo.load("wang-buzsaki-1996").with_q10(3, 36, gates=["m"]),
        "gate m is instantaneous: it has no speed",
    ),
    "a start": (lambda: SQUID.changed(start={"m": 2}), "start: m is a share of channels and must"),
    "an unknown start": (
        lambda: SQUID.changed(start={"Q": 2}), "start: there is no state Q; the states are V, m, h"
    ),
    "an odd ion": (lambda: lo.Channel("Na", 1, 2, ion="Na+"), "ion of channel Na: 'Na+' is none"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_the_remedy(case: str) -> None:
    make, expected = REFUSED[case]
    assert expected in told(make)


# ---------------------------------------------------------------------------- names and colours


def test_a_name_that_a_model_gives_is_its_own_whatever_functions_there_are_since() -> None:
    own = lo.Membrane(
        channels=[lo.Channel("L", current="ghk*(V + 65)")], parameters={"ghk": 0.1}, name="own"
    )
    assert lo.Membrane.from_dict(own.to_dict()) == own
    assert "ghk is a function: write ghk(z, P, inside, outside)" in told(
        lambda: lo.Membrane(channels=[lo.Channel("L", current="ghk*V")])
    )
    assert FIELD.parameters["P_Ca"].value == 1e-3  # cm/s


def test_a_channel_has_the_colour_of_its_ion() -> None:
    light = style.THEMES["light"]
    ions = {"Fast": "Na", "A": "K", "K": "K", "Leak": ""}
    colours = style.channel_colours(["Fast", "A", "K", "Leak"], light, ions)
    assert colours["Fast"] == light.channels["Na"]
    assert colours["K"] == light.channels["K"]
    assert colours["A"] not in light.channels.values()
    fast = lo.Membrane(channels=[lo.Channel("Fast", 1, 50, ion="Na"), lo.Channel("L", 0.3, -65)])
    about = outline_of(fast).about
    assert about["I_Fast"]["ion"] == about["E_Fast"]["ion"] == "Na"
    assert "ion" not in about["I_L"]


def test_a_dose_that_was_meant_in_another_unit_is_told() -> None:
    with pytest.warns(UserWarning, match=r"10 mM is 3e\+06 times .*as in \"10 nM\""):
        lo.TTX(10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lo.TTX("10 mM").block == pytest.approx(1, abs=1e-6)
        assert lo.TEA(5).block == pytest.approx(5 / 5.4)
