from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.errors import StudyError
from benchmarks.report.read.records import by_cell, load_records
from benchmarks.report.tables.processors import differences, write_processors
from benchmarks.study.presets import resolve

Write = Callable[..., Path]
SETTINGS = resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu")


@pytest.fixture
def found(tmp_path: Path, write_record: Write) -> pd.DataFrame:
    """Two own runs, one equal to the reference's of its seed and one not."""
    for seed in range(2):
        write_record(tmp_path / "reference", SETTINGS, seed, 1.0)
        write_record(tmp_path / "own", SETTINGS, seed, 1.0 if seed == 0 else 1.5)
    own, reference = (by_cell(load_records(tmp_path / name)) for name in ("own", "reference"))
    return differences(own, reference)


class TestDifferences:
    def test_compares_each_score_and_normalisation_seed_by_seed(self, found: pd.DataFrame) -> None:
        """An equal run moves nothing; another one moves the AUC."""
        equal, other = (found[found["seed"] == seed] for seed in range(2))
        assert (equal["auc_difference"] == 0).all()
        assert (equal["term_difference"] == 0).all()
        assert (other["auc_difference"] != 0).any()
        assert set(found["normalisation"]) >= {"per_video", "global"}


class TestWriteProcessors:
    def test_keeps_what_other_machines_measured(self, found: pd.DataFrame, tmp_path: Path) -> None:
        """Rows of another processor stay, those of the same runs are replaced."""
        for processor in ("one", "other", "other"):
            csv, table = write_processors(found.assign(processor=processor), tmp_path)
        rows = pd.read_csv(csv)
        assert len(rows) == 2 * len(found)
        assert set(rows["processor"]) == {"one", "other"}
        assert table.read_text().count("| other ") == found.groupby(["score", "normalisation"]).ngroups

    def test_refuses_nothing_to_compare(self, tmp_path: Path) -> None:
        """Without a pair there is no table."""
        with pytest.raises(StudyError, match="own runs of settings that the reference has"):
            write_processors(pd.DataFrame(), tmp_path)
        assert not list(tmp_path.iterdir())
