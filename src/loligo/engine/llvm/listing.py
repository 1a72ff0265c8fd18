"""The machine code of a block, to be looked at: the instructions of its loop over the lanes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from loligo.engine.llvm.driver import emit_map
from loligo.engine.llvm.functions import Emitter
from loligo.engine.llvm.jit import assembly_of, module_for
from loligo.engine.llvm.target import Target, host
from loligo.program import Block

_LABEL = re.compile(r"^([.\w$]+):")
# what an instruction does, by a part of its name: the first that is found in it
_MEANINGS = (
    ("^(lea|addq|subq|imul|cmpq|incq)", "where the next numbers lie"),
    ("fn?m(add|sub)|fml[as]", "multiply and add, rounded once"),
    ("broadcast|dup", "one number for every lane"),
    ("ternlog|and|bsl|bit|bif|v?x?or", "bits: pick, mask"),
    ("mul", "multiply"), ("div", "divide"), ("sqrt", "square root"),
    ("psll|shl", "shift bits"),
    ("add", "add"), ("sub", "subtract"), ("neg", "change the sign"),
    ("min", "the smaller"), ("max", "the larger"), ("cmp|cmg", "compare"),
    ("kortest|test|^j|^b", "go on elsewhere"),
    ("mov|^ld|^st", "load, keep, store"),
)  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """Instructions, in order.

    Attributes
    ----------
    processor
        What they are for.
    lanes
        How many go through them together.
    before
        How many come before the loop.
    lines
        Those of the loop: the instruction, and in words what it does.
    """

    processor: str
    lanes: int
    before: int
    lines: tuple[tuple[str, str], ...]


def listing(block: Block, name: str, target: Target | None = None) -> Listing:
    """The loop that applies a block to lane after lane, as a processor gets it.

    Parameters
    ----------
    name
        What the function is called; letters and digits.
    target
        The machine; by default this one.
    """
    target = target or host()
    module = module_for(target)
    emit_map(Emitter(module, target.vector, target.fma), name, block)
    text = assembly_of(str(module), target)
    before, loop = _loop(text, f"map_{name}")
    processor = f"{target.cpu} ({target.triple.split('-')[0]})"
    return Listing(processor, target.vector, before, tuple((i, _meaning(i)) for i in loop))


def _loop(text: str, function: str) -> tuple[int, list[str]]:
    """How many instructions come before the first place that is jumped back to, and those from
    there on."""
    inside = text.partition(f"\n{function}:")[2].splitlines()
    rows = [row.split("#")[0].split("//")[0].expandtabs(1).strip() for row in inside]
    rows = [row for row in rows if row]
    end = next((i for i, row in enumerate(rows) if row.startswith((".Lfunc_end", "Lfunc_end"))),
               len(rows))  # fmt: skip
    rows = rows[:end]
    for i, row in enumerate(rows):
        label = _LABEL.match(row)
        if label and any(label[1] in later.split() for later in rows[i + 1 :]):
            return len(_instructions(rows[:i])), _instructions(rows[i + 1 :])
    return 0, _instructions(rows)


def _instructions(rows: list[str]) -> list[str]:
    return [row for row in rows if row[0] != "." and not _LABEL.match(row)]


def _meaning(instruction: str) -> str:
    name = instruction.split()[0]
    return next((words for part, words in _MEANINGS if re.search(part, name)), "")
