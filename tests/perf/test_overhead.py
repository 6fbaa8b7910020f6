"""What the harness costs: benchmarks/perf/overhead.py."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.perf import overhead
from benchmarks.perf.measuring import Spread
from benchmarks.study.files import load_study

ROOT = Path(__file__).parents[2]


def write_phases(results: Path, name: str, seed: int, **seconds: float) -> Path:
    path = results / "runs" / "ped2" / "cpu" / name / f"seed-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"phases": {phase: {"seconds": value} for phase, value in seconds.items()}}))
    return path


class TestWriteStudy:
    def test_is_a_study_of_one_cell(self, tmp_path: Path) -> None:
        """The file loads, and its one cell has the settings asked for."""
        file = overhead.write_study(tmp_path / "a.toml", "synthetic", size=64, width=0.25, epochs=3, train_stride=8)
        (cell,) = load_study(file).cells
        settings = cell.settings
        assert (settings.size, settings.width, settings.epochs, settings.train_stride) == (64, 0.25, 3, 8)


class TestCellSeconds:
    def test_sums_phases_of_mnad_at_cpu(self, tmp_path: Path) -> None:
        """All phases count; other methods do not."""
        write_phases(tmp_path, "mnad-a", 0, frames=1, train=10, evaluate=4)
        write_phases(tmp_path, "mnad-a", 1, frames=1, train=20, evaluate=4)
        write_phases(tmp_path, "memae-a", 0, frames=1, train=500, evaluate=4)
        assert overhead.cell_seconds(tmp_path).values == (15.0, 25.0)

    def test_without_records_is_a_sentence(self, tmp_path: Path) -> None:
        """The sentence names the folder and the option."""
        with pytest.raises(StudyError, match="--records"):
            overhead.cell_seconds(tmp_path)


class TestRunCommand:
    def test_quotes_what_a_failing_command_said(self) -> None:
        """A wrong study name comes back in the command's own words."""
        with pytest.raises(StudyError, match="nosuchstudy"):
            overhead.run_command(["plan", "nosuchstudy"])

    def test_runs_code_with_the_arguments(self) -> None:
        """Code in place of the command sees the same arguments and its output comes back."""
        seconds, said = overhead.run_command(["a", "b"], code="import sys; print(sys.argv[1:])")
        assert said.strip() == "['a', 'b']"
        assert seconds > 0


class TestExistingStudy:
    @pytest.mark.data
    def test_nothing_runs(self, tmp_path: Path, data_root: Path) -> None:
        """The committed records of ped2 are enough, in a copy: tables are written there, and no cell is started."""
        found = overhead.existing_study("ped2", data_root, ROOT / "results", tmp_path, repetitions=1)
        assert found["cells"] % 9 == 0
        assert ("--keep-stale" in found["arguments"]) == (found["stale"] > 0)
        assert (tmp_path / "results" / "tables" / "ped2.md").is_file()
        # Frames are decoded to be compared with those that records were made on; a cell would have a folder of its own.
        assert {path.name for path in (tmp_path / "results" / "work").glob("*")} <= {"frames"}

    def test_refuses_to_run_a_study_without_records(self, tmp_path: Path) -> None:
        """A bench of what exists must never start hours of work."""
        (tmp_path / "empty" / "runs").mkdir(parents=True)
        with pytest.raises(StudyError, match="record"):
            overhead.existing_study("ped2", tmp_path, tmp_path / "empty", tmp_path / "copy", repetitions=1)

    def test_seeds_beyond_the_records_are_not_asked_for(self, tmp_path: Path) -> None:
        """A record that is missing in the last seed leaves that seed out."""
        runs = shutil.copytree(ROOT / "results" / "runs" / "synthetic", tmp_path / "some" / "runs" / "synthetic")
        seeds = {file.name for file in runs.rglob("seed-*.json")}
        found = overhead.existing_study("synthetic", tmp_path, tmp_path / "some", tmp_path / "copy", repetitions=1)
        assert found["arguments"][found["arguments"].index("--seeds") + 1] == str(min(len(seeds), 1))


class TestRows:
    def test_share_is_of_the_whole_cell(self) -> None:
        """Nine seconds beside ninety-one are nine per cent, and a miss names what binds."""
        beside = {"first": Spread((20.0,)), "later": Spread((7.0, 6.0)), "figures": Spread((2.0, 3.0))}
        existing = {"seconds": Spread((2.0,)), "cells": 18}
        grid = {"cpu_seconds": 80.0, "wall_seconds": 50.0, "jobs": 2, "cells": 4, "busy": 0.8}
        rows = overhead._rows(beside, Spread((91.0,)), existing, grid)
        assert rows[0].claim.values == pytest.approx((9.0, 9.0))
        assert [row.reached for row in rows] == [False, None, True, False]
        assert "10.0 s a core" in rows[3].limit


class TestBusyCores:
    def test_the_store_is_made_before_the_clock_starts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One cell goes before, alone and uncounted; the counted command asks for it and for as many more."""
        commands: list[tuple[list[str], str]] = []

        def pretend(arguments: list[str | Path], *, code: str = "") -> tuple[float, str]:
            commands.append((list(map(str, arguments)), code))
            return 50.0, "a table\nCELLS 90.0\n"

        monkeypatch.setattr(overhead, "run_command", pretend)
        found = overhead.busy_cores(tmp_path / "grid.toml", tmp_path, tmp_path, cells=6, jobs=2)
        assert found["busy"] == pytest.approx(0.9)
        (first, uncounted), (second, counted) = commands
        assert (first[first.index("--seeds") + 1], uncounted) == ("1", "")
        assert (second[second.index("--seeds") + 1], counted) == ("7", overhead._COUNTED)

    def test_time_of_other_processes_is_counted(self) -> None:
        """The code that counts runs the real command line and says how much its children used: a plan starts none."""
        _, said = overhead.run_command(["plan", "synthetic"], code=overhead._COUNTED)
        (used,) = [float(line.split()[1]) for line in said.splitlines() if line.startswith("CELLS")]
        assert used == 0
        assert "cells:" in said


class TestMain:
    def test_the_report_is_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Four rows and what they rest on; the cells themselves are left out here."""
        write_phases(tmp_path, "mnad-a", 0, frames=1, train=90, evaluate=9)
        beside = {"first": Spread((20.0,)), "later": Spread((7.0,)), "figures": Spread((2.0,))}
        grid = {"cpu_seconds": 96.0, "wall_seconds": 50.0, "jobs": 2, "cells": 4, "busy": 0.96}
        existing = {"seconds": Spread((2.0, 2.5)), "arguments": [], "cells": 18, "stale": 0}
        monkeypatch.setattr(overhead, "cell_overhead", lambda *_, **__: beside)
        monkeypatch.setattr(overhead, "busy_cores", lambda *_, **__: grid)
        monkeypatch.setattr(overhead, "existing_study", lambda *_, **__: existing)
        out = tmp_path / "overhead.json"
        arguments = ["--data-root", str(tmp_path), "--records", str(tmp_path), "--quick", "--out", str(out)]
        assert overhead.main(arguments) == 0
        report = json.loads(out.read_text())
        assert [row["reached"] for row in report["rows"]] == [False, None, True, True]
        assert report["cell_seconds"]["values"] == [100.0]
        assert report["grids"] == [grid]

    def test_without_records_is_a_sentence(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Status 2, before anything is run."""
        arguments = ["--data-root", str(tmp_path), "--records", str(tmp_path), "--out", str(tmp_path / "o.json")]
        assert overhead.main(arguments) == 2
        assert "--records" in capsys.readouterr().err
