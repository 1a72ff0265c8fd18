"""The proof: loligo beside its peers on one problem, in one command (``python -m benchmarks``)."""
