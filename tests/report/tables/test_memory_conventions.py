import copy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.read.groups import group_of
from benchmarks.report.read.records import Record, load_records
from benchmarks.report.tables.memory_conventions import memory_conventions, write_memory_conventions
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]
AVERAGES = {"Per video", "Global", "Train", "Macro", "Macro padded"}


def with_metric(own: float, twin: float, score: str, metric: str, how: str, /) -> Callable[[Record], None]:
    """A change of one metric of one score: what the side with memory has, and its twin."""

    def change(record: Record) -> None:
        held = record.content["metrics"][record.variant]
        if score in held:
            held[score][how][metric] = twin if record.settings.memory == "none" else own

    return change


class TestMemoryConventions:
    def test_each_difference_is_of_its_own_metric(self, core_cells: Cells, core_results: Write) -> None:
        """Known values put into one metric under one normalisation come out there, and nowhere else."""
        records = load_records(core_results(core_cells("ped2", (0, 1))))
        prediction = [one for one in records if one.settings.task == "prediction"]
        before = memory_conventions(prediction)[0].of
        places = {
            ("squared error", "Per video"): ("psnr", "micro_auc", "per_video"),
            ("squared error", "Global"): ("psnr", "micro_auc", "global"),
            ("squared error", "Train"): ("psnr", "micro_auc", "train"),
            ("squared error", "Macro"): ("psnr", "macro_auc", "per_video"),
            ("squared error", "Macro padded"): ("psnr", "macro_auc_padded", "per_video"),
        }
        for key, place in places.items():
            change = with_metric(0.9, 0.65, *place)
            changed = [Record(one.path, copy.deepcopy(one.content), one.settings) for one in prediction]
            for record in changed:
                change(record)
            (after,) = memory_conventions(changed)
            assert after.of[key].mean == pytest.approx(0.25)
            # the twin's published score is its PSNR
            same_score = {one for one in before if one[1] == key[1]}
            assert all(after.of[one] == before[one] for one in before if one not in same_score)

    def test_every_score_meets_its_like(self, core_cells: Cells, core_results: Write) -> None:
        """MNAD by PSNR and by its distance alone, MemAE by both errors, each under every average."""
        found = memory_conventions(load_records(core_results(core_cells("ped2", (0, 1)))))
        assert len(found) == 3
        for one in found:
            own = {"absolute error"} if one.row.settings.method == "memae" else {"feature distance"}
            assert {score for score, _ in one.of} == {"published", "squared error"} | own
            assert {average for _, average in one.of} == AVERAGES

    def test_the_distance_stands_against_the_twins_error(self, core_cells: Cells, core_results: Write) -> None:
        """The twin has no items: it is scored by its error."""
        records = load_records(core_results(core_cells("ped2", (0, 1))))
        one = next(one for one in memory_conventions(records) if one.row.settings.task == "prediction")
        of = {(r.settings.memory, r.seed): r for r in records if r.settings.task == "prediction"}
        expected = []
        for seed in (0, 1):
            own = of["mnad", seed].metric("micro_auc", score="feature_distance")
            twin = of["none", seed].metric("micro_auc", score="psnr")
            assert own is not None
            assert twin is not None
            expected.append(own - twin)
        assert one.of["feature distance", "Per video"].mean == pytest.approx(sum(expected) / 2)

    def test_sides_meet_by_seed_mode_and_test_frames(
        self, tmp_path: Path, core_cells: Cells, write_record: Write
    ) -> None:
        """A seed that one side lacks, another mode and other frames make no pair."""
        own, none = (cells[0].settings for cells in (core_cells("ped2", (0,))[:1], core_cells("ped2", (0,))[1:2]))
        for seed in range(5):
            write_record(tmp_path, own, seed)
        write_record(tmp_path, none, 0)
        write_record(tmp_path, none, 1, 0.5)
        write_record(tmp_path, none, 2, 0.5, mode="fast")
        write_record(tmp_path, none, 3, 0.5, data={"test_checksum": "c" * 64})
        (one,) = memory_conventions(load_records(tmp_path))
        assert {difference.seeds for difference in one.of.values()} == {(0, 1)}


class TestWriteMemoryConventions:
    def test_one_table_per_group_behind_a_summary(self, core_cells: Cells, core_results: Write) -> None:
        """Groups have the label that every view has; the CSV has a row per difference, with its number of seeds."""
        cells = [*core_cells("ped2", (0, 1)), *core_cells("synthetic", (0,))]
        results = core_results(cells)
        paths = write_memory_conventions(load_records(results), results)
        assert set(paths) == {"memory_conventions.md"}
        text = paths["memory_conventions.md"].read_text()
        for dataset in ("ped2", "synthetic"):
            label = group_of(resolve(dataset=dataset, method="mnad", task="prediction", profile="cpu")).label
            assert f"## Memory minus none, {label}" in text
        table = pd.read_csv(results / "tables" / "memory_conventions.csv")
        assert len(table) == 2 * 3 * 3 * len(AVERAGES)
        assert set(table["n"]) == {1, 2}
        assert table.loc[table["n"] == 1, "low"].isna().all()
        assert (table.loc[table["n"] == 2, "low"] <= table.loc[table["n"] == 2, "effect"]).all()
        assert (results / "tables" / "latex" / "memory_conventions" / "summary.tex").is_file()

    def test_the_summary_counts_intervals_on_either_side(
        self, tmp_path: Path, core_cells: Cells, write_record: Write
    ) -> None:
        """A memory that stands out far more is above 0 by every convention but the distance, which is not counted."""
        own, none = core_cells("ped2", (0,))[0].settings, core_cells("ped2", (0,))[1].settings
        for seed in range(4):
            write_record(tmp_path, own, seed, 4.0)
            write_record(tmp_path, none, seed, 0.1)
        text = write_memory_conventions(load_records(tmp_path), tmp_path)["memory_conventions.md"].read_text()
        row = next(line for line in text.splitlines() if "MNAD · reconstruction · memory" in line)
        assert [cell.strip() for cell in row.split("|")][-3:-1] == ["10 of 10", "0 of 10"]

    def test_without_pairs_there_is_no_table(self, tmp_path: Path, core_cells: Cells, write_record: Write) -> None:
        """Memory alone has no effect to show."""
        write_record(tmp_path, core_cells("ped2", (0,))[0].settings, 0)
        assert write_memory_conventions(load_records(tmp_path), tmp_path) == {}
        assert not (tmp_path / "tables").exists()
