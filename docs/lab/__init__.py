"""Pictures of the lab, made by a browser."""
