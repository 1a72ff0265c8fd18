"""Where it goes, and how it is drawn: layout and charts."""
