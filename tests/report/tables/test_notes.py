"""The prose of tables: benchmarks/report/tables/notes.py."""

import re
import tomllib
from pathlib import Path

from benchmarks.report.tables import notes
from benchmarks.report.tables.notes import note

FOLDER = Path(notes.__file__).parent


class TestNote:
    """Notes by name."""

    def test_fills_in_values(self) -> None:
        """What stands in braces is replaced, formats included."""
        assert note("box_table.frames", frames="20 to 40", true="7").startswith("20 to 40 test frames")

    def test_every_note_is_used_once_and_no_other_is_asked_for(self) -> None:
        """Names in the file are those in the code, each in the module that its section names."""
        known = tomllib.loads((FOLDER / "notes.toml").read_text())
        written = {f"{module}.{key}" for module, texts in known.items() for key in texts}
        found = [
            name for path in FOLDER.glob("*.py") for name in re.findall(r'\bnote\(\s*"([\w.]+)"', path.read_text())
        ]
        assert sorted(found) == sorted(written)
