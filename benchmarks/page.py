"""From the numbers to ``docs/performance.md``: nothing on the page is written by hand."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks import verdicts
from benchmarks.peers import CELL, ENSEMBLE
from benchmarks.verdicts import Results, Row

BUSY = 0.5  # load average above which the page says that the machine did other work


def write(results: Results) -> str:
    parts = (
        _title, _warnings, _answer, _figure, _equal_error, _targets, _axons, _cores, _gpu, _cold,
        _unequal, _method, _machine, _tuned, _everything,
    )  # fmt: skip
    return "\n\n".join(text for part in parts if (text := "\n\n".join(part(results)))) + "\n"


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [header, ("---", *["---:"] * (len(header) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def seconds(value: float) -> str:
    """Three digits, in ms below a second."""
    if value >= 1.0:
        return f"{value:.3g} s" if value < 1000 else f"{value:,.0f} s"
    return f"{value * 1e3:.3g} ms"


def times(value: float) -> str:
    return f"{value:.2f}" if value < 9.95 else f"{value:,.0f}"


def millivolts(row: Row) -> str:
    return "diverged" if row["error_mV"] is None else f"{row['error_mV']:.1e}"


def milliseconds(row: Row) -> str:
    return "other spikes" if row["error_ms"] is None else f"{row['error_ms']:.1e}"


def setting(row: Row) -> str:
    return f"{row['knob']} {row['value']:g}" + (" ms" if row["knob"] == "dt" else "")


def nanoseconds(row: Row, results: Results) -> str:
    plan = results["made"]["plan"]
    cells = 1 if row["kind"] == CELL else plan["cells"]
    return f"{verdicts.best(row) / cells / (plan['duration'] / 0.01) * 1e9:.2f}"


def work(results: Results, kind: str) -> str:
    plan = results["made"]["plan"]
    long = seconds(plan["duration"] * 1e-3)
    if kind == CELL:
        return f"One cell, 10 µA/cm², {long}"
    return f"{plan['cells']:,} cells, 0 to 20 µA/cm², {long}"


def _title(_: Results) -> Iterator[str]:
    yield "# Performance"
    yield (
        "loligo beside its peers: the same equations (the squid axon of Hodgkin & Huxley 1952, "
        "`hodgkin-huxley-1952`), from rest, on one machine, in one run. This page and its figure "
        "are written by `python -m benchmarks`; nothing in them was edited. The numbers are in "
        "[performance.json](performance.json)."
    )


def _warnings(results: Results) -> Iterator[str]:
    made = results["made"]
    if made["quick"]:
        yield (
            "> **This is a quick run (`--quick`): small sizes and two rounds, to show that "
            "everything works. Its numbers are not results.**"
        )
    load = made["load before"]
    if load is not None and load > BUSY:
        yield (
            f"> **The machine was busy with other work when this run began (load {load:g}).** "
            "Rounds were interleaved, but believe no ratio closely."
        )


def _answer(results: Results) -> Iterator[str]:
    """The claim in one paragraph."""
    mine, theirs = verdicts.ours(results, ENSEMBLE), verdicts.heyoka(results, ENSEMBLE)
    if mine is None:
        return
    text = (
        f"**{work(results, ENSEMBLE)}, one core: loligo needs {seconds(verdicts.best(mine))} for "
        f"an error of {verdicts.error(mine):.1e} mV**"
    )
    if theirs is not None:
        ratio = verdicts.best(theirs) / verdicts.best(mine)
        text += (
            f"; heyoka, at its own best setting, {seconds(verdicts.best(theirs))} for "
            f"{verdicts.error(theirs):.1e} mV: {times(ratio)} times as long"
        )
    yield text + "."
    fixed = [verdicts.at(results, ENSEMBLE, f, 0.01) for f in (verdicts.JAX64, verdicts.ARBOR)]
    said = [
        f"{row['family']}, {setting(row)}: {seconds(verdicts.best(row))} "
        f"({times(verdicts.best(row) / verdicts.best(mine))} times loligo's), error "
        f"{verdicts.error(row):.2g} mV"
        for row in fixed
        if row is not None
    ]
    if said:
        yield "At the fixed steps that are usual: " + "; ".join(said) + "."


def _figure(results: Results) -> Iterator[str]:
    yield "![Cost against error, for every solver and each of its settings](performance.svg)"
    yield (
        "Every point is one setting of one solver, on one core; further down is cheaper, further "
        "left is more accurate. The dotted line is the error at which the tables below compare. "
        "Errors above some 50 mV mean that spikes came at other times than they should."
    )


def _equal_error(results: Results) -> Iterator[str]:
    yield "## At equal error"
    yield (
        f"Each solver at its cheapest setting whose worst error in V over the last "
        f"{results['made']['plan']['late']:g} ms is at most {verdicts.GOOD:g} mV (of the ensemble: "
        "the 95th percentile over cells). Where no setting gets there, the most accurate one is "
        "shown, below the line of dashes. One core."
    )
    for kind in (CELL, ENSEMBLE):
        rows = verdicts.chosen(results, kind)
        if rows:
            yield f"**{work(results, kind)}**"
            yield _comparison(results, rows, verdicts.ours(results, kind))


def _comparison(results: Results, rows: list[Row], mine: Row | None) -> str:
    header = (
        "solver", "setting", "error in V (mV)", "in spike times (ms)", "best", "median",
        "ns per cell and 0.01 ms", "times loligo's", "",
    )  # fmt: skip
    lines, reached = [], True
    for row in rows:
        if reached and not verdicts.good(row) and lines:
            lines.append(tuple("–" * len(header)))
        reached = verdicts.good(row)
        ratio = times(verdicts.best(row) / verdicts.best(mine)) if mine else ""
        name = f"**{row['family']}**" if row["family"] == verdicts.OURS else row["family"]
        lines.append((
            name, setting(row), millivolts(row), milliseconds(row), seconds(verdicts.best(row)),
            seconds(verdicts.median(row)), nanoseconds(row, results), ratio, part(row),
        ))  # fmt: skip
    return table(header, lines)


def part(row: Row) -> str:
    """Which part of the work the clock ran over, if not all."""
    if row["stride"] > 1:
        return f"1 cell in {row['stride']}, scaled"
    return f"{row['share']:.0%} of the time, scaled" if row["share"] < 1 else ""


def _targets(results: Results) -> Iterator[str]:
    yield "## What was promised"
    yield (
        "How many times faster than whom, from the best times. The errors are the peer's and "
        "loligo's, as above."
    )
    marks = {True: "yes", False: "**no**", None: "not measured"}
    yield table(
        ("loligo against", "promised", "measured", "kept", "errors"),
        (
            (t.what, t.asked, "" if t.found is None else f"{t.found:.2f} times",
             marks[t.met] if t.found is None or t.met is not None else "",
             t.note.removeprefix("errors "))
            for t in verdicts.targets(results)
        ),
    )  # fmt: skip


def _gpu(results: Results) -> Iterator[str]:
    found = results.get("gpu")
    if not found:
        return
    yield "## A GPU"
    lanes = sum(row["lanes"] for row in found["bits"])
    which = "; ".join(
        f"{row['model']}, {row['solver']}" for row in found["bits"] if row["different"]
    )
    models = len({row["model"] for row in found["bits"]})
    numbers = sum(row["samples"] + row["spikes"] for row in found["bits"])
    wrong = sum(row["different"] for row in found["bits"])
    yield (
        f"{found['card']} (compute capability {found['capability']}, CUDA {found['driver']}), "
        f"{found['date']}, by `python -m benchmarks --gpu`. {lanes:,} runs of random lanes, of "
        f"{models} models of the library under {len(found['bits'])} settings, were made on the "
        f"processor and on the GPU: of {numbers:,} samples and spikes, "
        f"{f'those of {wrong:,} lanes differ ({which})' if wrong else 'none differs in any bit'}."
        f"{' [On a GPU](gpu.md) says why, and what is done about it since.' if wrong else ''}"
    )
    yield table(
        ("", "cells", "", "kernel, s", "whole call, s", "spikes"),
        ((r["solver"], f"{r['cells']:,}", r["work"], f"{r['kernel']:.3f}", f"{r['whole']:.2f}",
          f"{r['spikes']:,}") for r in _quickest(found["speed"])),
    )  # fmt: skip
    said = [
        f"JAX {row['version']} takes {row['seconds']:.2f} s in {row['dtype']} for the exponential "
        f"scheme alone (dt 0.01, {row['cells']:,} cells, without spikes; timed over a part)"
        for row in found["jax"]
    ]
    yield "One second of squid axons, spikes alone; the best of several calls. " + (
        "; ".join(said) + "." if said else ""
    )
    yield table(
        ("", "registers a thread", "bytes of stack", "threads at once on a multiprocessor"),
        ((r["solver"], str(r["registers"]), str(r["local"]), str(r["resident"]))
         for r in found["kernels"]),
    )  # fmt: skip


def _quickest(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of the rounds of each work the one with the shortest call."""
    works = dict.fromkeys((row["solver"], row["work"]) for row in rows)
    for work_ in works:
        own = [row for row in rows if (row["solver"], row["work"]) == work_]
        yield min(own, key=lambda row: row["whole"])


