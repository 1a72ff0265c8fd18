"""What is shown: a recording read as panels of traces, before any drawing."""
