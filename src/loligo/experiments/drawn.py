"""What a chart draws of a bifurcation diagram: lines, stable ones full, unstable ones dashed, and
the special points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.experiments.found import told
from loligo.experiments.plan import Panel

if TYPE_CHECKING:
    import xarray


_NEEDED = {
    "equilibria": ("V", "stable"),
    "special": ("kind", "V"),
    "cycles": ("V_max", "V_min", "frequency", "stable"),
}


def panels(
    name: str, cycles: bool, unstable: bool = True, plane: bool = False
) -> tuple[Panel, ...]:  # fmt: skip
    """How it is drawn: V across what is varied, the frequency of cycles beside it; of two states
    also the plane of both."""
    stable, dashed = ("stable_V",), ("unstable_V",)
    points = ("hopf_V", "fold_V")
    if not cycles:
        return (Panel(stable, theory=dashed, across=name, points=points, line=True),)
    both = Panel(
        (*stable, "stable_V_max", "stable_V_min"),
        theory=(*dashed, "unstable_V_max", "unstable_V_min"), across=name,
        points=(*points, "fold_V_max", "doubling_V_max", "endless_V_max"),
        heading="Equilibria and cycles", weight=2.5, line=True,
    )  # fmt: skip
    slow = ("unstable_frequency",) if unstable else ()
    beside = Panel(("stable_frequency",), theory=slow, across="cycle", line=True)
    on_plane = Panel(
        ("stable_rest", "stable_orbit"), theory=("unstable_rest", "unstable_orbit"),
        points=("hopf_rest", "fold_rest"), weight=2.0, line=True,
        spare=True,
    )  # fmt: skip
    return (both, beside, on_plane) if plane else (both, beside)


def drawn(tree: xarray.DataTree) -> xarray.Dataset:
    """One table of what is drawn.

    Raises
    ------
    UsageError
        If the tree is no diagram.
    """
    import xarray as xr

    name = str(tree.attrs.get("varied", ""))
    lacking = [
        f"{node}.{needed}" if needed else "what was varied"
        for node, every in _NEEDED.items() if node in tree.children or node != "cycles"
        for needed in (name, *every)
        if node not in tree.children or needed not in tree[node].variables
    ]  # fmt: skip
    if lacking:
        raise UsageError(
            "of several tables lo.plot draws those of lo.experiments.bifurcation; these lack "
            f"{lacking[0]}"
        )
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
        if "orbits" in nodes:
            for made, places in (_on_plane(nodes), _loops(nodes["orbits"])):
                variables |= made
                coords |= places
        return xr.Dataset(variables, coords, tree.attrs)
    except ValueError as error:
        raise UsageError(
            f"these tables of a bifurcation diagram do not fit together: {error}"
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
    high, low = (
        [_padded(row) for row in _where(table[name].values, stable)] for name in ("V_max", "V_min")
    )
    return made | {
        "stable_V_max": ("cycle", high[0], told(
            "mV", "highest V of a stable cycle", label="cycles, highest V")),
        "stable_V_min": ("cycle", low[0], told(
            "mV", "lowest V of a stable cycle", label="cycles, lowest V")),
        "unstable_V_max": ("cycle", high[1], told(
            "mV", "highest V of an unstable cycle", label="unstable")),
        "unstable_V_min": ("cycle", low[1], told(
            "mV", "lowest V of an unstable cycle", label="unstable")),
    }  # fmt: skip


def _of_special(table: xarray.Dataset) -> dict[str, Any]:
    from loligo.theory.diagram import FOLD, HOPF  # with SymPy, which figures do without
    from loligo.theory.orbits import DOUBLING, HOMOCLINIC, ON_CYCLE
    from loligo.theory.orbits import FOLD as OF_CYCLES

    kinds, V = table["kind"].values, table["V"].values

    def where(*every: str) -> np.ndarray:
        return np.where(np.isin(kinds, every), V, np.nan)

    return {
        "hopf_V": ("special", where(HOPF), told(
            "mV", "membrane potential at a Hopf point", label="Hopf point")),
        "fold_V": ("special", where(FOLD), told(
            "mV", "membrane potential at a fold", label="fold")),
        "fold_V_max": ("special", where(OF_CYCLES), told(
            "mV", "highest V at a fold of cycles", label="fold of cycles")),
        "doubling_V_max": ("special", where(DOUBLING), told(
            "mV", "highest V where the period doubles", label="period doubling")),
        "endless_V_max": ("special", where(HOMOCLINIC, ON_CYCLE), told(
            "mV", "highest V where the period grows without end", label="period without end")),
    }  # fmt: skip


def _on_plane(nodes: dict[str, xarray.Dataset]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Equilibria where the two states are across and upwards, and special points of them."""
    from loligo.theory.diagram import FOLD, HOPF

    rest, special = nodes["equilibria"], nodes["special"]
    other = _other(nodes["orbits"])
    about = rest[other].attrs
    full, dashed = _where(rest[other].values, rest["stable"].values == 1)
    name = str(next(each for each in special.coords))
    at = np.stack([rest["V"].values, rest[name].values], axis=1)
    found = np.stack([special["V"].values, special[name].values], axis=1)
    which = [np.flatnonzero((at == row).all(axis=1)) for row in found]
    up = np.array([rest[other].values[k[0]] if k.size else np.nan for k in which])
    kinds = special["kind"].values

    def row(values: np.ndarray, label: str) -> tuple[str, np.ndarray, dict[str, Any]]:
        return ("rest_V", values, told(about["units"], about["long_name"], label=label))

    def points(kind: str, label: str) -> tuple[str, np.ndarray, dict[str, Any]]:
        values = np.where(kinds == kind, up, np.nan)
        return ("special_V", values, told(about["units"], about["long_name"], label=label))

    return {
        "stable_rest": row(full, "stable"), "unstable_rest": row(dashed, "unstable"),
        "hopf_rest": points(HOPF, "Hopf point"), "fold_rest": points(FOLD, "fold"),
    }, {
        "rest_V": ("rest_V", rest["V"].values, rest["V"].attrs),
        "special_V": ("special_V", special["V"].values, rest["V"].attrs),
    }  # fmt: skip


def _loops(table: xarray.Dataset) -> tuple[dict[str, Any], dict[str, Any]]:
    """Cycles on the plane, one after the other."""
    other = _other(table)
    about = table[other].attrs
    stable = table["stable"].values == 1
    gap = np.full((stable.size, 1), np.nan)
    x, y = (np.hstack([table[name].values, gap]) for name in ("V", other))

    def loops(which: np.ndarray, label: str) -> tuple[str, np.ndarray, dict[str, Any]]:
        values = np.where(which[:, None], y, np.nan).ravel()
        return ("orbit_V", values, told(about["units"], about["long_name"], label=label))

    return {
        "stable_orbit": loops(stable, "cycles"), "unstable_orbit": loops(~stable, "unstable"),
    }, {"orbit_V": ("orbit_V", x.ravel(), table["V"].attrs)}  # fmt: skip


def _other(table: xarray.Dataset) -> str:
    """The state that is not V."""
    return next(str(name) for name in table.data_vars if name not in ("V", "stable", "period"))


def _where(V: np.ndarray, stable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where it is stable, up to the points that no longer are; where it is not."""
    reached = stable.copy()
    reached[:-1] |= stable[1:]
    reached[1:] |= stable[:-1]
    return np.where(reached, V, np.nan), np.where(stable, np.nan, V)


def _padded(row: np.ndarray) -> np.ndarray:
    return np.concatenate([[np.nan], row, [np.nan]])
