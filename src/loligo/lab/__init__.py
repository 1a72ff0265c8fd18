"""The lab: the same equations, live in a browser."""
