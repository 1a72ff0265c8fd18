"""``python -m loligo`` is ``loligo``, where the folder of commands is not on the path."""

from __future__ import annotations

import sys

from loligo.cli import main

sys.exit(main())
