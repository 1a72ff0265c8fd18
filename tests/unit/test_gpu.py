"""Runs on a GPU: the same bits as on this processor.

Where there is no GPU, what it is told is done by this processor, thread after thread
(:mod:`tests.pretend_gpu`); where there is one, it is asked too.
"""

from __future__ import annotations

import ctypes
import gc
import shutil
import subprocess
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import loligo as lo
from few import FEW
from loligo.engine.cuda import cache, driver
from loligo.engine.llvm.jit import compile_ptx
from loligo.engine.llvm.target import nvidia
from loligo.errors import RunError, UsageError
from loligo.run.pose import pose
from loligo.run.recipes import recipes_of
from pretend_gpu import PretendGpu, pretended

SQUID = lo.load("hodgkin-huxley-1952")
LANES = 11
SOME = ["taylor", "exponential"]
SOLVERS = {
    "taylor": lambda engine: lo.Taylor(1e-7, engine=engine),
    "exponential": lambda engine: lo.Exponential(engine=engine),
    "float32": lambda engine: lo.Exponential(engine=engine, precision="float32"),
}
# bytes of a thread's that may lie outside its registers: most has the model of six states
MOST_STACK = {repr(lo.Taylor(1e-7)): 2048, repr(lo.Taylor(1e-10)): 6144}


