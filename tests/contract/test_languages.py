"""Every word of a figure, an animation, a summary and a story comes from one table."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import loligo as lo
from commands import called
from loligo import words
from loligo.errors import UsageError
from loligo.lab.described import described
from loligo.lab.spoken import page_texts
from marked import marking, texts, unmarked

SOURCE = Path(__file__).parents[2] / "src" / "loligo"
SPEAKING = ("analysis", "experiments", "figures", "stimulus", "theory", "words")
OTHERS = [code for code in words.languages() if code != words.ENGLISH]


def fields(text: str) -> list[tuple[str, str | None]]:
    """Of a text: what is filled in, and how."""
    return sorted((name, spec) for _, name, spec, _ in string.Formatter().parse(text) if name)


def worded(text: str) -> bool:
    """Whether there are words in a text beside its fields and units."""
    return bool(unmarked(re.sub(r"\{[^}]*\}", "", text)))


# ------------------------------------------------------------------------ what the sources say


@cache
def trees() -> tuple[ast.Module, ...]:
    paths = [path for room in SPEAKING for path in sorted((SOURCE / room).rglob("*.py"))]
    sources = [path.read_text(encoding="utf-8") for path in paths]
    return tuple(ast.parse(text) for text in sources if re.search(r"(say|told|[pP]anel)\(", text))


def written(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may be; what is filled into one is ``{}``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    elif isinstance(node, ast.IfExp):
        yield from written(node.body)
        yield from written(node.orelse)


@cache
def calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call of the sources, by the last name of what is called."""
    return tuple(
        (node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    )


def said() -> set[str]:
    """All that is said."""
    return {
        text for name, call in calls() if name == "say"
        for text in written(call.args[0]) if worded(text)
    }  # fmt: skip


def told() -> set[str]:
    """What variables, panels and titles of experiments are called."""
    found: list[ast.expr] = []
    for name, call in calls():
        found += call.args[1:2] if name in ("told", "dataset") else []
        names = {"told": ("label", "absent"), "Panel": ("heading",), "panel": ("heading",)}
        found += [each.value for each in call.keywords if each.arg in names.get(name, ())]
    return {text for one in found for text in written(one) if worded(text)}


def table(code: str) -> tuple[dict[str, str], dict[str, str]]:
    """A language's texts as its file has them: what is said, and what is read back."""
    plain = tomllib.loads((SOURCE / "words" / f"{code}.toml").read_text(encoding="utf-8"))
    rooms = plain["phrases"].values()
    phrases = {text: own for room in rooms for text, own in room.items()}
    assert len(phrases) == sum(map(len, rooms)), "a text stands twice"
    return phrases, plain["patterns"]


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_all_that_is_said(code: str) -> None:
    phrases, patterns = table(code)
    assert said() - phrases.keys() == set()
    read = {re.sub(r"\{[^}]*\}", "{}", text) for text in patterns}
    assert told() - phrases.keys() - read == set()
    assert {text for text in page_texts() if worded(text)} - phrases.keys() == set()


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_fills_in_the_same(code: str) -> None:
    for room in table(code):
        for text, own in room.items():
            assert fields(text) == fields(own), text
            assert own.strip(), text


@pytest.mark.slow
@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_nothing_that_is_never_said(code: str) -> None:
    phrases, _ = table(code)
    literals = {
        node.value
        for room in SPEAKING
        for path in (SOURCE / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    elsewhere = "\n".join(
        path.read_text(encoding="utf-8") for room in ("model", "recording", "run", "system")
        for path in (SOURCE / room).rglob("*.*") if path.suffix in (".py", ".toml")
    )  # fmt: skip
    literals |= set(page_texts())
    unsaid = {text for text in phrases if text not in literals and f'"{text}"' not in elsewhere}
    assert unsaid == set()


@pytest.mark.slow
@pytest.mark.parametrize("code", OTHERS)
def test_all_that_the_library_says_of_itself_is_said(code: str) -> None:
    """Titles and meanings of every model; what is called by its symbol alone keeps it."""
    own = words.known(code)
    filled = [re.compile(re.sub(r"\\{\w+\\}", ".+", re.escape(text))) for text in own.patterns]
    missing = set[str]()
    for name in lo.models():
        model = lo.load(name)
        about = described(model)
        texts = {about["title"], *about["meanings"].values()}
        texts |= {each["long_name"] for each in about["variables"]}
        texts |= {each.meaning for each in model.parameters.values()}
        missing |= {
            text for text in texts - own.phrases.keys()
            if not re.fullmatch(r"\w+_\w+|\w{1,5}", text)
            and not any(one.fullmatch(text) for one in filled)
        }  # fmt: skip
    assert missing == set()


# ------------------------------------------------------------------------ what is seen


@pytest.fixture(scope="module")
def squid() -> lo.Membrane:
    return lo.load("hodgkin-huxley-1952")


@pytest.fixture(scope="module")
def spike(squid: lo.Membrane):
    return lo.simulate(squid, lo.Pulse(5, 1, 20), 20)


def test_every_text_of_a_figure_is_in_the_language(spike, monkeypatch: pytest.MonkeyPatch) -> None:
    with marking(monkeypatch):
        figures = {
            "recording": lo.plot(spike),
            "story": lo.plot(story := lo.narrate(spike)),
        }  # fmt: skip
    bare = {
        name: (text, unmarked(text))
        for name, figure in figures.items() for text in texts(figure)
        if unmarked(text) and not text.startswith("Pulse(")  # a stimulus as it is typed
    }  # fmt: skip
    assert bare == {}
    lines = [line for line in story.text.splitlines() if "Pulse(" not in line]
    assert [unmarked(line) for line in lines if unmarked(line)] == []


@pytest.mark.slow
def test_every_text_of_the_gallery_is_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    from docs.gallery.table import ROWS

    bare = {}  # German is drawn in it already; other cells, and more lanes, have the same words
    other = re.compile(
        r"german|connor|traub|wang|golomb|200|5000|busy|nine|twelve|cube|column|long"
    )
    for row in (each for each in ROWS if not other.search(each.name)):
        options = row.options() if callable(row.options) else row.options
        typed = {w for one in (*options.get("labels", ()), *options.get("data", {}))
                 for w in unmarked(one)}  # fmt: skip
        with marking(monkeypatch):
            seen = {word for text in texts(row.drawn("light")) for word in unmarked(text)}
        if seen - typed:
            bare[row.name] = seen - typed
    assert bare == {}


def test_a_german_figure_reads_as_a_german_textbook(spike) -> None:
    seen = texts(lo.plot(spike, language="de"))
    assert "Membranspannung (mV)" in seen
    assert "Zeit (ms)" in seen
    assert "Ruhe −65,0" in seen
    assert "20 µA/cm² von 5 bis 6 ms, 6,3 °C" in seen
    assert not [text for text in seen if re.search(r"\d\.\d", text)]
    assert not [text for text in texts(lo.plot(spike)) if re.search(r"\d,\d", text)]


def test_a_german_story(spike) -> None:
    text = lo.narrate(spike, language="de").text
    assert "Ein Aktionspotential." in text
    assert "Der gesamte Ionenstrom wird zum Einwärtsstrom" in text
    assert not re.search(r"\d\.\d", text)
    assert lo.narrate(spike, language="de").marks.phase.values[0] == "cause"


# ------------------------------------------------------------------------ how it is chosen


def test_the_setting_the_environment_and_the_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    assert words.spoken() == "en"
    monkeypatch.setenv("LOLIGO_LANGUAGE", "de_AT.UTF-8")
    assert words.say("Time") == "Zeit"
    with lo.language("en"):
        assert words.say("Time") == "Time"
        with words.speaking("Deutsch"):
            assert words.say("Time") == "Zeit"
        assert words.say("Time") == "Time"
    monkeypatch.delenv("LOLIGO_LANGUAGE")
    assert words.spoken() == "en"
    chosen = lo.language("de")
    assert words.spoken() == "de"
    with chosen:
        pass
    assert words.spoken() == "en"


def test_another_thread_speaks_what_was_set() -> None:
    from concurrent.futures import ThreadPoolExecutor

    with lo.language("de"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(words.say, "Time").result() == "Zeit"


def test_a_language_that_there_is_not(spike, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = r"use one of 'en' \(English\), 'de' \(Deutsch\)"
    with pytest.raises(UsageError, match=rf"^language='fr' is not a language .*{offered}"):
        lo.plot(spike, language="fr")
    with pytest.raises(UsageError, match="language=7 is not a language"):
        lo.language(7)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"did you mean deutsch\?"):
        lo.language("Deutsh")
    monkeypatch.setenv("LOLIGO_LANGUAGE", "tlh")
    with pytest.raises(UsageError, match=r"^LOLIGO_LANGUAGE='tlh' is not a language"):
        lo.plot(spike)


@pytest.mark.slow
def test_the_command_line_speaks_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "rest.svg")
    words_ = ("experiment", "resting-state", "--language", "de", "--output", path)
    status, out, _ = called(capsys, *words_)
    assert status == 0
    assert "Sie ruht bei -64,9964 mV" in out
    assert "Strom gegen Spannung" in Path(path).read_text(encoding="utf-8")
    status, _, err = called(capsys, "animate", "--language", "fr")
    assert status != 0
    assert "--language" in err
    assert "'de' (Deutsch)" in err


def test_numbers_of_what_is_read_back() -> None:
    with words.speaking("de"):
        assert words.reworded("Squid giant axon (Hodgkin & Huxley 1952), 6.3 °C") == (
            "Riesenaxon des Tintenfischs (Hodgkin & Huxley 1952), 6,3 °C"
        )
        assert words.reworded("my cell, day 1.5") == "my cell, day 1.5"
        assert words.join(["m", "h"]) == "m und h"
