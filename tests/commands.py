"""A command of loligo, run in this process."""

from __future__ import annotations

import pytest

from loligo.cli import main


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Its exit status, and what it wrote to the output and to the error stream."""
    capsys.readouterr()
    status = main(list(words))
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err
