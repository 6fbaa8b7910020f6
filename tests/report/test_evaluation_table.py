from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.measure.metrics import frame_metrics
from benchmarks.report.evaluation_table import conventions, false_alarms_per_hour, write_evaluation_tables
from benchmarks.report.frame_scores import score_of, scored
from benchmarks.report.records import load_records
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


class TestConventions:
    def test_are_the_records_own_metrics(self, core_cells: Cells, core_results: Write) -> None:
        """What the table takes from the record is what the terms give again."""
        for record in load_records(core_results(core_cells("ped2", (0,)))):
            found = conventions(record)
            for how, micro in (("per_video", found.micro), ("global", found.raw_micro), ("train", found.train_micro)):
                table = scored(record, record.variant, score_of(record, record.score), how)  # type: ignore[arg-type]
                assert table is not None
                again = frame_metrics(table["anomaly"], table["label"], table["video"])
                assert micro == pytest.approx(again.micro_auc, abs=1e-6)
                if how == "per_video":
                    told = (found.macro, found.padded, found.fpr)
                    assert told == pytest.approx(
                        (again.macro_auc, again.macro_auc_padded, again.fpr_at_95_tpr), abs=1e-6
                    )

    def test_the_oracle_is_never_worse(self, core_cells: Cells, core_results: Write) -> None:
        """The best weight on the test set gives at least the published one's AUC; a score without a weight has none."""
        for record in load_records(core_results(core_cells("ped2", (0,)))):
            found = conventions(record)
            if record.score == "fused":
                assert found.oracle is not None
                assert found.micro is not None
                assert found.oracle >= found.micro - 1e-9
            else:
                assert found.oracle is None


class TestFalseAlarmsPerHour:
    def table(self, scores: list[float], label: list[int], video: list[str] | None = None) -> pd.DataFrame:
        """Frames of one video, or of those named."""
        names = video or ["a"] * len(scores)
        return pd.DataFrame({"video": names, "frame": np.arange(len(scores)), "label": label, "anomaly": scores})

    def test_counts_runs(self) -> None:
        """Two runs of normal frames above the threshold among six normal frames at one frame a second: 1,200 an hour."""
        table = self.table([0.9, 0.9, 0.1, 0.9, 0.1, 0.1, 0.8, 0.8], [0, 0, 0, 0, 0, 0, 1, 1])
        assert false_alarms_per_hour(table, rate=1.0) == pytest.approx(2 / 6 * 3600)

    def test_a_new_video_is_a_new_alarm(self) -> None:
        """A run does not go on from one video to the next."""
        table = self.table([0.1, 0.9, 0.9, 0.8], [0, 0, 0, 1], ["a", "a", "b", "b"])
        assert false_alarms_per_hour(table, rate=1.0) == pytest.approx(2 / 3 * 3600)

    def test_monotone_transforms_change_nothing(self) -> None:
        """Only the order of scores counts."""
        generator = np.random.default_rng(0)
        table = self.table(generator.normal(size=200).tolist(), generator.integers(0, 2, 200).tolist())
        moved = table.assign(anomaly=np.exp(3 * table["anomaly"]))
        assert false_alarms_per_hour(moved, 25.0) == false_alarms_per_hour(table, 25.0)

    def test_one_class_is_undefined(self) -> None:
        """Without abnormal frames there is no threshold."""
        assert false_alarms_per_hour(self.table([0.1, 0.2], [0, 0]), 25.0) is None


class TestWriteEvaluationTables:
    def test_one_per_set(self, core_cells: Cells, core_results: Write) -> None:
        """Each set with records gets a table with a row per setting, the oracle apart and the assumed rate said."""
        results = core_results([*core_cells("ped2", (0,)), *core_cells("synthetic", (0,))])
        paths = write_evaluation_tables(load_records(results), results)
        assert set(paths) == {"evaluation_ped2.md", "evaluation_synthetic.md"}
        text = paths["evaluation_ped2.md"].read_text()
        assert "Oracle" in text
        assert "at 10 frames a second" in text
        assert "an assumed 25 frames a second" in paths["evaluation_synthetic.md"].read_text()
        assert len(pd.read_csv(results / "tables" / "evaluation_ped2.csv")) == 6
        assert (results / "tables" / "evaluation_ped2.tex").is_file()
