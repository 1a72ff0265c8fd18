"""The lab: the same equations, live in a browser, in one file that needs nothing else.

``lo.lab(model, stimulus)`` makes it, see :func:`loligo.lab.calling.lab`; what a link of it says is
read by ``lo.from_link(url)``.

Examples
--------
>>> import loligo as lo
>>> lo.lab("hodgkin-huxley-1952", lo.Pulse(5, 40, 10))
<lab of hodgkin-huxley-1952: save('lab.html') writes it, open() shows it>
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    """``lo.lab`` is what the package is called and what one calls: whichever was met first."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        from loligo.lab.calling import lab

        return lab(*given, **named)


sys.modules[__name__].__class__ = _Called
