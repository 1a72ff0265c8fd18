"""A model's kernels and the page's modules in Node, for tests of what the lab computes."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import loligo as lo
from loligo.lab.kernels import browser_kernel
from scripted import called

_OPENED = """
const opened = $engine_model.openModel({
  name: given.name, manifest: given.manifest, wasm: Buffer.from(given.wasm, "base64"),
});
const model = await opened;
const ask = (simulation, columns, options) => model.lanes(simulation, columns, options);
const base = { model: given.name, parameters: given.parameters ?? {}, stimulus: [], duration: 1,
  sample_interval: 1, solver: { kind: "Taylor", tolerance: 1e-8 }, initial: null, threshold: null };
"""


@cache
def _kernel(name: str) -> dict[str, Any]:
    kernel = browser_kernel(lo.load(name))
    wasm = base64.b64encode(kernel.wasm).decode("ascii")
    return {"name": name, "manifest": kernel.manifest, "wasm": wasm}


def computed(code: str, name: str, *entries: str, **given: Any) -> Any:
    """What a script gives back that knows the opened ``model``, how to ``ask`` for its lanes, and a
    ``base`` of simulations; see :func:`scripted.called`."""
    return called(_OPENED + code, {**_kernel(name), **given}, "engine/model.js", *entries)
