"""Injected faults, short: benchmarks/faults/campaign.py."""

from pathlib import Path

from benchmarks.faults.campaign import GOOD, WRONG, Tally, run_campaign, to_markdown


class TestRunCampaign:
    def test_no_fault_ends_badly(self, tmp_path: Path) -> None:
        """Damage, kills and full disks at every file operation of every writer, two writers, one killed run."""
        tally = run_campaign(tmp_path, flips=3, rounds=20, cells=1)
        assert tally.examples == []
        assert tally.bad == 0
        assert tally.faults > 150


class TestToMarkdown:
    def test_counts_by_kind(self) -> None:
        """A row a kind of fault, and examples of what ended badly."""
        tally = Tally()
        tally.add("record: torn", GOOD)
        tally.add("record: torn", WRONG, "byte 3")
        text = to_markdown(tally, 60.0)
        assert "2 faults in 1 minutes, 1 ended badly" in text
        assert "| record: torn | 2 | 1 | 0 | 1 | 0 | 0 | 0 | 0 |" in text
        assert "- record: torn: wrong content accepted: byte 3" in text
