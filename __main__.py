"""`python -m tapeout`, and the console script: the command line of `cli/`."""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
