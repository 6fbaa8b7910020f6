"""The README's first screen says what the records say, and what they do not."""

import json
from pathlib import Path

import pytest

from benchmarks.report.answer import STUDIES, Answer, answer
from benchmarks.report.records import Record, load_records
from benchmarks.study.files import load_study

RESULTS = Path(__file__).parents[2] / "results"
CELLS = {name: load_study(name).cells for name in STUDIES}


@pytest.fixture(scope="module")
def committed() -> Answer:
    """The answer from the committed records and benches."""
    return answer(CELLS, load_records(RESULTS), RESULTS)


class TestEffects:
    def test_a_row_per_method_a_column_per_study(self, committed: Answer) -> None:
        """Memory on two sets beside the published difference and its cost, with intervals and numbers of seeds."""
        assert committed.effects is not None
        frame = committed.effects.to_frame().set_index("Method")
        assert list(frame["Published"]) == ["+3.8", "+2.7", "+2.4", ""]
        assert frame.loc["MNAD prediction", "UCSD Ped2, cpu"] == "+6.6 [−9.2, +22.4] (3)"
        assert all(cell.endswith("(6)") for cell in frame["Circles and squares, small"])
        assert frame.loc["MemAE reconstruction, one error for both", "Training time"] == ""

    def test_costs_are_those_of_the_bench(self, committed: Answer) -> None:
        """Time with memory over time without, as the bench of what memory costs left it, in per cent more."""
        assert committed.effects is not None
        frame = committed.effects.to_frame().set_index("Method")
        bench = json.loads((RESULTS / "bench" / "memory_cost.json").read_text())["costs"]
        (cost,) = [one for one in bench if (one["method"], one["profile"]) == ("memae", "paper")]
        assert frame.loc["MemAE reconstruction", "Training time"] == f"{100 * (cost['training']['median'] - 1):+.0f} %"
        assert frame.loc["MemAE reconstruction", "Scoring time"] == f"{100 * (cost['scoring']['median'] - 1):+.0f} %"
        added = cost["parameters"]["own"] / cost["parameters"]["none"] - 1
        assert frame.loc["MemAE reconstruction", "Parameters"] == f"{100 * added:+.0f} %"

    def test_without_a_bench_no_cost_is_told(self, tmp_path: Path) -> None:
        """The columns are gone, and the notes name the command."""
        found = answer(CELLS, load_records(RESULTS), tmp_path).effects
        assert found is not None
        assert "Training time" not in found.columns
        assert "`make bench`" in " ".join(found.notes)


class TestLines:
    def test_without_records_it_says_how_to_make_some(self) -> None:
        """Nothing is claimed before anything was run."""
        assert answer(CELLS, [], RESULTS).markdown() == (
            "- No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
        )

    def test_from_the_committed_records(self, committed: Answer) -> None:
        """Verdicts, seeds, what needs no learning: a line each, with their numbers."""
        assert len(committed.lines) == 3
        assert all(line.startswith("**") for line in committed.lines)
        assert "frame difference 90.8 %" in committed.lines[2]
        assert "from 80.1 % to 92.8 %" in committed.lines[2]

    @pytest.mark.parametrize("method", ["clock", "mnad"])
    def test_lines_without_their_records_say_so(self, method: str, tmp_path: Path) -> None:
        """With one seed, or only methods of one kind, the lines that lack records say that nothing is known."""

        def chosen(record: Record) -> bool:
            return record.settings.method == method and record.seed == 0 and record.settings.memory == "none"

        found = answer(CELLS, list(filter(chosen, load_records(RESULTS, "ped2"))), tmp_path)
        assert found.effects is None
        assert "No pair of runs" in found.lines[0]
        assert "One seed each" in found.lines[2]
        assert ("was not measured yet" if method == "clock" else "Not measured yet") in found.lines[3]

    def test_the_best_verdict_of_a_claim_counts_once(self, committed: Answer) -> None:
        """Each claim is named once: reproduced or contradicted somewhere, or open everywhere."""
        told = committed.lines[0].split(": ", 1)[1]
        for number in range(1, 15):
            assert told.count(f"C{number},") + told.count(f"C{number};") + told.count(f"C{number} ") >= 1


class TestMarkdown:
    def test_table_notes_and_lines_stand_apart(self, committed: Answer) -> None:
        """Blank lines keep the notes out of the table, and the bullets out of the notes; there is no heading."""
        assert committed.effects is not None
        title, table, notes, bullets = committed.markdown().split("\n\n")
        assert title == f"**{committed.effects.title}**:"
        assert all(line.startswith("|") for line in table.splitlines())
        assert notes == " ".join(committed.effects.notes)
        assert bullets.splitlines() == [f"- {line}" for line in committed.lines]
