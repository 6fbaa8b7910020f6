"""Baselines in tables: their names, both published sets, and where they must not count."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.report.claims.factorial import factorial_tables
from benchmarks.report.read.groups import groups_of
from benchmarks.report.read.published import FIGURES, of_baseline
from benchmarks.report.read.records import load_records
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.write import table_stem, write_tables
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings
from benchmarks.track.naming import run_name

Write = Callable[..., Path]


def settings(method: str, **factors: object) -> Settings:
    """A baseline on Ped2 at the profile small."""
    return resolve(**{"dataset": "ped2", "method": method, "task": "reconstruction", "profile": "small", **factors})


class TestOfBaseline:
    def test_gives_both_sets_of_hasan_to_the_stacked_frames(self) -> None:
        """85.0 as MNAD's paper states it, 90.0 as Hasan's own paper does; each with its source."""
        assert {(one.auc, one.status) for one in of_baseline("stae", "ped2")} == {(85.0, "P"), (90.0, "S")}

    def test_gives_nothing_from_memory_or_of_another_system(self) -> None:
        """Chong and Tay's figure on Ped2 was never checked, Luo's network is another; nobody published our `cae`."""
        assert of_baseline("convlstm_ae", "ped2") == []
        assert any(figure.method == "ST-AE" and figure.dataset == "ped2" for figure in FIGURES)
        assert [one.auc for one in of_baseline("convlstm_ae", "ped1")] == [89.9]
        assert of_baseline("cae", "ped2") == []


class TestRow:
    def test_label_is_the_name_and_what_departs(self) -> None:
        """A baseline has neither task nor memory to tell; a variant says what it changes."""
        row = Row(settings("cae", bottleneck=0), ())
        assert (row.task, row.memory, row.label) == ("", "", "CAE · bottleneck=0")
        assert Row(settings("stae"), ()).label == "stacked-frames AE"
        assert run_name(settings("cae", bottleneck=0)) == "CAE bottleneck=0"

    def test_published_stands_beside_the_same_system_alone(self) -> None:
        """Geometry and length may differ, as for every row; another arithmetic has no published figure."""
        assert len(Row(settings("stae", epochs=9), ()).all_published()) == 2
        assert Row(settings("stae", weight_decay=0.5), ()).all_published() == []

    def test_what_draws_nothing_has_no_spread_over_seeds(self, tmp_path: Path, write_record: Write) -> None:
        """PCA gives every seed the same: its interval is one over videos, and a spread of zero is not claimed."""
        one = settings("pca")
        for seed in range(3):
            write_record(tmp_path, one, seed)
        summary = Row(one, tuple(load_records(tmp_path))).auc()
        assert summary is not None
        assert summary.basis != "seeds"


class TestTableStem:
    def test_names_baselines_as_evaluations_are(self) -> None:
        """One underscore after the family's name; other studies keep theirs."""
        stems = [table_stem(name) for name in ("baselines-ped2", "baselines-avenue-partial", "lines-ped2", "ped2")]
        assert stems == ["baselines_ped2", "baselines_avenue-partial", "lines-ped2", "ped2"]


class TestWriteTables:
    def test_holds_parameters_speed_and_both_published_sets(self, tmp_path: Path, write_record: Write) -> None:
        """The table of baselines has what the issue asks for, from records alone."""
        cells = [Cell(settings(name), 0) for name in ("stae", "cae", "clock")]
        for cell in cells:
            write_record(tmp_path, cell.settings, 0)
        written = write_tables("baselines-ped2", cells, tmp_path, stem="baselines-ped2")
        assert written.paths["md"].name == "baselines_ped2.md"
        text = written.paths["md"].read_text()
        for told in (
            "85.0 P / 90.0 S",
            "1,234,567",
            "Test frames/s",
            "Hasan et al. 2016, own paper",
            "The clock alone",
            "It is of (cost - min) / max of each video",
        ):
            assert told in text, told
        frame = pd.read_csv(written.paths["csv"]).set_index("method")
        assert "90 S Hasan" in frame.loc["stae", "published_all"]
        assert frame.loc["stae", "train_clips_per_second"] == 40
        assert frame.loc["stae", "test_frames_per_second"] == 120 / 50


class TestGroups:
    def test_baselines_begin_no_group_and_no_factorial(self, tmp_path: Path, write_record: Write) -> None:
        """Verdicts are about the autoencoders with memory: records of baselines alone ask for none."""
        for seed in range(3):
            for name in ("stae", "cae"):
                write_record(tmp_path, settings(name), seed)
        records = load_records(tmp_path)
        assert groups_of(records) == []
        assert factorial_tables(records) == []