def _axons(results: Results) -> Iterator[str]:
    axons = results.get("axons")
    if not axons:
        return
    yield "## Axons"
    yield (
        f"The squid axon, 10 cm in {axons['compartments']:,} compartments, 18.5 °C, its left end "
        "stimulated, 10 ms; one core, the best of several turns. Cost at equal error: until the "
        f"velocity is within {axons['velocity']['wanted']:g} of the converged one."
    )
    ns, velocity = axons["ns"], axons["velocity"]["seconds"]
    mine = velocity["loligo"]
    yield table(
        ("", *(f"{n} at once, ns per compartment and step (dt 0.01)" for n in ns),
         "until the velocity is right", "times loligo's"),
        ((who, *(f"{ns[n][who]:.1f}" for n in ns), seconds(velocity[who]),
          times(velocity[who] / mine)) for who in velocity),
    )  # fmt: skip
    if axons["rallpack"]:
        yield (
            "Rallpack 3 (a thin axon, 18 and 17 spikes at its ends), until each spike is within "
            "0.01 ms of a converged solution:"
        )
        yield table(
            ("", "dt", "worst spike, ms off", "seconds"),
            ((r["who"], f"{r['dt']:g}", f"{r['off']:.4f}", f"{r['seconds']:.3f}")
             for r in axons["rallpack"]),
        )  # fmt: skip
    if axons["absent"]:
        yield f"Skipped, not installed: {', '.join(axons['absent'])}."
    yield (
        "Not equal: NEURON steps in second order (`secondorder = 2`), without rate tables; "
        "Arbor's step is of first order in time. loligo also looks for spikes everywhere."
    )


