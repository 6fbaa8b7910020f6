"""The five lines of the README's first screen say what the records say, and what they do not."""

from pathlib import Path

import pytest

from benchmarks.report.answer import answer
from benchmarks.report.records import load_records
from benchmarks.study.files import load_study

RESULTS = Path(__file__).parents[2] / "results"


class TestAnswer:
    def test_without_records_it_says_how_to_make_some(self) -> None:
        """Nothing is claimed before anything was run."""
        assert answer("UCSD Ped2", load_study("ped2").cells, []) == (
            "- No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
        )

    def test_five_lines_from_the_committed_records(self) -> None:
        """Memory, verdicts, seeds, what needs no learning, normalisation: a line each, with their numbers."""
        lines = answer("UCSD Ped2", load_study("ped2").cells, load_records(RESULTS)).splitlines()
        assert len(lines) == 5
        assert all(line.startswith("- **") for line in lines)
        assert "MNAD prediction" in lines[0]
        assert "published +2.7" in lines[0]
        assert "frame difference 90.8 %" in lines[3]

    @pytest.mark.parametrize("method", ["clock", "mnad"])
    def test_lines_without_their_records_say_so(self, method: str) -> None:
        """With one seed, or only methods of one kind, the lines that lack records say that nothing is known."""
        records = [
            record
            for record in load_records(RESULTS, "ped2")
            if record.settings.method == method and record.seed == 0 and record.settings.memory == "none"
        ]
        lines = answer("UCSD Ped2", load_study("ped2").cells, records).splitlines()
        assert "No pair of runs" in lines[0]
        assert "One seed each" in lines[2]
        missing = lines[4] if method == "clock" else lines[3]
        assert "Not measured yet" in missing

    def test_the_best_verdict_of_a_claim_counts_once(self) -> None:
        """Each claim is named once: reproduced or contradicted somewhere, or open everywhere."""
        line = answer("UCSD Ped2", load_study("ped2").cells, load_records(RESULTS)).splitlines()[1]
        told = line.split(": ", 1)[1]
        for number in range(1, 15):
            assert told.count(f"C{number},") + told.count(f"C{number};") + told.count(f"C{number} ") >= 1
