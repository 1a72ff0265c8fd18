"""Where many membranes rest, found by a GPU and by this processor: first the same bits, then how
fast.

    python -m benchmarks.gpu_rests [LANES]

Half a minute. Of each model as many membranes as are asked for, a million unless said otherwise
(fewer of the last two), with conductances of their own. The first search of each compiles.
"""

from __future__ import annotations

import sys
import time

import numpy as np

import loligo as lo
from loligo.engine.cuda.driver import gpu
from loligo.engine.engines import ENGINES
from loligo.run.equilibrium import rested
from loligo.run.initial import begun
from loligo.run.recipes import alone
from loligo.system.outline import outline_of

# of the library -> how many times fewer
MODELS = {"hodgkin-huxley-1952": 1, "wang-buzsaki-1996": 1, "connor-stevens-1977": 4,
          "prinz-2003": 8}  # fmt: skip


def main(lanes: int) -> None:
    print(gpu().name, "beside this processor")
    for name, share in MODELS.items():
        model, rng, count = lo.load(name), np.random.default_rng(18), lanes // share
        numbers = {n: np.full(count, p.value, dtype=float) for n, p in model.parameters.items()}
        numbers |= {n: v * rng.uniform(0, 2, count) for n, v in numbers.items() if n[:2] == "g_"}
        numbers, found = begun(model, numbers), {}
        for engine in ("cuda", "llvm"):
            recipe = alone(outline_of(model), (), ("V",), lo.Taylor(1e-7, engine=engine))
            kernel, took = ENGINES[engine].kernel(recipe, count)[0], []
            for _ in range(3):
                started = time.perf_counter()
                found[engine] = rested(kernel, numbers)
                took.append(time.perf_counter() - started)
            print(f"{name}, {count:,} on {engine}: {', '.join(f'{t:.2f}' for t in took)} s")
        there, here = found["cuda"], found["llvm"]
        same = (there.states == here.states).all(axis=0) & (there.status == here.status)
        print(f"  {np.count_nonzero(~same)} differ; notes alike: {there.notes == here.notes}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
