"""What plain loops (:mod:`loligo.engine.llvm.plain`) call, and what their code follows from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from loligo.engine.arrays import array


def source_of(functions: Sequence[Callable[..., None]]) -> str:
    """All that their code follows from: the modules in which they and what they call stand, and
    the constants that they use."""
    called = _called(functions)
    modules = {inspect.getmodule(each) for each in called}
    texts = sorted(inspect.getsource(module) for module in modules if module)
    constants = {
        f"{name} = {value!r}"
        for function in called
        for name, value in _names(function).items()
        if isinstance(value, int | float)
    }
    return "\n".join([*texts, *sorted(constants)])


def _called(functions: Sequence[Callable[..., Any]]) -> set[Callable[..., Any]]:
    """They and all that they call."""
    found: set[Callable[..., Any]] = set()
    left = list(functions)
    while left:
        function = left.pop()
        if function not in found:
            found.add(function)
            known = _names(function).values()
            left += [each for each in known if isinstance(each, FunctionType) and each is not array]
    return found


def _names(function: Any) -> dict[str, Any]:
    """What a function's global names stand for."""
    known = function.__globals__
    return {name: known[name] for name in function.__code__.co_names if name in known}
