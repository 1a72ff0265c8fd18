"""System → Program: one step as straight-line arithmetic, in named blocks."""

from loligo.program.arithmetic import Assignment, Block, Builder
from loligo.program.program import Program

__all__ = ["Assignment", "Block", "Builder", "Program"]
