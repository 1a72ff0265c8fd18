"""Kernels for the GPU at hand, kept where those for the processor are."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from loligo.engine.cuda.driver import Gpu, gpu
from loligo.engine.cuda.kernel import CudaKernel
from loligo.engine.llvm.cache import KERNELS
from loligo.engine.llvm.jit import compile_ptx
from loligo.engine.llvm.target import OLDEST, nvidia
from loligo.errors import RunError
from loligo.program.recipe import Recipe


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
        return CudaKernel(maps.program, maps, device, device.loaded(code))

    def make() -> tuple[CudaKernel, dict[str, Any], bytes]:
        code = device.linked(compile_ptx(maps.program, target))
        return restore({}, code), {}, code

    # the driver makes the code, for exactly this kind of GPU
    made_by = [*astuple(target), list(device.capability), device.version]
    return KERNELS.obtained([recipe.key, "cuda", made_by], restore, make)


def _too_old(device: Gpu) -> str:
    has, needs = (".".join(map(str, each)) for each in (device.capability, OLDEST))
    return (
        f"the GPU ({device.name}) has compute capability {has}, and engine='cuda' needs {needs} "
        "or later (Pascal, 2016); use engine='llvm', which gives the same numbers"
    )
