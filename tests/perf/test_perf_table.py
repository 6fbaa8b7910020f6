"""The table of speed: benchmarks/perf/table.py."""

import json
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.perf.measuring import Row, Spread, write_rows
from benchmarks.perf.table import read_results, render, write_table


def row(claim: float, target: float | None, *, at_least: bool = True, alone: bool = False) -> Row:
    """A row whose claim is around a value."""
    around = Spread((claim, 0.9 * claim, 1.1 * claim))
    theirs = None if alone else Spread((1.0, 1.0, 1.0))
    return Row("a step | of work", "frames/s", around, theirs, around, "times", target, at_least, "memory traffic")


class TestWriteTable:
    def test_has_a_line_for_each_row_and_names_the_machine(self, tmp_path: Path) -> None:
        """Rows of all files, medians with their spread, and whether the target is reached or by how much not."""
        write_rows(tmp_path / "second.json", [row(2.0, 2.6), row(3.0, 2.6)])
        write_rows(tmp_path / "first.json", [row(4.0, 5.0, at_least=False, alone=True), row(1.0, None)])
        text = write_table(tmp_path, ("second", "third", "first")).read_text()
        lines = [line for line in text.splitlines() if line.startswith("| a step")]
        assert lines[0].endswith("| 2 (1.8 to 2.2) times | ≥ 2.6 | no, by 0.6: memory traffic |")
        assert lines[1].endswith("| ≥ 2.6 | yes |")
        assert lines[2] == "| a step \\| of work | 4 (3.6 to 4.4) frames/s | – | 4 (3.6 to 4.4) times | ≤ 5 | yes |"
        assert lines[3].endswith("| – | – |")
        assert "**Not measured: third.**" in text
        for fact in ("machine: ", "commit: ", "versions: ", "load of the machine"):
            assert text.count(fact) == 1

    def test_results_of_two_machines_are_told_apart(self, tmp_path: Path) -> None:
        """Where files disagree, each says what it was measured on."""
        for name in ("first", "second"):
            write_rows(tmp_path / f"{name}.json", [row(1.0, None)])
        results = read_results(tmp_path)
        results["second"]["machine"]["processor"] = "another"
        text = render(results)
        assert text.count("- machine: ") == 2
        assert "second:\n- machine: another" in text


class TestReadResults:
    @pytest.mark.parametrize("content", ["{", json.dumps({"rows": []}), "[]"])
    def test_refuses_other_files(self, tmp_path: Path, content: str) -> None:
        """The file is named."""
        (tmp_path / "odd.json").write_text(content)
        with pytest.raises(StudyError, match=r"odd\.json"):
            read_results(tmp_path)
