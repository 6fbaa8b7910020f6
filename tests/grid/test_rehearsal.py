from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import cli
from benchmarks.errors import StudyError
from benchmarks.grid.cluster import Cluster
from benchmarks.grid.engine import Workers
from benchmarks.grid.places import Places
from benchmarks.grid.plan import Plan, PlannedCell
from benchmarks.grid.rehearsal import FOLDER, clear, rehearse
from benchmarks.grid.study_run import Prepared
from benchmarks.study.files import Study, load_study
from benchmarks.study.presets import rehearsed, resolve
from benchmarks.study.settings import Cell
from tests.support.cells import write_blob_videos

FakeCell = Callable[[str], tuple[str, ...]]
# Begun, it waits to be killed; begun again, it goes on.
TRAINS = """
(work / "starts").open("a").write("x")
if (work / "starts").read_text() == "x":
    progress(phase="train", epochs_done=[{"epoch": 1}])
    time.sleep(120)
(work / "cell.log").write_text("going on after epoch 1")
leave_record()
"""
FORGETS = TRAINS.replace("going on after epoch 1", "starting again")
HURRIES = "leave_record()"


@pytest.fixture
def prepared(places: Places) -> Prepared:
    """A study of one setting in two seeds, as published, and all of it to run."""
    settings = resolve(dataset="synthetic", method="mnad", task="reconstruction", profile="paper")
    cells = (Cell(settings, 0), Cell(settings, 1))
    study = Study("little", "A little study", "synthetic", cells, needs_data=False, profile="paper")
    return Prepared(study, Plan(tuple(PlannedCell(cell, "missing") for cell in cells)), Workers(2, 1), places)


class TestRehearse:
    def test_kills_resumes_and_records(self, prepared: Prepared, places: Places, fake_cell: FakeCell) -> None:
        """One small cell of the setting, in folders of its own; the study's stay empty."""
        done = rehearse(prepared, entry=fake_cell(TRAINS))
        assert done.failures == {}
        (cell,) = done.prepared.study.cells
        assert cell == Cell(rehearsed(prepared.study.cells[0].settings), 0)
        assert done.prepared.places.record(cell).is_relative_to(places.work / FOLDER)
        assert done.prepared.places.record(cell).is_file()
        assert not places.results.exists()
        clear(prepared)
        assert not (places.work / FOLDER).exists()

    def test_begins_afresh(self, prepared: Prepared, places: Places, fake_cell: FakeCell) -> None:
        """What an earlier rehearsal left is no part of this one."""
        for _ in range(2):
            assert rehearse(prepared, entry=fake_cell(TRAINS)).failures == {}

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [(FORGETS, "Expected the cell to resume"), (HURRIES, "Expected to kill the cell"), ("sys.exit('no')", "no")],
    )
    def test_what_does_not_work_is_told(
        self, prepared: Prepared, fake_cell: FakeCell, body: str, sentence: str
    ) -> None:
        """A cell that begins again, one that cannot be interrupted, one that crashes."""
        (failure,) = rehearse(prepared, entry=fake_cell(body)).failures.values()
        assert sentence in failure

    def test_other_machines_are_not_rehearsed(self, prepared: Prepared) -> None:
        """Their folders are not ours to empty."""
        workers = Workers(None, None, cluster=Cluster("tcp://127.0.0.1:8786"))
        with pytest.raises(StudyError, match="leave it out"):
            rehearse(Prepared(prepared.study, prepared.plan, workers, prepared.places))


class TestRehearsed:
    @pytest.mark.parametrize("name", ["ped2", "baselines-ped2", "lines-ped2"])
    def test_changes_size_and_length_alone(self, name: str) -> None:
        """Every setting of a study as published has a small one that is legal and keeps all else."""
        for settings in {cell.settings for cell in load_study(name, profile="paper").cells}:
            before, after = settings.to_dict(), rehearsed(settings).to_dict()
            changed = {key for key in before if before[key] != after[key]}
            sizes = {"size", "width", "train_stride", "bottleneck", "shrunk_size", "patch", "patch_stride", "patches"}
            assert changed <= sizes | {"epochs"}
            assert before.keys() == after.keys()
            assert after["epochs"] == (3 if before["epochs"] else 0)


def test_the_command_rehearses_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line, on a real cell: a table is shown, nothing stays, and the study's own time is reported."""
    write_blob_videos(tmp_path / "yard", train=5, test=3, length=40, abnormal=lambda video: slice(10 + video, 20))
    study = tmp_path / "little.toml"
    study.write_text(
        '[study]\nname = "little"\ntitle = "A little study"\ndataset = "yard"\nseeds = 2\nprofile = "paper"\n'
        '[settings]\nprecision = "float32"\n[[cells]]\nmethod = "mnad"\ntask = "reconstruction"\n'
    )
    folders = ["--data-root", str(tmp_path), "--results", str(tmp_path / "results"), "--device", "cpu"]
    assert cli.main(["rehearse", str(study), *folders]) == 0
    said = capsys.readouterr().out
    assert "trained an epoch and was killed" in said
    assert "The rehearsal went well: 1 settings" in said
    assert "The study itself: 2 to run" in said
    assert not (tmp_path / "results" / "work" / FOLDER).exists()
    assert not list((tmp_path / "results").glob("runs"))
