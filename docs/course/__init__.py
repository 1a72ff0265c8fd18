"""A course: pages of plain Markdown, and the notebooks that are written from them."""
