"""JavaScript as text: what of it is code, and what is comment, string, template or pattern"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from loligo.errors import UsageError

_PIECE = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<quote>`)
    |(?P<open>[({\[])|(?P<close>[)}\]])
    |(?P<slash>/)
    |(?P<word>[A-Za-z_$][\w$]*|\d[\w.]*)
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?P<end>`|\$\{)", re.DOTALL)
_ESCAPED = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
# after one of these words a slash begins a pattern; after a name it divides
_BEFORE_PATTERN = frozenset(
    ("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do")
)
_CLOSES = {")": "(", "]": "[", "}": "{"}
CODE = frozenset({"open", "close", "slash", "word", "space", "other"})


@dataclass(frozen=True)
class Piece:
    """A token, a stretch of blanks, a comment; and how many brackets are open before it."""

    kind: str
    start: int
    end: int
    depth: int


@dataclass(frozen=True)
class Script:
    """A text in JavaScript, by its name.

    Raises
    ------
    UsageError
        A bracket, a string or a template never ends.
    """

    name: str
    text: str

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The text from its beginning to its end, piece by piece."""
        return tuple(self._read())

    @cached_property
    def code(self) -> str:
        """The text, as long as it is, with blanks for what only looks like code: strings,
        templates, patterns and comments."""
        return "".join(
            self.text[p.start : p.end] if p.kind in CODE else self._blank(p) for p in self.pieces
        )

    @cached_property
    def bare(self) -> str:
        """The same script without comments, indentation and empty lines."""
        parts = list[str]()
        for piece in self.pieces:
            text = self.text[piece.start : piece.end]
            if piece.kind in ("comment", "space"):
                text = "\n" if "\n" in text else " "
            if text.isspace() and parts and parts[-1].isspace():
                parts[-1] = "\n" if "\n" in (text, parts[-1]) else " "
            else:
                parts.append(text)
        return "".join(parts).strip() + "\n"

    @cached_property
    def strings(self) -> frozenset[str]:
        """What its strings say, and its templates without expressions."""
        texts = (
            self.text[p.start : p.end] for p in self.pieces if p.kind in ("string", "template")
        )
        return frozenset(_said(text) for text in texts)

    def where(self, place: int) -> str:
        """The module, and the line that a character is in."""
        return f"{self.name}, line {self.text.count(chr(10), 0, place) + 1}"

    def _blank(self, piece: Piece) -> str:
        return re.sub(r"[^\n]", " ", self.text[piece.start : piece.end])

    def _read(self) -> Iterator[Piece]:
        place, before, opened = 0, "", list[str]()
        while place < len(self.text):
            found = _PIECE.match(self.text, place)
            assert found is not None  # `.` takes what nothing else does
            kind, depth = str(found.lastgroup), len(opened)
            if kind == "slash" and _begins_pattern(before):
                found, kind = _PATTERN.match(self.text, place) or found, "pattern"
            closes = kind == "close" and opened and opened[-1] == "${"
            if kind == "quote" or closes:
                kind, found = "template", self._template(place)
            end = found.end()
            if kind == "template":
                if closes:
                    opened.pop()
                if found["end"] == "${":
                    opened.append("${")
            elif kind == "open":
                opened.append(found[0])
            elif kind == "close":
                if not opened or _CLOSES[found[0]] != opened[-1]:
                    raise UsageError(f"{self.where(place)}: {found[0]} closes nothing")
                opened.pop()
                depth -= 1
            yield Piece(kind, place, end, depth)
            before = before if kind in ("space", "comment") else self.text[place:end]
            place = end
        if opened:
            raise UsageError(f"{self.name}: {opened[-1]} is never closed")

    def _template(self, place: int) -> re.Match[str]:
        found = _TEMPLATE.match(self.text, place + 1)
        if found is None:
            raise UsageError(f"{self.where(place)}: a template never ends")
        return found


def _begins_pattern(before: str) -> bool:
    """Whether a slash after this begins a pattern."""
    if not before or before in _BEFORE_PATTERN:
        return True
    return not (before[-1].isalnum() or before[-1] in "_$)]}\"'`")


def _said(literal: str) -> str:
    """What a literal says."""
    return _ESCAPED.sub(lambda found: _escaped(found[1]), literal[1:-1])


def _escaped(what: str) -> str:
    if what[0] in "ux" and len(what) > 1:
        return chr(int(what[1:].strip("{}"), 16))
    return {"n": "\n", "t": "\t", "\n": ""}.get(what, what)
