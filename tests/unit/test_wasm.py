"""From an object file to a module for the browser: what is exported, and what is refused."""

from __future__ import annotations

import pytest

import loligo as lo
from loligo.engine.llvm.jit import compile_object
from loligo.engine.llvm.target import wasm32
from loligo.engine.llvm.wasm import LinkError, linked
from loligo.run.recipes import plain
from loligo.system.outline import outline_of

EXPORT = 7


@pytest.fixture(scope="module")
def obj() -> bytes:
    leak = lo.Membrane(channels=[lo.Channel("L", g=0.3, E=-65)])
    return compile_object(plain(outline_of(leak)).write(), 1, wasm32())


def test_the_loop_and_the_maps_are_exported_by_their_names(obj: bytes) -> None:
    module = linked(obj)
    assert module[:8] == obj[:8]
    for name in (b"run", b"map_relax", b"map_derivative"):
        assert bytes([len(name)]) + name + b"\0" in module
    assert b"linking" not in module
    assert b"reloc" not in module


def test_what_is_no_object_for_webassembly_is_refused() -> None:
    with pytest.raises(LinkError, match="not an object file"):
        linked(b"\x7fELF" + bytes(60))


def test_a_number_that_was_not_filled_in_is_refused(obj: bytes) -> None:
    """The stack pointer is the one global that the loop asks for: a relocation names it."""
    assert b"__stack_pointer" in obj
    at = obj.index(b"\x23\x80\x80\x80\x80\x00")  # global.get 0, to be filled in
    with pytest.raises(LinkError, match="1 is written at"):
        linked(obj[: at + 1] + b"\x81" + obj[at + 2 :])
