"""The page's modules in Node: put together as the page has them, called by a test."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from loligo.lab.modules import joined, modules_of, ordered, sources


def called(code: str, given: Any, *entries: str) -> Any:
    """What a script gives back, as JSON; skips the test where there is no Node.

    Parameters
    ----------
    code
        The body of an async function of ``given``; modules go by their variables, ``$link`` for
        ``link.js``.
    entries
        The modules that it uses.
    """
    node = shutil.which("node")
    if not node:
        pytest.skip("there is no Node")
    modules = joined(ordered(modules_of(sources()), *entries))
    script = f"""{modules}
(async (given) => {{ {code} }})(JSON.parse(require("fs").readFileSync(0, "utf8")))
  .then((made) => process.stdout.write(JSON.stringify(made)));
"""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "script.js")
        file.write_text(script, encoding="utf-8")
        done = subprocess.run(
            [node, str(file)], input=json.dumps(given), capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
