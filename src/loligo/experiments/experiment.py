"""What an experiment is: the call, what it is made on, its parameters, how its result is drawn."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import xarray

    from loligo.experiments.plan import Plan

Kind = Literal["quantity", "word", "flag", "property"]

REQUIRED = inspect.Parameter.empty

_OF_THE_RUN = ("progress",)  # every program that calls an experiment decides this by itself
_UNDERLINE = re.compile(r"-{3,}")
_ENTRY = re.compile(r"(\*{0,2}\w+(?:, \w+)*)(?: : .*)?")


@dataclass(frozen=True)
class Facts:
    """What a signature does not say of a parameter.

    Parameters
    ----------
    unit
        Of a plain number; empty where it depends on another parameter.
    many
        Whether it takes several values: it is what is varied.
    choices
        The words that it can be.
    """

    unit: str = ""
    many: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A parameter of an experiment, as a command line needs to know it.

    Parameters
    ----------
    kind
        ``"quantity"``: a number in ``unit``, or text with a unit of its own; ``"word"``: one of
        ``facts.choices``; ``"flag"``: true or false; ``"property"``: any property of the model by
        its own name, with its values (``**values`` of a signature).
    default
        `REQUIRED` if it must be given.
    help
        What the docstring says of it, in one line.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    facts: Facts

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is REQUIRED and self.kind != "property"


def _no_facts() -> Mapping[str, Facts]:
    return MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Experiment:
    """One experiment; its file in ``protocols/`` declares it as ``EXPERIMENT``.

    Parameters
    ----------
    run
        The public function. Its signature gives the parameters and their defaults; its docstring
        the summary and what each parameter is.
    theme
        Under which it is listed.
    model
        The parameter that takes a model, ``"axon"`` or ``"membrane"``; None where the experiment
        makes its own.
    chart
        How what it found is drawn; None if it returns a recording, which is drawn as one.
    facts
        What the signature does not say of the parameters, for each quantity and each word.
    """

    run: Callable[..., xarray.Dataset | xarray.DataTree]
    theme: str
    model: Literal["axon", "membrane"] | None
    chart: Plan | None
    facts: Mapping[str, Facts] = field(default_factory=_no_facts)

    @property
    def name(self) -> str:
        """By which ``lo.experiments`` knows it."""
        return self.run.__name__

    @property
    def summary(self) -> str:
        """One sentence."""
        return _plain((inspect.getdoc(self.run) or "").split("\n\n")[0])

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All but the model, in the signature's order."""
        told = dict(_described(inspect.getdoc(self.run) or ""))
        return tuple(
            Parameter(
                each.name, self._kind(each), each.default, told.get(each.name, ""),
                self.facts.get(each.name, Facts()),
            )
            for each in inspect.signature(self.run).parameters.values()
            if each.name not in (self.model, *_OF_THE_RUN)
        )  # fmt: skip

    def _kind(self, parameter: inspect.Parameter) -> Kind:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            return "property"
        if isinstance(parameter.default, bool):
            return "flag"
        return "word" if self.facts[parameter.name].choices else "quantity"


def _described(docstring: str) -> Iterator[tuple[str, str]]:
    """Name and description of every parameter of a NumPy docstring.

    >>> text = "One.\\n\\nParameters\\n----------\\ng_L, C_m : float\\n    mS/cm2,\\n    uF/cm2."
    >>> list(_described(text))
    [('g_L', 'mS/cm2, uF/cm2.'), ('C_m', 'mS/cm2, uF/cm2.')]
    """
    lines = [*docstring.splitlines(), "", ""]
    heads = [k for k, line in enumerate(lines[1:]) if _UNDERLINE.fullmatch(line)]
    first = next((k for k in heads if lines[k] == "Parameters"), len(lines))
    last = next((k for k in heads if k > first), len(lines))
    names: list[str] = []
    said: list[str] = []
    for line in [*lines[first + 2 : last], "end"]:
        entry = _ENTRY.fullmatch(line)
        if entry:
            yield from ((name, _plain(" ".join(said))) for name in names)
            names, said = entry[1].replace("*", "").split(", "), []
        elif line:
            said.append(line.strip())


def _plain(text: str) -> str:
    """Text without the marks of a docstring, in one line."""
    return " ".join(re.sub(r"`+([^`]*)`+", r"\1", text).split())
