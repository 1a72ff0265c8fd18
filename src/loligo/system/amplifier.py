"""System → System: a membrane at a patch clamp's amplifier.

The equations are those of Lei et al. 2020 (doi:10.1098/rsta.2019.0348) and 2025
(doi:10.1002/advs.202500691) as their model files have them, level by level, in mV, pA, pF, GOhm and
ms; what is shown is recorded in nA. They are written as for a clamp that is on; all of them are
linear in the command, so that a step of which a part is on takes that part of them, and the mean of
the command.

While no clamp is on the amplifier's potentials follow V, and its currents vanish.
"""

# SymPy ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import log, pi
from typing import TYPE_CHECKING, Any

from loligo.errors import StimulusError
from loligo.model.parameter import Parameter
from loligo.stimulus.amplifier import Amplifier
from loligo.system.driven import CLAMP_ABOUT, CLAMP_CURRENT
from loligo.system.outline import V_SCALE, Outline

if TYPE_CHECKING:
    from loligo.system.equations import System

OWNER = "amplifier"
ON, COMMAND = f"{OWNER}.on", f"{OWNER}.V"
PIPETTE, SHOWN = "V_p", "I_out"
FOLLOWS = 0.01  # ms, while no clamp is on
_ABOUT: Mapping[str, Mapping[str, Any]] = {
    CLAMP_CURRENT: CLAMP_ABOUT,
    PIPETTE: {"units": "mV", "long_name": "potential of the pipette", "role": "pipette"},
    SHOWN: {"units": "nA", "long_name": "current that the amplifier shows", "role": "clamp"},
}
# level -> its potentials, which follow V, and what vanishes while no clamp is on
_SIX, _FOUR = ("f11", "f12", "f13", "f14", "f15", "f16"), ("f21", "f22", "f23", "f24")
_STATES: Mapping[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    0: (("Vp", "Vo", "Ve", "Vs"), ("Vrc", "ws", *_SIX, *_FOUR)),
    1: (("Vp", "Vo", "Ve", "Vs"), ("Vrc", "Vout")),
    2: (("Ve", "Vs"), ("Irc", "Iout")),
    3: (("Ve", "Vs"), ("Irc", "Iout")),
    4: (("Ve",), ()),
    5: ((), ()),
}
_SCALE = {"Irc": 1000.0, "Iout": 1000.0}  # pA


def amplified(free: Outline, amplifier: Amplifier) -> Outline:
    """Of a System whose V is clamped through an amplifier.

    Raises
    ------
    StimulusError
        If the membrane has something of a name that a recording now has.

    Examples
    --------
    >>> import loligo as lo
    >>> from loligo.system.outline import outline_of
    >>> squid = outline_of(lo.load("hodgkin-huxley-1952").replace(area=2000))
    >>> amplified(squid, Amplifier(10)).records[-3:]
    ('I_clamp', 'V_p', 'I_out')
    """
    for name in (PIPETTE, SHOWN):
        if name in free.records or name in free.parameters:
            raise StimulusError(
                f"the membrane has a {name} of its own, and under an amplifier a recording has "
                f"one too, the {_ABOUT[name]['long_name']}; rename the membrane's"
            )
    names = amplifier.parameters
    potentials, others = (
        tuple(f"{OWNER}.{name}" for name in some) for some in _STATES[amplifier.level]
    )
    quantities = amplifier.quantities
    numbers = {
        f"{OWNER}.{name}": Parameter.known(
            f"{OWNER}.{name}", getattr(amplifier, name), quantities[name].unit,
            quantities[name].meaning,
        )
        for name in names
    }  # fmt: skip
    scales = {name: _SCALE.get(name.partition(".")[2], V_SCALE) for name in (*potentials, *others)}
    return replace(
        free,
        scales={**free.scales, **scales},
        parameters={**free.parameters, **numbers},
        records=(*free.records, *_ABOUT),
        about={**free.about, **_ABOUT},
        inputs=(*free.inputs, ON, COMMAND),
        follow=potentials,
        key={"amplified": free.key, "level": amplifier.level, "by": list(names)},
        apart=None,
        build=partial(_amplified_anew, free, amplifier.level, names),
    )


@dataclass
class _Circuit:
    """Pipette and amplifier while the clamp is on.

    Attributes
    ----------
    rates
        State -> d(state)/dt.
    flows
        Through the pipette into membrane and seal, pA.
    shown
        pA.
    pipette
        mV.
    """

    flows: Any
    shown: Any
    pipette: Any
    rates: dict[str, Any] = field(default_factory=dict[str, Any])


