"""``python -m loligo.cli`` is ``loligo``."""

from __future__ import annotations

import sys

from loligo.cli import main

sys.exit(main())
