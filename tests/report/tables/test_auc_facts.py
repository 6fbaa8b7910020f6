"""What a reader of published AUCs should know, from records."""

from collections.abc import Callable

from benchmarks.report.read.rows import Row
from benchmarks.report.tables.auc_facts import NO_RECORDS, auc_facts
from benchmarks.study.presets import resolve

OWN = resolve(dataset="ped2", method="mnad", task="prediction")
CLOCK, DIFFERENCE = (
    resolve(dataset="ped2", method=method, task="reconstruction") for method in ("clock", "frame_difference")
)


class TestAucFacts:
    def test_states_each_fact_from_its_runs(self, write_rows: Callable[..., list[Row]]) -> None:
        """Three facts with the rows' own numbers; the trained models are named with size, width and epochs."""
        rows = write_rows([OWN, CLOCK, DIFFERENCE])
        text = auc_facts(rows)
        own, clock, difference = (100 * summary.mean for row in rows if (summary := row.auc()) is not None)
        assert len(text.splitlines()) == 3
        assert f"1. **Frame difference reaches {difference:.1f} %.**" in text
        assert (
            f"above {int(difference > own)} of our 1 trained models (256×256, 0.25 of the published width, 3 epochs)"
            in text
        )
        assert f"2. **Counting frames reaches {clock:.1f} %.**" in text
        assert f"from {own:.1f} % to" in text

    def test_leaves_out_what_did_not_run(self, write_rows: Callable[..., list[Row]]) -> None:
        """No row, no fact about it, and the numbering stays whole."""
        assert auc_facts(write_rows([CLOCK], (0,))).startswith("1. **Counting frames")
        assert auc_facts([]) == NO_RECORDS
