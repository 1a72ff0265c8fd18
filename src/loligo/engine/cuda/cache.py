"""Kernels for the GPU at hand, kept where those for the processor are."""

from __future__ import annotations

import re
from dataclasses import astuple
from typing import Any

from loligo.engine.cuda.driver import Functions, Gpu, gpu
from loligo.engine.cuda.kernel import CudaKernel
from loligo.engine.llvm.cache import KERNELS
from loligo.engine.llvm.jit import compile_ptx, compile_rests_ptx
from loligo.engine.llvm.target import OLDEST, Target, nvidia
from loligo.engine.resting import Equations
from loligo.errors import RunError
from loligo.program.recipe import Recipe

_ENTRY = re.compile(r"\.entry (\w+)\(")
_ASIDE = 8192  # bytes


def kernel_of(recipe: Recipe) -> tuple[CudaKernel, str]:
    """The kernel of a program, from memory, from disk, or made anew; and from where.

    Raises
    ------
    RunError
        If there is no GPU that can be used.
    """
    device = gpu()
    if device.capability < OLDEST:
        raise RunError(_too_old(device))
    maps, _ = KERNELS.kernel(recipe.key, 0, recipe.write, recipe.portable)  # its blocks alone
    target = nvidia(device.capability, recipe.portable)

    def restore(_: dict[str, Any], code: bytes) -> CudaKernel:
        return CudaKernel(maps.program, maps, device, device.loaded(code), rests_of)

    def make() -> tuple[CudaKernel, dict[str, Any], bytes]:
        code = _linked(device, compile_ptx(maps.program, target))
        return restore({}, code), {}, code

    return KERNELS.obtained([recipe.key, "cuda", _made_by(device, target)], restore, make)


def rests_of(equations: Equations, portable: bool) -> Functions:
    """The loop that looks for where membranes rest."""
    device = gpu()
    target = nvidia(device.capability, portable)

    def restore(_: dict[str, Any], code: bytes) -> Functions:
        return device.loaded(code)

    def make() -> tuple[Functions, dict[str, Any], bytes]:
        code = _linked(device, compile_rests_ptx(equations, target))
        return restore({}, code), {}, code

    what = [*equations.key, "cuda", _made_by(device, target)]
    return KERNELS.obtained(what, restore, make)[0]


def _linked(device: Gpu, text: str) -> bytes:
    """The driver's code of PTX, with the least of its optimisations where threads put much aside:
    of all models and solvers one program (`prinz-2003`, Taylor(1e-10), which puts 12.8 kB aside)
    had other last bits than the PTX says when the driver (580.159, CUDA 13.0) went further, while
    NVIDIA's assemblers of 12.9, 13.0 and 13.5 had the right ones."""
    code = device.linked(text)
    functions = device.loaded(code)
    aside = (functions.costs(name)["local"] for name in _ENTRY.findall(text))
    return device.linked(text, plainly=True) if max(aside, default=0) > _ASIDE else code


def _made_by(device: Gpu, target: Target) -> list[Any]:
    """The driver makes the code, for exactly this kind of GPU."""
    return [*astuple(target), list(device.capability), device.version, _ASIDE]


def _too_old(device: Gpu) -> str:
    has, needs = (".".join(map(str, each)) for each in (device.capability, OLDEST))
    return (
        f"the GPU ({device.name}) has compute capability {has}, and engine='cuda' needs {needs} "
        "or later (Pascal, 2016); use engine='llvm', which gives the same numbers"
    )
