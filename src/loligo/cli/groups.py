"""Options in groups: a command says which groups it takes, and gets them as values."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, Optional

Texts = Optional[list[str]]  # noqa: UP045  (the oldest Typer knows no list[str] | None)
Text = Optional[str]  # noqa: UP045


class Group:
    """Options that belong together: a frozen dataclass, every field of it an option.

    The field is annotated as Typer wants it, ``fps: Annotated[float, typer.Option(...)] = 25``, in
    a module without ``from __future__ import annotations``: annotations are values here.
    """

    @classmethod
    def options(cls) -> list[inspect.Parameter]:
        """The options, as parameters of a function."""
        fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(cls)  # type: ignore[arg-type]
        return [parameter(f.name, f.type, f.default) for f in fields]

    def said(self) -> list[str]:
        """Those that were given, as on the command line: ``--sample-interval``."""
        return [
            f"--{option.name.replace('_', '-')}"
            for option in self.options()
            if getattr(self, option.name) not in (option.default, None, [])
        ]


def parameter(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    """An option as a parameter of a function."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def spelt_out(function: Callable[..., None], besides: type[Group]) -> Callable[..., None]:
    """A command as Typer wants it: every option a parameter of its own.

    Parameters
    ----------
    function
        A command, whose parameters are options or whole groups.
    besides
        Options that every command has and none looks at.
    """
    parts = [
        (name, _group(p), _parameters(p))
        for name, p in inspect.signature(function).parameters.items()
    ]

    @functools.wraps(function)
    def command(**given: Any) -> None:
        function(**{name: _value(name, group, own, given) for name, group, own in parts})

    spelt = [*(option for _, _, own in parts for option in own), *besides.options()]
    command.__signature__ = inspect.Signature(spelt)  # type: ignore[attr-defined]
    command.__annotations__ = {option.name: option.annotation for option in spelt}
    command.__doc__ = flowing(function.__doc__ or "")
    return command


def flowing(text: str) -> str:
    """A help text whose paragraphs flow to the terminal's width; one that begins with a backspace
    keeps its lines, as examples do.

    Newer versions of Typer keep all lines, and print the backspace's own as a blank one.
    """
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        "\b" + each[1:].lstrip("\n") if each.startswith("\b") else each.replace("\n", " ")
        for each in paragraphs
    )


def _group(one: inspect.Parameter) -> type[Group] | None:
    kind = one.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Group) else None


def _parameters(one: inspect.Parameter) -> list[inspect.Parameter]:
    group = _group(one)
    if group is not None:
        return group.options()
    return [parameter(one.name, one.annotation, one.default)]


def _value(
    name: str, group: type[Group] | None, own: list[inspect.Parameter], given: dict[str, Any]
) -> Any:
    """What a command gets for one of its parameters: an option's value, or a group of them."""
    if group is None:
        return given[name]
    return group(**{option.name: given[option.name] for option in own})