def draw(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(size=LANES)


def both(solver: str, model, stimulus, duration: float = 25.0, limit: int = 1 << 40, **more):
    """A run on this processor, and on a GPU of so many bytes; and that GPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what random lanes do
        here = lo.simulate(model, stimulus, duration, solver=SOLVERS[solver]("llvm"), **more)
        with pretended(limit) as gpu:
            there = lo.simulate(model, stimulus, duration, solver=SOLVERS[solver]("cuda"), **more)
    return here, there, gpu


def assert_same(here: xr.Dataset, there: xr.Dataset) -> None:
    assert here.sizes == there.sizes
    for name in (*here.variables,):
        assert here[name].equals(there[name]), name


PULSE = lo.Pulse(2.0, 18.0, 50 * draw(0) - 5)


@pytest.mark.parametrize("solver", SOME)
def test_the_bits_are_this_processors(solver: str) -> None:
    here, there, gpu = both(solver, SQUID, PULSE, record=["V"])
    assert_same(here, there)
    assert int(here.spike_count.sum()) > LANES
    assert gpu.starts > 1
    assert there.attrs["solver"].endswith("engine='cuda')")


@pytest.mark.parametrize("solver", SOME)
def test_nothing_stays_on_the_gpu(solver: str) -> None:
    gc.collect()
    gc.disable()
    try:
        _, _, gpu = both(solver, SQUID, PULSE, record=["V"])
        assert gpu.most > 0
        assert gpu.taken == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("solver", SOME)
def test_what_has_no_room_goes_in_parts(solver: str) -> None:
    here, there, gpu = both(solver, SQUID, PULSE, limit=50_000, record=["V"])
    assert_same(here, there)
    assert gpu.most <= 50_000


@pytest.mark.parametrize("solver", SOME)
def test_a_gpu_without_room_is_told_of(solver: str) -> None:
    with pytest.raises(RunError, match=r"MB of memory free, and this run of 11 lanes needs more"):
        both(solver, SQUID, PULSE, limit=2_000, record=["V"])


@pytest.mark.parametrize("solver", SOME)
def test_however_little_room_there_is_the_bits_are_the_same_or_it_is_told(solver: str) -> None:
    here = lo.simulate(SQUID, PULSE, 25, solver=SOLVERS[solver]("llvm"), record=["V"])
    refused: list[str] = []
    for limit in np.geomspace(4_000, 60_000, 24).astype(int).tolist():
        with pretended(limit) as gpu:
            try:
                there = lo.simulate(SQUID, PULSE, 25, solver=SOLVERS[solver]("cuda"), record=["V"])
            except RunError as error:
                refused.append(str(error))
                continue
        assert_same(here, there)
        assert gpu.most <= limit
    assert 0 < len(refused) < 24
    assert all("engine='llvm'" in words for words in refused)


@pytest.mark.slow
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", FEW)
def test_every_model_gives_the_bits_of_this_processor(name: str, solver: str) -> None:
    model = lo.load(name)
    here, there, _ = both(solver, model, PULSE, limit=100_000)
    assert_same(here, there)


# V beyond -65 mV drives itself on: it is infinite after a while
RUN_AWAY = lo.Membrane(channels=[lo.Channel("X", current="-(1 + 0.05 * (V + 65)**2)")])
CASES = {
    "initial values": (SQUID, lo.Pulse(2, 20, 10), {"initial": -90 + 80 * draw(1)}),
    "capacitances": (SQUID.replace(C_m=0.5 + draw(2)), lo.Pulse(2, 20, 10) + lo.Sine(0, 20, 5, 0.1),
                     {}),
    "shocks": (SQUID, lo.Shock(20 * draw(3), 20) + lo.Shock(5, 5), {}),
    "a family of clamps": (SQUID, lo.VoltageClamp(5, 10, np.linspace(-90, 40, LANES)), {}),
    "noise": (SQUID, lo.Noise(2, 20, 5, seed=[1, 2, 3]), {}),
    "spikes that end runs": (SQUID, PULSE, {"until": lo.Spikes(1)}),
    "a voltage that ends runs": (SQUID, PULSE, {"until": "V > 0", "record": ["V"]}),
    "lost lanes": (RUN_AWAY, lo.Step(0, 4 * draw(4) - 3), {"initial": -65}),
    "one cell": (SQUID, lo.Pulse(2, 20, 10), {}),
    "spikes alone": (SQUID, PULSE, {"record": ["spikes"]}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("case", CASES)
def test_whatever_is_done_the_bits_are_this_processors(case: str, solver: str) -> None:
    model, stimulus, more = CASES[case]
    if (case, solver) == ("noise", "taylor"):
        pytest.skip("Taylor is not asked for noise")
    here, there, _ = both(solver, model, stimulus, limit=120_000, **more)
    assert_same(here, there)
    if case == "lost lanes":
        assert (here.status != 0).any()


def program_of(name: str, solver):
    problem = pose(
        lo.load(name), lo.Pulse(0, 1, [0.0, 1.0]), 1.0, record=["V"], sample_interval=1.0,
        initial=None, threshold=0.0, until=None,
    )  # fmt: skip
    return recipes_of(problem, solver)[0].write()


@pytest.mark.parametrize("solver", [lo.Exponential(precision="float32")], ids=repr)
def test_what_a_gpu_is_told_is_rounded_operation_by_operation(solver) -> None:
    """An operation that does not say how it is rounded might be joined to another."""
    assert_rounded(compile_ptx(program_of("hodgkin-huxley-1952", solver), nvidia((9, 0))))


def assert_rounded(ptx: str) -> None:
    words = {line.split()[0] for line in ptx.splitlines() if line.strip()}
    arithmetic = {w for w in words if w.split(".")[0] in ("add", "sub", "mul", "fma", "div", "sqrt")
                  and w.endswith((".f32", ".f64"))}  # fmt: skip
    assert arithmetic
    assert all(".rn." in word for word in arithmetic), arithmetic
    assert not any(word.startswith("call") or ".ftz" in word for word in words)


@pytest.mark.slow
@pytest.mark.parametrize("capability", [(6, 0), (7, 5), (8, 0), (9, 0), (12, 0)])
def test_code_for_every_gpu_that_can_be_used(capability: tuple[int, int]) -> None:
    program = program_of("hodgkin-huxley-1952", lo.Exponential())
    assert f".target {nvidia(capability).cpu}" in compile_ptx(program, nvidia(capability))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ptxas") is None, reason="ptxas is not installed")
@pytest.mark.parametrize("solver", [lo.Taylor(1e-7), lo.Taylor(1e-10), lo.Exponential(),
                                    lo.Exponential(precision="float32")], ids=repr)  # fmt: skip
@pytest.mark.parametrize("name", FEW)
def test_nvidias_assembler_takes_it_and_little_lies_outside_registers(
    name: str, solver, tmp_path: Path
) -> None:
    ptx = compile_ptx(program_of(name, solver), nvidia((9, 0)))
    assert_rounded(ptx)
    (tmp_path / "loop.ptx").write_text(ptx)
    command = ["ptxas", "-arch=sm_90", "-v", "-o", str(tmp_path / "loop.cubin")]
    told = subprocess.run(
        [*command, str(tmp_path / "loop.ptx")], capture_output=True, text=True, check=True
    ).stderr
    stacks = [int(line.split()[0]) for line in told.splitlines() if "bytes stack frame" in line]
    assert len(stacks) == 2
    assert max(stacks) <= MOST_STACK.get(repr(solver), 32)


def test_without_a_gpu_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_LIBRARIES", {})
    says = r"needs a GPU of NVIDIA's with its driver, and there is none here .*; use engine='llvm'"
    with pytest.raises(RunError, match=says):
        driver.Driver()


def test_an_old_gpu_is_refused() -> None:
    says = r"has compute capability 5\.2, and engine='cuda' needs 6\.0"
    with pretended() as gpu:
        gpu.capability = (5, 2)
        with pytest.raises(RunError, match=says):
            lo.simulate(SQUID, None, 1, solver=lo.Taylor(engine="cuda"))


def test_axons_are_the_processors() -> None:
    axon = lo.Axon(SQUID, length=1000, diameter=500, axial_resistivity=35.4)
    with pytest.raises(UsageError, match="axons are computed on the processor, not on a GPU"):
        lo.simulate(axon, None, 1, solver=lo.Exponential(engine="cuda"))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (100, "this machine shows none"),
        (3, "forked from one that had begun to use it"),
        (46, "kept by another process for itself alone"),
        (719, r"says of cuLaunchKernel: unspecified launch failure \(719\); use engine='llvm'"),
    ],
)
def test_what_the_driver_refuses_is_told(result: int, words: str) -> None:
    class Library:
        def cuLaunchKernel(self) -> int:
            return result

        def cuGetErrorString(self, _: object, text: object) -> int:
            text._obj.value = b"unspecified launch failure"
            return 0

    asked = object.__new__(driver.Driver)
    asked.library = Library()
    with pytest.raises(RunError, match=words):
        asked("cuLaunchKernel")


@pytest.mark.parametrize("aside", [848, 12_800])
def test_what_puts_much_aside_is_made_plainly(aside: int) -> None:
    """With all optimisations a driver made other last bits of such a program."""
    asked: list[bool] = []

    class Functions:
        def costs(self, name: str) -> dict[str, int]:
            return {"local": aside if name == "adapt" else 0}

    class Device:
        def linked(self, text: str, plainly: bool = False) -> bytes:
            asked.append(plainly)
            return b"plain" if plainly else b"quick"

        def loaded(self, code: bytes) -> Functions:
            return Functions()

    text = ".visible .entry gather(\n)\n.visible .entry adapt(\n)\n"
    code = cache._linked(Device(), text)  # pyright: ignore[reportArgumentType]
    assert code == (b"plain" if aside > 8192 else b"quick")
    assert asked == ([False, True] if aside > 8192 else [False])


def test_no_memory_is_told_apart() -> None:
    class Library:
        def cuMemAlloc_v2(self) -> int:
            return 2

    asked = object.__new__(driver.Driver)
    asked.library = Library()
    with pytest.raises(driver.NoRoomError):
        asked("cuMemAlloc_v2")


@pytest.mark.parametrize("size", [0, 7, 4096, 4096 * 5 + 3])
@pytest.mark.parametrize("way", ["write", "read"])
@pytest.mark.parametrize("most", [0, 1, 3])
def test_bytes_cross_by_way_of_pages(
    most: int, way: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which there may be fewer than workers, or none."""
    monkeypatch.setattr(driver, "_PIECE", 4096)
    monkeypatch.setenv("LOLIGO_THREADS", "3")
    pages: list[np.ndarray] = []

    def asked(function: str, *arguments: Any) -> None:
        if function == "cuMemAllocHost_v2":
            if len(pages) == most:
                raise driver.NoRoomError
            pages.append(np.empty(4096, np.uint8))
            arguments[0]._obj.value = pages[-1].ctypes.data
        elif function.startswith("cuMemcpy"):
            ctypes.memmove(*(each.value for each in arguments))

    gpu = object.__new__(driver.Gpu)
    gpu.driver, gpu.context, gpu.pages = asked, None, []
    here, there = np.random.default_rng(1).integers(0, 255, (2, size)).astype(np.uint8)
    memory = SimpleNamespace(address=ctypes.c_uint64(there.ctypes.data))
    expected = (here if way == "write" else there).copy()
    for _ in range(2):  # pages are taken again
        getattr(gpu, way)(memory, here)
        assert np.array_equal(here, expected)
        assert np.array_equal(there, expected)
    assert len(pages) == len(gpu.pages) <= most


def a_gpu() -> bool:
    try:
        return driver.gpu().capability >= (6, 0)
    except RunError:
        return False


@pytest.mark.skipif(not a_gpu(), reason="there is no GPU")
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_gpu_itself_gives_the_bits_of_this_processor(solver: str) -> None:
    make = SOLVERS[solver]
    here, there = (
        lo.simulate(SQUID, PULSE, 25, solver=make(engine), record=["V"])
        for engine in ("llvm", "cuda")
    )
    assert_same(here, there)


def test_a_pretended_gpu_is_no_kernel_for_a_real_one() -> None:
    one, other = PretendGpu(), PretendGpu()
    assert one.version < 0
    assert one.version != other.version
    assert cache.gpu is driver.gpu
