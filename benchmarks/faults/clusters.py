"""A small study on clusters that fail: `make cluster-test`. Each scenario ends in the right records or in one sentence.

Scheduler and workers are processes of their own (`cluster_lab`). Records are compared with those of an undisturbed run on
this machine.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.cluster_lab import Command, Lab, kill, wait_until
from benchmarks.writing import replace_text

_CUT = "a worker's cable is cut while it trains"


@dataclass(frozen=True)
class Outcome:
    """What came of a scenario. wrong: what should have been otherwise."""

    name: str
    workers: int
    status: int
    records: str
    sentence: str
    seconds: float
    wrong: tuple[str, ...] = ()


def numbers(results: Path) -> dict[str, Any]:
    """What records of a folder say that does not depend on time and machine, by seed."""
    found = {}
    for path in sorted(results.rglob("runs/*/*/*/seed-*.json")):
        content = json.loads(path.read_text())
        found[path.stem] = (
            content["metrics"],
            content["data"]["terms_checksum"],
            [one["losses"] for one in content["epochs"]],
            path.with_suffix(".csv.gz").is_file(),
        )
    return found


@dataclass
class Campaign:
    """Scenarios in a laboratory. reference: what an undisturbed run of this machine has left."""

    lab: Lab
    reference: dict[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)

    @contextlib.contextmanager
    def scenario(self, name: str, workers: int) -> Iterator[Callable[..., None]]:
        """Yield what judges a command's end; all workers of the scenario end with it."""
        begun = time.monotonic()

        def judge(command: Command, *, status: int, seeds: int, sentence: str = "", lines: int | None = None) -> None:
            ended, said, found = command.wait(), command.said(), numbers(command.results)
            expected = {f"seed-{seed}": self.reference[f"seed-{seed}"] for seed in range(seeds)} if seeds else {}
            ends = sum(f"/{lines or seeds}] " in line and line.startswith("[") for line in said.splitlines())
            wrong = [
                *([f"status {ended}, not {status}"] if ended != status else []),
                *(["records differ from the undisturbed run's"] if status == 0 and found != expected else []),
                *(["a record is not the undisturbed run's"] if any(self.reference[one] != found[one] for one in found) else []),
                *([f"{ends} ends of runs, not {lines or seeds}"] if status == 0 and ends != (lines or seeds) else []),
                *([f"not said: {sentence}"] if sentence not in said else []),
                *(["a traceback"] if "Traceback" in said else []),
                *(["orphans"] if not wait_until(lambda: not self.lab.orphans(), 30) else []),
            ]  # fmt: skip
            shown = next((line for line in said.splitlines() if sentence and sentence in line), "")
            shown = shown.replace(str(self.lab.folder), "...")
            self.outcomes.append(
                Outcome(name, workers, ended, f"{len(found)}", shown, time.monotonic() - begun, tuple(wrong))
            )
            print(f"{name}: {'; '.join(wrong) or 'well'}", flush=True)
            if wrong:
                print(said, flush=True)

        with self.lab:
            yield judge


def run_campaign(folder: Path, workers: int = 8, only: str = "") -> tuple[list[Outcome], Lab]:
    """Run all scenarios whose name holds `only`. workers: of the first one."""
    lab = Lab(folder)
    lab.lay_out()
    with lab:
        undisturbed = lab.command("undisturbed", workers, "--jobs", "2")
        if undisturbed.wait() != 0:
            raise RuntimeError(undisturbed.said())
        campaign = Campaign(lab, numbers(undisturbed.results))
    for number, (name, scenario) in enumerate(_scenarios(workers).items()):
        if only in name and (lab.cables or name != _CUT):
            scenario(campaign, name, f"s{number}")
    return campaign.outcomes, lab


def _scenarios(workers: int) -> dict[str, Callable[[Campaign, str, str], None]]:
    return {
        f"{workers} workers, no fault": partial(_well, workers=workers),
        "a worker is killed while it trains": partial(_lost_worker, lose=lambda _, worker: kill(worker)),
        "the scheduler is killed, and comes back": _killed_scheduler,
        "a worker has other code": partial(_unfit, sentence="its code differs in mnad/losses.py", clone="other-clone"),
        "a worker has other labels": partial(_unfit, sentence="its files or labels of tiny differ", data="other-data"),
        "a worker has no data": partial(_unfit, sentence="it has no data to run on", data="no-data"),
        "no worker comes": partial(_none_fit, wait=3, sentence="within 3 seconds, but none came"),
        "no fit worker comes": partial(_none_fit, wait=120, sentence="1 of those that came cannot", unfit=("no-data",)),
        "a slow worker": _slow,
        _CUT: partial(_lost_worker, lose=lambda lab, _: lab.cut()),
        "a web server in place of the scheduler": _foreign,
        "the command is killed and given again": _killed_command,
    }


def _begin(campaign: Campaign, short: str, seeds: int, port: int, wait: int = 600) -> Command:
    return campaign.lab.command(short, seeds, "--scheduler", f"tcp://127.0.0.1:{port}", "--wait", str(wait))


def _well(campaign: Campaign, name: str, short: str, workers: int) -> None:
    with campaign.scenario(name, workers) as judge:
        port = campaign.lab.scheduler()
        for number in range(workers):
            campaign.lab.worker(port, f"{short}-{number}")
        judge(_begin(campaign, short, workers, port), status=0, seeds=workers)


