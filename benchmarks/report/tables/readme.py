"""Generated blocks of README and docs: between two marks stands what `make tables` says, never what somebody typed."""

import re
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.report.tables.view import write_text


def fill_block(text: str, name: str, content: str) -> str:
    """Return a text whose block ``name`` holds ``content``; a text without that block is returned as it is.

    A block stands between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``, each on a line of its own.
    Raises StudyError if a block is begun and not ended.
    """
    begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
    if begin not in text:
        return text
    if end not in text.split(begin, 1)[1]:
        raise StudyError(f"Expected the mark {end} after {begin}, but there is none; put it back.")
    pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{content.strip()}\n{end}", text)


def documents(root: Path = Path()) -> list[Path]:
    """Return the files that may hold a block: the README and the pages of docs."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def update_documents(name: str, content: str, root: Path = Path()) -> list[Path]:
    """Put ``content`` into the block ``name`` wherever the README or a page of docs has it; return the changed files."""
    changed = []
    for path in documents(root):
        old = path.read_text(encoding="utf-8") if path.is_file() else ""
        new = fill_block(old, name, content)
        if new != old:
            write_text(path, new)
            changed.append(path)
    return changed
