"""A model on one page: what it has, what can be asked, and what a step of it costs."""

from __future__ import annotations

from itertools import groupby

from loligo.explanation.page import Explanation, Part, Stage
from loligo.explanation.subject import Subject
from loligo.model.table import columns, show_unit, show_value
from loligo.program.cost import Cost, costs
from loligo.program.moves import groups_of
from loligo.solvers import Solver, Taylor

_PIPELINE = (
    "Model  ──►  System  ──►  Program  ──►  Kernel  ──►  Recording",
    "paper       ODEs         one step      machine      labelled",
    "text        (SymPy)      (arithmetic)  code         arrays",
)
# what a column of the table adds up, in a width that a terminal has
_HEADS = {"+ − ×": ("product", "sum", "multiply-add"), "÷": ("division",),
          "function": ("function",), "other": ("other",)}  # fmt: skip


def count(asked: Subject, tolerance: float) -> list[Cost]:
    """The operations of a step, after each pass."""
    told, solver = asked.outline, Taylor(tolerance)
    wide = solver.wide(told.scales.values())
    return costs(asked.system, asked.stimulus, told.scales, solver.order, wide)


def overview(asked: Subject, solvers: tuple[Solver, ...]) -> Explanation:
    """All that can be said without a name."""
    stages = (
        Stage("The stages", (Part("Every equation goes the same way:", _PIPELINE),)),
        _names(asked),
        _parameters(asked),
        _operations(asked, solvers),
    )
    membrane = asked.membrane
    heading = membrane.title or asked.title
    return Explanation(f"{heading}: from the paper to the processor", stages)


def _names(asked: Subject) -> Stage:
    about, rest = asked.outline.about, asked.rest

    def row(name: str) -> list[str]:
        value = "" if rest is None else f"{float(values[name]):.4g}"
        return [name, value, show_unit(about[name]["units"]), about[name]["long_name"]]

    states = asked.system.states
    others = [name for name in asked.names if name not in states]
    values = {} if rest is None else {
        **rest.numbers, **asked.values({n: asked.system.observables[n] for n in others},
                                       rest.numbers),
    }  # fmt: skip
    where = "" if rest is None else f"; the numbers are {rest.where}"
    order = ", then ".join(" and ".join(group) for group in groups_of(asked.system))
    first = f"States, which have a differential equation each{where}:"
    last = "Computed from them at every instant:"
    how = f"A step of Exponential moves {order}; Taylor expands all together."
    parts = [Part(first, _columns([row(name) for name in states])), Part(how)]
    if others:
        parts.append(Part(last, _columns([row(name) for name in others])))
    channels = ", ".join(channel.name for channel in asked.membrane.channels)
    ask = f"Ask for any of them by name, or for a channel ({channels}), which is its current: "
    parts.append(Part(ask + f'lo.explain(model, "{states[min(1, len(states) - 1)]}").'))
    return Stage("What can be explained", tuple(parts))


def _columns(rows: list[list[str]]) -> tuple[str, ...]:
    return tuple(columns(rows).splitlines())


def _parameters(asked: Subject) -> Stage:
    every = asked.membrane.parameters.values()
    rows = [[p.name, show_value(p.value), show_unit(p.unit), p.meaning] for p in every]
    text = "Numbers that are read when a run begins, and never part of the machine code:"
    return Stage("Its parameters", (Part(text, _columns(rows)),))


def _operations(asked: Subject, solvers: tuple[Solver, ...]) -> Stage:
    tolerance = next((s.tolerance for s in solvers if isinstance(s, Taylor)), 1e-8)
    kinds = {solver.name for solver in solvers}
    parts = [
        Part(f"{title}, operations of one step after each pass:", _table(list(rows)))
        for title, rows in groupby(count(asked, tolerance), key=lambda row: row.solver)
        if title.split(",")[0] in kinds
    ]
    text = (
        "÷ is divisions and square roots. Functions are exp and its kin, which take some ten of "
        "the others each. Two operations in float32 count as one. What depends on parameters "
        "alone is done once a lane."
    )
    return Stage("What a step costs", (*parts, Part(text)))


def _table(rows: list[Cost]) -> tuple[str, ...]:
    lines = [["", "total", *_HEADS, "float32", "once"]]
    for row in rows:
        sums = [sum(row.counts[kind] for kind in kinds) for kinds in _HEADS.values()]
        lines.append([row.transformation, *map(str, (row.total, *sums, row.narrow, row.once))])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return tuple(
        "  ".join([line[0].ljust(widths[0]),
                   *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )  # fmt: skip
