"""``python -m benchmarks``; make hands over ARGS in BENCHMARKS_ARGS, so that no shell reads it."""

import os
import shlex
import sys

from benchmarks.cli import main
from benchmarks.grid.parent import end_with_make

end_with_make()
try:
    more = shlex.split(os.environ.pop("BENCHMARKS_ARGS", ""))
except ValueError as error:
    sys.exit(f"Expected ARGS to be arguments as a shell reads them, but {error}; correct the quotes.")
sys.exit(main([*sys.argv[1:], *more]))
