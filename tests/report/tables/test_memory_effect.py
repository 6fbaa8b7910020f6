from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.read.records import load_records
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.memory_effect import effects_table, memory_effects, rows_by_group, write_memory_effect
from benchmarks.study.presets import resolve

RESULTS = Path(__file__).parents[3] / "results"
Write = Callable[..., list[Row]]


class TestMemoryEffects:
    def test_recalibrated_statistics_are_paired_too(self, write_rows: Write, tmp_path: Path) -> None:
        """Memory's effect once more, from the seeds whose both sides re-estimated BatchNorm."""
        own, none = (resolve(dataset="ped2", method="mnad", task="prediction", memory=name) for name in ("own", "none"))
        rows = write_rows([own], (0, 1), batch_norm={"update": {"micro_auc": 0.91}})
        rows += write_rows([none], (1, 2), batch_norm={"plain": {"micro_auc": 0.87}})
        table = effects_table(memory_effects({"here": rows}), tmp_path)
        assert table is not None
        assert table.to_frame().set_index("Method").loc["– recalibrated BatchNorm for both", "here"] == "+4.0 (1)"

    def test_other_levels_of_shrinkage_are_compared_under_one_score(self, write_rows: Write, tmp_path: Path) -> None:
        """Without hard shrinkage minus none: absolute with absolute and squared with squared error, never one with the other."""
        shared = {"dataset": "ped2", "method": "memae", "task": "reconstruction"}
        chosen = ({}, {"shrink_threshold": 0.0}, {"shrink_threshold": 0.001}, {"memory": "none"})
        rows = write_rows([resolve(**shared, **more) for more in chosen], (0,))
        table = effects_table(memory_effects({"here": rows}), tmp_path)
        assert table is not None
        shown = table.to_frame().set_index("Method")["here"]
        none = rows[3].records[0]
        for row, name in ((rows[1], "without hard shrinkage"), (rows[2], "λ = 2/N")):
            for score, words in (("mse", "squared"), ("mean_absolute_error", "absolute")):
                one, other = (record.metric("micro_auc", score=score) for record in (row.records[0], none))
                assert one is not None
                assert other is not None
                told = shown[f"– {name}, {words} error for both"].split(" ")[0].replace("−", "-")
                assert float(told) == pytest.approx(100 * (one - other), abs=0.051)

    def test_costs_need_a_bench(self, write_rows: Write, tmp_path: Path) -> None:
        """Without one the columns are gone, and the notes name the command; with one they are there."""
        settings = [resolve(dataset="ped2", method="mnad", task="prediction", memory=one) for one in ("own", "none")]
        effects = memory_effects({"here": write_rows(settings)})
        bare, costed = effects_table(effects, tmp_path), effects_table(effects, RESULTS)
        assert bare is not None
        assert costed is not None
        assert "Training time" not in bare.columns
        assert "`make bench`" in " ".join(bare.notes)
        assert "Training time" in costed.columns


class TestWriteMemoryEffect:
    def test_a_column_per_group(self, write_rows: Write, tmp_path: Path) -> None:
        """Groups of two lengths have columns of their own, headed by their labels."""
        settings = [
            resolve(dataset="ped2", method="mnad", task="prediction", memory=memory, profile="small", epochs=epochs)
            for memory in ("own", "none")
            for epochs in (3, 20)
        ]
        write_rows(settings)
        records = load_records(tmp_path)
        labels = [f"UCSD Ped2, 128×128, ¼ width, {epochs} of 60 epochs" for epochs in (3, 20)]
        assert sorted(rows_by_group(records)) == sorted(labels)
        text = write_memory_effect(records, tmp_path)["md"].read_text()
        assert all(label in text for label in labels)

    def test_nothing_without_a_pair(self, write_rows: Write, tmp_path: Path) -> None:
        """One side alone has no effect."""
        write_rows([resolve(dataset="ped2", method="mnad", task="prediction")])
        assert write_memory_effect(load_records(tmp_path), tmp_path) == {}
