"""A small study on clusters that fail: `make cluster-test`. Each scenario ends in the right records or in one sentence.

Scheduler and workers are processes of their own. Where the system lets us, each worker has a mount namespace in which the
command's folders are empty, and, for root, a network namespace with a cable that can be cut. Records are compared with
those of an undisturbed run on this machine.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

from benchmarks.faults.campaign import write_tiny_set
from benchmarks.writing import replace_text

ROOT = Path(__file__).resolve().parents[2]
_STUDY = """
[study]
name = "cluster-test"
title = "A tiny set on a cluster"
dataset = "tiny"
seeds = {seeds}
profile = "smoke"

[settings]
train_stride = 1
batch = 4
epochs = 8

[[cells]]
method = "mnad"
task = "reconstruction"
"""
_HIDE = 'mount -t tmpfs none "$1" || exit 9; shift; exec "$@"'
_SECONDS = 900
_NO_THREADS = {"THREADS": "1", "OMP_NUM_THREADS": "1"}


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


@dataclass
class Command:
    """A `reproduce` that runs, and what it prints."""

    process: "subprocess.Popen[bytes]"
    output: Path
    results: Path

    def said(self) -> str:
        """All that it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> int:
        """Its exit status; it is killed where it does not end."""
        try:
            return self.process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@dataclass
