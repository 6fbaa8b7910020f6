"""All benches in turn: benchmarks/perf/bench.py."""

import sys
from pathlib import Path

import pytest

from benchmarks.perf import bench
from benchmarks.perf.measuring import Row, Spread, write_rows

# Stands in for a bench: copies a result under its own name, or fails as its name says.
SCRIPT = """
import sys
from pathlib import Path
name, template, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if name == "roofline":
    sys.exit(3)
if name != "store":
    out.write_text(template.read_text().replace("NAME", f"{name} {sys.argv[4:]}"))
"""


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run a small script in place of each bench."""
    template = tmp_path_factory.mktemp("template") / "template.json"
    one = Spread((1.0,))
    write_rows(template, [Row("NAME", "s", one, None, one, "s", None)])

    def command(name: str, data_root: Path, out: Path, *, quick: bool) -> list[str]:
        return [
            sys.executable,
            "-c",
            SCRIPT,
            name,
            str(template),
            str(out / f"{name}.json"),
            str(data_root),
            str(quick),
        ]

    monkeypatch.setattr(bench, "command", command)


class TestMain:
    def test_a_failure_is_loud_and_the_others_go_on(
        self, stand_ins: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Failed and empty benches are named, their older results go, the table has the rest, the status is 1."""
        (tmp_path / "roofline.json").write_text("from an earlier run")
        only = [word for name in ("training_step", "roofline", "store") for word in ("--only", name)]
        assert bench.main(["--data-root", "data", "--out", str(tmp_path), "--quick", *only]) == 1
        printed = capfd.readouterr()
        assert "FAILED: roofline (exit status 3), store (no store.json)" in printed.err
        assert "[3/3] store" in printed.out
        text = (tmp_path / "README.md").read_text()
        assert "| training_step ['data', 'True'] |" in text
        assert "Not measured: roofline" in text
        assert not (tmp_path / "roofline.json").exists()

    def test_all_well_is_zero(self, stand_ins: None, tmp_path: Path) -> None:
        """One bench alone, and its table."""
        assert bench.main(["--data-root", "data", "--out", str(tmp_path / "new"), "--only", "overhead"]) == 0
        assert "| overhead ['data', 'False'] |" in (tmp_path / "new" / "README.md").read_text()


class TestCommand:
    def test_is_the_modules_command_line(self) -> None:
        """Each bench is a module of this room with the common arguments."""
        words = bench.command("store", Path("d"), Path("o"), quick=True)
        assert words == [
            sys.executable, "-m", "benchmarks.perf.store", "--data-root", "d", "--out", "o/store.json", "--quick",
        ]  # fmt: skip
