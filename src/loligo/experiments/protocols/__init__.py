"""The experiments, one file each: what lies here is one, by its name."""
