"""Units: the one table, and the one place where quantities are read.

Inside loligo every number is a float in one system of units::

    time           ms           voltage            mV
    current        uA/cm2       conductance        mS/cm2
    capacitance    uF/cm2       temperature        degC
    length         um           area               um2
    resistivity    ohm*cm       concentration      mM
    total current  nA           pure number        1

:func:`read` turns whatever a person wrote (a number, ``"10 uA/cm2"``, a pint
quantity, an array) into floats of that system, and refuses the wrong dimension.
"""

from loligo.units.quantity import has_unit, is_dataarray, read, read_either, read_samples
from loligo.units.unit import DimensionError, Unit, called, convert, dimension, parse, spelled

__all__ = [
    "DimensionError",
    "Unit",
    "called",
    "convert",
    "dimension",
    "has_unit",
    "is_dataarray",
    "parse",
    "read",
    "read_either",
    "read_samples",
    "spelled",
]
