"""JavaScript as text: what of it is code, and what is comment, string, template or pattern."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from loligo.errors import UsageError

_QUOTED = r"""
    |(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<quote>`)
    |(?P<slash>/)"""
_PIECE = re.compile(rf"""(?P<code>[^/"'`]+){_QUOTED}|(?P<other>.)""", re.VERBOSE | re.DOTALL)
# in an expression of a template, whose end is to be seen
_INSIDE = re.compile(
    rf"""(?P<code>[^/"'`(){{}}\[\]]+){_QUOTED}
    |(?P<open>[({{\[])|(?P<close>[)}}\]])|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_BRACKET = re.compile(r"[()\[\]{}]")
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?P<end>`|\$\{)", re.DOTALL)
_ESCAPED = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
# after one of these words a slash begins a pattern; after a name it divides
_BEFORE_PATTERN = frozenset(
    ("return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do")
)
_LONGEST = 1 + max(map(len, _BEFORE_PATTERN))
_LAST = re.compile(r"[\w$]+\Z")
_BREAK = re.compile(r"[ \t]*\n\s*")
_CLOSES = {")": "(", "]": "[", "}": "{"}
CODE = frozenset({"code", "open", "close", "slash", "other"})

Cut = tuple[int, int, str]  # from, up to, and what stands there instead


class Piece(NamedTuple):
    """A comment, a string or code between them; in an expression of a template a bracket, too."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Script:
    """A text in JavaScript, by its name.

    Raises
    ------
    UsageError
        A bracket or a template never ends.
    """

    name: str
    text: str

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The text from its beginning to its end, piece by piece."""
        return self._checked[0]

    @property
    def code(self) -> str:
        """The text, as long as it is, with blanks for what only looks like code: strings,
        templates, patterns and comments."""
        return self._checked[1]

    @cached_property
    def _checked(self) -> tuple[tuple[Piece, ...], str, tuple[list[int], list[int]]]:
        """The pieces; the code; where brackets stand, and how many are open after each."""
        pieces = tuple(self._read())
        code = "".join(
            self.text[p.start : p.end] if p.kind in CODE else self._blank(p) for p in pieces
        )
        return pieces, code, self._brackets(code)

    def _brackets(self, code: str) -> tuple[list[int], list[int]]:
        places, depths, opened = list[int](), list[int](), list[str]()
        for found in _BRACKET.finditer(code):
            bracket = found[0]
            if bracket in "([{":
                opened.append(bracket)
            elif not opened or opened.pop() != _CLOSES[bracket]:
                raise UsageError(f"{self.where(found.start())}: {bracket} closes nothing")
            places.append(found.start())
            depths.append(len(opened))
        if opened:
            raise UsageError(f"{self.name}: {opened[-1]} is never closed")
        return places, depths

    @cached_property
    def strings(self) -> frozenset[str]:
        """What its strings say, and its templates without expressions."""
        texts = (
            self.text[p.start : p.end] for p in self.pieces if p.kind in ("string", "template")
        )
        return frozenset(_said(text) for text in texts)

    def bare(self, cuts: Iterable[Cut] = ()) -> str:
        """The same script without comments, indentation and empty lines, and with something else
        in some places, which begin and end in code."""
        parts, left = ["\n"], sorted(cuts, reverse=True)
        skip = 0
        for piece in self.pieces:
            at = max(piece.start, skip)
            while left and left[-1][0] < piece.end:
                start, skip, instead = left.pop()
                self._add(parts, piece.kind, at, start)
                parts.append(instead)
                at = skip
            self._add(parts, piece.kind, at, piece.end)
        return "".join(parts).strip() + "\n"

    def _add(self, parts: list[str], kind: str, start: int, end: int) -> None:
        """One piece, or a part of it, without what only people read."""
        text = self.text[start:end]
        if kind == "comment":
            text = "\n" if "\n" in text else " "
        elif kind == "code":
            text = _BREAK.sub("\n", text)
        if kind != "template" and parts[-1][-1:] == "\n":
            text = text.lstrip()
        if text:
            parts.append(text)

    def where(self, place: int) -> str:
        """The module, and the line that a character is in."""
        return f"{self.name}, line {self.text.count(chr(10), 0, place) + 1}"

    def depth(self, place: int) -> int:
        """How many brackets are open before a character."""
        places, depths = self._checked[2]
        before = bisect_left(places, place)
        return depths[before - 1] if before else 0

    def _blank(self, piece: Piece) -> str:
        return re.sub(r"[^\n]", " ", self.text[piece.start : piece.end])

    def _read(self) -> Iterator[Piece]:
        place, before, opened = 0, "", list[str]()
        while place < len(self.text):
            found = (_INSIDE if opened else _PIECE).match(self.text, place)
            assert found is not None  # `.` takes what nothing else does
            kind = str(found.lastgroup)
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
            yield Piece(kind, place, end)
            text = found[0]
            before = before if kind == "comment" or text.isspace() else text
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
    before = before[-200:].rstrip()[-_LONGEST:]
    word = _LAST.search(before)
    if word:
        return word[0] in _BEFORE_PATTERN
    last = before[-1:]
    return not last or last not in ")]}\"'`"


def _said(literal: str) -> str:
    """What a literal says."""
    return _ESCAPED.sub(lambda found: _escaped(found[1]), literal[1:-1])


def _escaped(what: str) -> str:
    if what[0] in "ux" and len(what) > 1:
        return chr(int(what[1:].strip("{}"), 16))
    return {"n": "\n", "t": "\t", "\n": ""}.get(what, what)
