"""Lint, format and types are promises like any other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "command", [("ruff", "check"), ("ruff", "format", "--check")], ids=" ".join
)
def test_ruff_is_clean(command):
    done = _run(*command, "src", "tests", "benchmarks")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_types_are_right():
    """Pyright fetches itself when first run; without a network this cannot be checked."""
    done = _run("pyright", "--pythonpath", sys.executable)
    if "error" not in done.stdout and done.returncode and not os.environ.get("CI"):
        pytest.skip(f"pyright cannot be run here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_shell_scripts_parse():
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    done = subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
