"""Every kind of picture that loligo draws, made by one command and checked: ``python -m
docs.gallery``."""