def _cores(results: Results) -> Iterator[str]:
    rows = verdicts.chosen(results, ENSEMBLE, parallel=True)
    if not rows:
        return
    yield f"## All {results['made']['cores']} cores"
    yield f"{work(results, ENSEMBLE)}, each at the setting of the table above."
    single = {(r["family"], r["value"]): r for r in results["rows"] if r["cores"] == 1}
    yield table(
        ("solver", "setting", "best", "median", "times its own one core", ""),
        (
            (r["family"], setting(r), seconds(verdicts.best(r)), seconds(verdicts.median(r)),
             times(verdicts.best(_same(results, r)) / verdicts.best(r)), part(r))
            for r in rows
            if single
        ),
    )  # fmt: skip


def _same(results: Results, row: Row) -> Row:
    """The row of the same setting on one core."""
    found = verdicts.at(results, row["kind"], row["family"], row["value"])
    assert found is not None
    return found


def _cold(results: Results) -> Iterator[str]:
    cold = results.get("cold")
    if not cold:
        return
    yield "## From nothing to the first result"
    yield (
        "A whole process: the interpreter, imports, building and compiling the model, 50 ms of "
        "one cell with V every 0.05 ms. The operating system has the files in memory."
    )
    ranked = sorted(cold.items(), key=lambda item: min(item[1]))
    yield table(
        ("", "best", "median"),
        ((who, seconds(min(s)), seconds(statistics.median(s))) for who, s in ranked),
    )


