"""Code for another machine than this one: objects for WebAssembly, made and looked into."""

from __future__ import annotations

import pytest

import loligo as lo
from loligo.engine.llvm.jit import compile_object
from loligo.engine.llvm.target import Target, host
from loligo.run.recipes import plain
from loligo.system.outline import outline_of

WASM = Target("wasm32-unknown-unknown", features="+simd128,+bulk-memory", vector=2)
IMPORTS = 2  # the section's number


def number(code: bytes, at: int) -> tuple[int, int]:
    """A number as WebAssembly writes it (LEB128), and where it ends."""
    value = shift = 0
    while True:
        byte = code[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def sections(code: bytes) -> dict[int, bytes]:
    """Of a WebAssembly module, by their numbers; the last of those that are custom."""
    at, parts = 8, {}
    while at < len(code):
        size, begins = number(code, at + 1)
        parts[code[at]] = code[begins : begins + size]
        at = begins + size
    assert at == len(code)
    return parts


def imports(section: bytes) -> list[str]:
    """The names that a module asks for."""
    count, at = number(section, 0)
    names = []
    for _ in range(count):
        for _ in range(2):  # the module, the name
            size, begins = number(section, at)
            name, at = section[begins : begins + size].decode(), begins + size
        names.append(name)
        kind, at = section[at], at + 1
        # a function has a type; a table, a memory limits; a global a type and whether it changes
        at += {0: 0, 1: 1, 2: 0, 3: 1}[kind]
        flag, at = number(section, at)
        if kind in (1, 2):
            for _ in range(1 + (flag & 1)):
                _, at = number(section, at)
    return names


@pytest.mark.parametrize(
    "solver", [pytest.param(lo.Taylor(), marks=pytest.mark.slow), lo.Exponential()], ids=repr
)
@pytest.mark.parametrize("width", [1, 2])
def test_a_kernel_for_the_browser_asks_for_nothing_but_memory(solver, width: int) -> None:
    outline = outline_of(lo.load("hodgkin-huxley-1952"))
    more = (outline.scales,) if isinstance(solver, lo.Taylor) else ()
    program = solver.program(outline.build(), (), ("V",), *more)
    code = compile_object(program, width, WASM)
    assert code[:8] == b"\0asm\1\0\0\0"
    assert 10_000 < len(code) < 100_000
    assert set(imports(sections(code)[IMPORTS])) <= {"__linear_memory", "__stack_pointer"}
    # the same program for the same target is the same code
    assert compile_object(program, width, WASM) == code


def test_this_machine_is_a_target_like_any_other() -> None:
    program = plain(outline_of(lo.load("hodgkin-huxley-1952"))).write()
    code = compile_object(program, host().vector, host())
    assert code[:4] != b"\0asm"
    assert code == compile_object(program, host().vector, Target(**vars(host())))
