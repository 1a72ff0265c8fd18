"""What theory says of a model, without simulating it: where it stands still, how far a small
potential reaches, how fast an action potential travels."""

from loligo.theory.passive import input_resistance, length_constant
from loligo.theory.rest import rest
from loligo.theory.steady import steady_state
from loligo.theory.travelling import travelling_wave

__all__ = ["input_resistance", "length_constant", "rest", "steady_state", "travelling_wave"]
