"""Stages 4 and 5: the program of a step, what each pass changed in it, and its machine code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from loligo.engine.numpy.kernel import evaluate
from loligo.explanation.page import Part, Stage
from loligo.explanation.slices import POINTS, Slice, Slicer
from loligo.explanation.steps import sides
from loligo.explanation.subject import Subject
from loligo.program import exponential, taylor
from loligo.program.arithmetic import Assignment, Block
from loligo.program.cost import COLUMNS
from loligo.program.moves import groups_of
from loligo.program.passes.pipeline import Draft, stages
from loligo.program.program import coefficient
from loligo.program.readable import backwards
from loligo.solvers import Exponential, Solver, Taylor

_MOST = 40  # lines of a program
_CHANGES = 6  # lines of what a pass changed
_CODE = 16  # instructions
_HIGHEST = 2  # order of the coefficients whose lines are shown


@dataclass(frozen=True)
class Made:
    """A program's part in one name.

    Attributes
    ----------
    passes
        (name, what there is after it), "as written" first.
    code
        What machine code is shown of.
    text
        Which block it is of, and what its inputs are.
    larger
        Passes after which there is more than was asked for before.
    """

    passes: tuple[tuple[str, Slice], ...]
    code: Block
    text: str
    larger: tuple[str, ...] = ()

    @property
    def final(self) -> Slice:
        """After all passes."""
        return self.passes[-1][1]


def made_of(asked: Subject, name: str, solver: Solver, brief: bool = False) -> Made:
    """A solver's program for a name, whole."""
    return _MADE[type(solver)](asked, name, solver, brief)


def program(asked: Subject, name: str, solvers: tuple[Solver, ...]) -> Stage:
    """The assignments, one a line, and what became of them on the way."""
    parts: list[Part] = []
    for solver in solvers:
        brief = len(solvers) > 1 and isinstance(solver, Taylor)
        parts += _told(made_of(asked, name, solver, brief), solver, brief)
    return Stage("4  The program", tuple(parts))


def machine(asked: Subject, name: str, solver: Solver) -> Stage:
    """The first instructions that the processor gets."""
    title = "5  The machine code"
    made = made_of(asked, name, solver)
    if getattr(solver, "engine", "") == "numpy":
        text = "With engine='numpy' there is none: every line above is one call of NumPy."
        return Stage(title, (Part(text),))
    try:
        from loligo.engine.llvm.listing import listing
    except ImportError:
        text = "llvmlite, which makes it, is not installed here; engine='numpy' runs without."
        return Stage(title, (Part(text),))
    if not made.code.count():
        return Stage(title, (Part("Nothing is left to be computed in a step."),))
    shown = listing(made.code, "step")
    width = max(len(row) for row, _ in shown.lines[:_CODE])
    rows = [f"{row:<{width}}  # {words}".rstrip(" #") for row, words in shown.lines[:_CODE]]
    left = len(shown.lines) - _CODE
    rows += [f"… and {left} more"] if left > 0 else []
    functions = any(COLUMNS.get(op) == "function" for op in made.code.count())
    more = ": an exponential is a polynomial here, a dozen instructions" if functions else ""
    single = getattr(solver, "precision", "") == "float32"
    text = (
        f"For this processor, {shown.processor}, LLVM makes instructions of these lines; each "
        f"works on {shown.lanes} cells at once. {shown.before} come before the loop over the cells "
        f"(numbers are put into registers), {len(shown.lines)} are in it{more}. The loop begins:"
    )
    note = (Part("In float32 each works on twice as many cells."),) if single else ()
    return Stage(title, (Part(text, tuple(rows)), *note))


