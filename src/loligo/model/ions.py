"""Concentrations inside and outside, and the potentials that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from loligo.errors import ModelError
from loligo.lanes import Floats, Value
from loligo.model.blocks import carrying
from loligo.model.combining import combined
from loligo.model.expression import Expression
from loligo.model.functions import FARADAY, GAS_CONSTANT, ZERO_CELSIUS
from loligo.model.parameter import Parameter
from loligo.model.parts import VALENCE
from loligo.model.reading import unknown
from loligo.model.written import Written
from loligo.units import read


def concentrated(
    membrane: Written, celsius: Value | None, ions: Mapping[str, Any]
) -> dict[str, Any]:
    """The channels, parameters and temperature of a membrane with these concentrations."""
    channels, extra = list(membrane.channels), {p.name: p for p in membrane.extra}
    for ion, pair in ions.items():
        if ion not in VALENCE:
            raise ModelError(
                f"{unknown(ion, 'ion', VALENCE)} here; they are {', '.join(VALENCE)}, and of "
                f'others E may be written out: E="nernst(1, {ion}_out, {ion}_in)"'
            )
        named = carrying(membrane, ion, f"{ion} is meant for")
        inside, outside = _pair(membrane, celsius, ion, pair, named)
        for key, amount, where in (("in", inside, "inside"), ("out", outside, "outside")):
            symbol = f"{ion}_{key}"
            extra[symbol] = Parameter(symbol, amount, "mM", f"{ion} {where}")
        nernst = f"nernst({VALENCE[ion]}, {ion}_out, {ion}_in)"
        for place, channel in enumerate(channels):
            if channel.name in named and channel.E is not None:
                channels[place] = channel.changed(E=nernst)
    return {"channels": channels, "parameters": extra, "celsius": celsius}


def _pair(
    membrane: Written, celsius: Value | None, ion: str, pair: object, named: tuple[str, ...]
) -> tuple[Value, Value]:
    """The concentrations inside and outside, one of them perhaps from the reversal potential."""
    if not isinstance(pair, tuple | list) or len(cast(Any, pair)) != 2:
        raise ModelError(f"{ion}: give (inside, outside) in mM, as in {ion}=(50, 440)")
    keys = (f"{ion}_in", f"{ion}_out")
    amounts = [
        None if amount is None else read(amount, "mM", key, above=0)
        for key, amount in zip(keys, cast(tuple[Any, Any], tuple(cast(Any, pair))), strict=True)
    ]
    with_potential = [c for c in membrane.channels if c.name in named and c.E is not None]
    if not with_potential:
        raise ModelError(f"{ion}: no channel of it has a reversal potential: {', '.join(named)}")
    if celsius is None:
        raise ModelError(
            "concentrations make potentials at a temperature, and this membrane has none; give "
            "one, with_concentrations(..., celsius=37)"
        )
    inside, outside = amounts
    if inside is not None and outside is not None:
        return inside, outside
    known = outside if inside is None else inside
    potentials = {c.E for c in with_potential}
    potential = potentials.pop()
    if known is None or potentials or isinstance(potential, Expression) or potential is None:
        why = "there is nothing to begin with" if known is None else (
            f"{', '.join(c.name for c in with_potential)} have no single number for it"
        )  # fmt: skip
        raise ModelError(
            f"{ion}: a concentration that is None follows from the other one and the reversal "
            f"potential, and {why}; give both"
        )
    sign = -VALENCE[ion] if inside is None else VALENCE[ion]
    scale = float(sign * FARADAY / (1000 * GAS_CONSTANT))
    values = {keys[inside is None]: known, f"E_{named[0]}": potential, "celsius": celsius}

    def other(each: Mapping[str, Floats]) -> Any:
        amount, e, t = each.values()
        return amount * np.exp(scale * e / (t + float(ZERO_CELSIUS)))

    computed = combined(values, other)
    return (computed, known) if inside is None else (known, computed)
