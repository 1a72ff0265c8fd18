"""From an outline and a solver to the recipe of a program: what its kernel will be known by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from loligo.program import Program
from loligo.program.drive import place
from loligo.program.recipe import Recipe
from loligo.program.scheme import Adaptive, Coupled, Fixed
from loligo.program.sources import Source
from loligo.run.cells import Driven
from loligo.run.problem import Problem, Uncut
from loligo.solvers import Exponential, Reference, Solver, Taylor
from loligo.system.driven import portable
from loligo.system.outline import Outline


def recipes_of(asked: Problem | Uncut, solver: Solver) -> list[Recipe]:
    """One for each group of cells."""
    if isinstance(asked, Uncut):
        along = _ALONG[type(solver)]
        return [
            replace(along(group.outline, group.records), portable=solver.portable)
            for group in asked.groups
        ]
    stimuli = sources(asked.driven)
    return [alone(cells.outline, stimuli, cells.records, solver) for cells in asked.cells]


def sources(driven: tuple[Driven, ...]) -> tuple[Source, ...]:
    """What a program is written for."""
    return tuple(
        Source(kind, each.prefix, name) for each in driven for name, kind in each.inputs.items()
    )


def coupled(outline: Outline, records: tuple[str, ...]) -> Recipe:
    """Of a membrane that is part of an axon; its current comes from outside."""

    def write() -> Program:
        from loligo.program.coupled import cable

        return cable(outline.build(), records)

    return Recipe(Coupled, _key(outline, (), records, {"solver": "coupled"}), write)


def plain(outline: Outline, _: tuple[str, ...] = ()) -> Recipe:
    """For its equations alone: steady states, rates."""

    def write() -> Program:
        from loligo.program.exponential import exponential

        return exponential(outline.build(), (), ())

    return Recipe(Fixed, _key(outline, (), (), {"solver": Exponential.name}), write)


def alone(
    outline: Outline, stimuli: tuple[Source, ...], records: tuple[str, ...], solver: Solver
) -> Recipe:
    """Of independent lanes of a System, to which some stimuli are done.

    In portable mode they are added up in an order of their own, which is that of a browser's slots
    (:func:`loligo.program.drive.place`), and a clamp is no part of the equations while it is off.
    """
    if solver.portable:
        stimuli = tuple(sorted(stimuli, key=lambda source: place(source.kind)))
        outline = portable(outline) if isinstance(solver, Taylor) else outline.portable()
    made = _ALONE[type(solver)](outline, stimuli, records, solver)
    return replace(made, portable=solver.portable)


def _exponential(
    outline: Outline, stimuli: tuple[Source, ...], records: tuple[str, ...], solver: Any
) -> Recipe:
    key = {"solver": solver.name, "precision": solver.precision}
    return Recipe(
        Fixed,
        _key(outline, stimuli, records, key),
        lambda: solver.program(outline.build(), stimuli, records),
        solver.precision,
    )


def _taylor(
    outline: Outline, stimuli: tuple[Source, ...], records: tuple[str, ...], solver: Any
) -> Recipe:
    wide = solver.wide(outline.scales.values())
    key = {"solver": [solver.name, solver.order, wide], "scales": dict(outline.scales)}
    return Recipe(
        Adaptive,
        _key(outline, stimuli, records, key),
        lambda: solver.program(outline.build(), stimuli, records, outline.scales),
    )


def _plain(outline: Outline, *_: Any) -> Recipe:
    return plain(outline)


# the solver -> the recipe of independent lanes, and of a membrane along an axon
_ALONE: Mapping[type[Solver], Callable[..., Recipe]] = {
    Exponential: _exponential,
    Taylor: _taylor,
    Reference: _plain,
}
_ALONG: Mapping[type[Solver], Callable[[Outline, tuple[str, ...]], Recipe]] = {
    Exponential: coupled,
    Reference: plain,
}


def _key(
    outline: Outline, given: tuple[Source, ...], records: tuple[str, ...], key: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        **key,
        "structure": outline.key,
        "sources": [[s.kind, s.prefix, s.sampled, s.into] for s in given],
        "records": records,
    }
