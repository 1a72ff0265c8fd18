"""Power series of programs: what the Taylor scheme is made of."""
