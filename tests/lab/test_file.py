"""The page's modules become one script, and the page one file that asks nothing of anyone."""

from __future__ import annotations

import json
import lzma
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import opened
from loligo.errors import UsageError
from loligo.lab.file import PACKING, Entry, page, scripts
from loligo.lab.modules import Module, modules_of, ordered
from loligo.lab.script import Script
from scripted import called

PAGE = Path(__file__).parents[2] / "src" / "loligo" / "lab" / "page"
HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>small</title>
<link rel="stylesheet" href="style.css">
<script type="module" src="opening.js"></script>
</head><body><main id="shown"></main></body></html>
"""
SMALL = {
    "index.html": HTML,
    "style.css": "#shown { color: rgb(1, 2, 3); }\n",
    "engine/model.js": """/** `twice` // not "code" */
export const two = 2;
export function twice(x) { return two * x; } // a remark with ` and {
""",
    "engine/worker.js": r"""
import { twice as double } from "./model.js";
import { workerSource } from "../embedded.js";
const PATTERN = /[/`"{]+\//g;
export function serve() {
  self.onmessage = (event) => self.postMessage(`${double(event.data)} ${`in ${"{"}`}`);
}
export class Worked {
  constructor() {
    const url = URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }));
    this.inner = new Worker(url);
    URL.revokeObjectURL(url);
  }
  ask(x) {
    return new Promise((done) => {
      this.inner.onmessage = (event) => done(event.data + "a/b".replace(PATTERN, ""));
      this.inner.postMessage(x);
    });
  }
}
""",
    **{name: (PAGE / name).read_text(encoding="utf-8") for name in ("embedded.js", "lzma.js")},
    "opening.js": """
import { Worked } from "./engine/worker.js";
import { pageData, modelEntries } from "./embedded.js";
async function begin() {
  const [{ name, wasm, manifest }] = await modelEntries();
  const { instance } = await WebAssembly.instantiate(wasm);
  const said = await new Worked().ask(21);
  document.getElementById("shown").textContent =
    JSON.stringify([name, manifest, Object.keys(instance.exports), said, pageData().view]);
}
begin();
""",
}
EMPTY_WASM = b"\0asm\1\0\0\0"
NASTY = "</script><script>alert(1)</script>&\u2028\"'"


def refused(text: str, **others: str) -> str:
    """What is said of a module."""
    with pytest.raises(UsageError) as problem:
        ordered(modules_of({"main.js": text, **others}), "main.js")
    return str(problem.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nimport x from './x.js';", "main.js, line 2: an import is"),
        ('import * as x from "./x.js";', "an import is"),
        ('import { a } from "elsewhere";', "an import is"),
        ('import { a } from "./x.js"', "an import is"),
        ('import "./x.js";', "an import is"),
        ('const x = await f();', "await stands in an async function"),
        ('const x = () => import("./x.js");', "in the page already"),
        ("const x = import.meta.url;", "in the page already"),
        ("export default 3;", "export stands before"),
        ("const a = 1;\nexport { a };", "main.js, line 2: export stands before"),
        ('export * from "./x.js";', "export stands before"),
        ("export let a = 3;", "export stands before"),
        ("export const { a } = b;", "export stands before"),
        ("if (x) { export const a = 3; }", "outside all brackets"),
        ("a.innerHTML = b;", "innerHTML: nothing becomes HTML"),
        ("a.insertAdjacentHTML('x', b);", "nothing becomes HTML"),
        ("document.write(b);", "nothing becomes HTML"),
        ("eval(b);", "text is never run"),
        ("const f = new Function('x');", "text is never run"),
        ("a = fetch(b);", "the network is never used"),
        ("a = new WebSocket(b);", "the network is never used"),
        ("a.setAttribute('style', b);", "set element.style"),
        ("f(`a", "a template never ends"),
        ("f(`a${ (b }`)", "} closes nothing"),
        ("f(`a${ b", "never closed"),
        ("f(a))", "closes nothing"),
        ('import { a } from "./lost.js";', "there is no lost.js"),
        ('import { b } from "./x.js";', "x.js exports no b"),
    ],
)  # fmt: skip
def test_what_no_module_does_is_refused_with_its_line(text: str, said: str):
    assert said in refused(text, **{"x.js": "export const a = 1;"})


def test_modules_in_a_circle_and_tabs_of_tabs_are_refused():
    one, other = (
        'import { b } from "./b.js";\nexport const a = 1;',
        'import { a } from "./main.js";',
    )
    assert "main.js → b.js → main.js" in refused(one, **{"b.js": f"{other}\nexport const b = 1;"})
    tabs = {"tabs/a.js": 'import { b } from "./b.js";', "tabs/b.js": "export const b = 1;"}
    with pytest.raises(UsageError, match=r"tabs/a\.js, line 1: a tab does not import another"):
        ordered(modules_of(tabs), "tabs/a.js")


