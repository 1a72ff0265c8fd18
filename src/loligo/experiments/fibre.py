"""A myelinated fibre, to make experiments on."""

from __future__ import annotations

from loligo.experiments.common import RESISTIVITY
from loligo.model import Axon, Membrane, Myelin, Region, load

INTERNODES = 24
NODE = 1.0  # um
PIECES = 9  # compartments in an internode


def node() -> Membrane:
    """A membrane for nodes of Ranvier: the squid's with ten times its channels, at 18.5 degC.

    It is no model of a mammalian node, but shows what myelin does to the squid's own equations.
    """
    squid = load("hodgkin-huxley-1952")
    return squid.replace(celsius=18.5, g_Na=1200.0, g_K=360.0, g_L=3.0)


def myelinated(
    g_ratio: float = 0.7, internode: float = 1000.0, fibre: float = 10.0,
    membrane: Membrane | None = None, internodes: int = INTERNODES,
) -> Axon:  # fmt: skip
    """A myelinated fibre: ``internodes`` internodes (um) between nodes of 1 um.

    Parameters
    ----------
    fibre
        Its outer diameter, um; the axon inside is ``g_ratio`` times as thick.

    Examples
    --------
    >>> import loligo as lo
    >>> len(lo.experiments.myelinated().regions)
    49
    """
    inside = g_ratio * fibre
    made = membrane or node()
    here = Region(made, NODE, inside, compartments=1, name="node")
    wrapped = Myelin(internode, inside, g_ratio, compartments=PIECES)
    regions = [here]
    for _ in range(internodes):
        regions += [wrapped, here]
    return Axon(regions=regions, axial_resistivity=RESISTIVITY)
