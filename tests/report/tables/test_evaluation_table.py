from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.measure.metrics import frame_metrics
from benchmarks.report.read.frame_scores import score_of, scored
from benchmarks.report.read.records import load_records
from benchmarks.report.tables import evaluation_table
from benchmarks.report.tables.evaluation_table import conventions, write_evaluation_tables
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


class TestConventions:
    def test_are_the_records_own_metrics(self, core_cells: Cells, core_results: Write) -> None:
        """What the table takes from the record is what the terms give again."""
        for record in load_records(core_results(core_cells("ped2", (0,)))):
            found = conventions(record)
            for how, micro in (
                ("per_video", found["micro"]),
                ("global", found["raw_micro"]),
                ("train", found["train_micro"]),
            ):
                table = scored(record, record.variant, score_of(record, record.score), how)  # type: ignore[arg-type]
                assert table is not None
                again = frame_metrics(table["anomaly"], table["label"], table["video"])
                assert micro == pytest.approx(again.micro_auc, abs=1e-6)
                if how == "per_video":
                    taken = (found["macro"], found["padded"], found["fpr"])
                    assert taken == pytest.approx(
                        (again.macro_auc, again.macro_auc_padded, again.fpr_at_95_tpr), abs=1e-6
                    )

    def test_events_at_the_threshold_of_train(self, core_cells: Cells, core_results: Write) -> None:
        """Precision and recall of events are shares, and the delay lies within the longest interval."""
        found = conventions(load_records(core_results(core_cells("ped2", (0,))))[0])
        for name in ("event_precision", "event_recall"):
            value = found[name]
            assert value is not None
            assert 0 <= value <= 1
        assert found["delay"] is not None
        assert found["delay"] >= 0

    def test_regularity_divides_by_the_maximum(
        self, core_cells: Cells, core_results: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """(e - min) / max of each video orders frames of two videos; a fused score has no such column."""
        records = load_records(core_results(core_cells("ped2", (0,))))
        fused = next(record for record in records if record.score == "fused")
        assert conventions(fused)["regularity_micro"] is None
        single = next(record for record in records if f"{record.variant}.{record.score}" in record.frames())
        term = f"{single.variant}.{single.score}"
        table = pd.DataFrame({"video": list("aabb"), "label": [0, 1, 1, 0], term: [1.0, 4.0, 9.0, 6.0]})
        monkeypatch.setattr(type(single), "frames", lambda _: table)
        # 0 and 3/4 of a, 1/3 and 0 of b: both abnormal frames lie above both normal ones. By the range they would tie.
        assert evaluation_table._regularity(single) == 1.0

    def test_the_oracle_is_never_worse(self, core_cells: Cells, core_results: Write) -> None:
        """The best weight on the test set gives at least the published one's AUC; a score without a weight has none."""
        for record in load_records(core_results(core_cells("ped2", (0,)))):
            found = conventions(record)
            if record.score == "fused":
                assert found["oracle"] is not None
                assert found["micro"] is not None
                assert found["oracle"] >= found["micro"] - 1e-9
            else:
                assert found["oracle"] is None

    def test_the_best_epoch_is_known_where_several_were_scored(self, core_cells: Cells, core_results: Write) -> None:
        """Of several epochs that were scored the best one stands apart; of the last one alone nothing is said."""
        record = load_records(core_results(core_cells("ped2", (0,))))[0]
        assert conventions(record)["epoch_oracle"] is None
        record.content["epochs"] = [{"epoch": n, "micro_auc": auc} for n, auc in ((1, 0.7), (2, 0.9), (3, 0.8))]
        assert (conventions(record)["epoch_oracle"], conventions(record)["oracle_epoch"]) == (0.9, 2)


class TestWriteEvaluationTables:
    def test_one_per_set(self, core_cells: Cells, core_results: Write) -> None:
        """Each set with records gets a table with a row per setting, the oracle apart and the assumed rate said."""
        results = core_results([*core_cells("ped2", (0,)), *core_cells("synthetic", (0,))])
        paths = write_evaluation_tables(load_records(results), results)
        assert set(paths) == {"evaluation_ped2.md", "evaluation_synthetic.md"}
        text = paths["evaluation_ped2.md"].read_text()
        assert "at 10 frames a second" in text
        assert "an assumed 25 frames a second" in paths["evaluation_synthetic.md"].read_text()
        assert len(pd.read_csv(results / "tables" / "evaluation_ped2.csv")) == 6
        assert (results / "tables" / "latex" / "evaluation_ped2" / "conventions.tex").is_file()

    def test_labels_that_are_not_the_published_ones_are_said(self, core_cells: Cells, core_results: Write) -> None:
        """MNAD's figure on a set with the release's labels says that it was measured under others."""
        results = core_results([*core_cells("avenue", (0,))[:1], *core_cells("avenue-mnad-labels", (0,))[:1]])
        paths = write_evaluation_tables(load_records(results), results)
        texts = {name: path.read_text() for name, path in paths.items()}
        assert all(" 90.2 P " not in text and " 82.8 P " in text for text in texts.values())
        said = {name: "under the labels of MNAD's own file" in text for name, text in texts.items()}
        assert said == {"evaluation_avenue.md": True, "evaluation_avenue-mnad-labels.md": False}

    def test_what_is_chosen_on_the_test_set_is_called_an_oracle(self, core_cells: Cells, core_results: Write) -> None:
        """Columns of a chosen weight or epoch say so by their names, in both tables; of thresholds the note says it."""
        results = core_results(core_cells("ped2", (0,)))
        inspections = [{"epoch": n, "micro_auc": auc} for n, auc in ((1, 0.7), (2, 0.9))]
        records = [replace(one, content={**one.content, "epochs": inspections}) for one in load_records(results)]
        text = write_evaluation_tables(records, results)["evaluation_ped2.md"].read_text()
        first, second = (
            {name.strip() for name in line.split("|")} for line in text.splitlines() if line.startswith("| Runs")
        )
        assert {"Oracle α: AUC", "Oracle α", "Oracle epoch: AUC", "Oracle epoch"} <= first
        assert "+ oracle α" in second
        assert not [name for name in first | second if name.lower().startswith(("best", "at ", "+ best"))]
        (note,) = [line for line in text.splitlines() if "FPR@95TPR:" in line]
        assert "Alarms/h:" in note
        assert "found on the labels of the test frames" in note
