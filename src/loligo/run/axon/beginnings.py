"""Where a run of axons begins: everywhere alike, or region by region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from loligo.errors import UnitError, UsageError, nearest
from loligo.lanes import Value
from loligo.model import Axon
from loligo.run.begin import initial_values, read_initial
from loligo.run.cells import Initial
from loligo.system.outline import Outline


def labels_of(axon: Axon) -> list[str]:
    """What each region is called in a recording: several may be called alike."""
    return [r.name or r.membrane.name or f"region {i}" for i, r in enumerate(axon.regions, start=1)]


def read_beginning(initial: Any, axon: Axon, outlines: Sequence[Outline]) -> Initial:
    """Where a run begins, from what a person wrote.

    Parameters
    ----------
    outlines
        Of each region.

    Raises
    ------
    LoligoError
        Naming what cannot be, and what to write instead.
    """
    different = list({id(outline): outline for outline in outlines}.values())
    own = _by_region(initial, axon, different)
    if not own:
        begun = _started(axon, ()) if initial is None else _filled(initial, different)
        return read_initial(begun, *different)
    labels = labels_of(axon)
    states = cast(Mapping[Any, Any], initial)
    everywhere = {name: value for name, value in states.items() if name not in own}
    top = read_initial(everywhere or _started(axon, tuple(own)), *different)
    regions: dict[str, Initial] = {}
    for label, given in own.items():
        here = {id(o): o for o, name in zip(outlines, labels, strict=True) if name == label}
        kept = {n: v for n, v in everywhere.items() if any(n in o.states for o in here.values())}
        regions[label] = _of_region(label, kept, given, tuple(here.values()))
    return replace(top, regions=regions)


def _by_region(initial: Any, axon: Axon, outlines: Sequence[Outline]) -> dict[str, Any]:
    """What was said of regions: theirs are mappings, or a name that no state has."""
    if not _is_mapping(initial):
        return {}
    labels, known = labels_of(axon), {n for o in outlines for n in (*o.states, *o.records)}
    given = cast(Mapping[Any, Any], initial)
    own: dict[str, Any] = {
        name: value
        for name, value in given.items()
        if _is_mapping(value) or (name in labels and name not in known)
    }
    for name in own:
        if name not in labels:
            called = list(dict.fromkeys(labels))
            raise UsageError(
                f"initial: the axon has no region {name!r}{nearest(str(name), called)}; its "
                f"regions are {', '.join(map(repr, called))}"
            )
    return own


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _of_region(
    label: str, everywhere: Mapping[Any, Any], given: Any, outlines: tuple[Outline, ...]
) -> Initial:
    if isinstance(given, str) and given == "rest":
        return Initial()
    named = cast(Mapping[Any, Any], given) if _is_mapping(given) else {"V": given}
    together = {**everywhere, **named}
    try:
        return read_initial(together, *outlines) if together else Initial()
    except (UnitError, UsageError) as problem:
        raise type(problem)(f"in the region {label!r}, {problem}") from None


def _started(axon: Axon, but: tuple[str, ...]) -> Any:
    """Where the membranes say that they start, of which one start is made; or rest.

    Parameters
    ----------
    but
        Regions of which something else was said.
    """
    start: dict[str, Value] = {}
    for region, label in zip(axon.regions, labels_of(axon), strict=True):
        for name, value in region.membrane.start.items() if label not in but else ():
            if start.setdefault(name, value) != value:
                raise UsageError(
                    f"initial: the membranes of this axon say different starts for {name}; give "
                    'one, for example initial=-65, or initial="rest"'
                )
    return start or "rest"


def _filled(initial: Any, outlines: Sequence[Outline]) -> Any:
    """A recording, with numbers for states where no membrane has them: they are not read there."""
    if not hasattr(initial, "data_vars"):
        return initial
    everywhere = set(outlines[0].states).intersection(*(outline.states for outline in outlines))
    some = {state for outline in outlines for state in outline.states} - everywhere
    return initial.assign({n: initial[n].fillna(0.0) for n in some if n in initial.data_vars})


def of_region(initial: Initial, label: str, outline: Outline) -> Initial:
    """Where one region begins: what was said of it, or of all that nothing else was said of."""
    mine = initial.regions.get(label, initial)
    states = {name: value for name, value in mine.states.items() if name in outline.states}
    return Initial(mine.voltage, states)


def apart(
    alike: Sequence[tuple[int, ...]], initial: Initial, axon: Axon, outlines: Sequence[Outline]
) -> list[tuple[int, ...]]:
    """Groups of regions, split where different numbers are given."""
    if not initial.regions:
        return list(alike)
    labels, groups = labels_of(axon), dict[tuple[Any, ...], list[int]]()
    for k, regions in enumerate(alike):
        for i in regions:
            mine = of_region(initial, labels[i], outlines[i])
            given = (k, mine.voltage is None, frozenset(mine.states))
            groups.setdefault(given, []).append(i)
    return [tuple(regions) for regions in groups.values()]


def beginning_values(initial: Initial, axon: Axon, outlines: Sequence[Outline]) -> dict[str, Value]:
    """What was given, by its names in :attr:`Problem.lanes`: ``initial.V``, or by region."""
    if not initial.regions:
        return initial_values(initial)
    values: dict[str, Value] = {}
    for i, label in enumerate(labels_of(axon)):
        own = initial_values(of_region(initial, label, outlines[i]))
        values |= {f"region{i}.{name}": value for name, value in own.items()}
    return values
