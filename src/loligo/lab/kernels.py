"""A membrane's kernels for a browser: loligo's own loops as WebAssembly, and what a page must know.

A page cannot compile. So its kernels hold a fixed row of *slots* for what is done to the membrane,
and a slot that is empty (its amplitude 0, its start never) changes no bit: what is added is 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import loligo
from loligo.engine.kernel import COUNTERS, DIVERGED, GRAIN, RE_ARM, STIFF
from loligo.engine.swings import KEPT, SWING
from loligo.engine.switches import CLOCK, rows
from loligo.errors import UsageError
from loligo.lanes import Labelled, Value
from loligo.model import Membrane
from loligo.program import Program
from loligo.program.drive import ARITHMETIC
from loligo.program.recipe import Recipe
from loligo.program.sources import Source
from loligo.program.term import EDGE_TOLERANCE, ROUNDED
from loligo.run.balance import HIGHEST, LOWEST, SPACING
from loligo.run.recipes import alone, coupled
from loligo.solvers import Exponential, Taylor
from loligo.system.driven import BEGINS, COMMAND, ON, SLOPE, driven
from loligo.system.outline import V_SCALE, Outline, outline_of

VERSION = 1  # of the manifest
# In the order in which a kernel adds them up: what is done -> how many there may be at once.
SLOTS: Mapping[str, int] = {
    "pulse": 8, "pulse_train": 2, "ramp": 1, "sine": 1, "chirp": 1, "noise": 1, "clamp": 6,
}  # fmt: skip
SOLVERS = (Taylor(portable=True), Exponential(portable=True))
# The blocks that a page calls by themselves. Where a membrane rests is found by those of one
# solver; the solve that joins an axon's compartments is the page's own.
MAPS: Mapping[type[Taylor | Exponential], Sequence[str]] = {
    Taylor: ("prepare", "relax", "derivative", "edge"), Exponential: ("prepare",),
}  # fmt: skip
CABLE = ("prepare", "offer", "settle")
_CLAMP = {ON: "window", COMMAND: "ramp_command", SLOPE: "command_slope"}


class BrowserKernel(NamedTuple):
    """What a page is given.

    Attributes
    ----------
    wasm
        WebAssembly modules, one behind the other.
    manifest
        All that a page must know of them and of the model, JSON-able.
    """

    wasm: bytes
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Slot:
    """A place for one thing that is done: its numbers in a kernel are called ``PREFIX.start``, …"""

    kind: str
    prefix: str

    @property
    def inputs(self) -> Mapping[str, str]:
        """What it adds to -> how."""
        if self.kind == "clamp":
            return {**_CLAMP, f"{BEGINS}{self.prefix}": "begins"}
        return {"I_stim": self.kind}

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(Source(kind, self.prefix, name) for name, kind in self.inputs.items())

    @property
    def parameters(self) -> list[str]:
        """Its numbers."""
        every = (name for kind in self.inputs.values() for name in ARITHMETIC[kind].parameters)
        return list(dict.fromkeys(every))


def slots_of(row: Mapping[str, int]) -> tuple[Slot, ...]:
    """So many of each kind."""
    kinds = [kind for kind, count in row.items() for _ in range(count)]
    return tuple(Slot(kind, f"stimulus{k}") for k, kind in enumerate(kinds))


def browser_kernel(
    membrane: Membrane, solvers: Sequence[Taylor | Exponential] = SOLVERS,
    slots: Mapping[str, int] = SLOTS,
) -> BrowserKernel:  # fmt: skip
    """A membrane's kernels for a browser.

    Parameters
    ----------
    membrane
        Each of its numbers one number.
    solvers
        What its equations are solved with: a kernel for each.
    slots
        What may be done to it, and how much of it at once. Under fixed steps V is not held.

    Raises
    ------
    UsageError
        If one of its numbers is an array.

    Examples
    --------
    >>> import loligo as lo
    >>> kernel = browser_kernel(lo.load("hodgkin-huxley-1952"))
    >>> kernel.wasm[:4], [state["symbol"] for state in kernel.manifest["states"]]
    (b'\\x00asm', ['V', 'm', 'h', 'n'])
    """
    _refuse_arrays(membrane)
    free = outline_of(membrane)
    # first, where what it has in common with the next lies within a packer's reach
    program, codes = _compiled(replace(coupled(free, ()), portable=True), CABLE)
    cable = {"bytes": [0, len(codes)], **_blocks(program, CABLE)}
    kernels: dict[str, dict[str, Any]] = {}
    observed = free
    for solver in solvers:
        row = slots_of(slots if isinstance(solver, Taylor) else _unclamped(slots))
        outline = driven(free, [name for slot in row for name in slot.inputs])
        stimuli = tuple(source for slot in row for source in slot.sources)
        program, code = _compiled(
            alone(outline, stimuli, outline.records, solver), MAPS[type(solver)], loop=True
        )
        kernels[type(solver).__name__] = {
            "bytes": [len(codes), len(codes) + len(code)], **_kernel(program, solver, row),
        }  # fmt: skip
        codes += code
        observed = outline if len(outline.records) > len(observed.records) else observed
    manifest = {
        "version": VERSION,
        "loligo": loligo.__version__,
        **_about(membrane, free, observed),
        "kernels": kernels,
        "cable": cable,
        "numerics": NUMERICS,
    }
    return BrowserKernel(codes, manifest)


def _unclamped(slots: Mapping[str, int]) -> Mapping[str, int]:
    return {kind: count for kind, count in slots.items() if kind != "clamp"}


def _refuse_arrays(membrane: Membrane) -> None:
    for name, parameter in membrane.parameters.items():
        if isinstance(parameter.value, Labelled):
            raise UsageError(
                f"the lab shows one membrane, but its {name} is an array: choose one of its "
                f"values, for example model.replace({name}={parameter.value.values.flat[0]:g})"
            )


def _compiled(recipe: Recipe, blocks: Sequence[str], loop: bool = False) -> tuple[Program, bytes]:
    """A recipe's program and the module of some of its blocks, and of the loop around it; found
    again if they were made before."""
    from loligo.engine.llvm.cache import KERNELS
    from loligo.engine.llvm.jit import compile_wasm

    def make() -> tuple[tuple[Program, bytes], dict[str, Any], bytes]:
        program = recipe.write()
        code = compile_wasm(program, blocks, loop)
        return (program, code), {"program": program.to_dict()}, code

    def restore(document: dict[str, Any], code: bytes) -> tuple[Program, bytes]:
        return Program.from_dict(document["program"]), code

    return KERNELS.obtained(["wasm32", *blocks, recipe.key], restore, make)[0]


def _kernel(
    program: Program, solver: Taylor | Exponential, row: Sequence[Slot]
) -> dict[str, Any]:  # fmt: skip
    """What a page must know to call a program's loop."""
    return {
        "solver": {"kind": type(solver).__name__, **solver.to_dict()},
        **_blocks(program, MAPS[type(solver)]),
        "parameters": list(program.parameters),
        "records": list(program.records),
        "inputs": list(program.inputs),
        "streams": list(program.streams),
        "conditions": len(program.conditions),
        "clock": CLOCK + rows(program),
        "slots": [
            {"kind": slot.kind, "prefix": slot.prefix, "parameters": slot.parameters}
            for slot in row
        ],
    }


