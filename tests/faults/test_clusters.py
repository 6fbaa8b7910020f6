import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.cluster_lab import Command, Lab, kill, wait_until
from benchmarks.faults.clusters import Campaign, Outcome, numbers, to_markdown


def leave_record(results: Path, seed: int, auc: float = 0.5) -> None:
    """What `numbers` reads of a record, and its table."""
    path = results / "runs" / "tiny" / "smoke" / "mnad" / f"seed-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"metrics": {"auc": auc}, "data": {"terms_checksum": "c"}, "epochs": [{"losses": {"total": 1.0}}]}
    path.write_text(json.dumps(content))
    path.with_suffix(".csv.gz").touch()


def ended(folder: Path, said: str, status: int = 0) -> Command:
    """A command that has ended."""
    output = folder / "output.txt"
    output.write_text(said)
    process = subprocess.Popen([sys.executable, "-IS", "-c", f"raise SystemExit({status})"])
    return Command(process, output, folder / "results")


class TestCampaign:
    @pytest.fixture
    def campaign(self, tmp_path: Path) -> Campaign:
        """Two runs, whose undisturbed records are known."""
        for seed in (0, 1):
            leave_record(tmp_path / "undisturbed", seed)
            leave_record(tmp_path / "results", seed)
        return Campaign(Lab(tmp_path), numbers(tmp_path / "undisturbed"))

    def judged(self, campaign: Campaign, command: Command, **expected: Any) -> Outcome:
        """The outcome of a scenario that a command ended in."""
        with campaign.scenario("a fault", 1) as judge:
            judge(command, **expected)
        return campaign.outcomes[-1]

    def test_right_records_and_an_end_of_each_run_are_well(self, campaign: Campaign, tmp_path: Path) -> None:
        """Status 0, every run ended once, records as without a fault."""
        command = ended(tmp_path, "[1/2] a: done\n[2/2] b: done\n")
        assert self.judged(campaign, command, status=0, seeds=2).wrong == ()

    def test_each_kind_of_wrong_end_is_named(self, campaign: Campaign, tmp_path: Path) -> None:
        """A number that differs, a run that ended twice, another status, a sentence that is missing, a traceback."""
        leave_record(tmp_path / "results", 1, auc=0.6)
        command = ended(tmp_path, "[1/2] a\n[2/2] b\n[2/2] b\nTraceback", status=1)
        wrong = self.judged(campaign, command, status=2, seeds=2, sentence="Expected a worker").wrong
        assert wrong == (
            "status 1, not 2",
            "a record is not the undisturbed run's",
            "not said: Expected a worker",
            "a traceback",
        )
        (tmp_path / "results" / "runs" / "tiny" / "smoke" / "mnad" / "seed-1.json").unlink()
        command = ended(tmp_path, "[1/2] a\n[2/2] b\n[2/2] b\n")
        assert self.judged(campaign, command, status=0, seeds=2).wrong == (
            "records differ from the undisturbed run's",
            "3 ends of runs, not 2",
        )


class TestKill:
    def test_a_process_dies_with_its_children(self) -> None:
        """As on a machine that goes down."""
        code = (
            "import subprocess, sys, time;"
            "print(subprocess.Popen([sys.executable, '-IS', '-c', 'import time; time.sleep(600)']).pid, flush=True);"
            "time.sleep(600)"
        )
        parent = subprocess.Popen([sys.executable, "-IS", "-c", code], stdout=subprocess.PIPE)
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        kill(parent)

        def gone() -> bool:
            stat = Path(f"/proc/{child}/stat")
            return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"

        assert wait_until(gone, 60)


class TestToMarkdown:
    def test_counts_what_ended_badly(self, tmp_path: Path) -> None:
        """A row a command, and what was wrong with it."""
        outcomes = [
            Outcome("a worker dies", 2, 0, "3", "", 12.0),
            Outcome("no worker", 0, 1, "0", "a|b", 3.0, ("status",)),
        ]
        text = to_markdown(outcomes, Lab(tmp_path, unshared=True), ["no worker", "a worker dies", "a cable is cut"])
        assert "2 commands, 1 ended badly. Workers have mount namespaces of their own and no shared disk." in text
        assert "| no worker | 0 | 1 | 0 | a/b | 3 | status |" in text
        assert text.endswith("\nNot run here: a cable is cut.\n")
