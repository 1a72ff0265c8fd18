"""What cable theory says of a model, without simulating it."""

from loligo.theory.passive import input_resistance, length_constant
from loligo.theory.travelling import travelling_wave

__all__ = ["input_resistance", "length_constant", "travelling_wave"]