def _lost_worker(
    campaign: Campaign, name: str, short: str, lose: Callable[[Lab, "subprocess.Popen[bytes]"], None]
) -> None:
    """A worker is lost while it trains, another one comes: the run ends once. lose: what happens to the first."""
    with campaign.scenario(name, 2) as judge:
        port = campaign.lab.scheduler()
        doomed = campaign.lab.worker(port, f"{short}-doomed")
        command = _begin(campaign, short, 3, port)
        wait_until(lambda: campaign.lab.is_training(f"{short}-doomed"))
        lose(campaign.lab, doomed)
        campaign.lab.worker(port, f"{short}-other")
        command.wait()
        kill(doomed)
        judge(command, status=0, seeds=3)


def _killed_scheduler(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 1) as judge:
        port = campaign.lab.scheduler()
        campaign.lab.worker(port, f"{short}-0")
        command = _begin(campaign, short, 3, port)
        wait_until(lambda: "[1/3]" in command.said())
        kill(campaign.lab.scheduler_process)
        judge(command, status=2, seeds=3, sentence="Expected the scheduler at")
        campaign.lab.scheduler(port)
        campaign.lab.worker(port, f"{short}-1")
        left = 3 - len(numbers(command.results))
        judge(_begin(campaign, short, 3, port), status=0, seeds=3, lines=left)


def _unfit(campaign: Campaign, name: str, short: str, sentence: str, **worker: str) -> None:
    with campaign.scenario(name, 2) as judge:
        port = campaign.lab.scheduler()
        campaign.lab.worker(port, f"{short}-unfit", **worker)
        campaign.lab.worker(port, f"{short}-fit")
        judge(_begin(campaign, short, 2, port), status=0, seeds=2, sentence=sentence)


def _none_fit(campaign: Campaign, name: str, short: str, wait: int, sentence: str, unfit: Sequence[str] = ()) -> None:
    """No worker gets runs. unfit: where each worker has its data."""
    with campaign.scenario(name, len(unfit)) as judge:
        port = campaign.lab.scheduler()
        for data in unfit:
            campaign.lab.worker(port, f"{short}-unfit", data=data)
        judge(_begin(campaign, short, 2, port, wait), status=2, seeds=2, sentence=sentence)


def _slow(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 2) as judge:
        port = campaign.lab.scheduler()
        campaign.lab.worker(port, f"{short}-slow")
        command = _begin(campaign, short, 3, port)
        wait_until(lambda: campaign.lab.is_training(f"{short}-slow"))
        cells = campaign.lab.orphans()
        for pid in cells:
            os.kill(pid, signal.SIGSTOP)
        campaign.lab.worker(port, f"{short}-quick")
        wait_until(lambda: "[2/3]" in command.said())
        for pid in cells:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        judge(command, status=0, seeds=3)


def _foreign(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 0) as judge, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        campaign.lab.start(
            [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], campaign.lab.folder, {}
        )
        wait_until(lambda: _listens(port), 60)
        judge(_begin(campaign, short, 2, port), status=2, seeds=2, sentence="Expected a Dask scheduler at")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _killed_command(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 1) as judge:
        port = campaign.lab.scheduler()
        campaign.lab.worker(port, f"{short}-0")
        command = _begin(campaign, short, 2, port)
        wait_until(lambda: campaign.lab.is_training(f"{short}-0"))
        kill(command.process)
        judge(_begin(campaign, short, 2, port), status=0, seeds=2)


def to_markdown(outcomes: Sequence[Outcome], lab: Lab, scenarios: Sequence[str]) -> str:
    """Return the report. scenarios: all that there are."""
    bad = sum(bool(one.wrong) for one in outcomes)
    apart = "network and mount namespaces" if lab.cables else "mount namespaces" if lab.unshared else "folders"
    lines = [
        "# Clusters that fail",
        "",
        (
            f"`make cluster-test`: {len(outcomes)} commands, {bad} ended badly. Workers have {apart} of their own"
            f"{' and no shared disk' if lab.unshared else ', on a shared disk'}. A command ends well if its exit status is "
            "0, every run has ended once, and all records equal those of an undisturbed run on one machine; or if it is 2 "
            "and one sentence says why."
        ),
        "",
        "| scenario | workers | exit status | records | said | seconds | verdict |",
        "|---|--:|--:|--:|---|--:|---|",
        *(
            f"| {one.name} | {one.workers} | {one.status} | {one.records} | {one.sentence.replace('|', '/')} | "
            f"{one.seconds:.0f} | {'; '.join(one.wrong) or 'well'} |"
            for one in outcomes
        ),
    ]
    if left_out := [name for name in scenarios if name not in {one.name for one in outcomes}]:
        lines += ["", f"Not run here: {'; '.join(left_out)}."]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the scenarios and write their report; returns 1 where one ended badly."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.clusters", description=__doc__)
    parser.add_argument("--workers", type=int, default=8, help="of the scenario without a fault (8)")
    parser.add_argument("--only", default="", help="scenarios whose name holds this; no report is written")
    parser.add_argument("--out", type=Path, default=Path("results/faults"))
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        outcomes, lab = run_campaign(Path(folder), options.workers, options.only)
        if not options.only:
            replace_text(options.out / "cluster.md", to_markdown(outcomes, lab, list(_scenarios(options.workers))))
            print(f"Written: {options.out / 'cluster.md'}")
    return 1 if any(one.wrong for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
