"""Portable mode: one lane has the same bits whatever the processor can do, and however it is told
to round."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest

import loligo as lo
from few import FEW
from loligo.cli.arguments import solver as typed
from loligo.engine.llvm import cache, jit, width
from loligo.engine.llvm.target import Target, host
from loligo.errors import UsageError
from loligo.run.steady import _eliminated

TAYLOR, EXPONENTIAL = lo.Taylor(portable=True), lo.Exponential(0.025, portable=True)
X86 = platform.machine().lower() in ("x86_64", "amd64")
GATE = lo.Gate("n", alpha="0.1*exp(-V/20)", beta="0.05*exp(V/30)/(1 + exp(-V/7))")
SMALL = lo.Membrane(
    C_m=1.3,
    channels=[lo.Channel("K", g=3.0, E=-80, gates=[GATE]), lo.Channel("L", g=0.3, E=-52.7)],
)


def machines() -> dict[str, Target]:
    """Those of this kind that this one can be."""
    here = host().portable()
    if not X86:
        return {"this": here}
    plain = replace(here, cpu="x86-64", features="", vector=2)
    found = {"this": here, "plain": plain, "v3": replace(plain, cpu="x86-64-v3", vector=4)}
    if "+avx512f" in here.features.split(","):
        found["v4"] = replace(plain, cpu="x86-64-v4", vector=8)
    return {n: t for n, t in found.items() if n != "v3" or "+avx2" in here.features.split(",")}


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Target, int], None]]:
    """Have code made for a machine, its loops so many lanes wide."""
    monkeypatch.setenv("LOLIGO_CACHE", "off")

    def made(target: Target, wide: int) -> None:
        cache.KERNELS.clear()
        monkeypatch.setattr(cache, "_target", lambda portable: target if portable else host())
        monkeypatch.setattr(width, "width_of", lambda *_: wide)

    yield made
    cache.KERNELS.clear()


def bits(model: lo.Membrane, stimulus: Any, solver: Any, duration: float = 20.0) -> dict[str, Any]:
    rec = lo.simulate(model, stimulus, duration, solver=solver, sample_interval=0.1)
    return {name: rec[name].values for name in (*rec.data_vars,) if rec[name].dtype == float}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


@pytest.mark.parametrize(
    "solver", [pytest.param(TAYLOR, marks=pytest.mark.slow), EXPONENTIAL], ids=repr
)
def test_a_small_membrane_has_the_bits_of_a_processor_without_anything(
    on: Callable[[Target, int], None], solver: Any
) -> None:
    stimulus = lo.Pulse(2, 5, 7.7) + lo.Ramp(8, 9, 5)
    every = machines()
    on(every["this"], 8)
    expected = bits(SMALL, stimulus, solver)
    on(every.get("plain", every["this"]), 1)
    assert same(expected, bits(SMALL, stimulus, solver))
    if host().fma:
        assert not same(expected, bits(SMALL, stimulus, replace(solver, portable=False)))


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("solver", [TAYLOR, EXPONENTIAL], ids=repr)
def test_every_machine_and_width_gives_the_same_bits(
    on: Callable[[Target, int], None], name: str, solver: Any
) -> None:
    rng = np.random.default_rng(FEW.index(name))
    model = lo.load(name)
    varied = {n: p.value for n, p in model.parameters.items() if n[:2] in ("g_", "C_")}
    model = model.replace(**{n: value * rng.uniform(0.95, 1.05) for n, value in varied.items()})
    stimulus = lo.Pulse(2, 5, [7.7, 20.0]) + lo.Sine(3, 14, 4, frequency=60)
    stimulus = stimulus + lo.Noise(1, 18, 1, tau=2, seed=3)
    every = machines()
    on(every["this"], host().vector)
    expected = bits(model, stimulus, solver)
    widths = ((m, 1 if m == "plain" else every[m].vector) for m in every)
    others = (1, 4, 16, 64) if name == "hodgkin-huxley-1952" else ()
    for machine, wide in (*widths, *(("this", n) for n in others)):
        on(every[machine], wide)
        assert same(expected, bits(model, stimulus, solver)), (machine, wide)


@contextmanager
def few_digits() -> Iterator[None]:
    """As a library made with -ffast-math leaves the processor: what is small is 0."""
    module = llvm.parse_assembly(
        "declare void @llvm.x86.sse.ldmxcsr(ptr)\n"
        "define void @set(ptr %p) {\n call void @llvm.x86.sse.ldmxcsr(ptr %p)\n ret void\n}\n"
    )
    machine = host().machine()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    write = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("set"))
    write(ctypes.byref(ctypes.c_uint32(0x1F80 | 0x8040)))
    try:
        yield
    finally:
        write(ctypes.byref(ctypes.c_uint32(0x1F80)))


@pytest.mark.skipif(not X86, reason="the register is that of x86")
@pytest.mark.skipif(llvm.llvm_version_info[0] < 16, reason="pointers are written otherwise there")
def test_small_numbers_keep_their_digits_whatever_a_library_has_told_the_processor() -> None:
    from loligo.program.arithmetic import Builder

    b = Builder()
    block = b.block({"y": b.mul(b.input("x"), b.const(0.5))})
    module = jit.module_for(host())
    answers = {}
    for name, target in (("usual", host()), ("portable", host().portable())):
        module = jit.module_for(target)
        emitter = jit.Emitter(module, target.vector, target.fma, guarded=target.guarded)
        jit.emit_map(emitter, "edge", block)
        code = jit.load_object(jit._compiled(str(module), target, "default"))
        call = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        run = call(code.addresses["map_edge"])
        x, y = np.full(8, 3e-308), np.empty(8)
        with few_digits():
            run(8, x.ctypes.data, y.ctypes.data)
        answers[name] = float(y[0])
    assert answers == {"usual": 0.0, "portable": 3e-308 * 0.5}


def test_the_order_in_which_pulses_and_sines_were_added_does_not_count() -> None:
    parts = lo.Pulse(2, 9, 0.1), lo.Sine(1, 15, 0.3, frequency=70), lo.Ramp(0, 18, 0.7)
    forth, back = (bits(SMALL, sum(each), EXPONENTIAL) for each in (parts, parts[::-1]))
    assert same(forth, back)


@pytest.mark.slow
def test_a_clamp_that_is_never_on_changes_no_bit() -> None:
    stimulus = lo.Pulse(2, 5, 7.7)
    free = bits(SMALL, stimulus, TAYLOR)
    held = bits(SMALL, stimulus + lo.VoltageClamp([19.5, 15.0], 0.4, -60), TAYLOR)
    before = slice(0, 150)  # the second lane, in which V is held later, is the first until then
    assert np.array_equal(free["V"][before], held["V"][1][before])
    assert np.array_equal(free["V"][:195], held["V"][0][:195])


def test_it_is_part_of_what_a_recording_says_and_is_rerun_with() -> None:
    rec = lo.simulate(SMALL, lo.Pulse(2, 5, 7.7), 10, solver=EXPONENTIAL)
    assert rec.attrs["solver"] == "Exponential(dt=0.025, portable=True)"
    assert lo.rerun(rec).identical(rec)
    assert "portable" not in lo.Taylor().to_dict()
    assert typed("taylor:1e-8:portable") == typed("taylor:portable") == TAYLOR
    assert typed("exponential:0.025:portable") == EXPONENTIAL
    for words in ("takes its functions from this machine", "portable is 1; it is True or False"):
        with pytest.raises(UsageError, match=words):
            lo.Taylor(portable=1) if "1" in words else lo.Taylor(engine="numpy", portable=True)


def test_elimination_solves() -> None:
    rng = np.random.default_rng(0)
    matrix, right = rng.normal(size=(5, 4, 4)), rng.normal(size=(4, 5))
    matrix[0, 0, 0] = 0.0  # a pivot has to be looked for
    expected = np.linalg.solve(matrix, right.T[:, :, None])[:, :, 0].T
    assert _eliminated(matrix, right) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(_eliminated(np.zeros((1, 2, 2)), np.ones((2, 1)))).all()


def test_sampled_stimuli_add_up_in_whatever_order_they_are_given() -> None:
    """Portable programs have an order of their own, and each path is still its own shape's."""
    wave = lo.Waveform([0, 3, 3, 9], [0, 5, 2, 0])
    noise = lo.Noise(1, 8, 4, tau=1, interval=0.5, seed=3)
    asked = {"sample_interval": 0.5, "initial": -60.0, "record": ["V"]}
    plain = lo.simulate(SMALL, wave + noise, 10, solver=lo.Exponential(0.025), **asked)
    for stimulus in (wave + noise, noise + wave):
        rec = lo.simulate(SMALL, stimulus, 10, solver=EXPONENTIAL, **asked)
        np.testing.assert_allclose(rec.V, plain.V, rtol=0, atol=1e-9)


def test_derivatives_under_a_clamp() -> None:
    """What a clamp is apart from in portable mode has derivatives all the same."""
    leak = lo.Membrane(C_m=2, channels=[lo.Channel("L", g=0.5, E=-60)])
    rec = lo.simulate(
        leak, lo.VoltageClamp(1, 2, -20), 8, solver=TAYLOR, sample_interval=0.5, record=["V"],
        sensitivities=["voltage", "g_L"],
    )  # fmt: skip
    since = rec.time.values - 3.0
    free = np.where(since >= 0, np.exp(-0.25 * since), 0.0)  # C_m/g_L is 4 ms
    held = (rec.time.values >= 1) & (since < 0)
    np.testing.assert_allclose(rec.dV_dvoltage, np.where(held, 1.0, free), rtol=0, atol=1e-6)
    by_g = np.where(since >= 0, -40.0 * since / 2.0 * free, 0.0)
    np.testing.assert_allclose(rec.dV_dg_L, by_g, rtol=0, atol=1e-5)
