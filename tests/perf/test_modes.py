from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.perf.modes import rows
from benchmarks.report.read.records import Record
from benchmarks.study.presets import resolve


def record(auc: float, mode: str, *, seed: int = 0, method: str = "mnad") -> Record:
    """A record that holds what is looked at here."""
    settings = resolve(dataset="ped2", method=method, task="reconstruction")
    content: dict[str, Any] = {
        "seed": seed,
        "mode": mode,
        "headline": {"variant": "plain", "score": "psnr"},
        "metrics": {"plain": {"psnr": {"per_video": {"micro_auc": auc}}}},
        "phases": {"train": {"seconds": 600.0}, "evaluate": {"seconds": 120.0}},
    }
    return Record(Path(f"seed-{seed}.json"), content, settings)


class TestRows:
    def test_pairs_cells_of_both_modes(self) -> None:
        """Each cell that both modes have gives its difference in points; a cell of one mode alone gives none."""
        fast = [record(0.91, "fast"), record(0.95, "fast", seed=1), record(0.5, "fast", seed=2)]
        default = [record(0.90, "record"), record(0.97, "record", seed=1)]
        found = rows(fast, default)
        assert [row.claim.median for row in found[:3]] == pytest.approx([1.0, -2.0, -0.5])

    def test_costs_are_of_all_fast_cells(self) -> None:
        """Three cells of twelve minutes take eighteen minutes on two cores."""
        fast = [record(0.91, "fast"), record(0.95, "fast", seed=1), record(0.7, "fast", method="clock")]
        found = rows(fast, [record(0.90, "record")])
        assert found[-1].claim.median == pytest.approx(18.0)
        assert found[-1].what.startswith("3 cells")

    def test_refuses_a_record_of_another_mode(self) -> None:
        """The default mode's own records are no fast side."""
        with pytest.raises(StudyError, match="Expected records of the mode fast"):
            rows([record(0.9, "record")], [record(0.9, "record")])

    def test_refuses_sides_that_share_nothing(self) -> None:
        """Without a pair there is nothing to compare."""
        with pytest.raises(StudyError, match="none among 1 fast records"):
            rows([record(0.9, "fast")], [record(0.9, "record", seed=1)])
