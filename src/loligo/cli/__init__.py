"""The command line: parse, call, show. Nothing heavy is imported before a command runs.

``main`` turns everything that can end a command into an exit status and one readable
message: 0 done, 1 a run that failed, 2 a usage error, 130 interrupted.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
import unicodedata
from collections.abc import Sequence

from loligo.cli.clock import nothing_swept  # first: it says when the program began  # isort: split
from loligo.errors import FileError, LoligoError, RunError, StoppedError

__all__ = ["main"]

# Letters that code page 1252 and its like lack, as one typed them before.
_PLAIN = {"−": "-", "–": "-", "─": "-", "►": ">", "→": "->", "⇌": "<->", "≤": "<=", "≥": ">=",
          "≈": "~", "Ω": "Ohm", "α": "alpha", "β": "beta", "τ": "tau", "φ": "phi", "∞": "inf",
          "∂": "d", "√": "sqrt", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "µ": "u",
          "°": "deg ", "×": "x", "·": "*", "÷": "/", "…": "...", "ß": "ss"}  # fmt: skip
_PLAIN |= {raised: f"^{digit}" for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
_LETTERS = "loligo.letters"


def _spelled(problem: UnicodeError) -> tuple[str, int]:
    """What is printed for letters that a terminal lacks."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    lacking = problem.object[problem.start : problem.end]
    return "".join(_PLAIN.get(letter) or _bare(letter) for letter in lacking), problem.end


def _bare(letter: str) -> str:
    """A letter without its accents; a question mark where nothing is left of it."""
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"


codecs.register_error(_LETTERS, _spelled)

_INTERRUPTED = 130  # what a shell shows for a program ended by Ctrl-C
_PIPE_CLOSED = 141  # and for one whose reader went away, as in `loligo show ... | head`


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; by default those of this process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell (`>&-`), or there never was one
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        # a terminal that lacks a letter shows another; it does not end the program
        with contextlib.suppress(AttributeError, ValueError, OSError):
            getattr(sys, name).reconfigure(errors=_LETTERS)
    try:
        with nothing_swept():
            from loligo.cli.commands import run

            status = run(given)
        sys.stdout.flush()
        if status == _INTERRUPTED:  # newer versions of Typer catch Ctrl-C themselves
            raise KeyboardInterrupt
        return status
    except BaseException as error:
        if "--debug" in given and not isinstance(error, BrokenPipeError | SystemExit):
            import traceback

            traceback.print_exc()
        return _status(error)


def _status(error: BaseException) -> int:
    """Say what ended the command, and how the process shall end."""
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        _close_quietly()
        return _PIPE_CLOSED
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        _say("interrupted; files are as they were")
        return _INTERRUPTED
    if isinstance(error, StoppedError):
        _say(str(error))
        return _INTERRUPTED
    if isinstance(error, LoligoError):
        from loligo.cli.wording import in_its_words

        _say(in_its_words(str(error)))
        if error.path or error.excerpt:  # in a model's text
            _add(getattr(error, "__notes__", []))
        return 1 if isinstance(error, RunError | FileError) else 2
    if hasattr(error, "format_message"):  # Typer's own usage errors, of whichever version
        _say(f"{error.format_message()}\n{_hint(error)}".strip())  # type: ignore[attr-defined]
        return 2
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        _close_quietly()
        _say(f"the output could not be written: {error.strerror}")
        return 1
    if isinstance(error, MemoryError):
        _say("there is not enough memory; use fewer cells, a shorter run, or record less")
        return 1
    _say(
        f"{type(error).__name__}: {error}\n"
        "This is a fault in loligo, not in what you wrote. Run the command again with --debug "
        "and report what it prints."
    )
    return 1


def _hint(error: BaseException) -> str:
    path = getattr(getattr(error, "ctx", None), "command_path", "loligo")
    return f"Try: {path} --help"


def _say(message: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        mark = "\x1b[1;31merror:\x1b[0m" if _coloured() else "error:"
        print(f"{mark} {message}", file=sys.stderr)


def _add(notes: Sequence[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(*notes, sep="\n", file=sys.stderr)


def _coloured() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.name == "posix"


def _close_quietly() -> None:
    """Let nothing try to write to the closed pipe when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
