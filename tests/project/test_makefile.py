"""The Makefile as a user types it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTED = re.findall(r"^([a-z%-]+):.*## ", MAKEFILE, flags=re.MULTILINE)


VARIABLES = re.findall(r"^##= ([A-Z_]+)=", MAKEFILE, flags=re.MULTILINE)


def shell() -> dict[str, str]:
    """The environment of a fresh shell: nothing of the make or pytest around the tests, or of their variables."""
    inherited = {"VENV", "PYTEST_ADDOPTS", *VARIABLES}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in inherited and not name.startswith(("MAKE", "MFLAGS"))
    }


def make(
    *arguments: str, folder: Path = ROOT, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run make as from a fresh shell, with more variables in its environment."""
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=shell() | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def python(tmp_path: Path) -> str:
    """VENV_PYTHON=... of an interpreter that prints its arguments, and what make put into ARGS, as JSON."""
    script = tmp_path / "python"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "print(json.dumps([*sys.argv[1:], *filter(None, [os.environ.get('BENCHMARKS_ARGS')])]))\n"
    )
    script.chmod(0o755)
    return f"VENV_PYTHON={script}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with what the set-up reads."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


class TestHelp:
    """make help."""

    def test_is_the_default_and_lists_every_target(self) -> None:
        """A bare make prints each documented target with its text, and sets up nothing."""
        shown = make("VENV=not-there")
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout == make("help").stdout
        for target in DOCUMENTED:
            assert re.search(rf"^  {target.replace('%', 'NAME')} +\S", shown.stdout, flags=re.MULTILINE), target
        assert not (ROOT / "not-there").exists()

    def test_every_target_is_documented(self) -> None:
        """No phony target and no pattern is left out of the help."""
        phony = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)[0].split()
        patterns = re.findall(r"^([a-z]+-%):", MAKEFILE, flags=re.MULTILINE)
        assert sorted(DOCUMENTED) == sorted(phony + patterns)

    def test_explains_every_variable_a_user_may_give(self) -> None:
        """Each variable that the targets pass on stands in the help."""
        shown = make("help").stdout
        used = set(re.findall(r"\$\(([A-Z_]+)\)|\$\(call option,([A-Z_]+),", MAKEFILE))
        used = {name for pair in used for name in pair if name}
        inner = {
            "VENV",
            "READY",
            "TABLE_COLUMNS",
            "PIP",
            "TORCH",
            "BENCHMARKS",
            "PYTHON_M",
            "CELLS",
            "CHOSEN",
            "DATA",
            "RUNS",
            "PRECISE",
            "ONE_STUDY",
            "MAKEFILE_LIST",
        }
        for name in used - inner:
            assert re.search(rf"^  {name}=", shown, flags=re.MULTILINE), name


