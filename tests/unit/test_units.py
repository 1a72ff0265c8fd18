"""Units: reading, converting, refusing."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loligo import units
from loligo.errors import LoligoError, UnitError, UsageError
from loligo.lanes import Labelled


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("10 cm", "um", 100000.0),
        ("10cm", "um", 100000.0),
        ("-65 mV", "mV", -65.0),
        ("−65 mV", "mV", -65.0),  # the typographic minus
        ("0.1 V", "mV", 100.0),
        ("1e-3 S/cm2", "mS/cm2", 1.0),
        ("120 mmho/cm²", "mS/cm2", 120.0),
        ("10 uA/cm2", "uA/cm2", 10.0),
        ("10 µA/cm^2", "uA/cm2", 10.0),  # micro sign
        ("10 μA/cm**2", "uA/cm2", 10.0),  # Greek mu
        ("10 µA·cm⁻²", "uA/cm2", 10.0),
        ("10 uA cm-2", "uA/cm2", 10.0),
        ("10 uA/(cm cm)", "uA/cm2", 10.0),
        ("0.1 A/m2", "uA/cm2", 10.0),
        ("1 F/m²", "uF/cm2", 100.0),
        ("35.4 Ω·cm", "ohm*cm", 35.4),
        ("0.354 ohm m", "ohm*cm", 35.4),
        ("1 ms-1", "1/ms", 1.0),
        ("1/ms", "1/ms", 1.0),
        ("5 kHz", "1/ms", 5.0),
        ("140 mM", "mM", 140.0),
        ("0.14 mol/L", "mM", 140.0),
        ("2 min", "ms", 120000.0),
        ("1 h", "ms", 3.6e6),
        ("6.3 degC", "degC", 6.3),
        ("6.3 °C", "degC", 6.3),
        ("6.3 ℃", "degC", 6.3),
        ("6.3 celsius", "degC", 6.3),
        ("279.45 K", "degC", 6.3),
        ("50 %", "1", 0.5),
        ("180 deg", "1", np.pi),
        ("10", "mV", 10.0),
        ("3 nA*sqrt(ms)", "nA*sqrt(ms)", 3.0),
        ("4 pA s^0.5", "nA*sqrt(ms)", 4e-3 * np.sqrt(1000)),
        ("1000 um2", "um2", 1000.0),
        ("1 C/s", "nA", 1e9),
        ("1 J/C", "mV", 1000.0),
    ],
)
def test_text(text: str, unit: str, expected: float) -> None:
    value = units.read(text, unit, "x")
    assert type(value) is float
    assert value == pytest.approx(expected, rel=4e-16, abs=0)


def test_text_is_rounded_once() -> None:
    # 0.3 V in binary is a little less than 0.3; 300 mV must be exactly 300 all the same
    assert units.read("0.3 V", "mV", "x") == 300.0
    assert units.read("0.0001 cm", "um", "x") == 1.0
    assert units.read("4.35 nS", "mS", "x") == 4.35e-6


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_as_text(number: float) -> None:
    assert units.read(f"{number!r} mV", "mV", "x") == number
    assert units.read(repr(number), "mV", "x") == number


@given(st.text(max_size=40))
def test_no_text_does_anything_but_read_or_refuse(text: str) -> None:
    for attempt in (lambda: units.read(text, "mV", "x"), lambda: units.parse(text)):
        with suppress(LoligoError):
            attempt()


@given(st.text(alphabet="1mVuA/cm2 *^()-sqrt.0e", max_size=60))
def test_no_nearly_good_text_either(text: str) -> None:
    with suppress(LoligoError):
        units.read("1 " + text, "mV", "x")


@pytest.mark.parametrize(
    "text", ["1e999 mV", "1e400 mV", "1 (" * 50, "1 " + "m" * 10000, "9" * 500, "1 km9*km9*km9*km9"]
)
def test_outrageous_text_is_refused(text: str) -> None:
    with pytest.raises((UnitError, UsageError)):
        units.read(text, "mV", "x")


@pytest.mark.parametrize(
    "unit", ["ms", "mV", "uA/cm2", "mS/cm2", "uF/cm2", "um", "ohm*cm", "nA", "um2", "mM", "1"]
)
def test_own_units_convert_to_themselves(unit: str) -> None:
    assert units.convert(1.25, unit, unit) == 1.25
    assert units.dimension(unit) == units.parse(unit).powers


def test_dimensions_tell_density_from_current() -> None:
    assert units.dimension("uA/cm2") != units.dimension("nA")
    assert units.dimension("uA/cm2") == units.dimension("A/m^2")
    with pytest.raises(units.DimensionError):
        units.convert(1.0, "uA/cm2", "nA")


def test_numbers_of_all_kinds() -> None:
    one_third = [Fraction(1, 3), Decimal("0.3333333333333333"), np.float64(1 / 3), np.array(1 / 3)]
    assert [units.read(value, "mV", "x") for value in one_third] == pytest.approx([1 / 3] * 4)
    for value in (3, np.int8(3), np.float32(3), np.array(3, dtype=np.uint16)):
        assert units.read(value, "mV", "x") == 3.0
        assert type(units.read(value, "mV", "x")) is float


def test_plain_sequences_take_the_name() -> None:
    for sequence in ([1, 2], (1, 2), np.array([1, 2]), range(1, 3), [Decimal(1), Fraction(2)]):
        value = units.read(sequence, "mS/cm2", "g_Na")
        assert value == Labelled(("g_Na",), np.array([1.0, 2.0]), {"g_Na": np.array([1.0, 2.0])})


def test_labelled_arrays_keep_their_labels() -> None:
    xarray = pytest.importorskip("xarray")
    array = xarray.DataArray(
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        dims=["drug", "dose"],
        coords={"drug": ["TTX", "TEA"]},
        attrs={"units": "S/cm2"},
    )
    value = units.read(array, "mS/cm2", "g")
    assert isinstance(value, Labelled)
    assert value.dims == ("drug", "dose")
    assert value.values.tolist() == [[1000.0, 2000.0, 3000.0], [4000.0, 5000.0, 6000.0]]
    assert {dim: labels.tolist() for dim, labels in value.coords.items()} == {
        "drug": ["TTX", "TEA"]
    }
    assert units.read(xarray.DataArray(2.0, attrs={"units": "V"}), "mV", "x") == 2000.0


def test_pint_quantities() -> None:
    pint = pytest.importorskip("pint")
    registry = pint.UnitRegistry()
    assert units.read(10 * registry.cm, "um", "x") == pytest.approx(1e5)
    assert units.read(registry.Quantity(279.45, "K"), "degC", "x") == pytest.approx(6.3)
    assert units.read(registry.Quantity(5, "A/m**2"), "uA/cm2", "x") == pytest.approx(500)
    assert units.read(registry.Quantity(2, "ohm*m"), "ohm*cm", "x") == pytest.approx(200)
    assert units.read(registry.Quantity(90, "deg"), "1", "x") == pytest.approx(np.pi / 2)
    noisy = registry.Quantity(3, "nA") * registry.Quantity(1, "ms") ** 0.5
    assert units.read(noisy, "nA*sqrt(ms)", "x") == pytest.approx(3)
    several = units.read(registry.Quantity([1, 2], "V"), "mV", "E")
    assert isinstance(several, Labelled)
    assert several.values.tolist() == [1000.0, 2000.0]
    assert several.coords["E"].tolist() == [1000.0, 2000.0]
    with pytest.raises(units.DimensionError, match="a current density in uA/cm2 is wanted"):
        units.read(10 * registry.mV, "uA/cm2", "x")


@pytest.mark.parametrize(
    "value",
    [
        True, None, 1j, b"10 mV", float("nan"), float("inf"), 10**400, object(), {"a": 1}, {1, 2},
        [1, None], [1, float("nan")], [True, False], ["1 mV"], [[1, 2]], [[1], [1, 2]], [],
        np.array([1 + 1j]), np.array([True]), np.ma.array([1, 2]), np.array("2020", "datetime64"),
        (x for x in [1, 2]), np.zeros((2, 2)), np.bool_(True), [10**400],
    ],
)  # fmt: skip
def test_what_is_no_quantity_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match=r"^E_Na"):
        units.read(value, "mV", "E_Na")


def test_bounds() -> None:
    assert units.read(0, "ms", "x", at_least=0) == 0
    with pytest.raises(UsageError, match="x must be above 0 ms, but is 0 ms"):
        units.read(0, "ms", "x", above=0)
    with pytest.raises(UsageError, match="x must be at least 0, but is -1"):
        units.read(-1, "1", "x", at_least=0)
    with pytest.raises(UsageError, match=r"x must be below 2 ms, but at x\[1\] it is 3 ms"):
        units.read([1, 3], "ms", "x", below=2)
    assert units.read(float("inf"), "ms", "x", finite=False) == float("inf")


def test_either_unit() -> None:
    assert units.read_either(3, ["uA/cm2", "nA"], "amplitude") == (3.0, "uA/cm2")
    assert units.read_either("200 pA", ["uA/cm2", "nA"], "amplitude") == (0.2, "nA")


def test_reading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from loligo import units, stimulus; units.read([1, 2], 'mV', 'x');"
        "heavy = {'xarray', 'sympy', 'scipy', 'matplotlib', 'pandas', 'pint', 'llvmlite'};"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("milliseconds", "ms"), ("Seconds", "s"), ("MSEC", "ms"), ("msecs", "ms"),
        ("microamps/cm2", "uA/cm2"), ("milliamperes per cm2", "mA/cm2"), ("nanoamps", "nA"),
        ("millivolts", "mV"), ("millisiemens per cm2", "mS/cm2"), ("megohms", "Mohm"),
        ("hertz", "Hz"), ("millimolar", "mM"), ("micrometers", "um"), ("kiloohm cm2", "kohm*cm2"),
    ],
)  # fmt: skip
def test_units_written_out_are_understood_everywhere(said: str, plain: str) -> None:
    assert units.parse(said) == units.parse(plain)


def test_what_is_written_out_serves_stimuli_and_models() -> None:
    import loligo as lo

    assert lo.Pulse("5 milliseconds", "0.04 seconds", "0.01 milliamps/cm2") == lo.Pulse(5, 40, 10)
    assert lo.load("hodgkin-huxley-1952").replace(E_Na="0.05 volts").parameters["E_Na"].value == 50


@pytest.mark.parametrize("said", ["20C", "20 C"])
def test_the_coulomb_is_not_taken_for_degrees(said: str) -> None:
    with pytest.raises(units.DimensionError, match=r'C is the coulomb; degrees Celsius are "degC"'):
        units.read(said, "degC", "celsius")


def test_a_series_of_pandas_keeps_its_name() -> None:
    import pandas as pd

    named = units.read(pd.Series([1.0, 2.0], name="dose"), "mV", "E_Na")
    assert isinstance(named, Labelled)
    assert named.dims == ("dose",)
    assert named.coords["dose"].tolist() == [1.0, 2.0]
    cells = pd.Series([1.0, 2.0], index=pd.Index(["a", "b"], name="cell"), name="dose")
    along = units.read(cells, "mV", "E_Na")
    assert isinstance(along, Labelled)
    assert along.dims == ("cell",)
    assert along.coords["cell"].tolist() == ["a", "b"]
    plain = units.read(pd.Series([1.0, 2.0]), "mV", "E_Na")
    assert isinstance(plain, Labelled)
    assert plain.dims == ("E_Na",)
    with pytest.raises(UsageError, match="which the recording uses"):
        units.read(pd.Series([1.0], name="time"), "mV", "E_Na")
