"""Model + stimulus → System: symbolic ordinary differential equations. SymPy lives here."""

from loligo.system.equations import STIMULUS, System, build
from loligo.system.symbols import Expr, symbol

__all__ = ["STIMULUS", "Expr", "System", "build", "symbol"]
