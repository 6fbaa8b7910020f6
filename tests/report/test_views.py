"""The commands that make views: benchmarks/cli/views.py."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

import pytest

from benchmarks import cli
from benchmarks.data.locks import locked_folder
from benchmarks.report.tables.write import continue_command
from benchmarks.study.files import load_study

Write = Callable[..., Path]


@pytest.fixture
def record(tmp_path: Path, write_record: Write) -> Callable[..., Path]:
    """Function that writes seed 0 of ped2's first six settings, or of fewer, at a profile: -> results folder."""

    def write(profile: str, count: int = 6) -> Path:
        for cell in load_study("ped2", profile=profile, seeds=1).cells[:count]:
            write_record(tmp_path, cell.settings, cell.seed)
        return tmp_path

    return write


def written(results: Path, arguments: Sequence[str] = ()) -> set[str]:
    """Tables of studies that `tables` writes, by name."""
    assert cli.main(["tables", *arguments, "--results", str(results)]) == 0
    found = {path.parent.name for path in (results / "tables" / "latex").glob("*/costs.tex")}
    assert found
    return found


class TestLock:
    def test_a_second_command_waits_and_says_so(
        self, record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """While another command writes views of a folder, `tables` writes none; then it does."""
        results, said = record("cpu", 1), ""
        other = Thread(target=written, args=(results,))
        with locked_folder(results, lambda: None):
            other.start()
            while not said:
                time.sleep(0.05)
                said = capsys.readouterr().err
            assert said == f"Another command writes views of {results}; waiting for its end.\n"
            assert not (results / "tables").exists()
        other.join()
        assert (results / "tables" / "ped2.md").is_file()

    def test_nothing_is_made_where_there_are_no_records(self, tmp_path: Path) -> None:
        """A folder that is not there is not made for its lock."""
        assert cli.main(["tables", "--results", str(tmp_path / "none")]) == 2
        assert not (tmp_path / "none").exists()


class TestProfiles:
    """ped2 has the profile cpu, and paper where CUDA is available."""

    @pytest.mark.parametrize("arguments", [[], ["ped2"]])
    def test_records_at_the_profile_for_cuda_have_tables_of_their_own(
        self, arguments: list[str], record: Callable[..., Path]
    ) -> None:
        """What was run on a GPU is shown by the command that names no profile, and distinguished in the index."""
        results = record("paper")
        assert written(results, arguments) == {"ped2-paper"}
        assert (
            "Study ped2: UCSD Ped2, 256×256, full width, 60 of 60 epochs"
            in (results / "tables" / "ped2-paper.md").read_text()
        )
        index = (results / "README.md").read_text()
        assert "[md](tables/ped2-paper.md)" in index
        assert "belong to no study" not in index
        assert (
            "### ped2-paper\n\nMissing: 21 of 27 cells. Continue with `make reproduce-ped2 SEEDS=3 PROFILE=paper`"
            in index
        )
        assert "### ped2\n\nNot begun. Start with `make reproduce-ped2 SEEDS=3 PROFILE=cpu`" in index

    def test_neither_profile_replaces_the_other(self, record: Callable[..., Path]) -> None:
        """With records of both, the tables of the file's own profile are the bytes that they were without the other."""
        results = record("cpu")
        assert written(results) == {"ped2"}
        alone = {path.name: path.read_bytes() for path in (results / "tables").glob("ped2.*")}
        index = (results / "README.md").read_text()
        assert "paper" not in index
        record("paper")
        assert written(results) == {"ped2", "ped2-paper"}
        assert {path.name: path.read_bytes() for path in (results / "tables").glob("ped2.*")} == alone
        both = (results / "README.md").read_text().splitlines()
        assert {line for line in index.splitlines() if "reproduce" in line} <= set(both)

    def test_a_profile_that_is_asked_for_is_the_only_one(self, record: Callable[..., Path]) -> None:
        """With a profile on the command line the views are of that."""
        results = record("cpu")
        record("paper")
        assert written(results, ["ped2", "--profile", "cpu"]) == {"ped2"}

    def test_figures_and_page_show_it_too(self, record: Callable[..., Path]) -> None:
        """Figures lie under the label, and the page names what is missing with its command."""
        results = record("paper", 1)
        assert cli.main(["figures", "ped2", "--results", str(results)]) == 0
        assert [path.name for path in (results / "figures").iterdir()] == ["ped2-paper"]
        assert cli.main(["report", "--keep-stale", "--results", str(results)]) == 0
        page = (results / "report" / "index.html").read_text()
        assert "<h4>Study ped2-paper</h4>" in page
        assert "make reproduce-ped2 SEEDS=3 PROFILE=paper" in page
        title = load_study("ped2").title.replace(": ", ", ", 1)
        assert f": {title}, profile paper</figcaption>" in page


class TestContinueCommand:
    def test_a_label_is_its_studys_command(self) -> None:
        """The views of another profile say how their study goes on; a study file of the user's has no name to give."""
        cells = load_study("ped2", profile="paper").cells
        assert continue_command("ped2-paper", cells) == continue_command("ped2", cells)
        assert continue_command("ped2-paper", cells) == "make reproduce-ped2 SEEDS=3 PROFILE=paper"
        assert "FILE.toml" in continue_command("mine-paper", cells)
