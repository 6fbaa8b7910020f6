import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import cli
from benchmarks.grid import study_run
from benchmarks.study.files import load_study
from benchmarks.study.settings import GENERATED_DATASETS

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line as a user types it."""
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)


def refused(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The sentence with which a command is refused."""
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    return said.err


class TestMain:
    def test_an_unknown_study_lists_the_valid_ones(self) -> None:
        """Status 2, one sentence on stderr, no traceback."""
        run = call("plan", "ped3")
        assert run.returncode == 2
        assert run.stdout == ""
        assert run.stderr.startswith("Expected a study among ")
        assert "ped2" in run.stderr
        assert "synthetic" in run.stderr
        assert "'ped3'" in run.stderr
        assert "Traceback" not in run.stderr

    def test_without_a_command_says_how_it_is_used(self) -> None:
        """One sentence that names the help, and a status that is not 0."""
        run = call()
        assert run.returncode == 2
        assert len(run.stderr.splitlines()) == 1
        assert "`python -m benchmarks --help`" in run.stderr
        assert "COMMAND" in run.stderr

    def test_what_make_hands_over_is_split_as_a_shell_splits_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """ARGS may hold quotes, and nothing in it is run; a quote without its other half is a sentence."""
        monkeypatch.setenv("BENCHMARKS_ARGS", "--only 'memory=$(touch pwned)'")
        run = call("plan", "smoke")
        assert run.returncode == 2
        assert "$(touch pwned)" in run.stderr
        monkeypatch.setenv("BENCHMARKS_ARGS", "--only 'memory")
        assert call("plan", "smoke").stderr.startswith("Expected ARGS to be arguments as a shell reads them")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_it_as_an_exception_would(
        self, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What a command has to tidy up, live runs in MLflow among it, is tidied up; the status is 128 and the signal's."""
        done = []

        def run(_: object) -> int:
            try:
                os.kill(os.getpid(), number)
                time.sleep(60)
            finally:
                done.append("tidied up")
            return 0

        monkeypatch.setattr(cli.views, "import_into_mlflow", run)
        started_with = signal.signal(number, signal.SIG_DFL)  # ignored where the tests run under nohup
        try:
            with pytest.raises(SystemExit) as raised:
                cli.main(["import"])
            assert signal.getsignal(number) is signal.SIG_DFL
        finally:
            signal.signal(number, started_with)
        assert raised.value.code == 128 + number
        assert done == ["tidied up"]

    def test_no_escape_sequence_reaches_the_terminal(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A study's title that holds one is refused, and what is refused is printed without it."""
        text = (ROOT / "benchmarks" / "studies" / "smoke.toml").read_text()
        path = tmp_path / "odd.toml"
        path.write_text(re.sub(r'title = "', r'title = "\\u001b[31m', text))
        assert "control characters" in refused(["plan", str(path)], capsys)
        path.write_text(text.replace("[study]", '[study]\n"\\u001b[31m" = 1'))
        assert "\x1b" not in refused(["plan", str(path)], capsys)

    def test_a_tilde_is_the_home_folder(self, capsys: pytest.CaptureFixture[str]) -> None:
        """No shell has read what make hands over."""
        assert cli.main(["doctor", "ped2", "--data-root", "~/not there"]) == 1
        assert str(Path.home() / "not there") in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (
                PermissionError(errno.EACCES, "Permission denied", "/data/ped2"),
                "write /data/ped2, but the system says: Perm",
            ),
            (
                OSError(errno.ENOSPC, "No space left on device"),
                "this command needs, but the system says: No space left",
            ),
            (OSError("cut off"), "the system says: cut off;"),
        ],
    )
    def test_what_the_system_refuses_is_a_sentence(
        self, error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Status 2 and the place, whatever folder or file may not be read or written, and no traceback."""

        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(study_run, "prepare", fail)
        assert said in refused(["plan", "smoke"], capsys)

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            ("plan", "give the command again to finish"),
            ("reproduce", "cells that ran were stopped, and the same command continues"),
        ],
    )
    def test_an_interrupt_is_one_line(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, said: str
    ) -> None:
        """Status 130 wherever Ctrl-C comes; cells are spoken of where the command runs some."""

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(study_run, "prepare", interrupt)
        assert cli.main([command, "smoke"]) == 130
        assert capsys.readouterr().err == f"Interrupted; {said}.\n"

    def test_an_interrupt_before_any_command_is_one_line(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Even while the arguments are read."""

        def interrupt() -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(cli, "_parser", interrupt)
        assert cli.main(["reproduce", "smoke"]) == 130
        assert capsys.readouterr().err == "Interrupted; give the command again to finish.\n"

    def test_a_reader_that_has_read_enough_is_no_crash(self, tmp_path: Path) -> None:
        """`plan ... | head -1` shows no traceback."""
        command = f"{sys.executable} -u -m benchmarks plan ped2 --device cpu --results {tmp_path} | head -1"
        run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S602
        assert len(run.stdout.splitlines()) == 1
        assert run.stderr == ""


class TestPlan:
    def test_lists_cells_and_total(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Every cell that matches, for as many seeds as asked for; nothing is run or written."""
        arguments = ["plan", "ped2", "--device", "cpu", "--seeds", "2", "--only", "method=memae", "--jobs", "3"]
        assert cli.main([*arguments, "--results", str(tmp_path / "results")]) == 0
        said = capsys.readouterr().out
        assert said.count("missing memae-reconstruction") == 4
        assert "4 cells: 4 missing. 4 to run, 3 at a time: about" in said
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--only", "colour=red"], "factors among method, task"),
            (["--only", "task=guessing"], "one of reconstruction, prediction, denoising"),
            (["--only", "task=denoising"], "matches none"),
            (["--seeds", "0"], "Expected at least 1 seed"),
            (["--jobs", "0"], "Expected --jobs to be at least 1"),
            (["--seeds", "100000000"], "Expected at most 1000 seeds, but got 100000000"),
            (["--seeds", "abc"], "Expected --seeds to be a whole number, but got 'abc'"),
            (["--seeds", "1.5"], "Expected --seeds to be a whole number, but got '1.5'"),
            (["--jobs", "x"], "Expected --jobs to be a whole number, but got 'x'"),
            (["--profile", "cpuu"], "Expected --profile to be one of paper, cpu, small, smoke, but got 'cpuu'"),
            (["--mode", "fats"], "Expected --mode to be one of record, fast, but got 'fats'"),
            (["--device", "gpu"], "Expected --device to be one of auto, cpu, cuda, but got 'gpu'"),
            (["--colour"], "(unrecognized arguments: --colour)"),
            (["--seeds"], "Expected what `python -m benchmarks plan --help` lists"),
            (["--only", "seed=9"], "matches none: it has seed 0 alone; correct it, or ask for more with --seeds"),
            (["--only", "seed=9", "--seeds", "3"], "it has seeds 0 to 2;"),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A sentence for each."""
        assert sentence in refused(["plan", "smoke", "--device", "cpu", *arguments], capsys)


class TestReproduce:
    @pytest.mark.parametrize("make", [True, False])
    def test_data_that_is_not_there_is_said_at_once(
        self, tmp_path: Path, make: bool, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A missing or empty folder is refused before anything is started or written."""
        root = tmp_path / "data"
        if make:
            root.mkdir()
        arguments = ["reproduce", "smoke", "--device", "cpu", "--data-root", str(root)]
        assert str(root) in refused([*arguments, "--results", str(tmp_path / "results")], capsys)
        assert not (tmp_path / "results").exists()

    def reproduce(self, monkeypatch: pytest.MonkeyPatch, results: Path, failures: Mapping[Any, str]) -> int:
        """Reproduce the synthetic study with cells that end as told, and tables and index replaced."""
        monkeypatch.setattr(study_run, "run_prepared", lambda prepared, *, tracker: failures)
        monkeypatch.setattr(cli.runs, "show_reproduction", lambda study, options: False)
        monkeypatch.setattr(
            cli.runs, "write_study_tables", lambda study, options, *, quiet: print(f"table of {study.name}")
        )
        return cli.main(["reproduce", "synthetic", "--device", "cpu", "--results", str(results)])

    def test_failures_come_last_and_make_the_status(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The table is shown whatever failed; then each failure is named, and the status is 1."""
        cell = load_study("synthetic").cells[0]
        assert self.reproduce(monkeypatch, tmp_path, {cell: "It broke."}) == 1
        said = capsys.readouterr()
        assert said.out.strip() == "table of synthetic"
        assert said.err.strip() == f"FAILED {cell.slug}: It broke."

    def test_without_failures_all_is_well(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Status 0 and a quiet stderr."""
        assert self.reproduce(monkeypatch, tmp_path, {}) == 0
        assert capsys.readouterr().err == ""

    def test_with_every_record_there_nothing_heavy_is_started(self, tmp_path: Path) -> None:
        """A study that is done reaches its tables without Dask, torch or MLflow."""
        place = Path("runs") / "synthetic" / "small"
        shutil.copytree(ROOT / "results" / place, tmp_path / place)
        code = (
            "import sys; from benchmarks import cli; cli.runs.write_study_tables = lambda *_, **__: None; "
            "cli.runs.show_reproduction = lambda *_: False; status = cli.main(['reproduce', 'synthetic', '--device', 'cpu', "
            "'--precision', 'bfloat16', "
            f"'--results', {str(tmp_path)!r}]); print([n for n in ('torch', 'dask', 'distributed', 'mlflow', 'tqdm') "
            "if n in sys.modules]); sys.exit(status)"
        )
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "Nothing left to run." in run.stdout
        assert run.stdout.splitlines()[-1] == "[]"


class TestTables:
    def test_fewer_seeds_leave_the_study_whole(self, tmp_path: Path) -> None:
        """Tables with --seeds 1 are those of the whole study: nobody overwrites them by a short run."""
        place = Path("results") / "runs" / "ped2" / "cpu"
        shutil.copytree(ROOT / place, tmp_path.joinpath(*place.parts[1:]))
        texts = []
        for seeds in ([], ["--seeds", "1"]):
            assert cli.main(["tables", "ped2", *seeds, "--results", str(tmp_path)]) == 0
            texts.append((tmp_path / "tables" / "ped2.csv").read_text())
        assert texts[0] == texts[1]


class TestViews:
    @pytest.mark.parametrize(
        "command", [["tables"], ["tables", "ped2"], ["figures"], ["verdict"], ["report"], ["import"]]
    )
    @pytest.mark.parametrize("make", [True, False])
    def test_without_records_say_what_to_run(
        self, command: list[str], make: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A view of nothing, or of a folder that is not there, is refused with the command that makes records."""
        results = tmp_path / "results"
        if make:
            (results / "runs").mkdir(parents=True)
        said = refused([*command, "--results", str(results)], capsys)
        assert f"Expected records of a study in {results / 'runs'}, but there are none" in said
        assert "make reproduce-synthetic" in said
        assert [path.name for path in tmp_path.rglob("*")] == (["results", "runs"] if make else [])

    @pytest.mark.parametrize("command", ["tables", "figures"])
    @pytest.mark.parametrize("seeds", ["0", "-1"])
    def test_refuse_fewer_seeds_than_one(
        self, command: str, seeds: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A sentence, and nothing is written, though a view shows the study's own seeds where they are more."""
        record = tmp_path / "runs" / "set" / "cpu" / "name" / "seed-0.json"
        record.parent.mkdir(parents=True)
        record.touch()
        said = refused([command, "smoke", "--seeds", seeds, "--results", str(tmp_path)], capsys)
        assert f"Expected at least 1 seed, but got {seeds}; correct --seeds" in said
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [record]

    @pytest.mark.parametrize("command", ["tables", "figures"])
    def test_say_what_seeds_mean(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        """More seeds than the study file has are shown, fewer are not: the help says so."""
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        said = " ".join(capsys.readouterr().out.split())
        assert "--seeds SEEDS at least so many seeds, where the study file has fewer" in said


class TestMemorisation:
    @pytest.mark.parametrize("seeds", ["0", "1001"])
    def test_refuses_a_number_of_seeds_that_makes_no_sense(
        self, seeds: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """None, or more than anybody runs."""
        said = refused(["memorisation", "--seeds", seeds, "--results", str(tmp_path)], capsys)
        assert f"Expected --seeds to be from 1 to 1000, but got {seeds}" in said


class TestData:
    @pytest.mark.parametrize("name", GENERATED_DATASETS)
    def test_a_generated_set_needs_no_files(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Said, with status 0."""
        assert cli.main(["data", name, "--data-root", str(tmp_path)]) == 0
        assert "needs no files" in capsys.readouterr().out

    def test_an_unknown_set_lists_the_known(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A wrong name gets the right ones, and nothing is downloaded."""
        assert "ped2" in refused(["data", "ped3", "--data-root", str(tmp_path)], capsys)


class TestDoctor:
    def test_an_empty_folder_is_not_fit_to_use(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The problem is named, and the status is 1."""
        assert cli.main(["doctor", "ped2", "--data-root", str(tmp_path)]) == 1
        assert str(tmp_path) in capsys.readouterr().out


class TestUi:
    @pytest.fixture
    def asked(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Path, int]]:
        """What the server was asked to show, and where; none is started."""
        asked: list[tuple[Path, Path, int]] = []

        def serve(reference: Path, own: Path, port: int, **_: object) -> int:
            asked.append((reference, own, port))
            return 0

        monkeypatch.setattr("benchmarks.track.ui.serve", serve)
        return asked

    def test_passes_port_and_folders_on(self, tmp_path: Path, asked: list[tuple[Path, Path, int]]) -> None:
        """The server is started where the user wants it, with the reference beside own runs if there are any."""
        (tmp_path / "runs" / "set" / "cpu" / "name").mkdir(parents=True)
        (tmp_path / "runs" / "set" / "cpu" / "name" / "seed-0.json").touch()
        assert cli.main(["ui", "--port", "5999", "--results", str(tmp_path)]) == 0
        assert cli.main(["ui"]) == 0
        assert asked == [(Path("results"), tmp_path, 5999), (Path("results"), Path("my-results"), 5000)]

    def test_refuses_a_folder_without_records(
        self, tmp_path: Path, asked: list[tuple[Path, Path, int]], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A folder that is named has records; without one the reference alone is shown."""
        assert f"Expected records of a study in {tmp_path / 'runs'}" in refused(
            ["ui", "--results", str(tmp_path)], capsys
        )
        assert asked == []
