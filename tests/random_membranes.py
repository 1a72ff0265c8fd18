"""Membranes drawn by chance, each twice: as loligo's, and as Python's own equations for SciPy.

A structure is drawn from a seed, and its numbers for several membranes at once, which are lanes of
one run. The rates are texts; Python reads them by itself, and what is made of them (gates, schemes,
pools, currents) is written anew here: nothing of loligo's reading or arithmetic is used.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

import loligo as lo

Rate = Callable[[list[float], list[float], float], list[float]]


def linexp(x: float, scale: float) -> float:
    """x/(1 - exp(-x/scale))."""
    z = x / scale
    return scale if abs(z) < 1e-9 else x / -math.expm1(-z)


def hill(x: float, k: float) -> float:
    return x / (x + k)


@dataclass
class Drawn:
    """A membrane of each kind, and what was drawn for it.

    Attributes
    ----------
    numbers
        Parameter -> one value for each lane.
    start
        State -> the model's initial value, None where it has none.
    conserved
        Groups of states that add up to what they began with.
    """

    seed: int
    lanes: int
    numbers: dict[str, np.ndarray] = field(default_factory=dict)
    start: dict[str, float | None] = field(default_factory=dict)
    conserved: list[list[str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    rates: dict[str, str] = field(default_factory=dict)
    currents: list[str] = field(default_factory=list)
    channels: list[lo.Channel] = field(default_factory=list)
    states: list[lo.State] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.values = np.random.default_rng(self.seed)
        self._warmth()
        self._leak()
        for k in range(self.rng.randint(0, 2)):
            self._gated(f"X{k}")
        calcium = self.rng.random() < 0.6
        if calcium:
            self._calcium()
        if self.rng.random() < 0.7:
            self._scheme("S", self.rng.randint(2, 5), calcium)
        if self.rng.random() < 0.3:
            self._scheme("T", self.rng.randint(2, 3), False)
        if self.rng.random() < 0.4:
            self._dimer()
        self.names = ["V", *self.rates]
        source = ", ".join(self.numbers)
        body = "\n    ".join(
            [
                f"{source}, = P",
                f"{', '.join(self.names)}, = y",
                *self.lines,
                f"dV = (I - ({' + '.join(self.currents)}))/C_m",
                f"return [dV, {', '.join(self.rates.values())}]",
            ]
        )
        space: dict[str, Any] = {**vars(math), "linexp": linexp, "hill": hill}
        exec(f"def rate(y, P, I):\n    {body}\n", space)
        self.rate: Rate = space["rate"]

    # ------------------------------------------------------------------ what is drawn

    def number(self, low: float, high: float, signed: bool = False, zero: float = 0.0) -> str:
        """A parameter between two values, evenly in its logarithm where both are positive."""
        name = f"p{len(self.numbers)}"
        even = low <= 0.0
        drawn = (
            self.values.uniform(low, high, self.lanes)
            if even
            else np.exp(self.values.uniform(math.log(low), math.log(high), self.lanes))
        )
        if signed:
            drawn = drawn * (-1.0 if self.rng.random() < 0.5 else 1.0)
        if self.rng.random() < zero:
            drawn[self.rng.randrange(self.lanes)] = 0.0
        self.numbers[name] = np.round(drawn, 12)
        return name

    def _labelled(self, values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, dims="model")

    def _channel(self, name: str, low: float, high: float, reversal: Iterable[float]) -> None:
        for key, values in (
            (f"g_{name}", np.exp(self.values.uniform(math.log(low), math.log(high), self.lanes))),
            (f"E_{name}", self.values.uniform(*reversal, self.lanes)),
        ):
            self.numbers[key] = values

    def _ohm(self, name: str, gates: list[lo.Gate] = []) -> None:  # noqa: B006
        g, e = (self._labelled(self.numbers[f"{key}_{name}"]) for key in "gE")
        self.channels.append(lo.Channel(name, g=g, E=e, gates=gates))

    def _warmth(self) -> None:
        """A Q10 and temperatures of several decimals: as exact numbers, roots of thousands of
        digits. Not drawn from what the other numbers are."""
        part = self.seed * (math.sqrt(5) - 1) / 2 % 1.0
        factor, reference = round(1.5 + 1.7 * part, 3), round(20 + 9 * part, 2)
        self.celsius = round(8 + 25 * part, 3)
        self.warm = f"q10({factor}, {reference})"
        self.lines.append(f"warm = {factor}**(({self.celsius} - {reference})/10)")

    def _leak(self) -> None:
        self.numbers["C_m"] = self.values.uniform(0.7, 2.0, self.lanes)
        self._channel("L", 0.1, 0.5, (-75.0, -55.0))
        self._ohm("L")
        self.currents.append("g_L*(V - E_L)")

    def _gate(self, name: str, earlier: list[str]) -> tuple[lo.Gate, str]:
        half, slope = self.number(-60.0, -20.0), self.number(5.0, 15.0, signed=True)
        power = self.rng.randint(1, 4)
        kind = self.rng.choice(["relaxes", "exchanges", "linear", "at once", "follows"])
        if kind == "follows" and not earlier:
            kind = "relaxes"
        if kind == "exchanges":
            a, b = self.number(0.02, 2.0), self.number(0.02, 2.0)
            opens = f"{a}*exp((V - {half})/(2*{slope}))"
            closes = f"{b}*exp(-(V - {half})/(2*{slope}))"
            self._moves(name, f"({opens})*(1 - {name}) - ({closes})*{name}")
            return lo.Gate(name, power=power, alpha=opens, beta=closes), f"{name}**{power}"
        if kind == "linear":
            a, b, size = self.number(0.01, 0.2), self.number(0.05, 3.0), self.number(5.0, 12.0)
            opens = f"{a}*(V - {half})/(1 - exp(-(V - {half})/{size}))"
            closes = f"{b}*exp(-(V - {half})/30)"
            mine = f"{a}*linexp(V - {half}, {size})"
            self._moves(name, f"({mine})*(1 - {name}) - ({closes})*{name}")
            return lo.Gate(name, power=power, alpha=opens, beta=closes), f"{name}**{power}"
        shift = f" + 15*{self.rng.choice(earlier)}" if kind == "follows" else ""
        steady = f"1/(1 + exp(-(V - {half}{shift})/{slope}))"
        if kind == "at once":
            self.lines.append(f"{name} = {steady}")
            gate = lo.Gate(name, power=power, inf=steady, instantaneous=True)
            return gate, f"{name}**{power}"
        tau = f"{self.number(0.2, 5.0)} + {self.number(0.1, 30.0)}/(1 + ((V - {half})/25)**2)"
        self._moves(name, f"({steady} - {name})/({tau})")
        return lo.Gate(name, power=power, inf=steady, tau=tau), f"{name}**{power}"

    def _moves(self, state: str, rate: str, start: float | None = None) -> None:
        self.rates[state] = rate
        self.start[state] = start

    def _gated(self, name: str) -> None:
        self._channel(name, 0.2, 20.0, self.rng.choice([(-95.0, -70.0), (20.0, 60.0)]))
        gates: list[lo.Gate] = []
        factors: list[str] = []
        for k in range(self.rng.randint(1, 2)):
            gate, factor = self._gate(f"{'mh'[k]}{name}", list(self.rates))
            gates.append(gate)
            factors.append(factor)
        self._ohm(name, gates)
        self.currents.append(f"g_{name}*{'*'.join(factors)}*(V - E_{name})")

    def _calcium(self) -> None:
        self._channel("Ca", 0.05, 1.0, (60.0, 120.0))
        gate, factor = self._gate("sCa", [])
        self._ohm("Ca", [gate])
        self.lines.append(f"I_Ca = g_Ca*{factor}*(V - E_Ca)")
        self.currents.append("I_Ca")
        inflow, rest, tau = self.number(1e-5, 2e-4), self.number(5e-5, 2e-4), self.number(10, 80)
        change = f"-{inflow}*I_Ca - (Ca - {rest})/{tau}"
        if self.rng.random() < 0.6:
            on, off = self.number(10.0, 1000.0), self.number(0.01, 1.0)
            bound = f"{on}*Ca*B - {off}*CaB"
            change += f" - ({bound})"
            self._state("B", f"-({bound})", 0.05)
            self._state("CaB", bound, 0.01)
            self.conserved.append(["B", "CaB"])
        self._state("Ca", change, 1e-4, unit="mM", scale=1e-3)
        self._channel("A", 0.2, 5.0, (-95.0, -75.0))
        a, b, k = self.number(0.1, 2.0), self.number(0.02, 0.5), self.number(1e-4, 2e-3)
        self._moves("q", f"{a}*hill(Ca, {k})*(1 - q) - {b}*q")
        self._ohm("A", [lo.Gate("q", power=1, alpha=f"{a}*Ca/(Ca + {k})", beta=b)])
        self.currents.append("g_A*q*(V - E_A)")

    def _state(self, name: str, change: str, start: float, **options: Any) -> None:
        self.states.append(lo.State(name, change, start, **options))
        self._moves(name, change, start)

    def _scheme(self, name: str, size: int, calcium: bool) -> None:
        """Occupancies as states: a tree of transitions, and perhaps one that closes a ring."""
        nodes = [f"{name}{k}" for k in range(size)]
        change = dict.fromkeys(nodes, "0")
        edges = [(self.rng.randrange(k), k) for k in range(1, size)]
        if size > 2 and self.rng.random() < 0.5:
            edges.append((0, size - 1))
        for first, second in edges:
            half, slope = self.number(-60.0, -10.0), self.number(8.0, 25.0, signed=True)
            there = f"{self.number(0.02, 2.0)}*exp((V - {half})/(2*{slope}))"
            back = f"{self.number(0.02, 2.0, zero=0.2)}*exp(-(V - {half})/(2*{slope}))"
            if calcium and self.rng.random() < 0.3:
                there += "*1000*Ca"
            flow = f"(warm*{there}*{nodes[first]} - warm*{back}*{nodes[second]})"
            change[nodes[first]] += f" - {flow}"
            change[nodes[second]] += f" + {flow}"
        start = [0.0] * size
        start[self.rng.randrange(size)] = 1.0
        for node, begins in zip(nodes, start, strict=True):
            self._state(node, change[node], begins)
        self.conserved.append(nodes)
        self._channel(name, 0.1, 3.0, self.rng.choice([(-95.0, -75.0), (-10.0, 40.0)]))
        values = {key: self._labelled(self.numbers[f"{key}_{name}"]) for key in "gE"}
        current = f"g_{name}*{nodes[-1]}*(V - E_{name})"
        self.channels.append(lo.Channel(name, **values, current=current))
        self.currents.append(current)

    def _dimer(self) -> None:
        """Two of D make one of DD."""
        joins, parts = self.number(0.05, 2.0), self.number(0.01, 0.5)
        flow = f"({joins}*D**2*exp(V/200) - {parts}*DD)"
        self._state("D", f"-2*{flow}", 0.8)
        self._state("DD", flow, 0.1)
        self.conserved.append(["D", "DD"])
        self._channel("D", 0.05, 0.3, (-90.0, -50.0))
        values = {key: self._labelled(self.numbers[f"{key}_D"]) for key in "gE"}
        self.channels.append(lo.Channel("D", **values, current="g_D*(1 + DD)*(V - E_D)"))
        self.currents.append("g_D*(1 + DD)*(V - E_D)")

    # ------------------------------------------------------------------ twice the same

    @property
    def membrane(self) -> lo.Membrane:
        own = {n: self._labelled(v) for n, v in self.numbers.items() if n[0] == "p"}
        return lo.Membrane(
            C_m=self._labelled(self.numbers["C_m"]), channels=self.channels, states=self.states,
            helpers={"warm": self.warm}, celsius=self.celsius, parameters=own,
            name=f"seed {self.seed}",
        )  # fmt: skip

    def of(self, lane: int) -> list[float]:
        """The numbers of one membrane."""
        return [float(values[lane]) for values in self.numbers.values()]

    def steady(self, lane: int, voltage: float, given: dict[str, float]) -> np.ndarray:
        """All states once they stand still with V, and what is given, held: by waiting."""
        numbers = self.of(lane)
        still = [0, *(self.names.index(name) for name in given)]
        y0 = [voltage, *(0.5 if self.start[n] is None else self.start[n] for n in self.names[1:])]
        for name, value in given.items():
            y0[self.names.index(name)] = value

        def held(t: float, y: np.ndarray) -> np.ndarray:
            change = np.array(self.rate(list(y), numbers, 0.0))
            change[still] = 0.0
            return change

        scale = [1e-4 if n == "Ca" else 1.0 for n in self.names]
        end = solve_ivp(
            held, (0, 1e9), y0, method="LSODA", rtol=1e-11, atol=1e-13 * np.array(scale)
        )
        assert end.success, end.message
        return end.y[:, -1]

    def run(self, lane: int, start: np.ndarray, segments: list[tuple[float, float, float]]) -> Any:
        """V at the end of each segment (from, to, current), by SciPy."""
        numbers, y, found = self.of(lane), start, []
        scale = [1e-4 if n == "Ca" else 1.0 for n in self.names]
        for begin, end, current in segments:
            part = solve_ivp(
                lambda t, y, current=current: self.rate(list(y), numbers, current), (begin, end), y,
                method="LSODA", rtol=1e-11, atol=1e-12 * np.array(scale),
            )  # fmt: skip
            assert part.success, part.message
            y = part.y[:, -1]
            found.append(y[0])
        return np.array(found)
