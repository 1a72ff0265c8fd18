"""The numbers of a membrane: each parameter with its unit and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from loligo.lanes import Value
from loligo.model.reading import amount_of, freeze, identifier, label
from loligo.model.table import Frozen, columns, html_table, show_unit, show_value
from loligo.units import read


@dataclass(frozen=True, init=False)
class Parameter:
    """A number that the equations refer to by its symbol.

    Parameters
    ----------
    name
        Its symbol, as in the paper.
    value
        A number in ``unit``, a quantity (``"20 mM"``) or an array.
    unit
        Read and converted to the unit that expressions count in (ms, mV, mM, ...).
    meaning
        A few words for the table.

    Raises
    ------
    ModelError, UnitError, UsageError
        The name cannot be one, or the value is no such quantity.

    Examples
    --------
    >>> Parameter("K_o", "0.02 M", "mM", "potassium outside")
    Parameter(name='K_o', value=20.0, unit='mM', meaning='potassium outside')
    """

    name: str
    value: Value
    unit: str
    meaning: str

    def __init__(self, name: str, value: Any, unit: str | None = None, meaning: str = "") -> None:
        identifier(name, "parameter")
        amount, counted = amount_of(value, unit, name)
        freeze(self, name=name, value=amount, unit=counted, meaning=label(meaning, name))

    @staticmethod
    def known(name: str, value: Value, unit: str, meaning: str) -> Parameter:
        """One of every membrane's own, such as ``C_m``: nothing is left to read or to check."""
        parameter = object.__new__(Parameter)
        freeze(parameter, name=name, value=value, unit=unit, meaning=meaning)
        return parameter

    def valued(self, value: Any) -> Parameter:
        """The same parameter with another value, read in its unit."""
        return Parameter(self.name, read(value, self.unit, self.name), self.unit, self.meaning)


class Parameters(Frozen[Parameter]):
    """Symbol to :class:`Parameter`, shown with values, units and meaning."""

    def __repr__(self) -> str:
        return columns(self._rows())

    def _repr_html_(self) -> str:
        rows = [[escape(cell) for cell in row] for row in self._rows()]
        rows = [[f"<code>{name}</code>", *cells] for name, *cells in rows]
        return html_table(["parameter", "value", "unit", "meaning"], rows)

    def _rows(self) -> list[list[str]]:
        return [
            [p.name, show_value(p.value), "" if p.unit == "1" else show_unit(p.unit), p.meaning]
            for p in self.values()
        ]
