"""The table of experiments: the files of ``protocols/``, each imported when it is asked for."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

import loligo.experiments.protocols as folder
from loligo.errors import UsageError, nearest
from loligo.experiments.experiment import Experiment


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Of all experiments, in the alphabet's order; nothing is imported for it."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(folder.__path__)))


def named(name: str) -> Experiment:
    """An experiment by its name.

    Raises
    ------
    UsageError
        There is no such experiment; the nearest are offered.

    Examples
    --------
    >>> named("obstacle").model
    'axon'
    """
    if name not in names():
        raise UsageError(
            f"there is no experiment {name[:80]!r}{nearest(name[:80], names())}; there are "
            f"{', '.join(names())}"
        )
    return importlib.import_module(f"{folder.__name__}.{name}").EXPERIMENT


def experiments() -> tuple[Experiment, ...]:
    """All of them, to loop over.

    Examples
    --------
    >>> [each.name for each in experiments() if each.model is None]
    ['passive']
    """
    return tuple(named(name) for name in names())
