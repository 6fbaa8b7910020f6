"""Numbers in README and docs are those of the committed records."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.cli.views import readme_answer, readme_auc_facts
from benchmarks.report.tables.readme import fill_block
from benchmarks.report.tables.write import write_tables
from benchmarks.study.files import load_study
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, PROFILES

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


@pytest.mark.parametrize("name", ["ped2", "synthetic"])
def test_docs_show_what_the_records_say(name: str, tmp_path: Path) -> None:
    """Making the table again from the committed records leaves the page of results as it is."""
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert f"<!-- generated: {name} -->" in page
    shutil.copytree(ROOT / "results" / "runs", tmp_path / "runs")
    study = load_study(name)
    written = write_tables(study.name, study.cells, tmp_path)
    assert fill_block(page, name, written.main) == page


@pytest.mark.parametrize(("name", "content"), [("answer", readme_answer), ("auc", readme_auc_facts)])
def test_the_readme_says_what_the_records_say(name: str, content: Callable[[Path], str]) -> None:
    """The answer and the facts about AUC are what the committed records give today."""
    readme = README.read_text(encoding="utf-8")
    assert f"<!-- generated: {name} -->" in readme
    assert fill_block(readme, name, content(ROOT / "results")) == readme


def test_the_study_file_that_the_readme_shows_is_one(tmp_path: Path) -> None:
    """Somebody who copies it has a study of a set of their own: two settings, three seeds each."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    file = tmp_path / "mine.toml"
    file.write_text(text)
    study = load_study(file)
    assert [(cell.settings.memory, cell.seed) for cell in study.cells] == [
        (memory, seed) for seed in range(3) for memory in ("mnad", "none")
    ]
    assert study.needs_data


@pytest.mark.parametrize("profile", PROFILES)
def test_the_profiles_that_the_docs_list_are_those_of_the_code(profile: str) -> None:
    """Frame size and, but for the smoke test's, epochs of both methods stand in the table's row."""
    text = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{profile}` \|.*$", text, flags=re.MULTILINE)
    for method in AUTOENCODERS:
        settings = resolve(dataset="synthetic", method=method, task="reconstruction", profile=profile)
        assert f"{settings.size}×{settings.size}" in row
        if profile != "smoke":
            assert f"{settings.epochs} epochs" in row
