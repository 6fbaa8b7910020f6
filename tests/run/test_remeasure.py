"""Records measured again from their terms: benchmarks/run/remeasure.py and the command `measure`."""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks import cli
from benchmarks.errors import StudyError
from benchmarks.measure.terms import read_terms, write_terms
from benchmarks.run.available_data import AvailableData
from benchmarks.run.cell import main
from benchmarks.run.record import add_sections
from benchmarks.run.record_file import read_content
from benchmarks.run.remeasure import measure_again
from benchmarks.study.files import load_study
from tests.support.cells import LENGTH, ROOT, arguments, numbers, only, settings_file

pytestmark = pytest.mark.usefixtures("settings_of_torch")

STUDY = """
[study]
name = "yard"
title = "A yard"
dataset = "yard"
profile = "smoke"
seeds = 1
[[cells]]
method = "mean_frame"
task = "reconstruction"
"""


@pytest.fixture
def own(yard: Path, finished: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the data, which may be changed, and of the finished cell."""
    shutil.copytree(yard, tmp_path / "data")
    for name in ("results", "work"):
        shutil.copytree(finished / name, tmp_path / name)
    return tmp_path


def data_of(folder: Path, **options: bool) -> AvailableData:
    """The folder's data."""
    return AvailableData(folder / "data", folder / "work", **options)


def swap_labels(folder: Path, videos: int = 3) -> None:
    """Call normal what was abnormal, and the other way round, in the first test videos."""
    for number in range(1, videos + 1):
        file = folder / "data" / "yard" / "test" / f"{number:02d}.txt"
        file.write_text("\n".join(str(1 - int(label)) for label in file.read_text().split()))


def content_of(path: Path) -> dict[str, Any]:
    """What a record holds."""
    found: dict[str, Any] = json.loads(path.read_text())
    return found


class TestMeasureAgain:
    def test_keeps_the_bytes_of_a_record_on_the_same_labels(self, own: Path) -> None:
        """With and without data, twice, a fresh record and its table stay as the cell wrote them."""
        path = only(own / "results", "seed-3.json")
        before = path.read_bytes(), path.with_suffix(".csv.gz").read_bytes()
        for data in (None, data_of(own, decode=True)):
            found = measure_again(path, data)
            assert not found.changed
            assert set(found.kept) >= {"reset_per_video", "read_zeros"}
        assert (path.read_bytes(), path.with_suffix(".csv.gz").read_bytes()) == before

    def test_swapped_labels_turn_the_area_over_without_training(self, own: Path) -> None:
        """The AUC of swapped labels is one minus the old one; everything that rested on the old ones follows or goes."""
        path = only(own / "results", "seed-3.json")
        before = content_of(path)
        swap_labels(own)
        found = measure_again(path, data_of(own))
        after = content_of(path)
        assert found.labels == ("01", "02", "03")
        assert after["headline"]["micro_auc"] == pytest.approx(1 - before["headline"]["micro_auc"], abs=2e-6)
        assert set(after["metrics"]) == set(before["metrics"]) - set(found.left_out)
        assert {"read_zeros", "reset_per_video"} <= set(found.left_out)
        assert after["batch_norm"]["update"]["micro_auc"] is None
        assert all(facts["micro_auc"] is None for facts in after["changes"].values())
        for name in ("started", "commit", "fingerprint", "phases", "epochs", "usage", "calibration"):
            assert after[name] == before[name]
        assert after["data"]["labels"].keys() == before["data"]["labels"].keys()
        assert not set(after["data"]["labels"].values()) & set(before["data"]["labels"].values())
        again = path.read_bytes()
        assert not measure_again(path, data_of(own)).changed
        assert path.read_bytes() == again

    def test_is_what_a_run_on_those_labels_gives(self, own: Path) -> None:
        """A cell that runs on the swapped labels leaves the same metrics and the same table."""
        path = only(own / "results", "seed-3.json")
        swap_labels(own, videos=1)
        assert measure_again(path, data_of(own)).labels == ("01",)
        fresh = own / "fresh"
        shutil.copytree(own / "work", fresh / "work")
        assert main(arguments(settings_file(fresh), own / "data", fresh)) == 0
        record, table = numbers(fresh)
        mended, mended_table = numbers(own)
        assert table == mended_table
        assert record["headline"] == mended["headline"]
        assert record["data"] == mended["data"]
        assert all(record["metrics"][name] == metrics for name, metrics in mended["metrics"].items())

    def test_a_new_metric_comes_to_an_old_record(self, own: Path) -> None:
        """A metric that the record lacks is measured, one that is no metric any more goes; the table keeps its bytes."""
        path = only(own / "results", "seed-3.json")
        whole, table = content_of(path), path.with_suffix(".csv.gz").read_bytes()
        older = content_of(path)["metrics"]
        for scores in older["update"].values():
            for metrics in scores.values():
                del metrics["eer"]
        add_sections(path, {"metrics": older})
        assert measure_again(path).changed
        assert read_content(path)["metrics"] == whole["metrics"]
        assert path.with_suffix(".csv.gz").read_bytes() == table

    @pytest.mark.parametrize("value", [0.51, 123.45])
    def test_a_wrong_number_is_mended(self, own: Path, value: float) -> None:
        """A metric that was edited by hand, possible or not, is what the terms give; the record has its old bytes again."""
        path = only(own / "results", "seed-3.json")
        before, wrong = path.read_bytes(), content_of(path)
        wrong["headline"]["micro_auc"] = value
        del wrong["metrics"]["update"][wrong["headline"]["score"]]["per_video"]
        path.write_text(json.dumps(wrong))
        assert measure_again(path, data_of(own)).changed
        assert path.read_bytes() == before

    @pytest.mark.parametrize("edit", [{"parameters": 1}, {"metrics": []}, {"digest": "0" * 64}])
    def test_damage_elsewhere_is_refused(self, own: Path, edit: dict[str, Any]) -> None:
        """No new digest covers up what the terms cannot show to be right; the file stays as it is."""
        path = only(own / "results", "seed-3.json")
        wrong = content_of(path) | edit
        wrong["headline"]["micro_auc"] = 0.51
        path.write_text(json.dumps(wrong))
        before = path.read_bytes()
        with pytest.raises(StudyError, match="a whole record"):
            measure_again(path)
        assert path.read_bytes() == before

    def test_leaves_a_record_of_other_frames_alone(self, own: Path) -> None:
        """Labels of other frames say nothing about it; the frames that differ are named."""
        path = only(own / "results", "seed-3.json")
        before = path.read_bytes()
        frame = own / "data" / "yard" / "test" / "01" / "003.png"
        cv2.imwrite(str(frame), np.zeros((32, 32), np.uint8))
        swap_labels(own)
        found = measure_again(path, data_of(own, decode=True))
        assert found.frames == "test frames differ from those it was made on"
        assert path.read_bytes() == before

    def test_refuses_a_table_of_another_record(self, own: Path) -> None:
        """The record knows the checksum of its own table, so another one is named and nothing is written."""
        path = only(own / "results", "seed-3.json")
        table = path.with_suffix(".csv.gz")
        other = read_terms(table)
        table.unlink()
        write_terms(other.assign(label=1 - other["label"]), table)
        with pytest.raises(StudyError, match="record's own table of terms"):
            measure_again(path)

    @pytest.mark.parametrize("number", range(0, 547, 137))
    def test_is_the_identity_on_the_projects_records(self, tmp_path: Path, number: int) -> None:
        """A sample of the committed records keeps its bytes: every number follows from the terms beside it."""
        paths = sorted((ROOT / "results" / "runs").rglob("seed-*.json"))
        if number >= len(paths):
            pytest.skip("a checkout without records")
        path = tmp_path / paths[number].relative_to(ROOT)
        path.parent.mkdir(parents=True)
        shutil.copy(paths[number], path)
        shutil.copy(paths[number].with_suffix(".csv.gz"), path.with_suffix(".csv.gz"))
        assert not measure_again(path).changed
        assert path.read_bytes() == paths[number].read_bytes()


class TestCommands:
    """What a user sees who corrects labels, exchanges frames or loses a table."""

    @pytest.fixture
    def study(self, tmp_path: Path, yard: Path) -> Path:
        """A study of one cell that needs no training, finished on a copy of the data."""
        shutil.copytree(yard, tmp_path / "data")
        (tmp_path / "yard.toml").write_text(STUDY)
        (cell,) = load_study(tmp_path / "yard.toml").cells
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(cell.settings.to_dict()))
        places = ["--data-root", tmp_path / "data", "--results", tmp_path / "results", "--work", tmp_path / "work"]
        assert main([str(one) for one in ("--settings", file, "--seed", 0, *places, "--device", "cpu", "--quiet")]) == 0
        return tmp_path

    def call(self, folder: Path, command: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
        """Run a command on the study; return what it printed."""
        named = [] if command == "measure" else [str(folder / "yard.toml")]
        rest = ["--device", "cpu"] if command in ("plan", "reproduce") else []
        rest += ["--no-tracking", "--jobs", "1"] if command == "reproduce" else []
        places = ["--data-root", folder / "data", "--results", folder / "results", "--work", folder / "work"]
        assert cli.main([command, *named, *rest, *map(str, places)]) == 0
        found = capsys.readouterr()
        return found.out, found.err

    def test_corrected_labels(self, study: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Plan says so, tables leave the record out, measure mends it, tables show the new AUC."""
        path = only(study / "results", "seed-0.json")
        assert "1 done" in self.call(study, "plan", capsys)[0]
        before = content_of(path)["headline"]["micro_auc"]
        swap_labels(study)
        plan = self.call(study, "plan", capsys)[0]
        assert "1 relabelled" in plan
        assert "labels of video 01, 02, 03 differ" in plan
        shown, left_out = self.call(study, "tables", capsys)
        assert "Missing: 1 of 1 cells" in shown
        assert "make measure" in left_out
        assert "1 on other labels than before" in self.call(study, "measure", capsys)[0]
        assert "1 done" in self.call(study, "plan", capsys)[0]
        assert f"{100 * (1 - before):.1f}" in self.call(study, "tables", capsys)[0]

    def test_reproduce_measures_by_itself(self, study: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is run, the record follows the labels, and it is said."""
        path = only(study / "results", "seed-0.json")
        before = content_of(path)
        swap_labels(study)
        shown = self.call(study, "reproduce", capsys)[0]
        assert "no training: 1 on other labels than before" in shown
        assert "1 runs, 1 done before" in shown
        after = content_of(path)
        assert after["headline"]["micro_auc"] == pytest.approx(1 - before["headline"]["micro_auc"], abs=2e-6)
        assert after["started"] == before["started"]

    def test_exchanged_frames(self, study: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The record is stale, with the reason; a view whose frames are in a store leaves it out."""
        for index in range(LENGTH):
            cv2.imwrite(str(study / "data" / "yard" / "test" / "02" / f"{index:03d}.png"), np.zeros((32, 32), np.uint8))
        plan = self.call(study, "plan", capsys)[0]
        assert "1 stale" in plan
        assert "test frames differ from those it was made on" in plan
        shown, left_out = self.call(study, "tables", capsys)
        assert "Missing: 1 of 1 cells" in shown
        assert "test frames differ" in left_out

    @pytest.mark.parametrize("damage", ["lost", "cut"])
    def test_a_lost_table_comes_back(self, study: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
        """Plan calls the cell damaged, and reproduce, the remedy that it names, brings the same table back."""
        table = only(study / "results", "seed-0.csv.gz")
        whole = table.read_bytes()
        if damage == "lost":
            table.unlink()
        else:
            table.write_bytes(whole[:-20])
        assert "1 damaged" in self.call(study, "plan", capsys)[0]
        self.call(study, "reproduce", capsys)
        assert table.read_bytes() == whole
        assert "1 done" in self.call(study, "plan", capsys)[0]

    def test_data_that_is_elsewhere(self, study: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Tables stand as they are, and say that labels were not compared."""
        shutil.move(study / "data", study / "gone")
        shown, unchecked = self.call(study, "tables", capsys)
        assert "Missing" not in shown
        assert "Labels and frames of yard could not be checked." in unchecked
