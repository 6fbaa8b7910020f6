import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import cli
from benchmarks.cli.reproduction import find_reference
from benchmarks.errors import StudyError
from benchmarks.reading import json_digest
from benchmarks.report.read.records import by_cell, load_records

ROOT = Path(__file__).resolve().parents[2]
CLOCK = ("--only", "method=clock", "--device", "cpu", "--no-tracking")


def rewrite(path: Path, **changes: object) -> None:
    """Give a whole record other content, as if a run had written it."""
    content = json.loads(path.read_text()) | changes
    content.pop("digest", None)
    path.write_text(json.dumps(content | {"digest": json_digest(content)}))


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
            rewrite(record, dirty=dirty)
            assert cli.main(arguments) == 0
            return capsys.readouterr().out

        assert "made by code that was not committed" in call(dirty=True)
        assert not list(reference.rglob("*.json"))
        assert "1 of 1 runs taken over" in call(dirty=False)
        assert {path.suffix for path in reference.rglob("seed-0.*")} == {".json", ".gz"}
        assert "0 of 1 runs taken over" in (said := call(dirty=False))
        assert "1 were there already" in said


class TestGather:
    @pytest.fixture
    def gather(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[int, str]]:
        """Function that gathers from `there` into `here`; returns the status and what was printed."""

        def call() -> tuple[int, str]:
            folders = ["--results", str(tmp_path / "here"), "--reference", str(tmp_path / "reference")]
            status = cli.main(["gather", str(tmp_path / "there"), *folders])
            return status, capsys.readouterr().out

        return call

    @pytest.fixture
    def record(self, own: tuple[Path, str], tmp_path: Path) -> Path:
        """A finished run of another machine, in a folder of a folder."""
        shutil.copytree(own[0] / "runs", tmp_path / "there" / "node-1" / "runs")
        return next((tmp_path / "there").rglob("seed-0.json"))

    def test_takes_finished_runs_and_knows_them_again(
        self, record: Path, tmp_path: Path, gather: Callable[[], tuple[int, str]]
    ) -> None:
        """Record and terms arrive as they are; a second call has nothing left to do."""
        status, said = gather()
        assert (status, said.splitlines()[-1].startswith("1 of 1 runs taken over")) == (0, True)
        for suffix in (".json", ".csv.gz"):
            (taken,) = (tmp_path / "here" / "runs").rglob(f"seed-0{suffix}")
            assert taken.read_bytes() == record.with_suffix(suffix).read_bytes()
        status, said = gather()
        assert (status, said.splitlines()[-1].split(", ")[-1]) == (0, "1 were there already.")

    @pytest.mark.parametrize(
        ("damage", "why"),
        [
            (lambda file: file.with_suffix(".csv.gz").unlink(), "seed-0.csv.gz"),
            (lambda file: file.write_text("{"), "seed-0.json"),
            (lambda file: file.parent.rename(file.parent.with_name("clock-00000000")), "clock-00000000"),
            (lambda file: rewrite(file, fingerprint={"digest": "?", "modules": {}}), "changed since"),
        ],
        ids=["no terms", "half a record", "another place", "other code"],
    )
    def test_leaves_what_it_cannot_trust(
        self,
        record: Path,
        tmp_path: Path,
        gather: Callable[[], tuple[int, str]],
        damage: Callable[[Path], object],
        why: str,
    ) -> None:
        """A line says why, nothing arrives, and the status is 1."""
        damage(record)
        status, said = gather()
        assert status == 1
        assert said.startswith("Left: ")
        assert why in said
        assert not list((tmp_path / "here").rglob("*.json"))

    def test_a_folder_without_records_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """One sentence with the layout that is looked for."""
        assert cli.main(["gather", str(tmp_path)]) == 2
        assert "as runs/SET/PROFILE/NAME/seed-0.json" in capsys.readouterr().err


class TestPlanCommands:
    def test_each_line_makes_its_record(
        self, own: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Lines that a shell can start from anywhere: the terms are those of `reproduce`; then no line is left."""
        results = tmp_path / "the results; of $HOME"
        arguments = ["plan", "synthetic", *CLOCK[:4], "--commands", "--results", str(results)]
        assert cli.main(arguments) == 0
        (line,) = capsys.readouterr().out.splitlines()
        subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True)
        (made,), (before,) = (list((folder / "runs").rglob("*.csv.gz")) for folder in (results, own[0]))
        assert made.read_bytes() == before.read_bytes()
        assert cli.main(arguments) == 0
        assert not capsys.readouterr().out.strip()


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
        # Somebody who knows how records are signed.
        path.write_text(json.dumps(content | {"digest": json_digest(content)}))

    return write
