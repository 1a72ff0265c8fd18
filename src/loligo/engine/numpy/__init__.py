"""The engine for reading and checking: the same programs by NumPy."""
