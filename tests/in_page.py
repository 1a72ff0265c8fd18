"""A model's kernels and the page's modules, for tests of what the lab computes: numbers in, bits
out."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

import loligo as lo
from loligo.lab.kernels import browser_kernel
from scripted import Machine, called, in_node

_OPENED = """
const opened = $engine_model.openModel({
  name: given.name, manifest: given.manifest,
  wasm: Uint8Array.from(atob(given.wasm), (letter) => letter.charCodeAt(0)),
});
const model = await opened;
const ask = (simulation, columns, options) => model.lanes(simulation, columns, options);
const base = { model: given.name, parameters: given.parameters ?? {}, stimulus: [], duration: 1,
  sample_interval: 1, solver: { kind: "Taylor", tolerance: 1e-8 }, initial: null, threshold: null };
const digits = Array.from({ length: 256 }, (_, k) => k.toString(16).padStart(2, "0"));
const hex = (row) =>
  Array.from(new Uint8Array(Float64Array.from(row).buffer), (k) => digits[k]).join("");
const spiked = (spikes) => ({
  spikes: hex(spikes.map((each) => each.time)), peaks: hex(spikes.map((each) => each.peak)),
});
const told = (run) => ({
  status: run.status, rested: run.rested, steps: run.steps, time: hex(run.time),
  ...spiked(run.spikes),
  values: Object.fromEntries(Object.entries(run.values).map(([name, row]) => [name, hex(row)])),
});
const tried = (work) => {
  try { return work(); } catch (error) { return { error: error.message }; }
};
"""
_KERNELS: dict[str, dict[str, Any]] = {}


def _kernel(model: str | lo.Membrane) -> dict[str, Any]:
    membrane = lo.load(model) if isinstance(model, str) else model
    key = repr(membrane.to_dict())
    if key not in _KERNELS:
        kernel = browser_kernel(membrane)
        wasm = base64.b64encode(kernel.wasm).decode("ascii")
        name = model if isinstance(model, str) else "it"
        _KERNELS[key] = {"name": name, "manifest": kernel.manifest, "wasm": wasm}
    return _KERNELS[key]


def computed(
    code: str, model: str | lo.Membrane, *entries: str, machine: Machine = in_node, **given: Any
) -> Any:
    """What a script gives back that knows the opened ``model``, how to ``ask`` for its lanes, a
    ``base`` of simulations, and to tell the bits of a run; see :func:`scripted.called`."""
    told = {**_kernel(model), **given}
    return called(_OPENED + code, told, "engine/model.js", *entries, machine=machine)


def row(text: str) -> np.ndarray:
    """Numbers, of their bits."""
    return np.frombuffer(bytes.fromhex(text))


def differs(rec: Any, run: dict[str, Any]) -> list[str]:
    """What of a run in the page's engine has other bits than Python's; NaN equals NaN."""
    if "error" in run:
        return [run["error"]]
    found = [
        name for name, text in run["values"].items()
        if name in rec
        and not np.array_equal(np.broadcast_to(rec[name].values, rec.time.shape), row(text), True)
    ]  # fmt: skip
    if not np.array_equal(rec.time.values, row(run["time"])):
        found.append("time")
    return found + spikes_differ(rec.spike_time.values, rec.spike_peak.values, run)


def spikes_differ(time: np.ndarray, peak: np.ndarray, run: dict[str, Any]) -> list[str]:
    """Likewise, of one lane's spikes."""
    time, peak = np.atleast_1d(time), np.atleast_1d(peak)
    there = ~np.isnan(time)
    pairs = {"spike_time": (time, "spikes"), "spike_peak": (peak, "peaks")}
    return [
        name for name, (own, theirs) in pairs.items()
        if not np.array_equal(own[there], row(run[theirs]), True)
    ]  # fmt: skip
