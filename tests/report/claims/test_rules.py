import hashlib
import subprocess
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.claims.rules import CLAIMS, read_rules, standing

ROOT = CLAIMS.parents[1]


def copied(folder: Path, before: str = "", after: str = "") -> Path:
    """The project's plan and claims in a folder of their own, with one change."""
    (folder / "benchmarks").mkdir()
    (folder / "docs").mkdir()
    (folder / "docs" / "analysis-plan.md").write_bytes((ROOT / "docs" / "analysis-plan.md").read_bytes())
    text = CLAIMS.read_text()
    assert before in text
    path = folder / "benchmarks" / "claims.toml"
    path.write_text(text.replace(before, after, 1))
    return path


class TestReadRules:
    def test_margins(self) -> None:
        """A contrast's own margin goes first, then the set's for the quantity, then the smallest effect."""
        rules = read_rules()
        assert rules.margin("ped2", "auc", None, 0.5) == rules.margins["ped2"]["auc"] > 0.5
        assert rules.margin("ped2", "auc", 0.7, 0.5) == 0.7
        assert rules.margin("ped2", "auc_change", None, 0.5) == 0.5
        assert rules.margin("synthetic", "auc", None, 0.5) == 0.5

    def test_exploratory_is_what_started_before_the_freeze(self) -> None:
        """Offsets count, a moment without one is UTC, and a run of unknown start cannot test the plan."""
        rules = read_rules()
        moment = rules.frozen.isoformat()
        assert not rules.is_exploratory(moment)
        assert rules.is_exploratory("2026-11-22T16:13:29+00:00")
        assert rules.is_exploratory("2026-11-30T13:45:00+02:00")
        assert not rules.is_exploratory("2026-11-30T13:47:00+02:00")
        assert not rules.is_exploratory("2027-01-01T00:00:00")
        assert rules.is_exploratory(None)

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ("frozen = ", "thawed = ", "keys among document, frozen in \\[plan\\]"),
            ("+00:00", "", "with its offset"),
            ("2026-11-30T", "2026-13-30T", "ISO 8601"),
            ("updates = 0.3 ", "update = 0.3 ", "keys among updates"),
            ("auc = 1.5", "area = 1.5", "quantities among .* got area"),
            ("seeds = 6\n", "", "seeds is missing"),
            ("[trained]", "[training]", "plan, trained, margin, primary, claim"),
        ],
    )
    def test_a_wrong_file_is_named(self, tmp_path: Path, before: str, after: str, told: str) -> None:
        """A wrong key or value gets one sentence that says what is valid."""
        with pytest.raises(StudyError, match=told):
            read_rules(copied(tmp_path, before, after))


class TestStanding:
    def test_digests_are_those_of_the_files(self) -> None:
        """Whoever runs sha256sum finds the same."""
        found = standing(read_rules())
        assert found.digests == {
            name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
            for name in ("docs/analysis-plan.md", "benchmarks/claims.toml")
        }

    def test_the_commit_that_last_changed_them(self, tmp_path: Path) -> None:
        """Outside a clone there is none; in one, a later commit of another file is not it, and a change is seen."""
        path = copied(tmp_path)
        assert standing(read_rules(path), path).commit is None

        def git(*arguments: str) -> str:
            who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
            done = subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True, capture_output=True)
            return done.stdout.decode().strip()

        git("init", "-q")
        git("add", ".")
        git("commit", "-qm", "freeze")
        frozen = git("rev-parse", "HEAD")
        (tmp_path / "other").write_text("x")
        git("add", ".")
        git("commit", "-qm", "other")
        found = standing(read_rules(path), path)
        assert (found.commit, found.changed) == (frozen, False)
        path.write_text(path.read_text() + "\n")
        assert standing(read_rules(path), path).changed

    def test_a_missing_plan_is_named(self, tmp_path: Path) -> None:
        """Claims without their plan are no plan."""
        path = copied(tmp_path)
        (tmp_path / "docs" / "analysis-plan.md").unlink()
        with pytest.raises(StudyError, match="analysis plan"):
            standing(read_rules(path), path)
