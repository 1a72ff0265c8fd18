"""Model → System: symbolic ordinary differential equations. SymPy lives here, and is imported
when a System is built; its :class:`~loligo.system.outline.Outline` needs none."""
