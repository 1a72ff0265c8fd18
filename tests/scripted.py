"""The page's modules, put together as the page has them, and called by a test: in Node or in a
browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loligo.lab.modules import joined, modules_of, ordered, sources

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node")
# A function's text, what it is given, and what it gives back.
Machine = Callable[[str, Any], Any]


def in_node(function: str, given: Any) -> Any:
    """What an async function of JavaScript gives back in Node; skips the test where it is not."""
    if NODE is None:
        pytest.skip("there is no Node")
    script = f"""({function})(JSON.parse(require("fs").readFileSync(0, "utf8")))
  .then((made) => process.stdout.write(JSON.stringify(made)));
"""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "script.js")
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [NODE, str(file)], input=json.dumps(given), capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def called(code: str, given: Any, *entries: str, machine: Machine = in_node) -> Any:
    """What a script gives back, as JSON.

    Parameters
    ----------
    code
        The body of an async function of ``given``; modules go by their variables, ``$words`` for
        ``words.js``.
    entries
        The modules that it uses.
    machine
        Where it is run: :func:`in_node`, or a browser's ``page.evaluate``.
    """
    modules = joined(ordered(modules_of(sources()), *entries))
    return machine(f"async (given) => {{\n{modules}\n{code}\n}}", given)
