"""Solvers are values: how accurately, and by which method, a run is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from loligo import units
from loligo.errors import UsageError

if TYPE_CHECKING:
    from loligo.program import Program
    from loligo.program.exponential import Source
    from loligo.system import System


def _scalar(value: Any, unit: str, name: str) -> float:
    number = units.read(value, unit, name, above=0)
    if not isinstance(number, float):
        raise UsageError(f"{name} must be one number: a run has one {name} for all its lanes")
    return number


@dataclass(frozen=True)
class Exponential:
    """Exponential integrators with a fixed step, second order, compiled.

    Every gate moves along the exact solution of its own equation; see
    :mod:`loligo.program.exponential`. Stable at any step.

    Parameters
    ----------
    dt : float or quantity
        Step in ms. It is shortened, if need be, so that a whole number of steps makes one
        sample interval.
    engine : {"llvm", "numpy"}
        Machine code, or NumPy: slow, for reading and checking.

    Examples
    --------
    >>> Exponential(dt="10 us")
    Exponential(dt=0.01)
    """

    name: ClassVar[str] = "exponential"
    order: ClassVar[int] = 2

    dt: float = 0.01
    engine: str = "llvm"

    def __post_init__(self) -> None:
        object.__setattr__(self, "dt", _scalar(self.dt, "ms", "dt"))
        if self.engine not in ("llvm", "numpy"):
            raise UsageError(f"engine is {self.engine!r}; there are 'llvm' and 'numpy'")

    def program(
        self, system: System, sources: tuple[Source, ...] = (), records: tuple[str, ...] = ("V",)
    ) -> Program:
        """The scheme's step for a system, as straight-line arithmetic."""
        from loligo.program.exponential import exponential

        return exponential(system, sources, records)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "dt": self.dt, "engine": self.engine}

    def __repr__(self) -> str:
        engine = "" if self.engine == "llvm" else f", engine={self.engine!r}"
        return f"Exponential(dt={self.dt:g}{engine})"


@dataclass(frozen=True)
class Reference:
    """SciPy's DOP853 between breakpoints: the slow, independent check.

    It shares neither the compiled code nor the arithmetic of the other solvers: the equations
    go from SymPy to Python functions, and every segment between two edges of the stimulus is
    integrated by itself (Hairer, Nørsett & Wanner 1993, *Solving ODEs I*, II.5, II.10).

    Parameters
    ----------
    tolerance : float
        Relative, and absolute relative to each state's scale.

    Examples
    --------
    >>> Reference(tolerance=1e-12)
    Reference(tolerance=1e-12)
    """

    name: ClassVar[str] = "reference"

    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        tolerance = _scalar(self.tolerance, "1", "tolerance")
        if not 2.3e-14 <= tolerance <= 1e-2:
            raise UsageError(
                f"tolerance is {tolerance:g}; the reference solver takes 2.3e-14 (the limit of "
                "double precision) to 0.01"
            )
        object.__setattr__(self, "tolerance", tolerance)

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "tolerance": self.tolerance}

    def __repr__(self) -> str:
        return f"Reference(tolerance={self.tolerance:g})"


Solver: TypeAlias = Exponential | Reference
SOLVERS: dict[str, type[Exponential] | type[Reference]] = {
    "exponential": Exponential,
    "reference": Reference,
}
DEFAULT = Exponential()


def from_dict(document: dict[str, Any]) -> Solver:
    """The inverse of a solver's ``to_dict``."""
    settings = dict(document)
    name = settings.pop("name", None)
    if name not in SOLVERS:
        raise UsageError(f"unknown solver {name!r}; there are {', '.join(SOLVERS)}")
    return SOLVERS[name](**settings)
