"""Where many membranes rest: the loop that finds it beside the blocks that few go through, bit for
bit; and both beside equations written anew."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from unittest import mock

import numpy as np
import pytest
import xarray as xr
from test_gpu import assert_rounded

import loligo as lo
from cells import bistable, calcium, conditional, cubic, mutual
from loligo.engine.cuda import cache
from loligo.engine.cuda import kernel as cuda_kernel
from loligo.engine.cuda.rests import Rests
from loligo.engine.llvm.cache import KERNELS
from loligo.engine.llvm.jit import compile_rests_ptx
from loligo.engine.llvm.target import nvidia
from loligo.engine.resting import Equations
from loligo.errors import RunError
from loligo.run import resting
from loligo.run.initial import begun
from loligo.run.recipes import plain
from loligo.system.outline import outline_of
from machine import equations
from pretend_gpu import pretended
from random_membranes import Drawn

LANES = 16
SQUID = "hodgkin-huxley-1952"
# without those whose states drive each other all round, which the loop is not made for
ALONE = [name for name in lo.models() if name not in ("destexhe-1996", "khaliq-2003")]
# beside numbers of its own V_d has two steady values, and a jump from one to the other is taken for
# a place where the balance turns, by blocks and by the loop
JUMPS = "pinsky-rinzel-1994"
FALSE = pytest.mark.xfail(reason="a jump of V_d is taken for a rest", strict=True)
OTHERS = {"bistable": bistable, "calcium": calcium, "conditional": conditional, "cubic": cubic,
          "mutual": mutual}  # fmt: skip


@contextmanager
def loop_from(lanes: int) -> Iterator[None]:
    with mock.patch.object(resting, "_MANY", lanes), mock.patch.object(cuda_kernel, "MANY", lanes):
        yield


def kernel_of(model: lo.Membrane, portable: bool = False) -> Any:
    """Its blocks; of its loops that alone that is asked for."""
    recipe = plain(outline_of(model))
    return KERNELS.kernel(recipe.key, 0, recipe.write, portable)[0]


def both(kernel: Any, numbers: dict[str, np.ndarray]) -> tuple[Any, Any]:
    """By blocks, and by the loop."""
    lanes = len(next(iter(numbers.values())))
    with loop_from(lanes + 1):
        blocks = resting.rests(kernel, numbers, lanes)
    with loop_from(1):
        return blocks, resting.rests(kernel, numbers, lanes)


def assert_same(blocks: Any, loop: Any) -> None:
    assert np.array_equal(blocks.states, loop.states, equal_nan=True)
    assert np.array_equal(np.signbit(blocks.states), np.signbit(loop.states))
    assert (blocks.several, blocks.why) == (loop.several, loop.why)


def drawn(model: lo.Membrane, low: float, high: float, seed: int = 0, only: str = "") -> Any:
    """All numbers of a model, each times something of its own in every lane."""
    rng = np.random.default_rng(seed)
    numbers = {n: np.full(LANES, p.value, dtype=float) for n, p in model.parameters.items()}
    for name in numbers:
        if name.startswith(only):
            numbers[name] *= rng.uniform(low, high, LANES)
    return begun(model, numbers)


def test_the_loop_has_the_bits_of_the_blocks_and_their_words() -> None:
    squid = lo.load(SQUID)
    numbers = drawn(squid, 0.0, 2.0, only="g_")
    kernel = kernel_of(squid)
    blocks, loop = both(kernel, numbers)
    assert_same(blocks, loop)
    assert 0 < np.isnan(loop.states[0]).sum() < LANES // 2  # of some there is no stable rest
    for name in ("g_Na", "g_K", "g_L"):
        numbers[name][5] = 0.0
    blocks, loop = both(kernel, numbers)
    assert_same(blocks, loop)
    assert loop.why is not None
    assert "every voltage is an equilibrium" in loop.why


@pytest.mark.parametrize("limit", [1 << 40, 8_000])
def test_so_has_a_gpu_with_room_and_without(limit: int) -> None:
    """Each half of the lanes for itself, where there is no room for all."""
    squid = lo.load(SQUID)
    kernel, numbers = kernel_of(squid), drawn(squid, 0.0, 2.0, only="g_")
    blocks, _ = both(kernel, numbers)
    with pretended(limit) as gpu:

        def search(equations: Equations, lanes: int) -> Any:
            return Rests(cast(Any, gpu), cache.rests_of(equations, False))

        with mock.patch.object(kernel, "search", search):
            _, loop = both(kernel, numbers)
    assert_same(blocks, loop)
    assert gpu.starts == (1 if limit > 8_000 else 4)
    assert gpu.most <= limit


def test_a_gpu_without_room_is_told_of() -> None:
    squid = lo.load(SQUID)
    kernel, numbers = kernel_of(squid), drawn(squid, 0.9, 1.1)
    with pretended(200) as gpu, loop_from(1):
        search = Rests(cast(Any, gpu), cache.rests_of(Equations.of(kernel.program), False))
        with (
            mock.patch.object(kernel, "search", return_value=search),
            pytest.raises(RunError, match=r"no memory free to look for rest .* engine='llvm'"),
        ):
            resting.rests(kernel, numbers, LANES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*lanes could not be run")
def test_a_run_on_a_gpu_begins_where_one_here_does() -> None:
    squid = lo.load(SQUID)
    sweep = {"g_Na": np.linspace(0, 300, LANES)}
    here = lo.simulate(squid.replace(**sweep), None, 0.05, sample_interval=0.05, initial="rest",
                       solver=lo.Exponential(0.05), record=["V", "m"])  # fmt: skip
    for limit in (1 << 40, 60_000):
        with pretended(limit) as gpu, loop_from(1):
            there = lo.simulate(
                squid.replace(**sweep), None, 0.05, sample_interval=0.05, initial="rest",
                solver=lo.Exponential(0.05, engine="cuda"), record=["V", "m"],
            )  # fmt: skip
        assert here.V.equals(there.V)
        assert here.m.equals(there.m)
        assert gpu.starts > 1
        assert gpu.most <= limit


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ALONE, *OTHERS])
def test_every_model_rests_where_it_did(name: str) -> None:
    model = OTHERS[name]() if name in OTHERS else lo.load(name)
    assert_same(*both(kernel_of(model), drawn(model, 0.0, 2.0, only="g_")))


@pytest.mark.slow
@pytest.mark.parametrize("name", [SQUID, "morris-lecar-1981"])
def test_so_it_does_in_portable_mode(name: str) -> None:
    model = lo.load(name)
    assert_same(*both(kernel_of(model, portable=True), drawn(model, 0.9, 1.1)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_so_do_membranes_drawn_by_chance(seed: int) -> None:
    made = Drawn(seed, LANES)
    model = made.membrane
    numbers = {n: v for n, v in made.numbers.items() if n in model.parameters}
    first = model.replace(**{n: float(v[0]) for n, v in numbers.items()})
    every = {n: np.full(LANES, p.value, dtype=float) for n, p in first.parameters.items()}
    ask = begun(first, {**every, **numbers})
    assert_same(*both(kernel_of(first), ask))


@pytest.mark.slow
@pytest.mark.parametrize("name", [n if n != JUMPS else pytest.param(n, marks=FALSE) for n in ALONE])
def test_equations_written_anew_say_that_it_is_rest(name: str) -> None:
    """The text's own equations stand still there, and what is near comes back."""
    model = lo.load(name)
    numbers = drawn(model, 0.97, 1.03, seed=1)
    with loop_from(1):
        found = resting.rests(kernel_of(model), numbers, LANES)
    for lane in np.flatnonzero(~np.isnan(found.states[0]))[:3]:
        own = {n: float(numbers[n][lane]) for n in model.parameters}
        names, f = equations(model.replace(**own))
        assert len(names) == len(found.states)
        x = found.states[:, lane]
        slopes = np.empty((x.size, x.size))
        for j in range(x.size):
            step = np.zeros(x.size)
            step[j] = 1e-6 * max(abs(x[j]), 1e-4)
            slopes[:, j] = (f(0, x + step, 0.0) - f(0, x - step, 0.0)) / (2 * step[j])
        # of rounding: the last place of each state, through the slopes
        least = 1e-11 * np.abs(slopes) @ np.maximum(np.abs(x), 1e-4) + 1e-13
        assert np.all(np.abs(f(0, x, 0.0)) <= least)
        values = np.linalg.eigvals(slopes)
        assert values.real.max() <= 1e-8 * np.abs(values).max()


