"""What theory says of a model: where it stands still, how far and how fast potentials reach"""

from loligo.theory.passive import input_resistance, length_constant
from loligo.theory.rest import rest
from loligo.theory.steady import steady_state
from loligo.theory.travelling import travelling_wave

__all__ = ["input_resistance", "length_constant", "rest", "steady_state", "travelling_wave"]
