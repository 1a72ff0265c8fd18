"""What a chart draws of a bifurcation diagram: lines, stable ones full, unstable ones dashed, and
the special points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.found import told
from loligo.experiments.plan import Panel
from loligo.theory.diagram import FOLD, HOPF
from loligo.theory.orbits import FOLD as OF_CYCLES

if TYPE_CHECKING:
    import xarray

_LABELS = {HOPF: "Hopf point", FOLD: "fold", OF_CYCLES: "fold of cycles"}
_NAMES = {HOPF: "hopf_V", FOLD: "fold_V", OF_CYCLES: "fold_V_max"}


def panels(name: str, cycles: bool, unstable: bool = True) -> tuple[Panel, ...]:
    """How it is drawn: V across what is varied, the frequency of cycles beside it."""
    stable, dashed = ("stable_V",), ("unstable_V",)
    points = ("hopf_V", "fold_V")
    if not cycles:
        return (Panel(stable, theory=dashed, across=name, points=points),)
    both = Panel(
        (*stable, "stable_V_max", "stable_V_min"),
        theory=(*dashed, "unstable_V_max", "unstable_V_min"), across=name,
        points=(*points, "fold_V_max"), heading="Equilibria and cycles", weight=2.5,
    )  # fmt: skip
    slow = ("unstable_frequency",) if unstable else ()
    return both, Panel(("stable_frequency",), theory=slow, across="cycle")


def drawn(tree: xarray.DataTree) -> xarray.Dataset:
    """One table of what is drawn.

    Raises
    ------
    UsageError
        If the tree is no diagram.
    """
    import xarray as xr

    name = str(tree.attrs.get("varied", ""))
    try:
        nodes = {key: node.to_dataset() for key, node in tree.children.items()}
        variables = _of_equilibria(nodes["equilibria"]) | _of_special(nodes["special"])
        about = nodes["equilibria"][name].attrs
        coords: dict[str, Any] = {
            name: ("point", nodes["equilibria"][name].values, about),
            "special": ("special", nodes["special"][name].values, about),
        }
        if "cycles" in nodes:
            variables |= _of_cycles(nodes["cycles"])
            ends = nodes["equilibria"][name].values[[0, -1]]  # one axis serves both panels
            row = np.concatenate([ends[:1], nodes["cycles"][name].values, ends[1:]])
            coords["cycle"] = ("cycle", row, about)
        return xr.Dataset(variables, coords, tree.attrs)
    except (KeyError, ValueError) as error:
        raise UsageError(
            "of several tables lo.plot draws those of lo.experiments.bifurcation; these lack "
            f"{error}"
        ) from None


def _of_equilibria(table: xarray.Dataset) -> dict[str, Any]:
    full, dashed = _where(table["V"].values, table["stable"].values == 1)
    return {
        "stable_V": ("point", full, told(
            "mV", "membrane potential", label="stable")),
        "unstable_V": ("point", dashed, told(
            "mV", "membrane potential of an unstable equilibrium", label="unstable")),
    }  # fmt: skip


def _of_cycles(table: xarray.Dataset) -> dict[str, Any]:
    stable = table["stable"].values == 1
    full, dashed = (_padded(row) for row in _where(table["frequency"].values, stable))
    made: dict[str, Any] = {
        "stable_frequency": ("cycle", full, told(
            "Hz", "frequency", label="stable")),
        "unstable_frequency": ("cycle", dashed, told(
            "Hz", "frequency of an unstable cycle", label="unstable")),
    }  # fmt: skip
    for side, word in (("max", "highest"), ("min", "lowest")):
        full, dashed = (_padded(row) for row in _where(table[f"V_{side}"].values, stable))
        made[f"stable_V_{side}"] = ("cycle", full, told(
            "mV", f"{word} V of a stable cycle", label=f"cycles, {word} V"))  # fmt: skip
        made[f"unstable_V_{side}"] = ("cycle", dashed, told(
            "mV", f"{word} V of an unstable cycle", label="unstable"))  # fmt: skip
    return made


def _of_special(table: xarray.Dataset) -> dict[str, Any]:
    kinds, V = table["kind"].values, table["V"].values
    long = {HOPF: "membrane potential at a Hopf point", FOLD: "membrane potential at a fold",
            OF_CYCLES: "highest V at a fold of cycles"}  # fmt: skip
    return {
        name: ("special", np.where(kinds == kind, V, np.nan), told(
            "mV", long[kind], label=_LABELS[kind]))
        for kind, name in _NAMES.items()
    }  # fmt: skip


def _where(V: np.ndarray, stable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where it is stable, up to the points that no longer are; where it is not."""
    reached = stable.copy()
    reached[:-1] |= stable[1:]
    reached[1:] |= stable[:-1]
    return np.where(reached, V, np.nan), np.where(stable, np.nan, V)


def _padded(row: np.ndarray) -> np.ndarray:
    return np.concatenate([[np.nan], row, [np.nan]])