class Lab:
    """Clones, data and processes below a folder that is removed; a context, so that no process is left."""

    folder: Path
    _processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    _networks: list[str] = field(default_factory=list)
    _numbers: int = 0
    unshared: bool = False
    cables: bool = False

    def lay_out(self) -> None:
        """Write clones and data of workers, apart from the command's, and see what the system lets us do."""
        write_tiny_set(self.folder / "client" / "data")
        for name in ("data", "other-data"):
            shutil.copytree(self.folder / "client" / "data", self.folder / name)
        (self.folder / "other-data" / "tiny" / "test" / "01.txt").write_text("0\n" * 5 + "1\n" * 7)
        (self.folder / "no-data").mkdir()
        for name in ("clone", "other-clone"):
            for package in ("benchmarks", "mnad", "memae", "baselines", "synthetic"):
                shutil.copytree(
                    ROOT / package, self.folder / name / package, ignore=shutil.ignore_patterns("__pycache__")
                )
        with (self.folder / "other-clone" / "mnad" / "losses.py").open("a") as file:
            file.write("\nOTHER = True\n")
        self.unshared = _succeeds([*self._unshare(), "true"])
        self.cables = self.unshared and os.geteuid() == 0 and shutil.which("ip") is not None and self._can_cable()

    def __enter__(self) -> Self:
        """Begin with no process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes and networks."""
        for process in self._processes:
            kill(process)
        self._processes.clear()
        for name in self._networks:
            _succeeds(["ip", "netns", "del", name])
        self._networks.clear()

    def _unshare(self) -> list[str]:
        return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]

    def _can_cable(self) -> bool:
        name = f"cl{os.getpid()}x"
        return _succeeds(["ip", "netns", "add", name]) and _succeeds(["ip", "netns", "del", name])

    def scheduler(self, port: int = 0) -> int:
        """Start a scheduler and return its port."""
        self._numbers += 1
        file = self.folder / f"scheduler-{self._numbers}.json"
        command = ["distributed.cli.dask_scheduler", "--host", "0.0.0.0", "--port", str(port), "--no-dashboard"]  # noqa: S104 -- in a laboratory of networks of its own
        environment = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s"}
        self.scheduler_process = self.start(
            [sys.executable, "-m", *command, "--scheduler-file", str(file)], self.folder, environment
        )
        wait_until(file.is_file)
        return int(json.loads(file.read_text())["address"].rpartition(":")[2])

    def worker(self, port: int, name: str, *, clone: str = "clone", data: str = "data") -> "subprocess.Popen[bytes]":
        """Start a worker with folders, and where possible a network, of its own."""
        self._numbers += 1
        host = "127.0.0.1"
        prefix: list[str] = []
        if self.cables:
            host, prefix = self._cable(f"cl{os.getpid()}n{self._numbers}", self._numbers)
        if self.unshared:
            prefix += [*self._unshare(), "sh", "-c", _HIDE, "sh", str(self.folder / "client")]
        home = self.folder / "workers" / name
        home.mkdir(parents=True, exist_ok=True)
        command = ["-m", "distributed.cli.dask_worker", f"tcp://{host}:{port}", "--nthreads", "1", "--no-dashboard"]
        command += ["--name", name, "--local-directory", str(home / "dask")]
        environment = {
            "PYTHONPATH": str(self.folder / clone),
            "DATA_ROOT": str(self.folder / data),
            "WORKER_FOLDER": str(home),
        }
        return self.start([*prefix, sys.executable, *command], self.folder / clone, environment)

    def _cable(self, name: str, number: int) -> tuple[str, list[str]]:
        """Make a network of its own, and return the address of this machine there and what runs a command in it."""
        outside = f"10.213.{number // 60}.{4 * (number % 60) + 1}"
        inside = f"10.213.{number // 60}.{4 * (number % 60) + 2}"
        self._networks.append(name)
        for line in (
            f"ip netns add {name}",
            f"ip link add {name} type veth peer name eth0 netns {name}",
            f"ip addr add {outside}/30 dev {name}",
            f"ip link set {name} up",
            f"ip -n {name} addr add {inside}/30 dev eth0",
            f"ip -n {name} link set eth0 up",
            f"ip -n {name} link set lo up",
        ):
            subprocess.run(line.split(), check=True, capture_output=True)
        return outside, ["ip", "netns", "exec", name]

    def cut(self) -> None:
        """Cut the cable of the worker that was started last."""
        subprocess.run(["ip", "link", "set", self._networks[-1], "down"], check=True, capture_output=True)

    def command(self, name: str, seeds: int, *arguments: str) -> Command:
        """Start `reproduce` of so many cells, with results of its own."""
        folder = self.folder / "client" / name
        folder.mkdir(parents=True, exist_ok=True)
        study = folder / "study.toml"
        study.write_text(_STUDY.format(seeds=seeds))
        places = ["--data-root", str(self.folder / "client" / "data"), "--results", str(folder / "results")]
        self._numbers += 1
        output = folder / f"output-{self._numbers}.txt"
        with output.open("wb") as file:
            process = self.start(
                [
                    *(sys.executable, "-m", "benchmarks", "reproduce", str(study), "--no-tracking", "--threads", "1"),
                    *("--precision", "float32", *places, *arguments),
                ],
                ROOT,
                {},
                file,
            )
        return Command(process, output, folder / "results")

    def is_training(self, name: str) -> bool:
        """Whether a worker has a cell that has finished an epoch."""
        return any(
            '"epochs_done": [\n' in text or '"epochs_done": [{' in text
            for path in (self.folder / "workers" / name).glob("work/*/progress.json")
            for text in [path.read_text(errors="replace")]
        )

    def orphans(self) -> list[int]:
        """Processes of cells whose worker is gone."""
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = " ".join(process.info["cmdline"] or ())
            if "benchmarks.run.cell" in line and str(self.folder) in line and process.info["status"] != "zombie":
                found.append(process.pid)
        return found

    def start(
        self, command: Sequence[str], cwd: Path, environment: dict[str, str], output: Any = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        """Start a process that ends with this laboratory."""
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **_NO_THREADS, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._processes.append(process)
        return process


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and its children at once, as a machine that goes down does."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            # Cells are in sessions of their own: a machine takes them along, a killed worker leaves them to their guard.
            if "guard.py" not in " ".join(_line(one)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)
    process.wait()


def _line(process: psutil.Process) -> list[str]:
    try:
        line: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return line


def wait_until(condition: Callable[[], bool], seconds: float = _SECONDS) -> bool:
    """Wait until something is so, and return whether it came to be."""
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return met


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except OSError:
        return False


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
        if only in name:
            scenario(campaign, name, f"s{number}")
    return campaign.outcomes, lab


def _scenarios(workers: int) -> dict[str, Callable[[Campaign, str, str], None]]:
    return {
        f"{workers} workers, no fault": lambda one, name, short: _well(one, name, short, workers),
        "a worker is killed while it trains": _killed_worker,
        "the scheduler is killed, and comes back": _killed_scheduler,
        "a worker has other code": lambda one, name, short: _unfit(
            one, name, short, "its code differs in mnad/losses.py", clone="other-clone"
        ),
        "a worker has other labels": lambda one, name, short: _unfit(
            one, name, short, "its files or labels of tiny differ", data="other-data"
        ),
        "a worker has no data": lambda one, name, short: _unfit(
            one, name, short, "it has no data to run on", data="no-data"
        ),
        "no worker comes": _no_worker,
        "no fit worker comes": _no_fit_worker,
        "a slow worker": _slow,
        "a worker's cable is cut while it trains": _cut,
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


def _killed_worker(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 2) as judge:
        port = campaign.lab.scheduler()
        doomed = campaign.lab.worker(port, f"{short}-doomed")
        command = _begin(campaign, short, 3, port)
        wait_until(lambda: campaign.lab.is_training(f"{short}-doomed"))
        kill(doomed)
        campaign.lab.worker(port, f"{short}-other")
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


def _no_worker(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 0) as judge:
        port = campaign.lab.scheduler()
        judge(_begin(campaign, short, 2, port, wait=3), status=2, seeds=2, sentence="within 3 seconds, but none came")


def _no_fit_worker(campaign: Campaign, name: str, short: str) -> None:
    with campaign.scenario(name, 1) as judge:
        port = campaign.lab.scheduler()
        campaign.lab.worker(port, f"{short}-unfit", data="no-data")
        judge(_begin(campaign, short, 2, port, wait=120), status=2, seeds=2, sentence="1 of those that came cannot")


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


def _cut(campaign: Campaign, name: str, short: str) -> None:
    if not campaign.lab.cables:
        return
    with campaign.scenario(name, 2) as judge:
        port = campaign.lab.scheduler()
        doomed = campaign.lab.worker(port, f"{short}-cut")
        command = _begin(campaign, short, 3, port)
        wait_until(lambda: campaign.lab.is_training(f"{short}-cut"))
        campaign.lab.cut()
        campaign.lab.worker(port, f"{short}-other")
        wait_until(lambda: command.process.poll() is not None)
        kill(doomed)
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
