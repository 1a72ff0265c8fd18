"""What the page says, in each language: the texts of its modules, from the one table of words"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

from loligo.words import ENGLISH, known, languages

# a text that is given to `words`, says why the engine has no run, or is a tab's title
_TEXT = r'"(?:[^"\\\n]|\\.)*"'
_SAID = re.compile(rf"(?:\b(?:words|said|NoRestError|AskedError)\(\s*|\btitle: )({_TEXT})")


def spoken_languages(texts: Iterable[str] = ()) -> dict[str, dict[str, Any]]:
    """The languages as the page reads them: as far as each has its texts, and ``texts``, what
    models say of themselves.

    >>> spoken_languages()["de"]["decimal"]
    ','
    """
    wanted = dict.fromkeys([*page_texts(), *texts])
    return {code: _language(code, wanted) for code in languages()}


def _language(code: str, wanted: Iterable[str]) -> dict[str, Any]:
    told = known(code)
    own = {} if code == ENGLISH else {text: told.phrases.get(text, text) for text in wanted}
    return {
        "name": told.name,
        "decimal": told.decimal,
        "phrases": {text: word for text, word in own.items() if word != text},
        "patterns": dict(told.patterns),
    }


@lru_cache(maxsize=1)
def page_texts() -> tuple[str, ...]:
    """Every text that the page's modules say, in their order."""
    return tuple(dict.fromkeys(text for script in _scripts() for text in texts_of(script)))


def texts_of(script: str) -> list[str]:
    """The texts that a module says.

    >>> texts_of('words("Undo"); words(other, "two"); ({ title: "Live" })')
    ['Undo', 'Live']
    """
    return [json.loads(text) for text in _SAID.findall(script)]


def _scripts() -> Iterable[str]:
    waiting = [resources.files(__name__.rpartition(".")[0]).joinpath("page")]
    while waiting:
        for each in sorted(waiting.pop(0).iterdir(), key=lambda file: file.name):
            if each.is_dir():
                waiting.append(each)
            elif each.name.endswith(".js"):
                yield each.read_text(encoding="utf-8")
