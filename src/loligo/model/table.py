"""Read-only mappings that compare by value and show themselves as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import TypeVar, cast

from loligo.lanes import Labelled, Value

T = TypeVar("T")


class Frozen(Mapping[str, T]):
    """A mapping that cannot change; order counts when two are compared.

    >>> Frozen({"a": 1})["a"]
    1
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, T] | Iterable[tuple[str, T]] = ()) -> None:
        self._items: dict[str, T] = dict(items)

    def __getitem__(self, key: str) -> T:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            theirs = cast(Mapping[object, object], other)
            return [*self._items.items()] == [*theirs.items()]
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)


class Titles(Frozen[str]):
    """Name to title, shown as two columns."""

    def __repr__(self) -> str:
        return columns([[name, title] for name, title in self.items()])

    def _repr_html_(self) -> str:
        return html_table(["name", "model"], [[f"<code>{escape(n)}</code>", escape(t)]
                                              for n, t in self.items()])  # fmt: skip


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text under one another, two blanks between columns.

    >>> print(columns([["C_m", "1"], ["g_Na", "120"]]))
    C_m   1
    g_Na  120
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain HTML table; the cells are HTML already."""
    top = "".join(f"<th style='text-align:left'>{cell}</th>" for cell in head)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{cell}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def show_value(value: Value) -> str:
    """``120``, ``-54.387``; an array by its dimensions and range."""
    return repr(value) if isinstance(value, Labelled) else show_number(value)


def show_number(value: float) -> str:
    """The shortest decimals that give this float back, without a trailing ``.0``."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


_PRINTED = {"uA/cm2": "µA/cm²", "mS/cm2": "mS/cm²", "uF/cm2": "µF/cm²", "degC": "°C", "um": "µm",
            "um2": "µm²", "ohm*cm": "Ω·cm"}  # fmt: skip


def show_unit(unit: str) -> str:
    """A unit as it is printed: ``µA/cm²``."""
    return _PRINTED.get(unit, unit)