class _Bench:
    """The symbols that the equations are written in."""

    def __init__(self, free: System, names: tuple[str, ...]) -> None:
        import sympy as sp

        from loligo.system.equations import V
        from loligo.system.symbols import Less, Where, symbol

        self.sp, self.symbol, self.names, self.V = sp, symbol, names, V
        self.C = symbol("C_m") * symbol("area") / 100  # pF
        self.Vc = symbol(f"{OWNER}.Vc")  # stands for the command while it is on
        self.R, self.E = self["series_resistance"], self["offset"]
        self.alpha, self.beta = self["compensation"], self["prediction"]
        self.known = "estimated_resistance" in names
        self.R_est = self["estimated_resistance"] if self.known else self.R
        self.leak = self["leak"] * (V - self["leak_reversal"])
        # of everything else, into the membrane, pA
        self.inward = self.C * free.derivatives["V"]
        self.C_est, self.Cp_est = self.C, self["pipette_capacitance"]
        if "fast_cancellation" in names:
            self.Cp_est = self["fast_cancellation"]
        self.tau_e = (1 - self.beta) * self.R_est * self.C_est
        if "slow_cancellation" in names:
            self.C_est = self["slow_cancellation"]
            # nothing is predicted where no capacitance is known
            some = Less(sp.Integer(0), self.C_est)
            self.beta_e: Any = Where(some, self.beta, sp.Integer(0))
            tau = (1 - self.beta) * self.R_est * self.C_est
            self.tau_e = Where(some, tau, sp.Integer(1))
        else:
            self.beta_e = self.beta
        on = symbol(ON)
        self.on: Any = Where(Less(sp.Integer(1), on), sp.Integer(1), on)

    def __getitem__(self, name: str) -> Any:
        """A number, or a state, of the amplifier."""
        return self.symbol(f"{OWNER}.{name}")

    def gated(self, expression: Any) -> Any:
        """Of what holds while a clamp is on, linear in the command."""
        command = self.sp.diff(expression, self.Vc)
        rest = self.on * expression.subs(self.Vc, 0)
        return rest + command * self.symbol(COMMAND)


def _amplified_anew(free: Outline, level: int, names: tuple[str, ...]) -> System:
    return _amplified(free.build(), level, names)


def _amplified(free: System, level: int, names: tuple[str, ...]) -> System:
    bench = _Bench(free, names)
    circuit = _LEVELS[level](bench)
    V, on = bench.V, bench.on
    potentials, others = _STATES[level]
    rates = {
        f"{OWNER}.{name}": bench.gated(circuit.rates[name])
        + (1 - on) * ((V if name in potentials else 0) - bench[name]) / FOLLOWS
        for name in (*potentials, *others)
    }
    into = (circuit.flows - bench.leak) / bench.C
    observables = {
        CLAMP_CURRENT: bench.gated(circuit.flows) * 100 / bench.symbol("area"),
        PIPETTE: bench.gated(circuit.pipette) + (1 - on) * V,
        SHOWN: bench.gated(circuit.shown) / 1000,
    }
    return replace(
        free,
        parameters=(*free.parameters, *(f"{OWNER}.{name}" for name in names)),
        derivatives={
            **free.derivatives, "V": free.derivatives["V"] + bench.gated(into), **rates,
        },
        observables={**free.observables, **observables},
        inputs=(*free.inputs, ON, COMMAND),
    )  # fmt: skip


def _predicted(b: _Bench) -> tuple[Any, Any]:
    """The estimate of V, as it moves, and the command with what it lacks of that (Lei et al. 2025;
    Sigworth 1995, fig. 18)."""
    rate = (b["Vs"] - b["Ve"]) / b.tau_e
    return rate, (b["Vs"] - b.beta_e * b["Ve"]) / (1 - b.beta_e)


def _headstage(b: _Bench, command: Any) -> tuple[_Circuit, Any]:
    """An operational amplifier of finite speed with its feedback (Weerakoon et al. 2009), and the
    voltage that stands for the current."""
    dVe, wanted = _predicted(b)
    Rf, Cf = b["feedback_resistance"], b["feedback_capacitance"]
    boost = b.alpha * b.R_est / Rf
    Vr = boost * b["Vrc"] + wanted
    shown = b["Vo"] - Vr
    late = b["f16"] if command.filtered else shown
    dVrc = (late - b["Vrc"]) / b["compensation_time"]
    dVr = boost * dVrc + (command.slope - b.beta_e * dVe) / (1 - b.beta_e)
    dVo = (Vr - b["Vp"]) / b["amplifier_time"]
    flows = (b["Vp"] + b.E - b.V) / b.R
    charged = Cf * dVo + b.C_est * dVe + b.Cp_est * dVr
    dVp = ((b["Vo"] - b["Vp"]) / Rf - flows + charged) / (b["pipette_capacitance"] + Cf)
    rates = {"Vp": dVp, "Vo": dVo, "Ve": dVe, "Vrc": dVrc}
    return _Circuit(flows, None, b["Vp"], rates), shown


