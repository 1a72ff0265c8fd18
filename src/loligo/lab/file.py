"""The page as one HTML file: its modules put together, its policy, models and words in it.

The file asks nothing of anyone: its Content-Security-Policy names its own scripts and its style by
their SHA-256, allows WebAssembly and a worker made of a script that is in the page, and nothing
else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import lzma
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loligo.lab.modules import Module, joined, modules_of, ordered, sources

# What the page is made of: the first runs in a worker too.
ENGINE, MAIN, HTML, STYLE = "engine/worker.js", "opening.js", "index.html", "style.css"
_STYLE_TAG = re.compile(r'[ \t]*<link rel="stylesheet" href="style\.css"\s*/?>\n?')
_SCRIPT_TAG = re.compile(r'[ \t]*<script type="module" src="opening\.js"></script>\n?')
_CHARSET = re.compile(r'<meta charset="[\w-]+"\s*/?>', re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """A model for the page.

    Parameters
    ----------
    name
        What it is called in links.
    told
        What the page is told of it, JSON-able.
    wasm
        Its machine code.
    """

    name: str
    told: Mapping[str, Any]
    wasm: bytes

    def packed(self) -> str:
        """As letters: what is told, deflated, as a browser unpacks it; and below it the code, by
        LZMA, a quarter less, which the page unpacks when the model is opened. Before the code
        stands how many bytes it is, in four of them, the least first."""
        told = json.dumps(self.told, ensure_ascii=False, separators=(",", ":")).encode()
        code = lzma.compress(self.wasm, format=lzma.FORMAT_RAW, filters=[PACKING])
        whole = len(self.wasm).to_bytes(4, "little") + code
        return f"{letters(zlib.compress(told, 9))}\n{letters(whole)}"


# Where a byte of WebAssembly stands says nothing of it; and no model's are more than four million.
PACKING = {
    "id": lzma.FILTER_LZMA1, "preset": 9, "lc": 3, "lp": 0, "pb": 0, "nice_len": 273,
    "dict_size": 1 << 22,
}  # fmt: skip

# What is no markup: two of these letters are 13 bits, a twelfth less text than base64 takes.
ALPHABET = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "<>&")


def letters(content: bytes) -> str:
    """Bytes as text: their number, and two letters for every 13 bits, the lowest first.

    >>> letters(b"abc")
    '3 (c*g'
    """
    groups = -(-8 * len(content) // 13)
    pairs = list[str]()
    for start in range(0, len(content), 13):  # 13 bytes are 8 groups
        bits = int.from_bytes(content[start : start + 13], "little")
        count = min(8, groups - len(pairs))
        pairs += [_PAIRS[(bits >> (13 * k)) & 0x1FFF] for k in range(count)]
    return f"{len(content)} {''.join(pairs)}"


_PAIRS = [a + b for a in ALPHABET for b in ALPHABET][: 2**13]


def page(
    entries: Iterable[Entry], told: Mapping[str, Any], made_of: Mapping[str, str] | None = None
) -> str:
    """The lab as the text of an HTML file.

    Parameters
    ----------
    entries
        The models in it.
    told
        What the page is told besides, JSON-able: languages, colours, what it begins with.
    made_of
        The page's files, path and text; by default the package's own.

    Raises
    ------
    UsageError
        A module of the page does what none does; it says which, where and why.
    """
    made_of = sources() if made_of is None else made_of
    engine, main = scripts(modules_of(made_of))
    css = "\n" + "".join(made_of[name] for name in _styles(made_of))
    parts = [
        _data("loligo-page", "application/json", json.dumps(told, separators=(",", ":"))),
        *(_model(entry) for entry in entries),
        f'<script id="loligo-engine">{engine}</script>',
        f'<script id="loligo-main">{main}</script>',
    ]
    policy = policy_of([engine, main], [css])
    text = _once(_CHARSET, made_of[HTML], lambda tag: f"{tag}\n{_policy_tag(policy)}")
    text = _once(_STYLE_TAG, text, lambda _: f"<style>{css}</style>\n")
    text = _once(_SCRIPT_TAG, text, lambda _: "")
    return _once(re.compile("</body>"), text, lambda tag: "\n".join([*parts, tag]))


def _styles(made_of: Mapping[str, str]) -> list[str]:
    """The page's own style, and then what its parts add."""
    return sorted((n for n in made_of if n.endswith(".css")), key=lambda n: (n != STYLE, n))


def scripts(modules: Mapping[str, Module]) -> tuple[str, str]:
    """The two scripts: the engine, which is also the worker's, and the rest of the page.

    In a worker there is no document: there the engine's script serves.
    """
    below = ordered(modules, ENGINE)
    names = {module.name for module in below}
    above = [module for module in ordered(modules, MAIN) if module.name not in names]
    strict = '"use strict";\n'
    serving = 'if (typeof document === "undefined") $engine_worker.serve();\n'
    return _script(strict + joined(below) + serving), _script(strict + joined(above))


def policy_of(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """The Content-Security-Policy of a page with these scripts and styles in it."""
    own = " ".join(map(_hash, scripts))
    return (
        f"default-src 'none'; script-src {own} 'wasm-unsafe-eval'; worker-src blob:; "
        f"style-src {' '.join(map(_hash, styles))}; base-uri 'none'; "
        "form-action 'none'"
    )


def _model(entry: Entry) -> str:
    about = f'class="loligo-model" data-name="{html.escape(entry.name)}"'
    return f'<script type="text/plain" {about}>{entry.packed()}</script>'


def _data(name: str, kind: str, text: str) -> str:
    """Data that no script runs; nothing in it ends the element."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return f'<script id="{name}" type="{kind}">{safe}</script>'


def _script(text: str) -> str:
    """A script that nothing in it ends early."""
    for word in ("</script", "<script", "<!--"):
        assert word not in text.lower(), f"{word} stands in a module of the page"
    return f"\n{text}"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _policy_tag(policy: str) -> str:
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def _once(pattern: re.Pattern[str], text: str, instead: Any) -> str:
    found = pattern.findall(text)
    assert len(found) == 1, f"{pattern.pattern} stands {len(found)} times in {HTML}"
    return pattern.sub(lambda match: instead(match[0]), text)
