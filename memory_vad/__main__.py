"""`python -m memory_vad` is the command `memory-vad`."""

import sys

from memory_vad.cli import main

if __name__ == "__main__":
    sys.exit(main())