def test_what_only_looks_like_code_is_none():
    text = """// import x
/* export default */ const a = "eval(", b = 'innerHTML', c = `await ${d.import} fetch(`;
const e = /import [/"] from/g, g = { export: 1, import: 2 };
const f = a / b / c; // 1
async function h() { await 1; }
"""
    module = Module("main.js", text)
    module.check()
    assert module.imports == ()
    assert module.exports == {}
    assert Script("x", text).strings >= {"eval(", "innerHTML"}


def test_strings_say_what_they_say():
    assert Script("x", r"""f("a\n\u00b5", 'it\'s', `b${c}`, `\u{221e}\x41`)""").strings >= {
        "a\nµ", "it's", "∞A",
    }  # fmt: skip


def test_the_scripts_run_as_the_modules_do(tmp_path: Path):
    node = shutil.which("node")
    if not node:
        pytest.skip("there is no Node")
    modules = {
        "engine/worker.js": 'import { a as b } from "./x.js";\nexport function serve() {}\n'
        "export const c = b + `\n  kept\n    as it is`;",
        "engine/x.js": "export const a = 'x' // y\n;\nexport class K { m() { return a; } }",
        "opening.js": 'import { c } from "./engine/worker.js";\n'
        'import { K } from "./engine/x.js";\n'
        "console.log(JSON.stringify([c, new K().m()]));",
    }
    engine, main = scripts(modules_of(modules))
    file = tmp_path / "both.js"
    file.write_text(f"const document = 1;\n{engine}{main}")
    said = subprocess.run([node, str(file)], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == ["x\n  kept\n    as it is", "x"]


def test_nothing_that_comes_from_a_model_ends_an_element():
    entry = Entry(NASTY, {"title": NASTY}, EMPTY_WASM)
    made = page([entry], {"view": {"tab": NASTY}}, SMALL)
    assert made.count("<script") == 4  # page, model, engine, main
    assert "alert(1)</script>" not in made


@pytest.mark.slow
def test_a_file_runs_its_scripts_and_asks_for_nothing(chromium: Any, tmp_path: Path):
    file = tmp_path / "small.html"
    manifest = {"title": NASTY, "µ": [1, 2]}
    entry = Entry(NASTY, {"manifest": manifest}, EMPTY_WASM)
    file.write_text(page([entry], {"view": {"tab": NASTY}}, SMALL), encoding="utf-8")
    shown, seen = opened(chromium.new_context(), file)
    shown.locator("#shown:not(:empty)").wait_for()
    told = json.loads(shown.text_content("#shown"))
    assert told == [NASTY, manifest, [], "42 in {a/b", {"tab": NASTY}]
    colour = "getComputedStyle(document.getElementById('shown')).color"
    assert shown.evaluate(colour) == "rgb(1, 2, 3)"
    assert seen.requests == []
    assert seen.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "act",
    [
        "const s = document.createElement('script'); s.text = 'x=1'; document.body.append(s)",
        "document.body.setAttribute('onclick', 'x=1'), document.body.click()",
        "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))",
        "fetch('http://127.0.0.1:9/').catch(() => 0)",
        "document.body.append(Object.assign(document.createElement('iframe'), {src: 'http://127.0.0.1:9/'}))",
        "document.body.setAttribute('style', 'color: red')",
    ],
)  # fmt: skip
def test_the_policy_lets_nothing_else_run_or_load(chromium: Any, tmp_path: Path, act: str):
    file = tmp_path / "small.html"
    file.write_text(page([Entry("m", {}, EMPTY_WASM)], {}, SMALL), encoding="utf-8")
    shown, seen = opened(chromium.new_context(), file)
    shown.locator("#shown:not(:empty)").wait_for()
    shown.evaluate(f"() => {{ {act}; }}")
    shown.wait_for_timeout(200)
    assert any(re.search("Content Security Policy", said) for said in seen.complaints)
    assert shown.evaluate("typeof x") == "undefined"


def test_what_is_packed_by_lzma_comes_out_whole():
    """All that its copies and distances can be, next to bytes that are like nothing before."""
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, 3000, dtype=np.uint8).tobytes()
    rows = [
        b"", b"a", b"\0" * 5000, noise, bytes(rng.integers(0, 3, 9000, dtype=np.uint8)),
        b"".join(noise[a : a + n] for a, n in rng.integers(2, 600, (900, 2))),
        noise + bytes(300_000) + noise[1000:], b"ab" * 7 + b"aXbX" * 300 + noise[:40] * 20,
        np.arange(4000, dtype="<f8").tobytes() + np.sin(np.arange(4000)).tobytes(),
    ]  # fmt: skip
    told = [
        [len(row), list(lzma.compress(row, format=lzma.FORMAT_RAW, filters=[PACKING]))]
        for row in rows
    ]
    code = """return given.rows.map(([size, packed]) =>
      Array.from($lzma.unpacked(Uint8Array.from(packed), size)));"""
    assert list(map(bytes, called(code, {"rows": told}, "lzma.js"))) == rows
