"""For which machine code is made: this processor, or another that LLVM knows."""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import llvmlite.binding as llvm


@dataclass(frozen=True)
class Target:
    """A machine. The same program for the same target is the same code.

    Attributes
    ----------
    triple
        LLVM's name of the machine, which tells the format of an object file too.
    cpu, features
        LLVM's names of the processor, and of what it can do.
    vector
        float64 lanes in its widest registers.
    fma
        Whether it multiplies and adds in one instruction, with one rounding.
    threads
        Whether each lane is a thread of its own, as on a GPU.
    guarded
        Whether the processor is told to round as usual while the code runs.
    brief
        Whether exp and its kin stand in the code once, and are called where they are used.
    """

    triple: str
    cpu: str = ""
    features: str = ""
    vector: int = 1
    fma: bool = False
    threads: bool = False
    guarded: bool = False
    brief: bool = False

    def portable(self) -> Target:
        """The same machine, for code that has the same bits on every other."""
        return replace(self, fma=False, guarded=True)

    def machine(self) -> Any:
        """LLVM's, which makes the code."""
        if self.triple == host().triple:
            return llvm.Target.from_triple(self.triple).create_target_machine(
                cpu=self.cpu, features=self.features, opt=3, jit=True
            )
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        return llvm.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu, features=self.features, opt=3, codemodel="default"
        )


@cache
def host() -> Target:
    """The processor at hand."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    there = frozenset(features.split(","))
    if "+avx512f" in there:
        # without this LLVM prefers registers of 256 bits for what is written in 512
        features += ",-prefer-256-bit"
    # every 64-bit ARM multiplies and adds at once; of the others, those that say so
    fma = bool(there & {"+fma", "+neon", "+fp-armv8"})
    vector = 8 if "+avx512f" in there else 4 if "+avx" in there else 2
    return Target(
        llvm.get_default_triple(), llvm.get_host_cpu_name(), features, vector=vector, fma=fma
    )


def wasm32() -> Target:
    """A browser's machine: what every one of them has since 2021 or before.

    It has no multiply-add, and no vector of it is used: a page computes a lane or some hundred, and
    each instruction is to be loaded with the page.
    """
    return Target("wasm32-unknown-unknown", "generic", _WASM, brief=True)


_WASM = "+bulk-memory,+sign-ext,+nontrapping-fptoint,+mutable-globals"


def nvidia(capability: tuple[int, int], portable: bool = False) -> Target:
    """A GPU of NVIDIA's, which takes PTX.

    It rounds as this processor does: where that multiplies and adds in one instruction so does the
    GPU, and where not, it does not, so that both give the same bits.

    Parameters
    ----------
    capability
        What NVIDIA calls its compute capability. A newer GPU takes what is made for an older one:
        of those that LLVM is sure to know the newest that is no newer than it is chosen.
    portable
        Whether it rounds as every other machine does.
    """
    cpu, ptx = next(known for least, *known in _NVIDIA if capability >= least)
    fma = host().fma and not portable
    return Target("nvptx64-nvidia-cuda", cpu, ptx, fma=fma, threads=True)


# The least capability, LLVM's name, and the version of PTX that it needs: 7.0 is read by drivers
# of CUDA 11.0 (2020) and later, 7.8 by those of 11.8. LLVM knows all of these since 15.
_NVIDIA = (
    ((9, 0), "sm_90", "+ptx78"),
    ((8, 0), "sm_80", "+ptx70"),
    ((7, 0), "sm_70", "+ptx70"),
    ((6, 0), "sm_60", "+ptx70"),
)
OLDEST = _NVIDIA[-1][0]  # compute capability that can be used


def version() -> str:
    """LLVM's: another makes other code of the same program."""
    return ".".join(map(str, llvm.llvm_version_info))
