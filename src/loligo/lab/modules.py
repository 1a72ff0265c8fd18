"""The page's modules as one script: each a function of its own, in an order that imports allow.

There is no bundler: the modules keep to a narrow syntax, and what is outside it is refused by
name, line and reason. It is ``import { a, b as c } from "./x.js";`` and ``export`` before a
function, a class or a ``const`` with one name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable

from loligo.errors import UsageError, nearest
from loligo.lab.script import Cut, Script

_IMPORT = re.compile(r"import\s*\{([^{}]*)\}\s*from")
_FROM = re.compile(r"""\s*"(\.{1,2}/[\w./-]+\.js)"\s*;""")
_EXPORT = re.compile(
    r"export\s+(?:(?:async\s+)?function\s*\*?\s*|class\s+|const\s+)(?P<name>[A-Za-z_$][\w$]*)"
)
_NAMED = re.compile(r"([A-Za-z_$][\w$]*)(?:\s+as\s+([A-Za-z_$][\w$]*))?")
# what no module does, and why
_NEVER = {
    r"\beval\b": "text is never run",
    r"\bFunction\s*\(": "text is never run",
    r"\bimport\s*[(.]": "everything is in the page already",
    r"\bimportScripts\b": "everything is in the page already",
    r"\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bcreateContextualFragment\b"
    r"|\bsetHTMLUnsafe\b|\bdocument\s*\.\s*write": "nothing becomes HTML: createElement and "
    "textContent",
    r"\bfetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b|\bsendBeacon\b"
    r"|\bRTCPeerConnection\b": "the network is never used",
    r"\bSharedArrayBuffer\b": "a file that is opened has none",
}


@cache
def _words_of(pattern: str) -> frozenset[str]:
    """The words of a pattern, one of which stands wherever it is found: they are looked for more
    quickly."""
    return frozenset(re.findall(r"[A-Za-z]{4,}", re.sub(r"\\[a-z]", " ", pattern)))


_STYLED = re.compile(r"setAttribute\s*\(\s*[\"']style[\"']")


@dataclass(frozen=True)
class Imported:
    """One import: from which module, what, and what it is called here."""

    source: str
    names: tuple[tuple[str, str], ...]
    start: int
    end: int


@dataclass(frozen=True)
class Module:
    """A module of the page.

    Parameters
    ----------
    name
        Its path below the page's folder, ``engine/model.js``.
    text
        What is in it.

    Raises
    ------
    UsageError
        It does what the page's modules do not.
    """

    name: str
    text: str

    @cached_property
    def script(self) -> Script:
        return Script(self.name, self.text)

    @cached_property
    def imports(self) -> tuple[Imported, ...]:
        """What it takes of others."""
        return tuple(self._import(start) for start in self._words("import"))

    @cached_property
    def exports(self) -> dict[str, int]:
        """What it gives, and where the word ``export`` stands."""
        found = dict[str, int]()
        for start in self._words("export"):
            given = _EXPORT.match(self.script.code, start)
            if given is None:
                raise self._refused(
                    start, "export stands before a function, a class or a const with one name"
                )
            found[given["name"]] = start
        return found

    def body(self) -> str:
        """The module as an expression: an object of what it gives."""
        cuts = list[Cut]()
        for taken in self.imports:
            named = ", ".join(a if a == b else f"{a}: {b}" for a, b in taken.names)
            instead = f"const {{ {named} }} = {variable(taken.source)};"
            cuts.append((taken.start, taken.end, instead))
        cuts += [(at, at + len("export "), "") for at in self.exports.values()]
        bare = self.script.bare(cuts)
        return f"(() => {{\n{bare}return {{ {', '.join(self.exports)} }};\n}})()"

    def check(self) -> None:
        """Refuse what no module does."""
        code = self.script.code
        for pattern, why in _NEVER.items():
            likely = any(word in code for word in _words_of(pattern))
            found = re.search(pattern, code) if likely else None
            if found:
                raise self._refused(found.start(), f"{found[0].strip()}: {why}")
        styled = _STYLED.search(self.text)
        if styled and code[styled.start()] == "s":
            raise self._refused(styled.start(), "the policy forbids it: set element.style.x")
        for start in self._words("await"):
            raise self._refused(start, "await stands in an async function")
        _ = self.imports, self.exports

    def _words(self, word: str) -> Iterator[int]:
        """Where a word stands outside all brackets; of those that stand nowhere else, anywhere."""
        code = self.script.code
        # the word first: that is looked for quickest
        for found in re.finditer(rf"{word}(?<![\w$.]{word})(?![\w$])", code):
            if self.script.depth(found.start()) == 0:
                yield found.start()
            elif word != "await" and code[found.end() :].lstrip()[:1] != ":":
                raise self._refused(found.start(), f"{word} stands outside all brackets")

    def _import(self, start: int) -> Imported:
        named = _IMPORT.match(self.script.code, start)
        source = named and _FROM.match(self.text, named.end())
        if not named or not source:
            raise self._refused(start, 'an import is import { a, b as c } from "./x.js";')
        names = list[tuple[str, str]]()
        for written in filter(None, (part.strip() for part in named[1].split(","))):
            pair = _NAMED.fullmatch(written)
            if pair is None:
                raise self._refused(start, f"{written!r} is not a name")
            names.append((pair[1], pair[2] or pair[1]))
        folder = posixpath.dirname(self.name)
        path = posixpath.normpath(posixpath.join(folder, source[1]))
        return Imported(path, tuple(names), start, source.end())

    def _refused(self, place: int, why: str) -> UsageError:
        return UsageError(f"{self.script.where(place)}: {why}")


def variable(name: str) -> str:
    """What a module is called in the script, as nothing in a module is.

    >>> variable("tabs/membrane.js")
    '$tabs_membrane'
    """
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))


def ordered(modules: Mapping[str, Module], *entries: str) -> list[Module]:
    """The modules that some need, each after those that it imports.

    Raises
    ------
    UsageError
        A module is not there, or lacks what is imported from it, or they import one another in a
        circle, or one tab imports another; or one does what no module does.
    """
    done = dict[str, Module]()
    for entry in entries:
        _visit(modules, entry, (), done)
    return list(done.values())


def _visit(
    modules: Mapping[str, Module], name: str, path: tuple[str, ...], done: dict[str, Module]
) -> None:
    if name in done:
        return
    if name in path:
        raise UsageError(f"modules import one another in a circle: {' → '.join([*path, name])}")
    module = modules[name]
    module.check()
    for taken in module.imports:
        where = module.script.where(taken.start)
        if taken.source not in modules:
            raise UsageError(f"{where}: there is no {taken.source}{nearest(taken.source, modules)}")
        if name.startswith("tabs/") and taken.source.startswith("tabs/"):
            raise UsageError(f"{where}: a tab does not import another")
        for lacking in (a for a, _ in taken.names if a not in modules[taken.source].exports):
            raise UsageError(f"{where}: {taken.source} exports no {lacking}")
        _visit(modules, taken.source, (*path, name), done)
    done[name] = module


def joined(modules: Iterable[Module]) -> str:
    """Modules, in this order, as one script."""
    return "".join(f"const {variable(each.name)} = {each.body()};\n" for each in modules)


def modules_of(sources: Mapping[str, str]) -> dict[str, Module]:
    """The modules among the page's files."""
    return {name: Module(name, text) for name, text in sources.items() if name.endswith(".js")}


@cache
def sources() -> Mapping[str, str]:
    """The files that the page is made of: path and text."""
    return dict(sorted(_below(resources.files(__name__.rpartition(".")[0]) / "page", "")))


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(each, f"{path}{each.name}/")
        elif each.name.endswith((".js", ".css", ".html")):
            yield f"{path}{each.name}", each.read_text(encoding="utf-8")
