"""What a unit's text means, and conversion between units."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar, cast

import numpy as np

from loligo.errors import UnitError, nearest
from loligo.lanes import CONTROL, Floats

_T = TypeVar("_T", float, Floats)

_BASES = ("m", "kg", "s", "A", "K", "mol")


@dataclass(frozen=True)
class Unit:
    """What a unit's text means: `factor` SI units, `offset` SI units above SI's zero."""

    factor: Fraction
    powers: tuple[Fraction, ...]
    offset: Fraction = Fraction(0)

    def __mul__(self, other: Unit) -> Unit:
        powers = tuple(a + b for a, b in zip(self.powers, other.powers, strict=True))
        return Unit(self.factor * other.factor, powers)

    def __pow__(self, exponent: Fraction) -> Unit:
        if exponent.denominator == 1:
            factor = self.factor**exponent.numerator
        else:
            factor = Fraction(math.pow(self.factor, exponent))
        return Unit(Fraction(factor), tuple(p * exponent for p in self.powers))


def _unit(factor: str | Fraction, m: int = 0, kg: int = 0, s: int = 0, A: int = 0, K: int = 0,
          mol: int = 0, offset: str = "0") -> Unit:  # fmt: skip
    powers = tuple(Fraction(power) for power in (m, kg, s, A, K, mol))
    return Unit(Fraction(factor), powers, Fraction(offset))


# The International System of Units, 9th edition (BIPM, 2019): table 4 for the derived
# units, table 7 for the prefixes, table 8 for min, h and L. "mho" is the siemens of 1952.
_SIEMENS = _unit("1", m=-2, kg=-1, s=3, A=2)
_OHM = _unit("1", m=2, kg=1, s=-3, A=-2)
_CELSIUS = _unit("1", K=1, offset="273.15")
_PREFIXABLE = {
    "m": _unit("1", m=1),
    "g": _unit("1/1000", kg=1),
    "s": _unit("1", s=1),
    "sec": _unit("1", s=1),
    "A": _unit("1", A=1),
    "K": _unit("1", K=1),
    "mol": _unit("1", mol=1),
    "M": _unit("1000", m=-3, mol=1),
    "L": _unit("1/1000", m=3),
    "l": _unit("1/1000", m=3),
    "Hz": _unit("1", s=-1),
    "C": _unit("1", s=1, A=1),
    "J": _unit("1", m=2, kg=1, s=-2),
    "V": _unit("1", m=2, kg=1, s=-3, A=-1),
    "S": _SIEMENS,
    "mho": _SIEMENS,
    "F": _unit("1", m=-2, kg=-1, s=4, A=2),
    "ohm": _OHM,
    "Ohm": _OHM,
    "Ω": _OHM,
}
_WHOLE = {
    "1": _unit("1"),
    "%": _unit("1/100"),
    "rad": _unit("1"),
    "deg": _unit(Fraction(math.pi) / 180),
    "°": _unit(Fraction(math.pi) / 180),
    "min": _unit("60", s=1),
    "h": _unit("3600", s=1),
    "degC": _CELSIUS,
    "°C": _CELSIUS,
    "celsius": _CELSIUS,
    "Celsius": _CELSIUS,
}
_PREFIXES = {
    "f": -15, "p": -12, "n": -9, "u": -6, "μ": -6, "m": -3, "c": -2, "d": -1,
    "k": 3, "M": 6, "G": 9,
}  # fmt: skip

# Units written out, in small letters, and their symbols: "milliseconds" is "ms".
_WRITTEN = {
    prefix + base + plural: short + symbol
    for prefix, short in (("", ""), ("femto", "f"), ("pico", "p"), ("nano", "n"), ("micro", "u"),
                          ("milli", "m"), ("centi", "c"), ("kilo", "k"), ("mega", "M"))
    for base, symbol in (("second", "s"), ("sec", "s"), ("volt", "V"), ("ampere", "A"),
                         ("amp", "A"), ("siemens", "S"), ("farad", "F"), ("ohm", "ohm"),
                         ("hertz", "Hz"), ("meter", "m"), ("metre", "m"), ("molar", "M"),
                         ("mole", "mol"), ("liter", "L"), ("litre", "L"), ("coulomb", "C"),
                         ("kelvin", "K"))
    for plural in ("", "s")
} | {"secs": "s", "msecs": "ms", "usecs": "us", "msec": "ms", "usec": "us", "kilohm": "kohm",
     "megohm": "Mohm", "megohms": "Mohm", "kilohms": "kohm", "percent": "%", "minute": "min",
     "minutes": "min", "hour": "h", "hours": "h"}  # fmt: skip
_SYMBOLS = {*_WHOLE, *_PREFIXABLE, *(p + base for p in _PREFIXES for base in _PREFIXABLE)}
_SHORTEST = 3  # letters of what may be a unit written out, however capitals are used

# How a dimension is called in a message: a unit that has it -> its name.
_CALLED = {
    "ms": "a time", "mV": "a voltage", "uA/cm2": "a current density", "nA": "a current",
    "mS/cm2": "a conductance density", "nS": "a conductance", "uF/cm2": "a capacitance density",
    "nF": "a capacitance", "degC": "a temperature", "um": "a length", "um2": "an area",
    "um3": "a volume", "ohm*cm": "a resistivity", "ohm": "a resistance", "mM": "a concentration",
    "Hz": "a frequency", "nC": "a charge", "nC/cm2": "a charge density", "nmol": "an amount",
    "J": "an energy", "g": "a mass", "mV/ms": "a rate of change of voltage", "1": "a pure number",
    "uA/cm2*sqrt(ms)": "a density of white noise", "nA*sqrt(ms)": "a current of white noise",
}  # fmt: skip

_TOKEN = re.compile(
    r"\s*(?:(?P<name>sqrt(?=\s*\()|[A-Za-zμΩ°%]+|1(?!\d))"
    r"(?:\s*(?:\*\*|\^)\s*(?P<power>\(?[+-]?\d(?:\.\d|/[1-9])?\)?)|(?P<attached>[+-]?\d))?"
    r"|(?P<op>[*/().]))"
)
LONGEST_TEXT = 200
_SMALLEST = Fraction(1, 10**60)


class DimensionError(UnitError):
    """A quantity of another kind than the one that is wanted."""


def parse(unit: str) -> Unit:
    """What a unit's text means.

    Understands SI prefixes (``u``, ``µ``), ``/``, ``per``, ``*``, ``·``, spaces, powers written
    ``cm2``, ``cm^2``, ``cm**2``, ``cm²`` or ``cm-2``, parentheses, ``sqrt(ms)``, and units that
    are written out, ``milliseconds``.

    Raises
    ------
    UnitError
        If the text is not a unit.

    Examples
    --------
    >>> parse("µA/cm²") == parse("uA cm**-2") == parse("microamps per cm2")
    True
    """
    if CONTROL.search(unit):
        raise UnitError(f"the unit {unit!r:.60} has an end of a line or a control character in it")
    text = plain_text(unit)
    if len(text) > LONGEST_TEXT:
        raise UnitError(f"a unit of {len(text)} characters is too long to be one")
    return _parse(text)


@lru_cache(maxsize=512)
def _parse(text: str) -> Unit:
    try:
        # "/ms" is what is left of "1/ms" when its number has been read
        plain = re.sub(r"\bper\b", "/", text)
        unit, rest = _product(_tokens("1" + plain if plain.startswith("/") else plain), text)
    except (OverflowError, ZeroDivisionError, RecursionError):
        raise UnitError(f"{text!r} is not a sensible unit") from None
    if rest:
        raise UnitError(f"the unit {text!r} has a ')' too many")
    if not _SMALLEST < unit.factor < 1 / _SMALLEST:
        raise UnitError(f"{text!r} is not a sensible unit")
    return unit


def spelled(text: str) -> str:
    """A unit's text, by its symbol where it is one unit written out.

    Raises
    ------
    UnitError
        If the text is not a unit.

    Examples
    --------
    >>> spelled("seconds"), spelled("mV"), spelled("MSEC"), spelled("uA/cm2")
    ('s', 'mV', 'ms', 'uA/cm2')
    """
    plain = text.strip()
    parse(plain)
    return plain if plain in _SYMBOLS else _WRITTEN.get(plain.lower(), plain)


def plain_text(text: str) -> str:
    """One spelling for the typographic signs: ², µ, Ω, ℃, · and the true minus."""
    plain = unicodedata.normalize("NFKC", text)
    for sign, spelling in (("−", "-"), ("·", "*"), ("⋅", "*"), ("∙", "*"), ("×", "*")):
        plain = plain.replace(sign, spelling)
    return plain.strip()


def _tokens(text: str) -> list[re.Match[str]]:
    tokens: list[re.Match[str]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise UnitError(
                f'{text!r} is not a unit: {text[at:]!r} cannot be read. Write it as in "uA/cm2"'
            )
        tokens.append(token)
        at = token.end()
    return tokens


def _product(tokens: list[re.Match[str]], text: str) -> tuple[Unit, list[re.Match[str]]]:
    """A product of factors up to a closing parenthesis or the end; and what follows it."""
    result, tokens = _factor(tokens, text)
    divided = False
    while tokens and tokens[0]["op"] != ")":
        operator = tokens[0]["op"] if tokens[0]["op"] in ("*", "/", ".") else ""
        if divided and not operator:
            raise UnitError(
                f"the unit {text!r} can be read in two ways: put what is divided by in "
                'parentheses, as in "mS/(cm2 ms)"'
            )
        factor, tokens = _factor(tokens[1:] if operator else tokens, text)
        divided = operator == "/"
        result = result * (factor ** Fraction(-1) if divided else factor)
    return result, tokens


def _factor(tokens: list[re.Match[str]], text: str) -> tuple[Unit, list[re.Match[str]]]:
    if not tokens:
        raise UnitError(f"the unit {text!r} ends too early")
    token, rest = tokens[0], tokens[1:]
    if token["name"] == "sqrt":
        factor, rest = _factor(rest, text)
        return factor ** Fraction(1, 2), rest
    if token["op"] == "(":
        factor, rest = _product(rest, text)
        if not rest:
            raise UnitError(f"the unit {text!r} lacks a ')'")
        return factor, rest[1:]
    if token["op"]:
        raise UnitError(f"the unit {text!r} has {token['op']!r} where a unit should be")
    power = token["power"] or token["attached"]
    unit = _symbol(token["name"], text)
    return (unit if power is None else unit ** Fraction(power.strip("()"))), rest


def _symbol(symbol: str, text: str) -> Unit:
    """One unit with or without a prefix, or written out; "min" is a minute and "mM" a millimole
    per litre."""
    if symbol in _WHOLE:
        return _WHOLE[symbol]
    if symbol in _PREFIXABLE:
        return _PREFIXABLE[symbol]
    prefix, base = symbol[0], symbol[1:]
    if prefix in _PREFIXES and base in _PREFIXABLE:
        unit = _PREFIXABLE[base]
        return Unit(unit.factor * Fraction(10) ** _PREFIXES[prefix], unit.powers)
    written = _WRITTEN.get(symbol.lower(), symbol)
    if written != symbol and len(symbol) >= _SHORTEST:
        return _symbol(written, text)
    known = [*_PREFIXABLE, *_WHOLE, "ms", "mV", "uA", "nA", "mS", "nS", "uF", "nF", "cm", "um"]
    raise UnitError(f"the unit {symbol!r} in {text!r} is unknown{nearest(symbol, known)}")


def dimension(unit: str) -> tuple[Fraction, ...]:
    """Powers of m, kg, s, A, K and mol: equal for units that convert into each other.

    Raises
    ------
    UnitError
        If the text is not a unit.

    Examples
    --------
    >>> dimension("uA/cm2") == dimension("nA")
    False
    """
    return parse(unit).powers


def convert(value: _T, given: str, wanted: str) -> _T:
    """The same quantity in another unit.

    Parameters
    ----------
    value : float or ndarray
    given, wanted : str
        Units.

    Raises
    ------
    DimensionError
        If the units measure different things.

    Examples
    --------
    >>> convert(10.0, "cm", "um")
    100000.0
    >>> convert(279.45, "K", "degC")
    6.3
    """
    slope, shift = line(given, wanted)
    # one multiplication or division by a whole number where possible: a single rounding
    scaled = value * float(slope.numerator) / float(slope.denominator)
    if not shift:
        return scaled
    # 279.45 - 273.15 is 6.300000000000011: no thermometer has the digits that are dropped
    shifted = np.round(scaled + float(shift), 9)
    return cast(_T, shifted if isinstance(value, np.ndarray) else float(shifted))


def line(given: str, wanted: str) -> tuple[Fraction, Fraction]:
    """slope and shift such that wanted = slope·given + shift, exactly."""
    one, other = parse(given), parse(wanted)
    if one.powers != other.powers:
        raise DimensionError(f"{given!r} is {called(given)}, {wanted!r} {called(wanted)}")
    return one.factor / other.factor, (one.offset - other.offset) / other.factor


def called(unit: str) -> str:
    """What a unit measures, in words.

    >>> called("kV")
    'a voltage'
    """
    powers = dimension(unit)
    for known, name in _CALLED.items():
        if dimension(known) == powers:
            return name
    return "another kind of quantity"
