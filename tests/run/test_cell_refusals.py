"""A cell as a command: what bad input gets."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.errors import StudyError
from benchmarks.run.cell import main, pick_device
from benchmarks.run.cell_lock import HELD, alone_at
from benchmarks.run.progress import Progress
from benchmarks.run.record import record_path
from benchmarks.study.settings import Cell, Settings
from tests.support.cells import ROOT, arguments, only, settings_file

pytestmark = pytest.mark.usefixtures("settings_of_torch")


class TestRefusals:
    """Exit status 2 with one sentence, and no record."""

    @staticmethod
    def refused(argv: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
        """The sentence on stderr of a command that must be refused."""
        assert main(argv) == 2
        sentence = capsys.readouterr().err.strip()
        assert "\n" not in sentence
        assert not list(folder.rglob("seed-*"))
        return sentence

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_loss_that_is_not_finite(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
    ) -> None:
        """An absurd learning rate stops the cell, naming term, epoch and step, and leaves no record."""
        small = {"items": 20} if method == "memae" else {}
        file = settings_file(
            tmp_path, method=method, task="reconstruction", learning_rate=1e30, train_stride=1, **small
        )
        sentence = self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)
        assert "Expected finite losses, but " in sentence
        assert "epoch 1, step " in sentence
        progress = json.loads(only(tmp_path / "work", "progress.json").read_text())
        assert progress["phase"] == "failed"
        assert progress["error"] == sentence

    @pytest.mark.parametrize("blocked", ["results", "work"])
    def test_folder_that_cannot_be_written(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], blocked: str
    ) -> None:
        """A file where results or work should go gets a sentence that names it."""
        (tmp_path / blocked).write_text("in the way")
        sentence = self.refused(arguments(settings_file(tmp_path), yard, tmp_path), tmp_path, capsys)
        assert str(tmp_path / blocked) in sentence
        assert (tmp_path / blocked).read_text() == "in the way"

    def test_cell_that_somebody_else_runs(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Two runs never share checkpoint, progress, log and record: the second touches none, and can come later."""
        file = settings_file(tmp_path, method="mean_frame", task="reconstruction")
        argv = arguments(file, yard, tmp_path)
        folder = tmp_path / "work" / Cell(Settings.from_dict(json.loads(file.read_text())), 3).slug
        folder.mkdir(parents=True)
        for name in ("progress.json", "cell.log"):
            (folder / name).write_text("of the first")
        with alone_at(folder, "a run"):
            assert main(argv) == HELD
        sentence = capsys.readouterr().err.strip()
        assert sentence.startswith(f"Expected nobody else at the cell {folder.name}, but a run (process ")
        assert sorted(path.name for path in folder.iterdir()) == ["cell.lock", "cell.log", "progress.json"]
        assert {(folder / name).read_text() for name in ("progress.json", "cell.log")} == {"of the first"}
        assert main(argv) == 0

    def test_leaves_a_record_that_was_made_meanwhile(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Another command made it after whoever started this one looked: done, and nothing is trained again."""
        file = settings_file(tmp_path)
        argv = arguments(file, yard, tmp_path)
        cell = Cell(Settings.from_dict(json.loads(file.read_text())), 3)
        record = record_path(tmp_path / "results", cell)
        record.parent.mkdir(parents=True)
        record.write_text("theirs")
        assert main([*argv, "--known-record", "0"]) == 0
        assert "made the record meanwhile" in capsys.readouterr().out
        assert record.read_text() == "theirs"

    def test_cell_is_held_until_its_failure_is_written_down(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever comes next finds its own progress, not the word of one that failed before."""
        taken: list[Path] = []

        def phase(progress: Progress, name: str, **_: Any) -> None:
            with pytest.raises(StudyError, match="a run "), alone_at(progress.path.parent, "another"):
                pytest.fail("the cell was given free")
            taken.append(progress.path)
            if name != "failed":
                raise StudyError("It went wrong.")

        monkeypatch.setattr(Progress, "phase", phase)
        file = settings_file(tmp_path, method="mean_frame", task="reconstruction")
        assert self.refused(arguments(file, yard, tmp_path), tmp_path, capsys) == "It went wrong."
        assert len(taken) == 2
        with alone_at(taken[0].parent, "another"):
            pass

    def test_full_disk_at_the_checkpoint(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A disk that is full is named, and no half-written file stays."""

        def full(tensors: object, path: Path, metadata: object) -> None:
            Path(path).write_bytes(b"half")
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("benchmarks.run.checkpoint.save_file", full)
        sentence = self.refused(arguments(settings_file(tmp_path), yard, tmp_path), tmp_path, capsys)
        assert "No space left on device" in sentence
        assert not list((tmp_path / "work" / "yard").rglob("*.tmp"))
        assert not list(tmp_path.rglob("checkpoint.safetensors"))

    def test_full_disk_at_every_write(self, yard: Path, tmp_path: Path) -> None:
        """Where no byte can be written, a process of its own ends with one sentence and leaves no half-written file."""
        argv = arguments(settings_file(tmp_path), yard, tmp_path)
        code = """
            import resource, sys
            from benchmarks.run.cell import main
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            sys.exit(main(sys.argv[1:]))
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), *argv], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        (sentence,) = done.stderr.splitlines()
        assert "progress.json" in sentence
        assert "free space there" in sentence
        assert not [*tmp_path.rglob("*.tmp"), *tmp_path.rglob("progress.json")]

    def test_disk_that_fills_up_keeps_the_first_sentence(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What went wrong first is said, though progress cannot be written any more either."""

        def full(path: Path, text: str, **_: Any) -> None:
            path.write_bytes(text[:1].encode())
            raise OSError(28, "No space left on device")

        def failing(*_: Any) -> None:
            monkeypatch.setattr(Path, "write_text", full)
            raise StudyError("The first sentence.")

        with monkeypatch.context():
            monkeypatch.setattr("benchmarks.run.run_cell.build", failing)
            argv = arguments(settings_file(tmp_path), yard, tmp_path)
            assert self.refused(argv, tmp_path, capsys) == "The first sentence."
        assert not list(tmp_path.rglob("*.tmp"))

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"leaning_rate": 1.0}, "leaning_rate"),
            ({"method": "transformer"}, "transformer"),
            ({"memory": "hopfield"}, "hopfield"),
            ({"size": 33}, "size=33"),
            ({"items": 1}, "separateness_weight=0.1"),
            ({"batch": 1000}, "1000"),
            ({"calibration_videos": 5}, "calibration_videos"),
            ({"dataset": "garden"}, "garden"),
        ],
    )
    def test_settings_that_make_no_sense(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
    ) -> None:
        """An unknown name, method, memory or set, an impossible size or batch: each is named."""
        file = settings_file(tmp_path)
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
        assert said in self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '"mnad"', "null"])
    def test_file_that_holds_no_settings(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
    ) -> None:
        """A file that is cut off or holds something else gets a sentence."""
        file = tmp_path / "settings.json"
        file.write_text(text)
        self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)

    def test_missing_settings_and_data(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A settings file or data folder that is not there is named."""
        missing = tmp_path / "nothing.json"
        assert str(missing) in self.refused(arguments(missing, yard, tmp_path), tmp_path, capsys)
        nowhere = tmp_path / "nowhere"
        file = settings_file(tmp_path)
        assert str(nowhere) in self.refused(arguments(file, nowhere, tmp_path), tmp_path, capsys)

    def test_damaged_checkpoint(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A checkpoint that was cut off is named, with what to do."""
        file = settings_file(tmp_path)
        assert main(arguments(file, yard, tmp_path)) == 0
        for path in tmp_path.rglob("seed-3.*"):
            path.unlink()
        checkpoint = only(tmp_path, "checkpoint.safetensors")
        checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
        sentence = self.refused(arguments(file, yard, tmp_path), tmp_path, capsys)
        assert str(checkpoint) in sentence
        assert "delete it" in sentence

    def test_device_that_is_not_there(self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Asking for CUDA where there is none is refused, not quietly run on the CPU."""
        if torch.cuda.is_available():
            pytest.skip("this machine has CUDA")
        argv = [*arguments(settings_file(tmp_path), yard, tmp_path)]
        argv[argv.index("cpu")] = "cuda"
        assert "--device cpu" in self.refused(argv, tmp_path, capsys)


class TestPickDevice:
    @pytest.fixture
    def two_gpus(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine with two GPUs, as far as torch says."""
        monkeypatch.setattr("torch.cuda.is_available", lambda: True)
        monkeypatch.setattr("torch.cuda.device_count", lambda: 2)

    def test_takes_what_is_here(self, two_gpus: None) -> None:
        """The CPU, and a GPU by its number, the first without."""
        names = ("auto", "cpu", "cuda", "cuda:0", "cuda:1")
        assert [str(pick_device(name)) for name in names] == ["cuda", "cpu", "cuda", "cuda:0", "cuda:1"]

    @pytest.mark.parametrize("name", ["tpu", "", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "meta", "Cuda"])
    def test_refuses_other_names(self, two_gpus: None, name: str) -> None:
        """A name that is none of the four gets a sentence that tells them."""
        with pytest.raises(StudyError, match="Expected auto, cpu, cuda or cuda:N for --device, but got "):
            pick_device(name)

    def test_refuses_a_gpu_beyond_the_last(self, two_gpus: None) -> None:
        """A number that no GPU here has is refused before anything is put there."""
        with pytest.raises(StudyError, match="at most cuda:1 for --device, but got cuda:9;"):
            pick_device("cuda:9")
