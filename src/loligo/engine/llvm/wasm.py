"""From an object file for wasm32 to a module that a browser takes: all the linking there is.

Such an object *is* a WebAssembly module, but that its functions are named in a custom section,
``linking``, and not exported. So an export section is put in, and what is custom left out. Numbers
that a linker would fill in (``reloc.…``) are there already, for one object that lies at address 0;
each is looked at, and what is otherwise is refused.

WebAssembly Object File Linking, version 2:
https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MAGIC = b"\0asm\1\0\0\0"
_CUSTOM, _TYPE, _IMPORT, _FUNCTION, _EXPORT, _CODE, _DATA = 0, 1, 2, 3, 7, 10, 11
_SYMBOLS = 8  # the subsection of `linking` that names them
_LOCAL, _UNDEFINED, _NAMED = 2, 16, 64  # a symbol's flags
# what may be filled in, by its number in the convention: of which kind a symbol's address is
_OF_FUNCTION, _OF_DATA, _OF_GLOBAL, _OF_TYPE = {0}, {3, 4, 5}, {7}, {6}
_FIELD = 5  # bytes of a number that can be filled in; 4 where it is no LEB128
_PLAIN = {5}


class LinkError(ValueError):
    """An object that asks for more than is done here."""


@dataclass
class _Reader:
    """Numbers and texts, one after the other."""

    data: bytes
    at: int = 0

    @property
    def more(self) -> bool:
        return self.at < len(self.data)

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def whole(self) -> int:
        """A number as WebAssembly writes it (unsigned LEB128)."""
        value = shift = 0
        while True:
            byte = self.byte()
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    def signed(self) -> int:
        """Likewise, signed."""
        value = shift = 0
        while True:
            byte = self.byte()
            value, shift = value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value - (1 << shift) if byte & 64 else value

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self) -> str:
        return self.take(self.whole()).decode()


@dataclass(frozen=True)
class _Symbol:
    """What has an address. ``index`` is a function's or a global's number; of data the segment,
    and ``offset`` where in it."""

    kind: int
    flags: int
    index: int = 0
    name: str = ""
    offset: int = 0


def linked(code: bytes) -> bytes:
    """The module of an object file: every function that is not internal is exported.

    Raises
    ------
    LinkError
        If something is to be filled in that is not there already.
    """
    if code[: len(_MAGIC)] != _MAGIC:
        raise LinkError("not an object file for WebAssembly")
    sections = list(_sections(code))
    plain = {number: body for number, body in sections if number != _CUSTOM}
    custom = dict(_named(body) for number, body in sections if number == _CUSTOM)
    symbols = _symbols(custom["linking"])
    _check(custom, symbols, [number for number, _ in sections], plain)
    functions = [s for s in symbols if s.kind == 0 and not s.flags & (_LOCAL | _UNDEFINED)]
    exported = _number(len(functions)) + b"".join(
        _text(symbol.name) + b"\0" + _number(symbol.index) for symbol in functions
    )
    plain[_EXPORT] = exported
    # in the order of their numbers, but that the count of data comes before the code
    order = sorted(plain, key=lambda number: 9.5 if number == 12 else number)
    return _MAGIC + b"".join(
        bytes([number]) + _number(len(plain[number])) + plain[number] for number in order
    )


def _sections(code: bytes) -> Iterator[tuple[int, bytes]]:
    reader = _Reader(code, len(_MAGIC))
    while reader.more:
        number = reader.byte()
        yield number, reader.take(reader.whole())


def _named(body: bytes) -> tuple[str, bytes]:
    """A custom section: its name, and the rest."""
    reader = _Reader(body)
    return reader.text(), body[reader.at :]


def _symbols(linking: bytes) -> list[_Symbol]:
    reader = _Reader(linking)
    if reader.whole() != 2:
        raise LinkError("the object is of another version of the linking convention")
    while reader.more:
        kind, part = reader.byte(), _Reader(reader.take(reader.whole()))
        if kind == _SYMBOLS:
            return [_symbol(part) for _ in range(part.whole())]
    return []


def _symbol(reader: _Reader) -> _Symbol:
    kind, flags = reader.byte(), reader.whole()
    if kind == 1:  # data has its name first, and a place if it is here
        name = reader.text()
        if flags & _UNDEFINED:
            return _Symbol(kind, flags, name=name)
        index, offset, _ = (reader.whole() for _ in range(3))
        return _Symbol(kind, flags, index, name, offset)
    index = reader.whole()
    if kind == 3:  # a section, of debuggers
        return _Symbol(kind, flags, index)
    named = not flags & _UNDEFINED or flags & _NAMED
    return _Symbol(kind, flags, index, reader.text() if named else "")


def _check(
    custom: dict[str, bytes], symbols: list[_Symbol], order: list[int], plain: dict[int, bytes]
) -> None:
    """Refuse what is not filled in as it will be."""
    for name, body in custom.items():
        if not name.startswith("reloc."):
            continue
        reader = _Reader(body)
        target = order[reader.whole()]
        if target == _CUSTOM:  # of debuggers
            continue
        segments = _segments(plain.get(_DATA, b"\0"))
        for _ in range(reader.whole()):
            kind, offset, index = reader.byte(), reader.whole(), reader.whole()
            addend = reader.signed() if kind in _OF_DATA else 0
            wanted = _wanted(kind, index, symbols, segments) + addend
            field = plain[target][offset : offset + _FIELD]
            there = int.from_bytes(field[:4], "little") if kind in _PLAIN else (
                _Reader(field).signed() if kind == 4 else _Reader(field).whole()
            )  # fmt: skip
            if there != wanted:
                raise LinkError(f"{name}: {there} is written at {offset} where {wanted} belongs")


def _wanted(kind: int, index: int, symbols: list[_Symbol], segments: list[int]) -> int:
    """What belongs into a place, with everything where it is."""
    if kind in _OF_TYPE:
        return index
    symbol = symbols[index]
    if kind in _OF_FUNCTION | _OF_GLOBAL:
        return symbol.index
    if kind in _OF_DATA and not symbol.flags & _UNDEFINED:
        return segments[symbol.index] + symbol.offset
    raise LinkError(f"the object asks for {symbol.name or 'something'} (relocation {kind})")


def _segments(body: bytes) -> list[int]:
    """Where each segment of the data lies in memory."""
    reader, found = _Reader(body), list[int]()
    for _ in range(reader.whole()):
        if reader.whole() != 0 or reader.byte() != 0x41:  # i32.const
            raise LinkError("the object has data that lies at no address")
        found.append(reader.signed())
        if reader.byte() != 0x0B:
            raise LinkError("the object has data whose address is computed")
        reader.take(reader.whole())
    return found


def _number(value: int) -> bytes:
    written = bytearray()
    while True:
        value, low = value >> 7, value & 127
        written.append(low | (128 if value else 0))
        if not value:
            return bytes(written)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _number(len(encoded)) + encoded
