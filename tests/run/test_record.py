"""From tables of terms to the record's part of it: benchmarks/run/record.py."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.measure.terms import read_terms, round_terms, select_variant
from benchmarks.run import record as module
from benchmarks.run.cell import main
from benchmarks.run.contract import ScoreRule
from benchmarks.run.record import measure, write_record
from benchmarks.run.video_labels import label_notes
from tests.support.cells import arguments, only, settings_file

pytestmark = pytest.mark.usefixtures("settings_of_torch")

RULE = ScoreRule("mse", {"mse": 1.0}, "update")
FRAMES = 16


def table_of() -> pd.DataFrame:
    """Two videos of 16 frames: a published variant, and one that is scored on every fourth frame."""
    rng = np.random.default_rng(0)
    frame = np.tile(np.arange(FRAMES), 2)
    values = rng.uniform(0.01, 0.1, (2, 2 * FRAMES))
    return pd.DataFrame(
        {
            "video": np.repeat(["01", "02"], FRAMES),
            "frame": frame,
            "label": np.tile([0] * 7 + [1] * 9, 2),
            "update.mse": values[0],
            "read_zeros.mse": np.where(frame % 4 == 0, values[1], np.nan),
            "read_zeros.output_mse": np.where(frame % 4 == 0, values[1] / 2, np.nan),
        }
    )


def video_of(labels: list[int] | None) -> Video:
    """A test video that nobody reads."""

    def unread(index: int, *, grey: bool = False) -> np.ndarray:
        raise NotImplementedError

    return Video("01", 2, unread, None if labels is None else np.array(labels, dtype=np.uint8))


class TestMeasure:
    def test_takes_every_fourth_frame_of_a_replaced_variant(self) -> None:
        """Between them a replaced variant has no numbers; the published one is measured on all frames."""
        table = table_of()
        found = measure(table, None, RULE)
        assert found["changes"]["read_zeros"]["frames"] == 2 * FRAMES / 4
        for variant in ("update", "read_zeros"):
            expected = select_variant(table, variant).dropna()
            assert_frame_equal(module._of_variant_or_fail(table, variant)[list(expected)], expected)

    @pytest.mark.parametrize(
        ("column", "row", "video", "frame"),
        [("update.mse", 5, "01", 5), ("read_zeros.output_mse", FRAMES + 8, "02", 8)],
    )
    def test_refuses_a_frame_without_a_number(self, column: str, row: int, video: str, frame: int) -> None:
        """A NaN where there should be a score names variant, term, video and frame: dropped, it would hide itself."""
        table = table_of()
        table.loc[row, column] = np.nan
        with pytest.raises(StudyError, match=rf"{column} is NaN in frame {frame} of video {video};"):
            measure(table, None, RULE)

    def test_refuses_a_held_out_frame_without_a_number(self) -> None:
        """The same holds for the frames that calibrate."""
        calibration = table_of()
        calibration.loc[3, "update.mse"] = np.nan
        with pytest.raises(StudyError, match=r"update\.mse is NaN in frame 3 of video 01"):
            measure(table_of(), calibration, RULE)


class TestLabelNotes:
    def test_speak_of_videos_without_labels_alone(self) -> None:
        """Nothing to say of labelled videos; of others, how many there are."""
        labelled, unlabelled = video_of([0, 1]), video_of(None)
        assert label_notes([labelled, replace(labelled, name="02")]) == []
        (note,) = label_notes([unlabelled, replace(unlabelled, name="02")])
        assert note.startswith("2 of 2 test videos have no labels")

    def test_stand_in_the_record_of_an_unlabelled_set(self, yard: Path, tmp_path: Path) -> None:
        """A set without labels is scored, but no area is given, and the record says why."""
        shutil.copytree(yard / "yard", tmp_path / "data" / "yard", ignore=shutil.ignore_patterns("*.txt"))
        file = settings_file(tmp_path, method="mean_frame", task="reconstruction")
        assert main(arguments(file, tmp_path / "data", tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        assert record["data"]["labels_from"] == ""
        assert record["headline"]["micro_auc"] is None
        assert "no AUC can be measured" in record["notes"][0]

    def test_are_absent_from_the_record_of_a_labelled_set(self, yard: Path, tmp_path: Path) -> None:
        """Records of labelled sets stay as they were."""
        file = settings_file(tmp_path, method="mean_frame", task="reconstruction")
        assert main(arguments(file, yard, tmp_path)) == 0
        record = json.loads(only(tmp_path / "results", "seed-3.json").read_text())
        assert not [note for note in record["notes"] if "labels" in note]


class Killed(BaseException):
    """What ends a process at once: nobody catches it."""


class TestWriteRecord:
    """A record, and beside it the table of its terms."""

    @staticmethod
    def write(path: Path, run: float) -> None:
        """Write the record of a run, told from others by a number in both files."""
        table = table_of()[["video", "frame", "label"]]
        write_record(path, {"run": run, "data": {}}, round_terms(table.assign(**{"update.mse": run})))

    @staticmethod
    def found(path: Path) -> tuple[float | None, float]:
        """The runs that the record, None without, and the table are of."""
        record = json.loads(path.read_text())["run"] if path.exists() else None
        return record, read_terms(path.with_suffix(".csv.gz"))["update.mse"][0]

    @pytest.fixture
    def old(self, tmp_path: Path) -> Path:
        """The record of an earlier run."""
        path = tmp_path / "runs" / "seed-3.json"
        self.write(path, 0.25)
        return path

    @staticmethod
    def fails_at(number: int, function: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
        """A function that raises at one of its calls, counted from 1, before it does anything."""
        calls = iter(range(1, 10))

        def failing(*chosen: Any, **named: Any) -> Any:
            if next(calls) == number:
                raise error
            return function(*chosen, **named)

        return failing

    def test_replaces_an_earlier_one(self, old: Path) -> None:
        """Both files are the new run's, and nothing else lies there."""
        self.write(old, 0.5)
        assert self.found(old) == (0.5, 0.5)
        assert sorted(path.name for path in old.parent.iterdir()) == ["seed-3.csv.gz", "seed-3.json"]

    @pytest.mark.parametrize("moved", [1, 2, 3])
    def test_killed_leaves_no_record_beside_another_table(
        self, old: Path, monkeypatch: pytest.MonkeyPatch, moved: int
    ) -> None:
        """Before any file comes to its place, an end leaves the old pair or no record, so that the cell is run again."""
        with monkeypatch.context() as killing:
            killing.setattr(Path, "replace", self.fails_at(moved, Path.replace, Killed()))
            with pytest.raises(Killed):
                self.write(old, 0.5)
        record, table = self.found(old)
        assert record in (None, table)
        self.write(old, 0.5)
        assert self.found(old) == (0.5, 0.5)

    @pytest.mark.parametrize(
        ("method", "number"), [("write_text", 1), ("replace", 1), ("unlink", 1), ("replace", 2), ("replace", 3)]
    )
    def test_disk_that_refuses_gets_a_sentence(
        self, old: Path, monkeypatch: pytest.MonkeyPatch, method: str, number: int
    ) -> None:
        """Wherever it comes, nothing half-written stays; until both files are written the old record does."""
        full = OSError(28, "No space left on device")
        with monkeypatch.context() as failing:
            failing.setattr(Path, method, self.fails_at(number, getattr(Path, method), full))
            with pytest.raises(StudyError, match="No space left on device; free"):
                self.write(old, 0.5)
        record, table = self.found(old)
        assert record in (None, table)
        assert (record == 0.25) == ((method, number) not in {("replace", 2), ("replace", 3)})
        assert not list(old.parent.glob("*.tmp"))
        assert not list(old.parent.glob(".*"))

    @pytest.mark.parametrize(
        ("numbers", "place"),
        [({"far": [1.0, float("inf")]}, "numbers.far.1 (inf)"), ({"none": float("nan")}, "numbers.none (nan)")],
    )
    def test_number_that_json_lacks_is_named(self, old: Path, numbers: dict[str, Any], place: str) -> None:
        """One sentence says where it stands, and the earlier pair stays."""
        table = round_terms(table_of()[["video", "frame", "label"]])
        with pytest.raises(StudyError, match=re.escape(f"but {place} is not")):
            write_record(old, {"run": 0.5, "numbers": numbers, "data": {}}, table)
        assert self.found(old) == (0.25, 0.25)

    def test_table_that_cannot_be_written_leaves_the_old_pair(self, old: Path) -> None:
        """A term that is not finite is refused before anything is replaced."""
        with pytest.raises(StudyError, match="not written"):
            self.write(old, float("nan"))
        assert self.found(old) == (0.25, 0.25)
        assert not list(old.parent.glob("*.tmp"))


class TestCommitFacts:
    def test_are_none_without_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine without a git binary runs cells all the same, and its records say nothing of a commit."""
        monkeypatch.setenv("PATH", str(tmp_path))
        assert module.commit_facts(tmp_path) == {"commit": None, "dirty": None}

    def test_are_none_outside_a_checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """So does a copy of the source tree."""
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert module.commit_facts(tmp_path) == {"commit": None, "dirty": None}
