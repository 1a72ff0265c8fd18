"""A program on a GPU, behind the interface of :mod:`loligo.engine.kernel`.

What is asked once of each lane (constants, steady states) the processor computes by its own code;
the loop runs on the GPU, and of many lanes the search of rest. A run stays there from call to
call: :meth:`CudaKernel.hold`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from loligo.engine.cuda.driver import Functions, Gpu, NoRoomError
from loligo.engine.cuda.journey import Voyage
from loligo.engine.cuda.progress import March
from loligo.engine.cuda.rests import MANY, Rests
from loligo.engine.kernel import Journey, Kernel, Moving, Progress, Route, Schedule, Search, Streams
from loligo.engine.resting import Equations
from loligo.errors import RunError
from loligo.lanes import Floats
from loligo.program import Program


class CudaKernel:
    """A program in the machine code of a GPU. A thread has one lane, and the GPU takes as many
    threads at once as it can; so one of the processor's calls it, with all lanes.

    Parameters
    ----------
    maps
        The blocks that the processor computes.
    functions
        The loop.
    rests
        Where the loop that looks for rest is found, by its equations and whether it is portable.
    """

    width, alone = 1, True

    def __init__(
        self, program: Program, maps: Kernel, gpu: Gpu, functions: Functions,
        rests: Callable[[Equations, bool], Functions],
    ) -> None:  # fmt: skip
        self.program, self.maps, self.gpu, self.functions = program, maps, gpu, functions
        self.rests = rests
        self.portable = maps.portable

    def map(self, block: str, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
        """Apply one block lane by lane, on the processor."""
        return self.maps.map(block, inputs)

    def search(self, equations: Equations, lanes: int) -> Search | None:
        """Of many lanes the GPU's; of fewer the processor's, which is there sooner."""
        if lanes < MANY:
            return self.maps.search(equations, lanes)
        return Rests(self.gpu, self.rests(equations, self.portable))

    def hold(self, run: Moving) -> None:
        """Let what a run has come to lie on the GPU, until it is asked home."""
        if isinstance(run, Progress):
            run.away = March(self, run)
        elif isinstance(run, Journey):
            run.away = Voyage(self, run)

    def run(
        self,
        schedule: Schedule,
        constants: Floats,
        progress: Progress,
        streams: Streams,
        blocks: range,
        stop: int,
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`."""
        march: Any = progress.away or March(self, progress)
        with self._room(len(blocks)):
            march.go(schedule, constants, streams, blocks, stop)
            if progress.away is None:
                march.home()

    def adapt(
        self, route: Route, constants: Floats, journey: Journey, blocks: range, rounds: int
    ) -> None:
        """See :class:`loligo.engine.kernel.Kernel`. Where there is no room for what all lanes
        record, some lanes go their whole way before others begin."""
        voyage: Any = journey.away or Voyage(self, journey)
        with self._room(len(blocks)):
            voyage.go(route, constants, blocks, rounds)
            if journey.away is None:
                voyage.home()

    @contextmanager
    def _room(self, lanes: int) -> Generator[None]:
        """Say so where the GPU has no memory for what is done."""
        try:
            yield
        except NoRoomError:
            raise RunError(
                f"the GPU ({self.gpu.name}) has {self.gpu.free() / 1e6:.0f} MB of memory free, and "
                f"this run of {lanes} lanes needs more there; run fewer lanes at once, record "
                "less, end what else uses the GPU, or use engine='llvm'"
            ) from None
