"""Drugs: what share of a channel is blocked at which concentration."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from loligo.errors import ModelError, callers_level
from loligo.lanes import Floats, Labelled, Value
from loligo.model.combining import combined
from loligo.model.reading import freeze, identifier, ion_name, label, members
from loligo.units import has_unit, read

_PLENTY = 1e5  # times the half-dose, more than anybody gives


@dataclass(frozen=True, init=False)
class Drug:
    """A drug that blocks channels, at a concentration.

    The share that it blocks is 1/(1 + (half_dose/concentration)**hill): one molecule on one site
    where ``hill`` is 1 (Hill 1910; Hille 2001, *Ion Channels of Excitable Membranes*, 3rd ed.,
    chapter 16). The block is the same at every voltage and time: a drug whose action depends on
    them, as of most that act from inside, is to be written as a :class:`~loligo.Scheme`.

    Parameters
    ----------
    name
        ``"TTX"``. An array of concentrations is a dimension of that name.
    concentration
        mM: a number, a quantity (``"10 nM"``) or an array.
    half_dose
        mM, the concentration that blocks half of the channels (K_d, IC50).
    ion
        Channels that carry this ion are those it blocks, unless ``channels`` says them.
    hill
        The Hill coefficient.
    channels
        The names of the channels that it blocks.
    source
        Where the half-dose was published.

    Raises
    ------
    ModelError, UnitError, UsageError
        Nothing says what it blocks, or a value is no such quantity.

    Examples
    --------
    >>> Drug("4-AP", "1.5 mM", half_dose="1.5 mM", ion="K").block
    0.5
    """

    name: str
    concentration: Value
    half_dose: Value
    ion: str
    hill: Value
    channels: tuple[str, ...]
    source: str

    def __init__(
        self,
        name: str,
        concentration: Any,
        half_dose: Any,
        ion: str = "",
        hill: Any = 1.0,
        channels: str | Iterable[str] = (),
        source: str = "",
    ) -> None:
        called = label(name, "name of a drug").strip()
        dim = "".join(letter if letter.isalnum() else "_" for letter in called)
        dim = dim if dim[:1].isalpha() else f"drug_{dim}"
        identifier(dim, "drug")
        freeze(
            self,
            name=called,
            concentration=read(concentration, "mM", dim, at_least=0),
            half_dose=read(half_dose, "mM", f"half_dose_{dim}", above=0),
            ion=ion_name(ion, f"drug {called}"),
            hill=read(hill, "1", f"hill_{dim}", above=0),
            channels=members(channels, str, f"channels of {called}"),
            source=label(source, f"source of {called}"),
        )
        self._warn_of_plenty(has_unit(concentration))
        if not self.ion and not self.channels:
            raise ModelError(
                f'{called}: nothing says what it blocks; give the ion, ion="K", or channels=["K"]'
            )

    def _warn_of_plenty(self, stated: bool) -> None:
        """Say so where a plain number may have been meant in another unit than mM."""
        most, half = (
            float(np.max(value.values if isinstance(value, Labelled) else value))
            for value in (self.concentration, self.half_dose)
        )
        if not stated and most > _PLENTY * half:
            warnings.warn(
                f"{self.name}: {most:g} mM is {most / half:.0e} times the dose that blocks half; "
                f'a plain number is in mM: write the unit, as in "{most:g} nM"',
                stacklevel=callers_level(),
            )

    @property
    def block(self) -> Value:
        """The share of channels that is blocked: 0 to 1."""
        return self._share("half_dose", "concentration")

    @property
    def left(self) -> Value:
        """The share that is left, 1 less :attr:`block`, to all digits."""
        return self._share("concentration", "half_dose")

    def _share(self, above: str, below: str) -> Value:
        """1/(1 + (above/below)**hill)."""
        keys = ("half_dose", "concentration", "hill")

        def share(each: Mapping[str, Floats]) -> Any:
            with np.errstate(divide="ignore", over="ignore"):
                return 1.0 / (1.0 + np.power(each[above] / each[below], each["hill"]))

        return combined({key: getattr(self, key) for key in keys}, share)


def TTX(concentration: Any, half_dose: Any = "3.3 nM") -> Drug:
    """Tetrodotoxin, which blocks sodium channels from outside, one molecule each.

    By default half of them at 3.3 nM with a Hill coefficient of 1, as at the node of Ranvier of
    *Xenopus* at room temperature: 3.31 nM from the rates of block and release, 3.60 nM from the
    block at equilibrium, one toxin molecule to a channel (Schwarz JR, Ulbricht W, Wagner H-H
    (1973), *Journal of Physiology* 233:167-194, doi:10.1113/jphysiol.1973.sp010304). Other nerves
    differ: about 1 nM at the frog's node (Hille 1968, *Journal of General Physiology* 51:199-219,
    doi:10.1085/jgp.51.2.199); of the squid's giant axon see Cuervo & Adelman 1970, *Journal of
    General Physiology* 55:309-335, doi:10.1085/jgp.55.3.309; micromolar in cardiac muscle.

    Parameters
    ----------
    concentration
        mM (so write the unit): ``"10 nM"``.
    half_dose
        mM, or a quantity.

    Examples
    --------
    >>> import loligo as lo
    >>> round(lo.TTX("10 nM").block, 3)
    0.752
    >>> poisoned = lo.load("hodgkin-huxley-1952").with_drug(lo.TTX("10 nM"))
    >>> round(poisoned.parameters["g_Na"].value, 2)
    29.77
    """
    return Drug(
        "TTX", concentration, half_dose, ion="Na", source="doi:10.1113/jphysiol.1973.sp010304"
    )


def TEA(concentration: Any, half_dose: Any = "0.4 mM") -> Drug:
    """Tetraethylammonium outside the cell, which blocks potassium channels.

    By default half of the delayed rectifier's channels at 0.4 mM with a Hill coefficient of 1, the
    half-dose that is commonly quoted for the frog's node of Ranvier after Hille (1967, *Journal of
    General Physiology* 50:1287-1302, doi:10.1085/jgp.50.5.1287): take it for the order of
    magnitude. There the block from outside is the same at every voltage and time (Armstrong & Hille
    1972, *Journal of General Physiology* 59:388-400, doi:10.1085/jgp.59.4.388). Potassium channels
    differ more than a thousandfold: the squid's axon does not mind TEA outside and is blocked from
    inside, where the block comes with time once a channel is open (Armstrong 1966, *Journal of
    General Physiology* 50:491-503,
    doi:10.1085/jgp.50.2.491), which no single half-dose describes; A currents mind it little.
    So give the half-dose of the channel in question where it is known, and say which channels are
    meant: ``model.with_drug(lo.TEA("5 mM"), channels=["K"])``.

    Parameters
    ----------
    concentration
        mM, or a quantity.
    half_dose
        mM, or a quantity.

    Examples
    --------
    >>> import loligo as lo
    >>> round(lo.TEA("5 mM").block, 3)
    0.926
    """
    return Drug("TEA", concentration, half_dose, ion="K", source="doi:10.1085/jgp.50.5.1287")
