from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.figures import by_setting
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.bottleneck import replaced, write_bottleneck_table
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Rows = Callable[..., list[Row]]


def change(psnr: float, after: float, before: float = 0.9) -> Mapping[str, Any]:
    return {
        "frames": 30,
        "mean_psnr": psnr,
        "lowest_psnr": psnr - 2,
        "score": "psnr",
        "micro_auc": after,
        "unchanged_micro_auc": before,
    }


CHANGES = {"read_zeros": change(45.0, 0.91), "bottleneck_zeros": change(38.0, 0.85)}


def mnad(task: str = "prediction", **overrides: Any) -> Settings:
    return resolve(dataset="ped2", method="mnad", task=task, **overrides)


class TestReplaced:
    def test_output_and_auc(self, write_rows: Rows) -> None:
        """Each replacement has the PSNR between the outputs, its lowest, and the change of AUC paired by seed."""
        found = {one.variant: one for one in replaced(write_rows([mnad()], (0, 1), changes=CHANGES))}
        assert list(found) == ["bottleneck_zeros", "read_zeros"]
        assert found["read_zeros"].psnr.mean == 45.0
        assert found["read_zeros"].lowest == 43.0
        assert found["read_zeros"].change is not None
        assert found["read_zeros"].change.mean == pytest.approx(0.01)
        assert found["bottleneck_zeros"].change_by_seed == pytest.approx((-0.05, -0.05))

    def test_a_record_without_auc(self, write_rows: Rows) -> None:
        """Older records hold no AUC of the replaced output: the change is unknown, the PSNR is reported."""
        (one,) = replaced(write_rows([mnad()], (0,), changes={"read_mean": {"mean_psnr": 30.0, "lowest_psnr": 20.0}}))
        assert (one.psnr.mean, one.change, one.change_by_seed) == (30.0, None, ())


class TestWriteBottleneckTable:
    def test_markdown_and_csv(self, tmp_path: Path, write_rows: Rows) -> None:
        """One line per setting and replacement, in words and in numbers."""
        rows = write_rows([mnad(), mnad("reconstruction", memory="none")], (0, 1), changes=CHANGES)
        markdown, csv = write_bottleneck_table("ped2", rows, tmp_path)
        assert markdown == tmp_path / "tables" / "bottleneck_ped2.md"
        lines = [line for line in markdown.read_text().splitlines() if line.startswith("|")]
        assert len(lines) == 2 + 4
        assert any("prediction" in line and "read: zeros" in line and "+1.0" in line for line in lines)
        table = pd.read_csv(csv)
        assert list(table["replaced"]) == ["bottleneck_zeros", "read_zeros"] * 2
        assert list(table["output_psnr"]) == [38.0, 45.0] * 2
        assert list(table["auc_change"]) == pytest.approx([-5.0, 1.0] * 2)
        assert list(table["skip"]) == [True, True, False, False]

    def test_the_short_table_leaves_departures_to_the_csv(self, tmp_path: Path, write_rows: Rows) -> None:
        """A supervised setting, or one with other items, is in the CSV alone."""
        rows = write_rows([mnad(), mnad(supervision="uniform_balance"), mnad(items=20)], (0,), changes=CHANGES)
        markdown, csv = write_bottleneck_table("ped2", rows, tmp_path)
        assert len([line for line in markdown.read_text().splitlines() if line.startswith("|")]) == 2 + 2
        assert len(pd.read_csv(csv)) == 6

    def test_nothing_was_replaced(self, tmp_path: Path, write_rows: Rows) -> None:
        """Records without replacements leave no table."""
        assert write_bottleneck_table("ped2", write_rows([mnad()], (0,), changes={}), tmp_path) == []
        assert not (tmp_path / "tables").exists()


class TestDraw:
    def test_psnr_left_auc_right(self, write_rows: Rows) -> None:
        """A line per setting; a marker per replacement, at the PSNR on the left and the change of AUC on the right."""
        rows = write_rows([mnad(), mnad(memory="none")], (0, 1), changes=CHANGES)
        figure = by_setting.bottleneck(rows)
        assert figure is not None
        left, right = figure.axes
        assert [tick.get_text() for tick in left.get_yticklabels()] == [
            "MNAD prediction\nskips, memory",
            "MNAD prediction\nskips, no memory",
        ]
        for axes, values in ((left, (38.0, 45.0)), (right, (-5.0, 1.0))):
            marks = [
                line for line in axes.lines if line.get_marker() not in ("None", ".", None) and len(line.get_xdata())
            ]
            assert [float(line.get_xdata()[0]) for line in marks] == pytest.approx([*values, *values])

    def test_without_the_test(self, write_rows: Rows) -> None:
        """Records without replacements have no figure."""
        assert by_setting.bottleneck(write_rows([mnad()], (0,), changes={})) is None