def _blocks(program: Program, names: Sequence[str]) -> dict[str, Any]:
    """What a page must know to call some of a program's blocks, where it has them."""
    maps = {name: program.blocks[name] for name in names if name in program.blocks}
    return {
        "constants": list(program.constants),
        "states": list(program.states),
        "maps": {
            name: {"inputs": list(block.inputs), "outputs": list(block.names)}
            for name, block in maps.items()
        },
    }


def _about(membrane: Membrane, free: Outline, outline: Outline) -> dict[str, Any]:
    """The model, for people."""
    return {
        "name": membrane.name,
        "title": membrane.title,
        "citation": membrane.citation,
        "doi": membrane.doi,
        "parameters": [
            {"symbol": p.name, "value": _number(p.value), "unit": p.unit, "meaning": p.meaning}
            for p in free.parameters.values()
        ],
        "states": [
            {"symbol": name, "unit": str(free.about[name]["units"]), "scale": free.scales[name],
             "guess": _given(free.guesses.get(name))}
            for name in free.states
        ],
        "observables": [_observable(name, outline) for name in outline.records],
        "start": {name: _number(value) for name, value in membrane.start.items()} or None,
        "wholes": {whole: list(parts) for whole, parts in free.wholes.items()},
    }  # fmt: skip


def _observable(name: str, outline: Outline) -> dict[str, Any]:
    about = outline.about[name]
    found = {"symbol": name, "unit": about["units"], "long_name": about["long_name"]}
    return {**found, "kind": about["role"], "channel": about.get("channel"),
            "ion": about.get("ion"), "power": about.get("power")}  # fmt: skip


def _number(value: Value) -> float:
    return float(value.values.flat[0]) if isinstance(value, Labelled) else float(value)


def _given(value: Value | None) -> float | None:
    return None if value is None else _number(value)


# What Python and a page must do alike, and neither may have numbers of its own.
NUMERICS: Mapping[str, Any] = {
    "edge_tolerance": EDGE_TOLERANCE,
    "rounded": ROUNDED,
    "v_scale": V_SCALE,
    "re_arm": RE_ARM,
    "grain": GRAIN["float64"],
    "swing": SWING,
    "kept": list(KEPT),
    "counters": list(COUNTERS),
    "status": {"diverged": DIVERGED, "stiff": STIFF},
    "rest": {"lowest": LOWEST, "highest": HIGHEST, "spacing": SPACING},
}
