"""Figures of axons: the wave, the axon itself, the map of place and time."""
