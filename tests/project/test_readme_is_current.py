"""The README's numbers are those of the committed records."""

import shutil
from pathlib import Path

import pytest

from benchmarks.cli.views import readme_answer
from benchmarks.report.readme import fill_block
from benchmarks.report.tables import write_tables
from benchmarks.study.files import load_study

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["ped2", "synthetic"])
def test_readme_shows_what_the_records_say(name: str, tmp_path: Path) -> None:
    """Making the table anew from the committed records leaves the README as it is."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"<!-- generated: {name} -->" in readme
    shutil.copytree(ROOT / "results" / "runs", tmp_path / "runs")
    study = load_study(name)
    written = write_tables(study.name, study.cells, tmp_path)
    assert fill_block(readme, name, written.main) == readme


def test_the_first_screen_answers_from_the_records() -> None:
    """The answer in five lines is what the committed records say today."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "<!-- generated: answer -->" in readme
    assert fill_block(readme, "answer", readme_answer(ROOT / "results")) == readme
