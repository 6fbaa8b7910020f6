"""Generated blocks of README and docs."""

from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.tables.readme import fill_block, update_documents

BLOCK = "# Title\n<!-- generated: ped2 -->\nold\n<!-- end: ped2 -->\nrest\n"


class TestFillBlock:
    def test_replaces_what_stands_between_the_marks(self) -> None:
        """Everything outside the block stays."""
        filled = fill_block(BLOCK, "ped2", "new \\1 line\n")
        assert filled == "# Title\n<!-- generated: ped2 -->\nnew \\1 line\n<!-- end: ped2 -->\nrest\n"

    def test_is_idempotent(self) -> None:
        """Filling twice with the same content changes nothing."""
        once = fill_block(BLOCK, "ped2", "new")
        assert fill_block(once, "ped2", "new") == once

    def test_leaves_a_text_without_the_block_alone(self) -> None:
        """A study that the README does not show is no error."""
        assert fill_block(BLOCK, "synthetic", "new") == BLOCK

    def test_refuses_a_block_without_end(self) -> None:
        """A lost end mark would swallow the rest of the page."""
        with pytest.raises(StudyError, match="end: ped2"):
            fill_block("<!-- generated: ped2 -->\nold\n", "ped2", "new")


class TestUpdateDocuments:
    def test_fills_the_block_wherever_it_stands(self, tmp_path: Path) -> None:
        """README and pages of docs hold blocks; a page without the block and a missing README are left alone."""
        (tmp_path / "docs").mkdir()
        page, other = tmp_path / "docs" / "results.md", tmp_path / "docs" / "other.md"
        page.write_text(BLOCK, encoding="utf-8")
        other.write_text("text", encoding="utf-8")
        assert update_documents("ped2", "new", tmp_path) == [page]
        assert page.read_text(encoding="utf-8") == BLOCK.replace("old", "new")
        assert other.read_text(encoding="utf-8") == "text"
        assert not (tmp_path / "README.md").exists()

    def test_writes_only_what_changes(self, tmp_path: Path) -> None:
        """The first call writes, the second has nothing to do."""
        readme = tmp_path / "README.md"
        readme.write_text(BLOCK, encoding="utf-8")
        assert update_documents("ped2", "new", tmp_path) == [readme]
        assert update_documents("ped2", "new", tmp_path) == []