def _told(made: Made, solver: Solver, brief: bool) -> list[Part]:
    final = made.final
    parts = [Part(f"{solver!r}: {made.text}", _cut(final.lines))]
    if final.once:
        text = "Once a lane, before the first step, as it depends on parameters alone:"
        parts.append(Part(text, _cut(final.once)))
    used = [op for op in _SPECIAL if any(f"{op}(" in line for line in (*final.lines, *final.once))]
    if used:
        text = "The functions in it: " + "; ".join(_SPECIAL[op] for op in used) + "."
        parts.append(Part(text))
    if len(made.passes) == 1:
        return parts
    if brief:
        counts = ", ".join(f"{name}: {cut.count}" for name, cut in made.passes)
        text = f"Operations for this, {counts}. More with {type(solver).__name__} as the solver."
        return [*parts, Part(text)]
    first = made.passes[0][1]
    text = f"As written there were {first.count} operations. What the passes made of them:"
    return [*parts, Part(text), *_changed(made)]


def _changed(made: Made) -> Iterable[Part]:
    """Pass by pass, the lines that differ."""
    idle: list[str] = []
    for (_, before), (name, after) in pairwise(made.passes):
        gone, new = before.changes(after)
        if not gone and not new and before.count == after.count:
            idle.append(name)
            continue
        once = f", and {after.count_once} once a lane" if after.count_once else ""
        few = _CHANGES // 2
        rows = [*(f"- {line}" for line in gone[:few]), *(f"+ {line}" for line in new[:few])]
        more = len(gone) + len(new) - len(rows)
        rows += [f"… and {more} more line{'s' if more > 1 else ''}"] if more else []
        dearer = after.count > before.count and name not in made.larger
        why = "; more for this name, but cheaper for the whole step" if dearer else ""
        yield Part(f"{name}: {before.count} → {after.count} operations{once}{why}", tuple(rows))
    if idle:
        yield Part(f"Nothing to do here: {', '.join(idle)}.")