def _unequal(results: Results) -> Iterator[str]:
    yield "## What is not equal"
    told = results["made"]["differs"]
    yield "\n".join(f"- **{who}.** {what}" for who, what in told.items())


def _method(results: Results) -> Iterator[str]:
    plan, truth = results["made"]["plan"], results.get("truth", {})
    yield "## How it is measured"
    told = [
        "Every peer runs in a process of its own. On one core it is bound to that core and told "
        "to use one thread. What is compiled is compiled before the clock starts.",
        f"Up to {plan['rounds']} rounds, in each of which every setting of every peer runs once "
        "(a short run is repeated until it has taken 0.1 s, and the mean taken), so that all see "
        "the same machine; the first round does not count. Nothing is recorded meanwhile but "
        "loligo's spikes.",
        "A solver that would take long runs over a part of the work, and its seconds are "
        "multiplied: fixed steps over a part of the time, solvers whose cells do not know each "
        "other over some of the cells. The last column says so.",
        f"Errors are taken in a second run that keeps V every 0.05 ms, on "
        f"{_cells(truth)} of the ensemble's cells (of diffrax and NEURON on every fourth of "
        f"these). The truth is {truth.get('who')}"
        + (
            f"; on the one cell it is {truth['apart']:.1e} mV from {truth['other']}, which shares "
            "nothing with it."
            if "apart" in truth
            else "."
        ),
        "Spike times are the upward crossings of 0 mV, by the same cubic interpolation in the "
        "truth and in the peer. \"Other spikes\": their number in the last part differs.",
    ]  # fmt: skip
    yield "\n".join(f"- {line}" for line in told)


def _cells(truth: dict[str, Any]) -> str:
    return str(truth.get("cells", {}).get(ENSEMBLE, "some"))


def _machine(results: Results) -> Iterator[str]:
    made = results["made"]
    yield "## Machine and versions"
    lines = [
        f"{made['date']}; {made.get('seconds', 0) / 60:.0f} minutes; load before "
        f"{made['load before']}, after {made.get('load after')}",
        f"{made['processor']}, {made['cores']} cores; {made['system']}",
        f"Python {made['python']}, NumPy {made['numpy']}, "
        + ", ".join(f"{who} {version}" for who, version in made["versions"].items()),
    ]
    lines += [f"**{who}** was skipped: {why}" for who, why in results["absent"].items()]
    lines += [f"**{f['who']}**, {f['what']}, failed: {f['why']}" for f in results["failed"]]
    yield "\n".join(f"- {line}" for line in lines)


def _tuned(results: Results) -> Iterator[str]:
    if not results["tuned"]:
        return
    yield "## Options tried beforehand"
    yield (
        "A peer's options that change its speed and hardly its result are tried one after the "
        "other, in the middle of its range; the fastest is used throughout."
    )
    yield table(
        ("solver", "work", "option", "seconds", "used"),
        (
            (t["family"], {CELL: "one cell", ENSEMBLE: "ensemble"}[t["kind"]], f"`{t['axis']}`",
             ", ".join(f"{choice}: {s:.3g}" for choice, s in t["seconds"].items()),
             str(t["chosen"]))
            for t in results["tuned"]
        ),
    )  # fmt: skip


def _everything(results: Results) -> Iterator[str]:
    yield "## Every setting"
    for kind in (CELL, ENSEMBLE):
        rows = [r for group in verdicts.families(results["rows"], kind).values() for r in group]
        lines = [
            (r["family"], setting(r), millivolts(r), milliseconds(r), seconds(verdicts.best(r)),
             seconds(verdicts.median(r)), nanoseconds(r, results), str(len(r["seconds"])))
            for r in rows
        ]  # fmt: skip
        header = (
            "solver", "setting", "error in V (mV)", "in spike times (ms)", "best", "median",
            "ns per cell and 0.01 ms", "rounds",
        )  # fmt: skip
        inside = table(header, lines)
        summary = f"<summary>{work(results, kind)}, one core</summary>"
        yield f"<details>{summary}\n\n{inside}\n\n</details>"
