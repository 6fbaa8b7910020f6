"""The six lines of the README's first screen say what the records say, and what they do not."""

from pathlib import Path

import pytest

from benchmarks.report.answer import STUDIES, answer
from benchmarks.report.records import load_records
from benchmarks.study.files import load_study

RESULTS = Path(__file__).parents[2] / "results"
CELLS = {name: load_study(name).cells for name in STUDIES}


class TestAnswer:
    def test_without_records_it_says_how_to_make_some(self) -> None:
        """Nothing is claimed before anything was run."""
        assert answer(CELLS, [], RESULTS) == (
            "- No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
        )

    def test_six_lines_from_the_committed_records(self) -> None:
        """Memory on two sets, its cost, verdicts, seeds, what needs no learning: a line each, with their numbers."""
        lines = answer(CELLS, load_records(RESULTS), RESULTS).splitlines()
        assert len(lines) == 6
        assert all(line.startswith("- **") for line in lines)
        assert "MNAD prediction" in lines[0]
        assert "published +2.7" in lines[0]
        assert "circles and squares" in lines[1]
        assert lines[1].count("(6 seeds") == 3
        assert "What does memory cost?" in lines[2]
        assert "frame difference 90.8 %" in lines[5]
        assert "from 80.1 % to 92.8 %" in lines[5]

    @pytest.mark.parametrize("method", ["clock", "mnad"])
    def test_lines_without_their_records_say_so(self, method: str, tmp_path: Path) -> None:
        """With one seed, or only methods of one kind, the lines that lack records say that nothing is known."""
        records = [
            record
            for record in load_records(RESULTS, "ped2")
            if record.settings.method == method and record.seed == 0 and record.settings.memory == "none"
        ]
        lines = answer(CELLS, records, tmp_path).splitlines()
        assert "No pair of runs" in lines[0]
        assert "No pair of runs" in lines[1]
        assert "Not measured yet: `make bench`" in lines[2]
        assert "One seed each" in lines[4]
        assert ("was not measured yet" if method == "clock" else "Not measured yet") in lines[5]

    def test_the_best_verdict_of_a_claim_counts_once(self) -> None:
        """Each claim is named once: reproduced or contradicted somewhere, or open everywhere."""
        line = answer(CELLS, load_records(RESULTS), RESULTS).splitlines()[3]
        told = line.split(": ", 1)[1]
        for number in range(1, 15):
            assert told.count(f"C{number},") + told.count(f"C{number};") + told.count(f"C{number} ") >= 1
