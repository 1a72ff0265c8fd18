"""Solvers are values: how accurately, and by which method, a run is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from loligo import units
from loligo.errors import UsageError

if TYPE_CHECKING:
    from loligo.program import Program
    from loligo.program.exponential import Source
    from loligo.system.equations import System


_ENGINES = ("llvm", "cuda", "numpy")


def _scalar(value: Any, unit: str, name: str) -> float:
    number = units.read(value, unit, name, above=0)
    if not isinstance(number, float):
        raise UsageError(f"{name} must be one number: a run has one {name} for all its lanes")
    return number


def _check_engine(engine: str) -> None:
    if not isinstance(engine, str) or engine not in _ENGINES:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"engine is {engine!r}; there are 'llvm', 'cuda' and 'numpy'")


def _check_precision(precision: str) -> None:
    if not isinstance(precision, str) or precision not in ("float64", "float32"):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"precision is {precision!r}; there are 'float64' and 'float32'")


def _check_portable(portable: bool, engine: str) -> None:
    if not isinstance(portable, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"portable is {portable!r}; it is True or False")
    if portable and engine == "numpy":
        raise UsageError(
            "engine='numpy' takes its functions from this machine's libraries, and has other bits "
            "elsewhere: portable=True is for engine='llvm' and engine='cuda'"
        )


def _shown(engine: str, portable: bool, precision: str = "float64") -> str:
    """The settings that are not as usual, as they are written in a call."""
    shown = "" if precision == "float64" else f", precision={precision!r}"
    shown += "" if engine == "llvm" else f", engine={engine!r}"
    return f"{shown}, portable=True" if portable else shown


def _settings(
    engine: str, portable: bool, precision: str = "float64"
) -> dict[str, Any]:  # fmt: skip
    """Those that all compiled solvers have, as recordings have it; what there was no choice of
    when older ones were made is left out where it is as usual."""
    more: dict[str, Any] = {} if precision == "float64" else {"precision": precision}
    return {"engine": engine, **more, **({"portable": True} if portable else {})}


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
    engine : {"llvm", "cuda", "numpy"}
        Machine code of this processor; of a GPU of NVIDIA's, for many lanes, with the same bits;
        or NumPy: slow, for reading and checking.
    precision : {"float64", "float32"}
        Of the states and the rates. float32 takes less than half the time, for populations of
        many cells. Times, edges and the charge of a stimulus stay float64, the initial rest is
        found in float64, and what the rounding of a sum takes is carried to the next step: after
        one second of firing, spikes are 3e-4 ms (squid axon) to 2e-3 ms (Connor & Stevens) from
        where float64 has them, far less than what dt = 0.01 ms itself does.
    portable : bool
        Whether the bits are those of every machine (:class:`Taylor` says what that takes).

    Examples
    --------
    >>> Exponential(dt="10 us")
    Exponential(dt=0.01)
    >>> Exponential(precision="float32")
    Exponential(dt=0.01, precision='float32')
    """

    name: ClassVar[str] = "exponential"
    order: ClassVar[int] = 2

    dt: float = 0.01
    engine: str = "llvm"
    precision: str = "float64"
    portable: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "dt", _scalar(self.dt, "ms", "dt"))
        _check_engine(self.engine)
        _check_precision(self.precision)
        _check_portable(self.portable, self.engine)

    def program(
        self, system: System, sources: tuple[Source, ...] = (), records: tuple[str, ...] = ("V",)
    ) -> Program:
        """The scheme's step for a system, as straight-line arithmetic."""
        from loligo.program.exponential import exponential

        return exponential(system, sources, records, self.precision)

    def to_dict(self) -> dict[str, Any]:
        settings = _settings(self.engine, self.portable, self.precision)
        return {"name": self.name, "dt": self.dt, **settings}

    def __repr__(self) -> str:
        return f"Exponential(dt={self.dt:g}{_shown(self.engine, self.portable, self.precision)})"


