"""Transformations of programs: each a small function, in a list."""
