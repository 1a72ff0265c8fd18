"""Where a membrane stands still: its equilibria under a steady current, and whether it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from loligo.errors import UsageError
from loligo.lanes import Floats, Value
from loligo.run.equilibria import Equilibria, equilibria
from loligo.run.steady import Kept
from loligo.theory.patch import Patch
from loligo.units import read, read_either
from loligo.words import say

if TYPE_CHECKING:
    import xarray

_NA_PER_UM2 = 1e5  # 1 nA/um2 in uA/cm2
_CURRENTS = ("uA/cm2", "nA")


def rest(model: Any, current: Any = 0) -> xarray.Dataset:
    """Where a membrane rests under a steady current: all states, currents, conductances.

    Equilibria are looked for between -150 and 100 mV (-1000 and 500 mV under a current), each to
    the last bit of V. It is stable if every eigenvalue of the linearised equations is below 0;
    their derivatives are exact.

    Parameters
    ----------
    model : Membrane
        Its numbers may be arrays: lanes.
    current : current density or total current
        uA/cm2; several are lanes. A total current, as ``"0.1 nA"``, needs the membrane's area.

    Returns
    -------
    xarray.Dataset
        ``V`` (mV), gates and further states, conductances (mS/cm2), currents (uA/cm2) over the
        lanes, at the lowest stable equilibrium or, where none is stable, at the lowest (``stable``
        says which). ``eigenvalue_real`` and ``eigenvalue_imag`` (per ms) over ``mode``, the slowest
        to decay first. ``slope_conductance`` (mS/cm2): that of the steady current against V.
        ``V_equilibria`` and ``stable_equilibria`` over ``equilibrium``: all that there are, by
        rising V, NaN where a lane has fewer. ``attrs["summary"]`` says it in words.

    Raises
    ------
    UsageError
        If it is no membrane.
    UnitError
        If the current is none.

    Examples
    --------
    >>> import loligo as lo
    >>> squid = lo.load("hodgkin-huxley-1952")
    >>> still = lo.rest(squid)
    >>> round(float(still.V), 4), bool(still.stable), round(float(still.G_K), 4)
    (-64.9964, True, 0.3669)
    >>> lo.rest(squid, current=[0, 10]).stable.values.tolist()
    [True, False]
    """
    amount, unit = _current(current)
    patch = Patch.of(model, "rest", current=amount)
    density = patch.lanes.flat("current")
    if unit == "nA":
        if patch.membrane.area is None:
            raise UsageError(
                "current is a total current (nA), but the membrane has no area to spread it over; "
                "give one, model.replace(area=1000) in um2, or the current in uA/cm2"
            )
        density = density * _NA_PER_UM2 / patch.numbers["area"]
    found = equilibria(patch.kernel, patch.numbers, density)
    return _table(patch, found, {"units": unit, "long_name": "steady current"})


def _current(current: Any) -> tuple[Value, str]:
    """The current, and whether it is a density or a total."""
    return read_either(current, _CURRENTS, "current", read)


def _table(patch: Patch, found: Equilibria, given: dict[str, str]) -> xarray.Dataset:
    slopes = patch.jacobian(found.states, found.lane)
    values, stable = _modes(patch, found, slopes)
    count, best = patch.lanes.size, _best(found, stable, patch.lanes.size)
    whole = np.bincount(found.lane, minlength=count)

    def spread(rows: Any) -> Any:
        """Of the equilibrium of each lane; NaN where there is none."""
        laid = np.full((count, *rows.shape[1:]), np.nan, dtype=rows.dtype)
        laid[best >= 0] = rows[best[best >= 0]]
        return laid

    kept = {name: row[found.lane] for name, row in found.kept.items()}
    steady = patch.conductance(slopes, found.states, kept)
    about = patch.outline.about
    variables = {
        name: patch.variable(spread(row), **about[name])
        for name, row in patch.at(found.states, found.lane).items()
    }
    place = np.arange(found.lane.size) - np.searchsorted(found.lane, found.lane)
    table = np.full((count, int(whole.max(initial=0))), np.nan)
    table[found.lane, place] = found.states[0]
    also = np.zeros(table.shape, dtype=bool)
    also[found.lane, place] = stable
    fine = np.zeros(count, dtype=bool)
    fine[best >= 0] = stable[best[best >= 0]]
    rate = {"units": "1/ms"}
    variables |= {
        "stable": patch.variable(fine, long_name="whether it is stable"),
        "eigenvalue_real": patch.variable(
            spread(values.real), "mode", **rate, long_name="eigenvalue, real part"),
        "eigenvalue_imag": patch.variable(
            spread(values.imag), "mode", **rate, long_name="eigenvalue, imaginary part"),
        "slope_conductance": patch.variable(
            spread(steady), units="mS/cm2", long_name="slope of the steady current against V"),
        "V_equilibria": patch.variable(
            table, "equilibrium", units="mV", long_name="V of every equilibrium"),
        "stable_equilibria": patch.variable(
            also, "equilibrium", long_name="whether each is stable"),
    }  # fmt: skip
    words = _summary(patch, found, table, also, fine, spread(values))
    title = patch.membrane.title or patch.membrane.name or "membrane"
    return patch.dataset(variables, {"current": given}, title=f"Rest of {title}", summary=words)


def _modes(patch: Patch, found: Equilibria, slopes: Floats) -> tuple[Any, np.ndarray]:
    """Eigenvalues of each equilibrium, the slowest to decay first, and whether it is stable: what
    the equations keep constant counts for nothing, its eigenvalue is 0."""
    values: Any = (
        np.linalg.eigvals(slopes).astype(complex) if slopes.size else np.zeros((0, 1), complex)
    )
    keep = Kept.of(patch.outline.states, found.kept)
    still = np.zeros(len(values), dtype=int)
    for row, (weights, _) in keep.totals.items():
        still += weights[row][found.lane] != 0.0
    judged = values.real.copy()
    for k in np.flatnonzero(still):
        least = np.argsort(np.abs(values[k]))[: still[k]]
        values[k, least], judged[k, least] = 0.0, -np.inf
    stable = judged.max(axis=1, initial=-np.inf) < 0
    order = np.lexsort((-values.imag, -values.real))
    return np.take_along_axis(values, order, axis=1), stable


def _best(found: Equilibria, stable: np.ndarray, lanes: int) -> np.ndarray:
    """Which equilibrium of each lane is its rest: the lowest stable one, else the lowest; -1 of a
    lane without any."""
    best = np.full(lanes, -1)
    for k in range(found.lane.size - 1, -1, -1):
        best[found.lane[k]] = k
    for k in np.flatnonzero(stable)[::-1]:
        best[found.lane[k]] = k
    return best


# ---- in words


def _summary(
    patch: Patch, found: Equilibria, table: Floats, also: np.ndarray, fine: np.ndarray,
    values: Any,
) -> str:  # fmt: skip
    known = np.isfinite(table)
    if table.shape[0] > 1:
        return _of_many(found, known.any(axis=1), fine, (also & known).sum(axis=1), len(table))
    if not known.any():
        return _nowhere(found)
    V, mode = table[0], values[0]
    if not fine[0]:
        others = (
            say(" (there are {size} equilibria, none of them stable)", size=V.size)
            if V.size > 1
            else ""
        )
        return say(
            "It has no stable rest and may fire by itself: at {V:.6g} mV the currents "
            "balance{others}, but a small push grows{mode}.",
            V=V[0],
            others=others,
            mode=_pace(mode),
        )
    own = V[np.flatnonzero(also[0])[0]]
    said = say("It rests at {own:.6g} mV: a small push decays{mode}.", own=own, mode=_pace(mode))
    rest = [say("{V:.6g} mV (stable)" if ok else "{V:.6g} mV (unstable)", V=v)
            for v, ok in zip(V, also[0], strict=True) if v != own]  # fmt: skip
    return (
        say("{said} It has other equilibria: {rest}.", said=said, rest=", ".join(rest))
        if rest
        else said
    )


def _pace(modes: Any) -> str:
    """How the slowest mode comes or goes, and whether it all swings meanwhile."""
    modes = modes[modes != 0]  # those of what stays constant
    if not modes.size:
        return ""
    slowest = modes[0]
    said = say(" by e in {time:.3g} ms", time=1 / abs(slowest.real)) if slowest.real else ""
    swings = modes[modes.imag > np.abs(modes.real)]  # others are over before they turn
    if not swings.size:
        return said
    rate = say("swinging at {rate:.3g} Hz", rate=swings[0].imag / (2 * np.pi) * 1e3)
    if swings[0].real == slowest.real:
        return f"{said}, {rate}"
    return say(
        "{said}, and {rate} for the first {time:.3g} ms",
        said=said,
        rate=rate,
        time=1 / abs(swings[0].real),
    )


def _nowhere(found: Equilibria) -> str:
    low, high = found.between
    if found.why is None:
        return say(
            "The currents balance nowhere between {low:g} and {high:g} mV: it has no rest there.",
            low=low,
            high=high,
        )
    told = found.why.partition("; give")[0]  # what helps a run
    return f"{told[0].upper()}{told[1:]}."


def _of_many(found: Equilibria, any_: Any, fine: np.ndarray, stable: np.ndarray, lanes: int) -> str:
    said = [say("{count} of {lanes} lanes have a stable rest", count=int(fine.sum()), lanes=lanes)]
    unstable = int((any_ & ~fine).sum())
    if unstable:
        said += [
            say(
                "{count} an unstable equilibrium alone (they may fire by themselves)",
                count=unstable,
            )
        ]
    none = int((~any_).sum())
    if none:
        low, high = found.between
        said += [
            say(
                "{count} no equilibrium between {low:g} and {high:g} mV",
                count=none, low=low, high=high,
            )
        ]  # fmt: skip
    several = int((stable > 1).sum())
    more = (
        say(" {several} have several stable ones, of which the lowest is taken.", several=several)
        if several
        else ""
    )
    return f"{'; '.join(said)}.{more}"
