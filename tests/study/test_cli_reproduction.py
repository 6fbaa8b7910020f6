import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import cli
from benchmarks.cli.reproduction import find_reference
from benchmarks.errors import StudyError
from benchmarks.report.read.records import by_cell, load_records

ROOT = Path(__file__).resolve().parents[2]
CLOCK = ("--only", "method=clock", "--device", "cpu", "--no-tracking")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Own runs of the study `synthetic` cut down to a score without learning, and what the command printed."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.chdir(ROOT)
        patch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(map(str, words))))
        assert cli.main(["reproduce", "synthetic", *CLOCK, "--results", str(folder)]) == 0
    return folder, "\n".join(printed)


class TestReproduce:
    def test_ends_beside_the_reference(self, own: tuple[Path, str]) -> None:
        """The committed run of the clock is met to the last digit, and the last line says so."""
        assert own[1].splitlines()[-1] == "1 of 1 runs reproduced: 1 identical to the last digit."
        assert "Yours" in (own[0] / "tables" / "synthetic-reproduction.md").read_text()

    def test_never_writes_among_the_reference(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The folder of the reference is refused for own runs."""
        assert cli.main(["reproduce", "synthetic", *CLOCK, "--results", "results"]) == 2
        assert "Expected own runs in a folder of their own" in capsys.readouterr().err


class TestFindReference:
    def test_takes_the_digits_that_a_name_ends_in(self) -> None:
        """The lowest seed, or the one that is named."""
        records = by_cell(load_records(ROOT / "results", "ped2", "small"))
        found = find_reference("3ba722bc", records)
        assert (found.settings.name, found.seed) == ("mnad-prediction-skip-memory-3ba722bc", 0)
        assert find_reference("3ba722bc:4", records).seed == 4

    @pytest.mark.parametrize("name", ["", "nothing", "3ba722bc:99"])
    def test_refuses_what_no_run_is_called(self, name: str) -> None:
        """And says what a name looks like."""
        records = by_cell(load_records(ROOT / "results", "ped2", "cpu"))
        with pytest.raises(StudyError, match="none fits; the tables name them"):
            find_reference(name, records)


class TestAdopt:
    def test_takes_finished_clean_runs_once(
        self, own: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A dirty run is left, a clean one comes with its terms, and a second call finds it there."""
        results, reference = tmp_path / "own", tmp_path / "reference"
        shutil.copytree(own[0] / "runs", results / "runs")
        record = next(results.rglob("seed-0.json"))
        arguments = ["reference", "synthetic", "--results", str(results), "--reference", str(reference)]

        def call(dirty: bool) -> str:
            record.write_text(json.dumps(json.loads(record.read_text()) | {"dirty": dirty}))
            assert cli.main(arguments) == 0
            return capsys.readouterr().out

        assert "made by code that was not committed" in call(dirty=True)
        assert not list(reference.rglob("*.json"))
        assert "1 of 1 runs taken over" in call(dirty=False)
        assert {path.suffix for path in reference.rglob("seed-0.*")} == {".json", ".gz"}
        assert "the reference has this run already" in call(dirty=False)


class TestVerify:
    @pytest.mark.parametrize("edited", [False, True])
    def test_its_status_says_whether_the_run_is_met(
        self,
        own: tuple[Path, str],
        edited: bool,
        tmp_path: Path,
        write_edited: Callable[[Path], None],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """0 beside the reference, 1 beside one whose AUC was edited."""
        reference = tmp_path / "reference"
        shutil.copytree(own[0] / "runs", reference / "runs")
        if edited:
            write_edited(next(reference.rglob("seed-0.json")))
        arguments = ["verify", "clock-566b2504", "--device", "cpu", "--reference", str(reference)]
        assert cli.main([*arguments, "--results", str(tmp_path / "own"), "--work", str(own[0] / "work")]) == edited
        said = capsys.readouterr().out
        assert ("identical to the last digit" in said.splitlines()[-1]) is not edited


@pytest.fixture
def write_edited() -> Callable[[Path], None]:
    """Function that gives a record another AUC."""

    def write(path: Path) -> None:
        content = json.loads(path.read_text())
        content["metrics"]["plain"]["elapsed"]["per_video"]["micro_auc"] = 0.9
        path.write_text(json.dumps(content))

    return write
