"""What batch norm's running statistics do, in a table: benchmarks/report/tables/batch_norm.py."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.report.read.rows import Row
from benchmarks.report.tables.batch_norm import batch_norm_table, recalibration_effect
from benchmarks.study.presets import resolve

Rows = Callable[..., list[Row]]
MNAD = resolve(dataset="ped2", method="mnad", task="prediction")


def section(area: float | None, ratio: float | None = 1.5) -> dict[str, Any]:
    """The record's section under the published variant."""
    return {"batch_norm": {"update": {"micro_auc": area, "batches": 100, "variance_ratio": ratio}}}


class TestTable:
    def test_pairs_recalibrated_statistics_with_the_published_score(self, write_rows: Rows) -> None:
        """Both areas, their difference by seed, and the channel that changed most."""
        (row,) = write_rows([MNAD], (0, 1), **section(0.9, 2.25))
        published = [100 * area for area in row.by_seed(lambda record: record.metric("micro_auc")).values()]
        frame = batch_norm_table([row]).to_frame()
        assert list(frame["n"]) == ["2"]
        assert list(frame["Recalibrated"]) == ["90.0"]
        assert frame["By seed"][0] == ", ".join(f"{area:.1f} → 90.0" for area in published)
        assert list(frame["Variance ratio"]) == ["2.2"]
        change = recalibration_effect(row)
        assert change is not None
        assert 100 * change.mean == pytest.approx(90 - sum(published) / 2)

    def test_a_channel_without_variance(self, write_rows: Rows) -> None:
        """A ratio that no number can be given for is reported as such, not left out."""
        assert list(batch_norm_table(write_rows([MNAD], (0,), **section(0.9, None))).to_frame()["Variance ratio"]) == [
            "∞"
        ]

    @pytest.mark.parametrize("replaced", [{}, section(None)], ids=["older record", "undefined area"])
    def test_records_without_it_have_no_row(self, write_rows: Rows, replaced: dict[str, Any]) -> None:
        """Nothing is reported of cells that did not measure it."""
        assert not batch_norm_table(write_rows([MNAD], (0, 1), **replaced)).rows