@dataclass(frozen=True)
class _Command:
    """How fast the filtered command moves, and whether compensation takes the filtered output."""

    slope: Any
    filtered: bool = False


def _zero(b: _Bench) -> _Circuit:
    a = b["rise_time"] * (1.3616 / log(9))
    circuit, shown = _headstage(b, _Command(b["ws"] / a, filtered=True))
    circuit.rates |= _poles(b, b.Vc, ("ws", "Vs"), [(3.0, 3.0)], a)
    six = [(26.514, 5.0319), (20.853, 7.4714), (18.801, 8.4967)]
    circuit.rates |= _poles(b, shown, _SIX, six, 2.7034 / (2 * pi * b["filter"]))
    four = [(11.488, 4.2076), (9.1401, 5.7924)]
    circuit.rates |= _poles(b, b["f16"], _FOUR, four, 2.114 / (2 * pi * b["second_filter"]))
    circuit.shown = b["f24"] / b["feedback_resistance"]
    return circuit


def _poles(
    b: _Bench, into: Any, names: tuple[str, ...], pairs: list[tuple[float, float]], a: Any
) -> dict[str, Any]:
    """Pairs of poles, a^2 y'' = c (x - y) - d a y', one after the other; each has a state a y',
    mV, and y."""
    rates: dict[str, Any] = {}
    for k, (c, d) in enumerate(pairs):
        moves, out = names[2 * k : 2 * k + 2]
        rates[moves] = (c * (into - b[out]) - d * b[moves]) / a
        rates[out] = b[moves] / a
        into = b[out]
    return rates


def _one(b: _Bench) -> _Circuit:
    dVs = (b.Vc - b["Vs"]) / b["command_time"]
    circuit, shown = _headstage(b, _Command(dVs))
    circuit.rates |= {"Vs": dVs, "Vout": (shown - b["Vout"]) * 2 * pi * b["filter"]}
    circuit.shown = b["Vout"] / b["feedback_resistance"]
    return circuit


def _ideal(b: _Bench, uncancelled: Any) -> _Circuit:
    """An operational amplifier that is as fast as one wishes: the pipette is where it should be.

    ``Irc`` is the current as compensation takes it, the published V_rc over R_f.
    """
    dVs, (dVe, wanted) = (b.Vc - b["Vs"]) / b["command_time"], _predicted(b)
    boost = b.alpha * b.R_est
    Vr = boost * b["Irc"] + wanted
    flows = (Vr + b.E - b.V) / b.R
    measured = flows - b.C_est * dVe
    moves = (dVs - b.beta_e * dVe) / (1 - b.beta_e)
    late = b["compensation_time"] - boost * uncancelled
    dIrc = (measured + uncancelled * moves - b["Irc"]) / late
    seen = measured + uncancelled * (boost * dIrc + moves)
    rates = {"Vs": dVs, "Ve": dVe, "Irc": dIrc, "Iout": (seen - b["Iout"]) * 2 * pi * b["filter"]}
    return _Circuit(flows, b["Iout"], Vr, rates)


def _two(b: _Bench) -> _Circuit:
    return _ideal(b, b["pipette_capacitance"] - b.Cp_est)


def _three(b: _Bench) -> _Circuit:
    return _ideal(b, b.sp.Integer(0))


def _four(b: _Bench) -> _Circuit:
    dVe = (b.Vc - b["Ve"]) / b.tau_e
    boost = b.R_est * b.C_est * dVe
    left = b.R - b.alpha * b.R_est
    flows = (b.Vc + b.E - b.V - (b.alpha - b.beta_e) * boost) / left
    shown = flows - b.C_est * dVe
    pipette = b.Vc + b.alpha * b.R_est * shown + b.beta_e * boost
    return _Circuit(flows, shown, pipette, {"Ve": dVe})


def _five(b: _Bench) -> _Circuit:
    shown = b.leak - b.inward
    charging = ((b.Vc + b.E - b.V) / b.R - (1 - b.alpha) * shown) / (1 - b.beta)
    flows = charging + shown
    return _Circuit(flows, shown, b.V - b.E + b.R * flows)


_LEVELS: Mapping[int, Callable[[_Bench], _Circuit]] = {
    0: _zero, 1: _one, 2: _two, 3: _three, 4: _four, 5: _five,
}  # fmt: skip
