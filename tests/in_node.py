"""The page's engine in Node, for tests: simulations as documents in, bits out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loligo as lo
from loligo.lab.kernels import browser_kernel

ENGINE = Path(lo.__file__).parent / "lab" / "page" / "engine"
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node on this machine")

_SCRIPT = """
import { readFileSync } from "node:fs";
import { openModel } from "ENGINE/model.js";
const given = JSON.parse(readFileSync(0));
const wasm = Uint8Array.from(Buffer.from(given.wasm, "base64"));
const model = await openModel({ name: "it", manifest: given.manifest, wasm });
const hex = (row) => Buffer.from(Float64Array.from(row).buffer).toString("hex");
const told = (run) => ({
  status: run.status, rested: run.rested, steps: run.steps,
  values: Object.fromEntries(Object.entries(run.values).map(([name, row]) => [name, hex(row)])),
  time: hex(run.time), spikes: hex(run.spikes.map((s) => s.time)),
  peaks: hex(run.spikes.map((s) => s.peak)),
});
const tried = (work) => {
  try { return work(); } catch (error) { return { error: error.message }; }
};
BODY
console.log(JSON.stringify(found));
"""


def run_in_node(model: lo.Membrane, body: str, **given: Any) -> Any:
    """What a script finds, in which ``model`` is open, ``given`` is known and ``found`` is told."""
    from base64 import b64encode

    wasm, manifest = browser_kernel(model)
    script = _SCRIPT.replace("BODY", body).replace("ENGINE", ENGINE.as_uri())
    document = {**given, "wasm": b64encode(wasm).decode(), "manifest": manifest}
    done = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", script],
        input=json.dumps(document), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def row(text: str) -> np.ndarray:
    """Numbers, of their bits."""
    return np.frombuffer(bytes.fromhex(text))


def differs(rec: Any, run: dict[str, Any]) -> list[str]:
    """What of a run in Node has other bits than Python's; NaN equals NaN."""
    if "error" in run:
        return [run["error"]]
    found = [
        name for name, text in run["values"].items()
        if name in rec
        and not np.array_equal(np.broadcast_to(rec[name].values, rec.time.shape), row(text), True)
    ]  # fmt: skip
    spikes = np.atleast_1d(rec.spike_time.values)
    there = ~np.isnan(spikes)
    if not np.array_equal(rec.time.values, row(run["time"])):
        found.append("time")
    if not np.array_equal(spikes[there], row(run["spikes"])):
        found.append("spike_time")
    if not np.array_equal(np.atleast_1d(rec.spike_peak.values)[there], row(run["peaks"]), True):
        found.append("spike_peak")
    return found
