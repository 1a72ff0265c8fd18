"""What an axon adds to a run: its geometry, and what is joined to it where."""
