"""What to cite: the paper of a model, the method that ran it, and this program, as BibTeX."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import loligo
from loligo.errors import UsageError
from loligo.model import Axon, Membrane, load

if TYPE_CHECKING:
    import os

    import xarray

# ---------------------------------------------------------------------------- methods

_METHODS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "taylor": {
        "jorba-zou-2005": {
            "author": "Jorba, À. and Zou, M.",
            "title": "A software package for the numerical integration of {ODEs} by means of "
            "high-order {Taylor} methods",
            "journal": "Experimental Mathematics", "year": "2005", "volume": "14",
            "pages": "99--117", "doi": "10.1080/10586458.2005.10128904",
        },
    },
    "exponential": {
        "hochbruck-ostermann-2010": {
            "author": "Hochbruck, M. and Ostermann, A.",
            "title": "Exponential integrators",
            "journal": "Acta Numerica", "year": "2010", "volume": "19", "pages": "209--286",
            "doi": "10.1017/S0962492910000048",
        },
        "strang-1968": {
            "author": "Strang, G.",
            "title": "On the construction and comparison of difference schemes",
            "journal": "SIAM Journal on Numerical Analysis", "year": "1968", "volume": "5",
            "pages": "506--517", "doi": "10.1137/0705041",
        },
    },
    "reference": {
        "hairer-norsett-wanner-1993": {
            "author": "Hairer, E. and Nørsett, S. P. and Wanner, G.",
            "title": "Solving Ordinary Differential Equations {I}: Nonstiff Problems",
            "publisher": "Springer", "edition": "2", "year": "1993",
            "doi": "10.1007/978-3-540-78862-1",
        },
        "virtanen-2020": {
            "author": "Virtanen, P. and others",
            "title": "{SciPy} 1.0: fundamental algorithms for scientific computing in {Python}",
            "journal": "Nature Methods", "year": "2020", "volume": "17", "pages": "261--272",
            "doi": "10.1038/s41592-019-0686-2",
        },
    },
    "cable": {
        "hines-1984": {
            "author": "Hines, M.",
            "title": "Efficient computation of branched nerve equations",
            "journal": "International Journal of Bio-Medical Computing", "year": "1984",
            "volume": "15", "pages": "69--76", "doi": "10.1016/0020-7101(84)90008-4",
        },
    },
}  # fmt: skip


def cite(what: xarray.Dataset | Membrane | Axon | str | os.PathLike[str]) -> str:
    """BibTeX of what a recording or a model rests on: print it, or put it in a file.

    Parameters
    ----------
    what
        A recording, as :func:`loligo.simulate` returns it: its model's paper (an axon's membranes'
        papers), the method of its solver, and this program in the version that made it. What an
        experiment found: its model's paper and this program in that version. Or a model, or what
        :func:`loligo.load` takes: its paper and this program.

    Returns
    -------
    str

    Raises
    ------
    UsageError
        It is neither, or a recording that does not say how it was made.
    FileError, ModelError
        There is no such model.

    Examples
    --------
    >>> import loligo as lo
    >>> print(lo.cite("hodgkin-huxley-1952").splitlines()[0])
    @article{hodgkin-huxley-1952,
    """
    if hasattr(what, "attrs"):
        return _joined(_of_recording(cast(Any, what).attrs))
    model = what if isinstance(what, Membrane | Axon) else load(cast("str", what))
    return _joined([*_papers(model), _program(loligo.__version__)])


def _of_recording(attributes: Mapping[str, Any]) -> list[str]:
    try:
        if "experiment" in attributes:
            return _of_experiment(attributes)
        told = json.loads(attributes["provenance"])
        axon = told["model"].get("kind") == "axon"
        model = (Axon if axon else Membrane).from_dict(told["model"])
        methods = _methods(told["solver"]["name"], *(["cable"] * axon))
        version = str(attributes["loligo_version"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as problem:
        raise UsageError(
            "this recording does not say how it was made (its attribute 'provenance' is missing "
            "or incomplete); cite its model: lo.cite(model)"
        ) from problem
    return [*_papers(model), *methods, _program(version)]


def _of_experiment(attributes: Mapping[str, Any]) -> list[str]:
    kind, document = ("axon", Axon) if "axon" in attributes else ("membrane", Membrane)
    model = document.from_dict(json.loads(attributes[kind]))
    return [*_papers(model), _program(str(attributes["loligo_version"]))]


def _methods(*names: str) -> list[str]:
    return [
        _entry("book" if "publisher" in fields else "article", key, fields)
        for name in names
        for key, fields in _METHODS[name].items()
    ]


def _papers(model: Membrane | Axon) -> list[str]:
    several = isinstance(model, Axon)
    membranes = [region.membrane for region in model.regions] if several else [model]
    return [paper(each) for each in membranes if each.citation or each.doi]


def _joined(entries: Iterable[str]) -> str:
    return "\n\n".join(dict.fromkeys(entries))


def _program(version: str) -> str:
    fields = {
        "author": "{The loligo developers}",
        "title": "loligo: conductance-based membranes become action potentials",
        "version": version,
    }
    return _entry("software", "loligo", fields)


# ---------------------------------------------------------------------------- a model's paper

_PAPER = re.compile(r"(?P<authors>[^()]+?) \((?P<year>\d{4})[a-z]?\)\. (?P<rest>.*)", re.DOTALL)
_IN_JOURNAL = re.compile(
    r"(?P<title>.*?[.?!]) (?P<journal>[^.]+?) (?P<volume>\d+):(?P<pages>e?\d+(?:[-–]\d+)?)\."
    r"(?P<more>.*)",
    re.DOTALL,
)


def paper(membrane: Membrane) -> str:
    """A membrane's citation as an entry of BibTeX.

    ``Hodgkin AL, Huxley AF (1952). Title. Journal 117:500-544.`` is taken apart; any other is kept
    whole, as a note.
    """
    key = re.sub(r"[^A-Za-z0-9:_-]+", "-", membrane.name).strip("-") or "model"
    found = _PAPER.fullmatch(membrane.citation.strip())
    printed = found and _IN_JOURNAL.fullmatch(found["rest"])
    if not found or not printed or re.search(r"\(\d{4}\)", printed["title"]):
        year = {"year": found["year"], "author": _authors(found["authors"])} if found else {}
        note = {"note": membrane.citation, "doi": membrane.doi}
        return _entry("misc", key, {"title": membrane.title or membrane.name, **year, **note})
    fields = {
        "author": _authors(found["authors"]),
        "title": printed["title"].removesuffix("."),
        "journal": printed["journal"],
        "year": found["year"],
        "volume": printed["volume"],
        "pages": re.sub(r"[-–]", "--", printed["pages"]),
        "doi": membrane.doi,
        "note": printed["more"].strip(),
    }
    return _entry("article", key, fields)


def _authors(text: str) -> str:
    """``Hodgkin AL, Huxley AF`` as BibTeX wants it."""
    people: list[str] = []
    for person in text.split(", "):
        *family, given = person.split(" ")
        letters = re.fullmatch(r"[A-ZÀ-Þ]{1,4}", given)
        initials = " ".join(f"{letter}." for letter in given)
        people.append(f"{' '.join(family)}, {initials}" if family and letters else person)
    return " and ".join(people)


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{_safe(value)}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _safe(value: str) -> str:
    """In one line; what TeX would take for its own marks is marked, and braces come in pairs."""
    text = re.sub(r"([&%#_])", r"\\\1", " ".join(value.split()))
    return text if text.count("{") == text.count("}") else re.sub(r"[{}]", "", text)