@pytest.mark.slow
@pytest.mark.parametrize("name", [SQUID, "prinz-2003"])
def test_what_a_gpu_is_told_of_rest_is_rounded_operation_by_operation(
    name: str, tmp_path: Path
) -> None:
    program = plain(outline_of(lo.load(name))).write()
    ptx = compile_rests_ptx(Equations.of(program), nvidia((9, 0)))
    lines = [line for line in ptx.splitlines() if "loligo_settle" not in line]
    assert_rounded("\n".join(line for line in lines if not line.strip().startswith("call.uni")))
    if shutil.which("ptxas") is None:
        return
    (tmp_path / "rests.ptx").write_text(ptx)
    subprocess.run(
        ["ptxas", "-arch=sm_90", "-o", str(tmp_path / "rests.cubin"), str(tmp_path / "rests.ptx")],
        capture_output=True, check=True,
    )  # fmt: skip


@pytest.mark.slow
def test_many_lanes_are_those_of_few() -> None:
    """Without any patch, through a run: 1,100 lanes go through the loop, 50 of them do not."""
    rng = np.random.default_rng(3)
    shares = {n: xr.DataArray(rng.uniform(0.2, 1.8, 1100), dims="cell") for n in ("Na", "K")}
    model = lo.load("connor-stevens-1977")
    changed = {
        f"g_{n}": np.full(1, model.parameters[f"g_{n}"].value, dtype=float)[0] * s
        for n, s in shares.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        many, few = (
            lo.simulate(model.replace(**each), None, 0.05, sample_interval=0.05, initial="rest",
                        solver=lo.Exponential(0.05))
            for each in (changed, {n: v.isel(cell=slice(50)) for n, v in changed.items()})
        )  # fmt: skip
    assert many.V.isel(cell=slice(50)).equals(few.V)
