"""The Makefile as a user types it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
DOCUMENTED = re.findall(r"^([a-z%-]+):.*## ", MAKEFILE, flags=re.MULTILINE)


VARIABLES = re.findall(r"^##= ([A-Z_]+)=", MAKEFILE, flags=re.MULTILINE)


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run make as from a fresh shell: nothing is inherited from a make, or a variable of its own, around the tests."""
    inherited = {"VENV", *VARIABLES}
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in inherited and not name.startswith(("MAKE", "MFLAGS"))
    }
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


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
        used = set(re.findall(r"\$\(([A-Z_]+)\)", MAKEFILE))
        inner = {
            "VENV",
            "READY",
            "PIP",
            "TORCH",
            "BENCHMARKS",
            "CELLS",
            "CHOSEN",
            "DATA",
            "RUNS",
            "PRECISE",
            "CHOICE",
            "MEDIUM",
            "HOME",
            "DATA_FOLDER",
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
            (["data-ped2", "ARCHIVE=u.tar.gz"], 'p -m benchmarks data "ped2" --data-root "data" --archive "u.tar.gz"'),
            (["data-ped2"], 'p -m benchmarks data "ped2" --data-root "data"'),
            (["doctor-ped2", "DATA_ROOT=../x y"], 'p -m benchmarks doctor "ped2" --data-root "../x y"'),
            (["plan-ped2", "SEEDS=1"], 'p -m benchmarks plan "ped2" --data-root "data" --seeds "1"'),
            (
                [
                    "reproduce-synthetic",
                    "JOBS=2",
                    "ONLY=memory=none",
                    "PROFILE=cpu",
                    "SCHEDULER=tcp://h:1",
                    "DEVICE=cpu",
                ],
                (
                    'p -m benchmarks reproduce "synthetic" --data-root "data" --profile "cpu" --only "memory=none" '
                    '--device "cpu" --jobs "2" --scheduler "tcp://h:1"'
                ),
            ),
            (
                ["inspect-ped2", "SEEDS=1", "JOBS=2", "MODE=fast"],
                'p -m benchmarks inspect "ped2" --data-root "data" --seeds "1"',
            ),
            (["tables"], 'p -m benchmarks tables --data-root "data"'),
            (["measure", "DATA_ROOT=/x"], 'p -m benchmarks measure --data-root "/x"'),
            (
                ["tables", "PROFILE=cpu", "SEEDS=3"],
                'p -m benchmarks tables --data-root "data" --seeds "3" --profile "cpu"',
            ),
            (["plan-ped2", "ARGS=--keep-stale"], 'p -m benchmarks plan "ped2" --data-root "data" --keep-stale'),
            (["figures", "STUDY=ped2"], 'p -m benchmarks figures "ped2" --data-root "data"'),
            (
                ["figures", "FORMAT=pdf", "WIDTH=3.4"],
                'p -m benchmarks figures --data-root "data" --format "pdf" --width "3.4"',
            ),
            (
                ["table", "STUDY=ped2", "COLUMNS=method,auc", "OUT=a b"],
                'p -m benchmarks table "ped2" --columns "method,auc" --out "a b"',
            ),
            (["test", "ARGS=-k auc"], "p -m pytest -k auc"),
            (["test", "DATA_ROOT=d"], 'DATA_ROOT="d" p -m pytest'),
        ],
    )
    def test_pass_on_what_the_user_gives(self, arguments: list[str], command: str) -> None:
        """Each target hands its variables to the command line, and options that are not given are left out."""
        shown = make("-n", "VENV_PYTHON=p", *arguments)
        assert shown.returncode == 0, shown.stderr
        assert " ".join(shown.stdout.removeprefix("PYTHONUNBUFFERED=1").split()) == command

    def test_columns_are_not_those_of_the_terminal(self) -> None:
        """A shell may export COLUMNS; only the command line chooses a table's."""
        command = ["make", "-n", "--no-print-directory", "table", "VENV_PYTHON=p", "STUDY=ped2"]
        environment = {**os.environ, "COLUMNS": "120"}
        shown = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert '"ped2"' in shown.stdout
        assert "120" not in shown.stdout

    def test_a_table_needs_a_study(self) -> None:
        """Without one a sentence says so."""
        shown = make("-n", "table", "VENV_PYTHON=p")
        assert shown.returncode == 2
        assert "name one: make table STUDY=ped2" in shown.stderr

    def test_ui_is_one_command(self) -> None:
        """The command itself imports the committed runs, after it has looked at the port; nothing is done twice."""
        lines = make("-n", "ui", "VENV_PYTHON=p", "PORT=5001").stdout.split("\n")
        assert [line.strip() for line in lines if line] == ['PYTHONUNBUFFERED=1 p -m benchmarks ui --port "5001"']

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
            "--require-hashes --requirement requirements.lock",
            '"torch==',
            "mv .venv/.installed.part .venv/.installed",
        ]
        places = [recipe.rindex(step) for step in steps]
        assert places == sorted(places)

    def test_torch_index_is_for_torch_alone(self, copy: Path) -> None:
        """TORCH_INDEX changes where torch comes from and nothing else."""
        recipe = make("-n", "setup", "TORCH_INDEX=somewhere", folder=copy).stdout
        assert recipe.count("--index-url") == 1
        assert re.search(r'--index-url "somewhere" "torch==[0-9.]+"', recipe)
        assert "--index-url" not in make("-n", "setup", folder=copy).stdout

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
