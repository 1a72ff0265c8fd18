"""The one table of engines. An engine is imported when its kernel is asked for, not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from loligo.engine.coupled import Course, Line, Patch, Points
from loligo.engine.kernel import CAPACITY, Kernel, Schedule
from loligo.errors import UsageError
from loligo.lanes import Floats
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


@dataclass(frozen=True)
class Llvm:
    """Machine code.

    Parameters
    ----------
    capacity
        Spikes that one call has room for.
    """

    capacity: int = CAPACITY

    def kernel(self, recipe: Recipe, lanes: int, width: int | None = None) -> tuple[Kernel, str]:
        from loligo.engine.llvm.cache import KERNELS
        from loligo.engine.llvm.width import width_of

        wide = width_of(recipe, lanes, width)
        kernel, origin = KERNELS.kernel(recipe.key, wide, recipe.write, recipe.portable)
        return kernel.holding(self.capacity), origin

    def course(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats,
    ) -> Course:  # fmt: skip
        from loligo.engine.llvm.course import CompiledCourse

        return CompiledCourse(line, patches, points, schedule, voltage, self.capacity)


class Cuda:
    """Machine code of a GPU, each lane in a thread of its own."""

    def kernel(self, recipe: Recipe, lanes: int, width: int | None = None) -> tuple[Kernel, str]:
        from loligo.engine.cuda.cache import kernel_of

        return kernel_of(recipe)

    def course(
        self, line: Line, patches: Sequence[Patch], points: Points, schedule: Schedule,
        voltage: Floats,
    ) -> Course:  # fmt: skip
        raise UsageError("axons are computed on the processor: use engine='llvm'")


class Numpy:
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


ENGINES: Mapping[str, Engine] = {"llvm": Llvm(), "cuda": Cuda(), "numpy": Numpy()}