@dataclass(frozen=True)
class Taylor:
    """Power series with adaptive steps, compiled: accurate and fast.

    The solution is expanded in time to an order that follows from the tolerance, and every lane
    takes the longest step that keeps its local error below it, landing exactly on every edge of
    the stimulus; samples and spikes come from the same polynomial. States and the coefficients
    of low order are float64, those of high order, where the tolerance asks for fewer digits,
    float32 (``wide`` says from where). See :mod:`loligo.program.taylor`.

    Parameters
    ----------
    tolerance : float
        Of the local error of a step, relative to each state's scale: V 100 mV, gates 1, others
        as declared. 1e-13 to 1e-3.
    engine : {"llvm", "cuda", "numpy"}
        Machine code of this processor; of a GPU of NVIDIA's, for many lanes, with the same bits;
        or NumPy: slow, for reading and checking.
    portable : bool
        Whether the bits are those of every machine: any processor, a browser, a GPU. Products and
        sums are then rounded one by one, where this processor could do both at once; numbers with
        no digits of their own count, whatever another library has told the processor; stimuli are
        added up in one order, whichever they were written in; and steady states that take a linear
        solve are found by one of loligo's own. Where the processor multiplies and adds at once
        that takes a quarter longer for one cell, and 1.3 to 2 times as long for many lanes.

    Examples
    --------
    >>> Taylor(1e-9).order
    12
    >>> Taylor(portable=True)
    Taylor(tolerance=1e-08, portable=True)
    """

    name: ClassVar[str] = "taylor"

    tolerance: float = 1e-8
    engine: str = "llvm"
    portable: bool = False

    def __post_init__(self) -> None:
        _check_engine(self.engine)
        _check_portable(self.portable, self.engine)
        tolerance = _scalar(self.tolerance, "1", "tolerance")
        if not 1e-13 <= tolerance <= 1e-3:
            raise UsageError(
                f"tolerance is {tolerance:g}; the Taylor solver takes 1e-13 (near the limit of "
                "double precision) to 0.001"
            )
        object.__setattr__(self, "tolerance", tolerance)

    @property
    def order(self) -> int:
        """The order of the series: about half a digit more for each term (Jorba & Zou 2005)."""
        from loligo.program.exact import log

        return max(4, math.ceil(1.0 - log(self.tolerance) / 2.0))

    def wide(self, scales: Iterable[float] = ()) -> int:
        """How many of its coefficients need all the digits of a float64, where states have such
        scales; those of higher order are float32, whose 24 bits are more than the tolerance asks
        for there."""
        from loligo.program.series.digits import wide_orders

        return wide_orders(self.tolerance, self.order, scales)

    def program(
        self,
        system: System,
        sources: tuple[Source, ...] = (),
        records: tuple[str, ...] = ("V",),
        scales: Mapping[str, float] | None = None,
    ) -> Program:
        """The coefficients and the step for a system, as straight-line arithmetic."""
        from loligo.program.taylor import taylor

        scales = scales or {}
        wide = self.wide(scales.values())
        return taylor(system, sources, records, scales, self.order, wide)

    def to_dict(self) -> dict[str, Any]:
        settings = _settings(self.engine, self.portable)
        return {"name": self.name, "tolerance": self.tolerance, **settings}

    def __repr__(self) -> str:
        return f"Taylor(tolerance={self.tolerance:g}{_shown(self.engine, self.portable)})"


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
    engine: ClassVar[str] = "numpy"  # of what it asks of programs: the states that it begins with
    portable: ClassVar[bool] = False

    # at 1e-10 samples between the long steps at rest are 2e-5 mV off; this costs a tenth more
    tolerance: float = 1e-12

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


Solver: TypeAlias = Exponential | Taylor | Reference
SOLVERS: dict[str, type[Solver]] = {
    "taylor": Taylor,
    "exponential": Exponential,
    "reference": Reference,
}


def from_dict(document: dict[str, Any]) -> Solver:
    """The inverse of a solver's ``to_dict``."""
    settings = dict(document)
    name = settings.pop("name", None)
    if name not in SOLVERS:
        raise UsageError(f"unknown solver {name!r}; there are {', '.join(SOLVERS)}")
    return SOLVERS[name](**settings)
