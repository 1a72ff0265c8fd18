"""Runs of axons: compartments, the problem posed, the steps, and an independent check."""
