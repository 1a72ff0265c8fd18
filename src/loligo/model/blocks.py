"""Channels by name or by ion, and blocked."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from loligo.errors import ModelError
from loligo.lanes import Labelled, Value
from loligo.model.combining import combined
from loligo.model.frame import exact
from loligo.model.parameter import Parameter
from loligo.model.parts import Channel
from loligo.model.reading import unknown
from loligo.model.written import Written
from loligo.units import read


def known(membrane: Written, named: tuple[str, ...]) -> tuple[str, ...]:
    names = [channel.name for channel in membrane.channels]
    model = membrane.name or "this membrane"
    if not named:
        raise ModelError(f"which channel? {model} has {', '.join(names) or 'none'}")
    for name in named:
        if name not in names:
            kin = [c.name for c in membrane.channels if c.carrier == name]
            listed = ", ".join(f'"{each}"' for each in kin)
            hint = f"; those that carry {name} are [{listed}]" if kin else ""
            raise ModelError(
                f"{unknown(name, 'channel', names)} in {model}{hint}; it has "
                f"{', '.join(names) or 'none'}"
            )
    return tuple(dict.fromkeys(named))


def carrying(membrane: Written, ion: str, why: str) -> tuple[str, ...]:
    """The channels that carry an ion."""
    named = tuple(c.name for c in membrane.channels if c.carrier == ion)
    if not named:
        model = membrane.name or "this membrane"
        said = (f"{c.name} ({c.carrier or 'says no ion'})" for c in membrane.channels)
        raise ModelError(
            f"{why} channels that carry {ion}, and {model} has none; it has "
            f'{", ".join(said) or "no channels"}. A channel says its ion: Channel(..., ion="{ion}")'
        )
    return named


def share_of(share: Any, name: str) -> Value:
    number = read(share, "1", name, at_least=0)
    amounts = number.values if isinstance(number, Labelled) else np.array(number)
    if np.any(amounts > 1):
        worst = float(amounts.max())
        meant = f'; {worst:g} % is "{worst:g} %"' if worst <= 100 else ""
        raise ModelError(f"{name} must be between 0 and 1, but is {worst:g}{meant}")
    return number


def left_of(share: Value) -> Value:
    """What a block leaves, to the digits in which the share was written: 0.9 leaves 0.1."""

    def left(amount: float) -> float:
        return float(1 - exact(amount))

    if not isinstance(share, Labelled):
        return left(share)
    amounts = [left(float(each)) for each in share.values.flat]
    return share.with_values(np.reshape(amounts, share.shape))


def blocked(membrane: Written, named: tuple[str, ...], left: Value) -> dict[str, Any]:
    """The channels and parameters of a membrane of which some channels are blocked, but for the
    share that is left."""
    channels: list[Channel] = []
    extra = {p.name: p for p in membrane.extra}
    for channel in membrane.channels:
        if channel.name not in named:
            channels.append(channel)
        elif channel.current is None:
            whole = {"g": cast(Value, channel.density), "left": left}
            channels.append(
                channel.changed(g=combined(whole, lambda each: each["g"] * each["left"]))
            )
        else:
            key, text = f"block_{channel.name}", str(channel.current)
            front, before = f"(1 - {key})*(", 0.0
            if key in extra and text.startswith(front):
                before = extra[key].value
            else:
                channel = channel.changed(current=f"{front}{text})")
            channels.append(channel)
            share = combined(
                {"before": before, "left": left},
                lambda each: 1 - (1 - each["before"]) * each["left"],
            )
            meaning = f"blocked share ({channel.meaning or channel.name})"
            extra[key] = Parameter(key, share, "1", meaning)
    return {"channels": channels, "parameters": extra}