def _cut(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len(lines) <= _MOST:
        return lines
    half = _MOST // 2
    return (*lines[:half], f"… {len(lines) - _MOST} lines between …", *lines[-half:])


_SPECIAL = {
    "bernoulli": "bernoulli(z) = z/(exp(z) − 1) = 1/exprel(z)",
    "bernoulli2": "bernoulli2(x) = x/(2**x − 1)",
    "exp2": "exp2(x) = 2**x",
    "exprel": "exprel(z) = (exp(z) − 1)/z",
    "decay": "decay(z) is exprel(z), made for small z below 0",
    "exprel2": "exprel2(z) = (exp(z) − 1 − z)/z**2",
    "less_one": "less_one(exp(z), z) = exp(z) − 1, exact near z = 0",
    "ratio": "ratio(a, b) = a/b",
}


# ---------------------------------------------------------------------------- exponential


def _exponential(asked: Subject, name: str, solver: Exponential, _: bool) -> Made:
    system = asked.system
    state = name in system.derivatives
    block = "step" if state else "sample"
    records = () if state else (*system.states, name)
    written = exponential.draft(
        system, asked.stimulus, records, solver.precision if state else "float64", shared=False
    )
    others = {other: f"{other}_new" if state else other for other in system.states if other != name}
    output = {name: f"{name}_new" if state else name}
    slicer = Slicer(asked, _words(asked, name) if state else None)

    def cut(draft: Draft) -> Slice:
        return slicer.cut(draft.blocks[block], output, others, draft.blocks.get("prepare"))

    drafts = list(stages(written, exponential.PASSES))
    cut(drafts[-1][1])  # so that its names come first
    made = tuple((each, cut(draft)) for each, draft in drafts)
    final = made[-1][1]
    text = (
        f"the block 'step', {final.count} operations (signs count) for {name}. "
        + _moved(asked, name, final.lines)
        if state else
        f"the block 'sample', {final.count} operations (signs count) for {name}; the states are "
        "those at the time of the sample."
    )  # fmt: skip
    return Made(made, final.block, text)


def _span(asked: Subject, name: str) -> tuple[str, str, float]:
    """How long a state's move is: in a word, and as a multiple of an input."""
    groups = groups_of(asked.system)
    if name == "V":
        return "dt", ".dt", 1.0
    return ("stride", ".stride", 1.0) if name in groups[0] else ("half", ".dt", 0.5)


def _moved(asked: Subject, name: str, lines: tuple[str, ...]) -> str:
    """What is what in the lines of a move."""
    word, _, _ = _span(asked, name)
    length = "dt/2" if word == "half" else word
    means = {
        f"{word}_f": f"{length} f",
        f"{word}_slope": f"{length} ∂f/∂{name}",
        f"{word}_gain": f"{length} times what is left of f where {name} is 0",
    }
    told = [f"{name}_new is {name} one step on"]
    told += [f"{w} is {meant}" for w, meant in means.items() if any(w in x for x in lines)]
    others = [s for s in asked.system.states if any(f"{s}_new" in x for x in lines) and s != name]
    told += [f"{others[0]}_new and the like have moved already"] if others else []
    return "; ".join(told) + "."


def _words(asked: Subject, name: str) -> Mapping[str, Any]:
    """What the parts of a move are called."""
    system = asked.system
    inputs = asked.points(POINTS)
    own = {"f": system.derivatives[name], "slope": system.slope(name)}
    exchange = system.exchange(name)
    if exchange is not None:
        own["gain"] = exchange[0]
    values = asked.values(own, inputs)
    word, given, share = _span(asked, name)
    moved = {f"{word}_{key}": share * inputs[given] * number for key, number in values.items()}
    return {f"d{name}_dt": values["f"], **moved}


# ---------------------------------------------------------------------------- taylor


def _taylor(asked: Subject, name: str, solver: Taylor, brief: bool) -> Made:
    made = solver.program(asked.system, asked.stimulus, (name,), asked.outline.scales)
    slicer = Slicer(asked)
    prepared = evaluate(made.blocks["prepare"], slicer.inputs)
    slicer.inputs |= sides(made, {**slicer.inputs, **prepared})
    highest = 1 if brief else _HIGHEST
    if name not in asked.system.derivatives:
        final = slicer.cut(made.blocks["sample"], {name: name}, {}, made.blocks["prepare"])
        text = f"the block 'sample', {final.count} operations (signs count) for {name}."
        return Made((("all passes", final),), final.block, text)
    outputs = {coefficient(name, k): coefficient(name, k) for k in range(1, highest + 1)}
    stops = {coefficient(other, 1): coefficient(other, 1)
             for other in asked.system.states if other != name}  # fmt: skip
    series, prepare = made.blocks["series"], made.blocks["prepare"]
    final = slicer.cut(series, outputs, stops, prepare)
    written = taylor.written(asked.system, asked.stimulus, solver.order)
    passes = [
        (each, slicer.cut(equations.block, {name: f"{name}[1]"}, {}))
        for each, equations in stages(written, taylor.EQUATIONS)
    ]
    shown = " and ".join(outputs)
    passes.append((f"expanded to {shown}, with all further passes", final))
    others = f"; {next(iter(stops), '')} and the like are those of other states"
    text = (
        f"the block 'series', {final.count} operations (signs count) for {shown}. {name}[1] is f"
        f"{others if stops and highest > 1 else ''}."
    )
    code = _widened(backwards(series, tuple(outputs), {}))
    return Made(tuple(passes), code, text, larger=(passes[-1][0],))


def _widened(block: Block) -> Block:
    """The same with results in float64, whatever they were computed in."""
    from loligo.program.arithmetic import narrowness

    rows, narrow = list(block.assignments), narrowness(block)
    outputs: list[tuple[str, int]] = []
    for name, index in block.outputs:
        place = index
        if narrow[index]:
            rows.append(Assignment("widen", (index,)))
            place = len(rows) - 1
        outputs.append((name, place))
    return Block(tuple(rows), tuple(outputs))


_MADE: Mapping[type[Solver], Callable[[Subject, str, Any, bool], Made]] = {
    Exponential: _exponential,
    Taylor: _taylor,
}
