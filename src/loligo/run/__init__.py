"""A run, from question to outcome: read it top down in `compiled`."""
