"""The one table of engines. An engine is imported when its kernel is asked for, not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from loligo.engine.coupled import Course, Line, Patch, Points
from loligo.engine.kernel import Floats, Kernel, Schedule
from loligo.program.recipe import Recipe


class Engine(Protocol):
    """What an engine offers: kernels of programs, and the solve that joins compartments."""

    def kernel(self, recipe: Recipe, lanes: int, width: int | None = None) -> tuple[Kernel, str]:
        """The kernel of a program, and where it came from: "memory", "cache", "compiled", ….

        Parameters
        ----------
        lanes
            How many there are, from which the width of a block follows.
        width
            Of a block, if it is to be another.
        """
        ...

    def course(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats,
    ) -> Course:  # fmt: skip
        """A run of coupled compartments, about to begin."""
        ...


class _Llvm:
    """Machine code."""

    def kernel(self, recipe: Recipe, lanes: int, width: int | None = None) -> tuple[Kernel, str]:
        from loligo.engine.llvm.cache import KERNELS
        from loligo.engine.llvm.width import width_of

        return KERNELS.kernel(recipe.key, width_of(recipe, lanes, width), recipe.write)

    def course(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats,
    ) -> Course:  # fmt: skip
        from loligo.engine.llvm.course import CompiledCourse

        return CompiledCourse(line, patches, points, schedule, voltage)


class _Numpy:
    """NumPy: slow, for reading and checking."""

    def kernel(self, recipe: Recipe, lanes: int, width: int | None = None) -> tuple[Kernel, str]:
        from loligo.engine.numpy.kernel import NumpyKernel

        return NumpyKernel(recipe.write()), "numpy"

    def course(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats,
    ) -> Course:  # fmt: skip
        from loligo.engine.numpy.coupled import NumpyCourse

        return NumpyCourse(line, patches, points, schedule, voltage)


ENGINES: Mapping[str, Engine] = {"llvm": _Llvm(), "numpy": _Numpy()}