class TestVariables:
    """Variables as they are typed."""

    @pytest.mark.parametrize("arguments", [["plan-ped2", "SEED=1"], ["help", "ONYL=task=prediction", "JOBS=2"]])
    def test_a_misspelt_one_is_refused(self, arguments: list[str]) -> None:
        """One sentence with the variables there are; nothing is run without what was asked for."""
        shown = make("VENV_PYTHON=p", *arguments)
        assert shown.returncode == 2
        assert shown.stdout == ""
        assert len(shown.stderr.splitlines()) == 1
        assert f"Expected variables among {', '.join(VARIABLES)}, but got {arguments[1].split('=')[0]};" in shown.stderr

    def test_every_documented_one_is_taken(self) -> None:
        """All at once, also by a make that is called by a make; and what make itself or the commands' environment reads."""
        assert len(VARIABLES) > 10
        given = [f"{name}=1" for name in (*VARIABLES, "VENV", "MLFLOW_TRACKING_URI", "VGG19_WEIGHTS")]
        for more in ([], ["SHELL=/bin/sh"], ["MAKEFLAGS=--silent"]):
            shown = make("-n", "-j2", "lint", *given, *more)
            assert shown.returncode == 0, shown.stderr
        shown = make("--eval", "outer: ; $(MAKE) --no-print-directory help", "outer", *given)
        assert shown.returncode == 0, shown.stderr

    def test_the_users_shell_is_not_heard_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What these tests see does not depend on the variables of whoever runs them."""
        for name in VARIABLES:
            monkeypatch.setenv(name, "elsewhere")
        shown = make("-n", "reproduce-ped2", "VENV_PYTHON=p")
        assert "elsewhere" not in shown.stdout


class TestTargets:
    """What the targets would run."""

    @pytest.mark.parametrize(
        ("arguments", "command"),
        [
            (["data-ped2", "ARCHIVE=u.tar.gz"], ["data", "ped2", "--data-root", "data", "--archive", "u.tar.gz"]),
            (["data-ped2"], ["data", "ped2", "--data-root", "data"]),
            (["doctor-ped2", "DATA_ROOT=../x y"], ["doctor", "ped2", "--data-root", "../x y"]),
            (["plan-ped2", "SEEDS=1"], ["plan", "ped2", "--data-root", "data", "--seeds", "1"]),
            (
                [
                    "reproduce-synthetic",
                    "JOBS=2",
                    "ONLY=memory=none",
                    "PROFILE=cpu",
                    "SCHEDULER=tcp://h:1",
                    "DEVICE=cpu",
                ],
                [
                    *("reproduce", "synthetic", "--data-root", "data", "--profile", "cpu", "--only", "memory=none"),
                    *("--device", "cpu", "--jobs", "2", "--scheduler", "tcp://h:1"),
                ],
            ),
            (
                ["inspect-ped2", "SEEDS=1", "JOBS=2", "MODE=fast"],
                ["inspect", "ped2", "--data-root", "data", "--seeds", "1"],
            ),
            (["tables"], ["tables", "--data-root", "data"]),
            (["measure", "DATA_ROOT=/x"], ["measure", "--data-root", "/x"]),
            (
                ["tables", "PROFILE=cpu", "SEEDS=3"],
                ["tables", "--data-root", "data", "--seeds", "3", "--profile", "cpu"],
            ),
            (["plan-ped2", "ARGS=--keep-stale"], ["plan", "ped2", "--data-root", "data", "--keep-stale"]),
            (["figures", "STUDY=ped2"], ["figures", "ped2", "--data-root", "data"]),
            (
                ["figures", "FORMAT=pdf", "WIDTH=3.4"],
                ["figures", "--data-root", "data", "--format", "pdf", "--width", "3.4"],
            ),
            (
                ["table", "STUDY=ped2", "COLUMNS=method,auc", "OUT=a b"],
                ["table", "ped2", "--columns", "method,auc", "--out", "a b"],
            ),
        ],
    )
    def test_pass_on_what_the_user_gives(self, arguments: list[str], command: list[str], python: str) -> None:
        """Each target hands its variables to the command line, and options that are not given are left out."""
        shown = make(python, *arguments)
        assert shown.returncode == 0, shown.stderr
        assert json.loads(shown.stdout) == ["-m", "benchmarks", *command]

    @pytest.mark.parametrize(
        "text",
        [
            "$(touch pwned)",
            '";touch pwned;"',
            "`touch pwned`",
            "$(shell touch pwned)",
            "a'b\"c",
            "da$ta",
            "two  spaces; && |",
            "*",
            "a\nb",
        ],
    )
    def test_no_value_is_run_or_changed(self, text: str, python: str, copy: Path) -> None:
        """Whatever characters a variable, an environment variable or a target's name holds, they arrive as they are."""
        names = ("DATA_ROOT", "ONLY", "SEEDS", "PROFILE", "ARGS")
        arrives = ["--data-root", text, "--seeds", text, "--profile", text, "--only", text, text]
        given = [f"{name}={text}" for name in names]
        for shown in (
            make(python, "plan-smoke", *given, folder=copy),
            make(python, "plan-smoke", folder=copy, environment=dict.fromkeys(names, text)),
        ):
            assert shown.returncode == 0, shown.stderr
            assert json.loads(shown.stdout) == ["-m", "benchmarks", "plan", "smoke", *arrives]
        if "/" not in text and "\n" not in text and "*" not in text:
            shown = make(python, f"plan-{text}", folder=copy)
            assert json.loads(shown.stdout)[3] == text
        assert not (copy / "pwned").exists()

    @pytest.mark.parametrize("folder", ["x;touch pwned", "$(shell touch pwned)", "a b", "`touch pwned`"])
    def test_an_odd_name_for_the_environment_is_refused(self, folder: str, copy: Path) -> None:
        """VENV is part of a rule, where odd characters have a meaning: a sentence, and nothing runs."""
        shown = make("setup", f"VENV={folder}", folder=copy)
        assert shown.returncode == 2
        assert "Expected VENV to be a folder of plain letters" in shown.stderr
        assert not (copy / "pwned").exists()

    def test_arguments_for_pytest_may_hold_quotes(self, copy: Path) -> None:
        """Pytest itself reads ARGS, as a shell would split it."""
        (copy / "test_it.py").write_text("def test_auc():\n    pass\n\ndef test_b():\n    pass\n")
        shown = make("test", f"VENV_PYTHON={sys.executable}", 'ARGS=-k "auc or c" test_it.py', folder=copy)
        assert " 1 passed in" in shown.stdout, shown.stdout + shown.stderr

    @pytest.mark.skipif(sys.platform != "linux", reason="how a parent's death is heard of elsewhere is not known")
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
    def test_a_killed_make_leaves_no_orphan(self, number: int, copy: Path) -> None:
        """What make has started ends with it, whether make can pass the signal on or not."""
        (copy / "benchmarks").symlink_to(ROOT / "benchmarks")
        python = copy / "python"
        waits = "import os, time; from benchmarks.grid.parent import end_with_make; end_with_make(); print(os.getpid(), flush=True); time.sleep(60)"
        python.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{waits}'\n")
        python.chmod(0o755)
        process = subprocess.Popen(
            ["make", "plan-smoke", f"VENV_PYTHON={python}"], cwd=copy, env=shell(), stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        command = int(process.stdout.readline())
        process.send_signal(number)
        process.communicate(timeout=30)
        for _ in range(100):
            try:
                os.kill(command, 0)
            except ProcessLookupError:
                return
            if Path(f"/proc/{command}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return  # it has ended; whoever adopted it has not asked yet
            time.sleep(0.1)
        os.kill(command, signal.SIGKILL)
        pytest.fail("the command outlived make")

    def test_columns_are_not_those_of_the_terminal(self, python: str) -> None:
        """A shell may export COLUMNS; only the command line chooses a table's."""
        shown = make(python, "table", "STUDY=ped2", environment={"COLUMNS": "120"})
        assert json.loads(shown.stdout) == ["-m", "benchmarks", "table", "ped2"]

    def test_a_table_needs_a_study(self) -> None:
        """Without one a sentence says so."""
        shown = make("-n", "table", "VENV_PYTHON=p")
        assert shown.returncode == 2
        assert "name one: make table STUDY=ped2" in shown.stderr

    def test_ui_is_one_command(self, python: str) -> None:
        """The command itself imports the committed runs, after it has looked at the port; nothing is done twice."""
        shown = make("ui", python, "PORT=5001").stdout
        assert [json.loads(line) for line in shown.splitlines()] == [["-m", "benchmarks", "ui", "--port", "5001"]]

    def test_clean_keeps_records_and_data(self) -> None:
        """Nothing that took a training run or a download is removed."""
        removed = make("-n", "clean").stdout.split()
        kept = {"results", "results/", "results/runs", "results/tables", "results/figures", "data", "data/", ".venv"}
        assert {"results/work", "mlflow.db", ".cache"} <= set(removed)
        assert not kept & set(removed)

    @pytest.mark.parametrize("target", ["data-nowhere", "doctor-nowhere", "plan-nowhere", "reproduce-nowhere"])
    def test_an_unknown_name_gets_a_sentence(self, target: str, tmp_path: Path) -> None:
        """The user reads what was typed and what there is, without a traceback, and make fails."""
        (tmp_path / "not-a-data-set").touch()
        shown = make(target, f"VENV_PYTHON={sys.executable}", f"DATA_ROOT={tmp_path}")
        said = shown.stdout + shown.stderr
        assert shown.returncode != 0
        assert "Traceback" not in said
        assert "nowhere" in said
        assert re.search(r"ped1, ped2|ped2, .*smoke", said)

    def test_a_forgotten_name_is_none(self) -> None:
        """`plan-` is no target: make does not take the ending of some file for a study."""
        shown = make("plan-", "VENV_PYTHON=p")
        assert shown.returncode == 2
        assert "No rule to make target 'plan-'" in shown.stderr


class TestSetup:
    """make setup."""

    def test_a_second_call_sets_up_nothing(self, copy: Path) -> None:
        """With the lock's copy as stamp there is nothing to do, even if git has touched the lock since."""
        (copy / ".venv").mkdir()
        shutil.copy(copy / "requirements.lock", copy / ".venv" / ".installed")
        os.utime(copy / ".venv" / ".installed", (0, 0))
        assert make("setup", "PYTHON=not-there", folder=copy).returncode == 0
        assert make("-q", "setup", folder=copy).returncode == 0

    def test_an_interrupted_one_is_begun_anew(self, copy: Path) -> None:
        """What an interrupted set-up left is removed whole, and a failing one leaves no stamp and can be begun again."""
        # A Python that makes no pip: the set-up dies at its first package, as if the network had.
        broken = copy / "broken-python"
        broken.write_text('#!/bin/sh\n[ "$1" = -m ] && mkdir -p "$3/bin" && touch "$3/pyvenv.cfg"\nexit 0\n')
        broken.chmod(0o755)
        (copy / ".venv" / "lib").mkdir(parents=True)
        (copy / ".venv" / ".installed.part").touch()
        for _ in range(2):
            (copy / ".venv" / "left-over").touch()
            assert make("setup", f"PYTHON={broken}", folder=copy).returncode != 0
            assert sorted(path.name for path in (copy / ".venv").iterdir()) == [".installed.part", "bin", "pyvenv.cfg"]
            assert make("-q", "setup", folder=copy).returncode == 1

    def test_the_stamp_comes_last(self, copy: Path) -> None:
        """The lock is installed with hashes, then torch, then the stamp is put in place."""
        recipe = make("-n", "setup", folder=copy).stdout
        steps = [
            "--no-deps --require-hashes --requirement requirements.lock",
            '"torch==',
            "mv .venv/.installed.part .venv/.installed",
        ]
        places = [recipe.rindex(step) for step in steps]
        assert places == sorted(places)

    def test_torch_index_is_for_torch_alone(self, copy: Path) -> None:
        """TORCH_INDEX changes where torch comes from and nothing else."""
        recipe = make("-n", "setup", "TORCH_INDEX=somewhere", folder=copy).stdout
        assert recipe.count("--index-url") == 1
        assert re.search(r'\$\{TORCH_INDEX:\+--index-url "\$TORCH_INDEX"\} "torch==[0-9.]+"', recipe)

    def test_an_old_python_gets_a_sentence(self, copy: Path) -> None:
        """A Python that is too old is named, with what to do, and nothing is left behind."""
        old = copy / "old-python"
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.8.1\nexit 1\n')
        old.chmod(0o755)
        shown = make("setup", f"PYTHON={old}", folder=copy)
        assert shown.returncode != 0
        assert "needs Python 3.11 or newer" in shown.stderr
        assert "found Python 3.8.1;" in shown.stderr
        assert "PYTHON=" in shown.stderr
        assert not (copy / ".venv").exists()

    def test_a_folder_that_is_no_environment_is_left_alone(self, copy: Path) -> None:
        """A .venv that holds something else is not cleared."""
        (copy / ".venv").mkdir()
        (copy / ".venv" / "thesis.tex").write_text("all of it")
        shown = make("setup", folder=copy)
        assert shown.returncode != 0
        assert "holds other files" in shown.stderr
        assert (copy / ".venv" / "thesis.tex").read_text() == "all of it"
