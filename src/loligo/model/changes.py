"""A membrane changed in a word: channels blocked, taken out, put in; warmer; in another frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, cast

from loligo.errors import ModelError
from loligo.lanes import Labelled
from loligo.model.blocks import blocked, carrying, known, left_of, share_of
from loligo.model.drug import Drug
from loligo.model.frame import reframed
from loligo.model.ions import concentrated
from loligo.model.parts import Channel
from loligo.model.reading import members, own
from loligo.model.speed import quickened, warms
from loligo.model.written import Written
from loligo.units import read

_FIELDS = ("C_m", "channels", "helpers", "states", "celsius", "area", "name", "title", "citation",
           "doi", "notes", "schemes", "start", "courses")  # fmt: skip


class Changeable(Written):
    """What a membrane can be made into: each gives a new one, and leaves this as it is."""

    def changed(self, **values: Any) -> Self:
        """The same but for these arguments of its making."""
        return cast(Any, type(self))(**self.arguments(**values))

    def arguments(self, **values: Any) -> dict[str, Any]:
        """What it is made of, but for these. A temperature on which nothing depends any more is
        left out."""
        fields = {key: getattr(self, key) for key in _FIELDS}
        fields |= {"parameters": {p.name: p for p in self.extra}, **values}
        if fields["celsius"] is not None and self.celsius is not None and not warms(fields):
            fields["celsius"] = None
        return fields

    # ------------------------------------------------------------------------ pharmacology

    def block(self, channels: str | Iterable[str], share: Any = 1.0) -> Self:
        """The same membrane with a share of some channels blocked.

        Parameters
        ----------
        channels
            The name of a channel, or several names.
        share
            How much of each is blocked, 0 to 1 (or ``"90 %"``). An array is a dimension,
            ``block_Na``; of several channels, ``block``.

        Returns
        -------
        Membrane
            With less g; where a channel's current is written out, that is multiplied by
            ``(1 - block_X)``, a new parameter. Blocks of one channel multiply: 0.9 and then 0.5
            leave 5 %.

        Raises
        ------
        ModelError, UnitError, UsageError
            There is no such channel, or the share is not between 0 and 1.

        Examples
        --------
        >>> import loligo as lo
        >>> squid = lo.load("hodgkin-huxley-1952")
        >>> squid.block("Na", 0.75).parameters["g_Na"].value
        30.0
        >>> rec = lo.simulate(squid.block("Na", [0, 0.5, 0.9]), lo.Pulse(5, 1, 20), 10)
        >>> rec.spike_count.block_Na.values.tolist(), rec.spike_count.values.tolist()
        ([0.0, 0.5, 0.9], [1, 1, 0])
        """
        named = known(self, members(channels, str, "channels"))
        called = f"block_{named[0]}" if len(named) == 1 else "block"
        return self.changed(**blocked(self, named, left_of(share_of(share, called))))

    def with_drug(self, drug: Drug, channels: str | Iterable[str] | None = None) -> Self:
        """The same membrane in a drug: each channel that it acts on is blocked by its share.

        Parameters
        ----------
        drug
            Such as ``lo.TTX("10 nM")``, ``lo.TEA("5 mM")``, or a :class:`~loligo.Drug`.
        channels
            Which channels it acts on; by default those that the drug names, or all that carry its
            ion. Drugs act one besides the other.

        Raises
        ------
        ModelError
            There is no such channel, or none carries the drug's ion.

        Examples
        --------
        >>> import loligo as lo
        >>> squid = lo.load("hodgkin-huxley-1952")
        >>> silent = squid.with_drug(lo.TTX("100 nM"))
        >>> int(lo.simulate(silent, lo.Pulse(5, 40, 10), 50).spike_count)
        0
        """
        if not isinstance(drug, Drug):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ModelError(f'with_drug takes a drug such as lo.TTX("10 nM"), not {drug!r:.60}')
        wanted = drug.channels if channels is None else members(channels, str, "channels")
        named = known(self, wanted) if wanted else carrying(self, drug.ion, f"{drug.name} blocks")
        return self.changed(**blocked(self, named, drug.left))

    def with_concentrations(self, *, celsius: Any = None, **ions: tuple[Any, Any]) -> Self:
        """The same membrane with reversal potentials that follow from concentrations.

        Parameters
        ----------
        **ions
            Ion to (inside, outside), in mM: ``Na=(50, 440)``. One of the two may be None: then it
            is what gives the reversal potential that the membrane has now.
        celsius
            °C; needed if the membrane has no temperature.

        Returns
        -------
        Membrane
            Every channel that carries the ion has the Nernst potential, ``E = "nernst(1, Na_out,
            Na_in)"``; ``Na_in`` and ``Na_out`` are parameters.

        Raises
        ------
        ModelError, UnitError, UsageError
            No channel carries the ion, a temperature is missing, or a value is no concentration.

        Examples
        --------
        >>> import loligo as lo
        >>> squid = lo.load("hodgkin-huxley-1952").with_concentrations(Na=(None, 440))
        >>> round(squid.parameters["Na_in"].value, 2)
        55.17
        >>> rec = lo.simulate(squid.replace(Na_out="220 mM"), duration=1)
        >>> round(float(rec.E_Na[0]), 2)
        33.31
        """
        warm = self.celsius if celsius is None else own("celsius", celsius)
        return self.changed(**concentrated(self, warm, ions))

    # ------------------------------------------------------------------------ channels

    def with_channel(self, channel: Channel) -> Self:
        """The same membrane with one more channel.

        Raises
        ------
        ModelError
            There is one of that name, or it uses names that the membrane has not.

        Examples
        --------
        >>> import loligo as lo
        >>> squid = lo.load("hodgkin-huxley-1952")
        >>> squid.with_channel(lo.Channel("M", g=0.1, E=-80)).parameters["g_M"].value
        0.1
        """
        if not isinstance(channel, Channel):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ModelError(
                f'with_channel takes a channel such as lo.Channel("M", g=0.1, E=-80), not '
                f"{channel!r:.60}"
            )
        if channel.name in (each.name for each in self.channels):
            raise ModelError(
                f"there is a channel {channel.name} already; to put another in its place, take it "
                f'out first: model.without("{channel.name}").with_channel(...)'
            )
        return self.changed(channels=(*self.channels, channel))

    def without(self, *channels: str) -> Self:
        """The same membrane without some channels, their gates, and the schemes of their names.

        Raises
        ------
        ModelError
            There is no such channel, or what is left refers to it.

        Examples
        --------
        >>> import loligo as lo
        >>> [c.name for c in lo.load("connor-stevens-1977").without("A").channels]
        ['Na', 'K', 'L']
        """
        named = known(self, members(channels, str, "channels"))
        left = [each for each in self.channels if each.name not in named]
        schemes = [each for each in self.schemes if each.name not in named]
        gone = [gate.name for each in self.channels if each.name in named for gate in each.gates]
        gone += [state for each in self.schemes if each.name in named for state in each.states]
        start = {name: value for name, value in self.start.items() if name not in gone}
        try:
            rest = self.changed(channels=left, schemes=schemes, start=start, courses={})
            courses = {n: each for n, each in self.courses.items() if n in rest.parameters}
            return rest.changed(courses=courses) if courses else rest
        except ModelError as error:
            problem = ModelError(f"without {', '.join(named)}: {error}")
            raise problem from None

    # ------------------------------------------------------------------------ frame and temperature

    def shift_voltage(self, by: Any) -> Self:
        """The same membrane in another frame of V: everything happens at V + ``by``.

        Every V in every formula and every reversal potential is shifted, so that rest, threshold
        and trajectories are what they were, ``by`` mV higher. Parameters and states that are
        potentials keep their values: what they are compared with is shifted.

        Parameters
        ----------
        by
            mV, one number: -5 makes what rests at -60 mV rest at -65.

        Examples
        --------
        >>> import loligo as lo
        >>> of_1952 = lo.load("hodgkin-huxley-1952").shift_voltage(65)
        >>> of_1952.channels[0].gates[0].alpha
        Expression(text='0.1*(V-25)/(1-exp(-(V-25)/10))')
        >>> of_1952.parameters["E_Na"].value
        115.0
        """
        number = read(by, "mV", "by")
        if isinstance(number, Labelled):
            raise ModelError("shift_voltage takes one number (mV): it changes the formulas")
        return self.changed(**reframed(self, number))

    def with_q10(
        self, factor: Any, reference: Any, gates: str | Iterable[str] | None = None
    ) -> Self:
        """The same membrane with gates whose speed follows the temperature.

        Parameters
        ----------
        factor
            By how much they are faster 10 °C warmer: 3.
        reference
            °C at which they are as fast as their formulas say. The temperature of a membrane that
            has none; ``replace(celsius=...)`` then changes it.
        gates
            Which gates, and kinetic schemes by their names; by default all.

        Returns
        -------
        Membrane
            Each gate's ``rate`` is multiplied by ``q10(factor, reference)``; one that depends on
            the temperature already is replaced by it.

        Raises
        ------
        ModelError, UnitError, UsageError
            There is no such gate, or it is instantaneous.

        Examples
        --------
        >>> import loligo as lo
        >>> cell = lo.load("traub-miles-1991").with_q10(3, reference=36)
        >>> cell.channels[0].gates[0].rate, cell.replace(celsius=26).parameters["celsius"].value
        (Expression(text='q10(3, 36)'), 26.0)
        """
        return self.changed(**quickened(self, factor, reference, gates))
