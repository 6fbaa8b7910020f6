"""What runs would be made with here: code, packages, data, accelerators. A command, so that a worker answers for its processes.

``python -m benchmarks.run.installation --dataset ped2 --data-root data`` prints one JSON object. Two machines that print the
same `code`, `versions` and `data` make the same records.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.data.datasets import open_dataset
from benchmarks.data.store_key import store_key
from benchmarks.errors import StudyError
from benchmarks.run.hardware import versions
from benchmarks.run.video_labels import label_digests

_ROOT = Path(__file__).resolve().parents[2]
# What a run, or the worker that starts it, imports.
_CODE = ("benchmarks", "mnad", "memae", "baselines", "synthetic")
_VIEWS = frozenset(("cli", "faults", "perf", "report", "studies", "track"))


def installation(dataset: str | None, data_root: Path | None) -> dict[str, Any]:
    """Return what this installation is. dataset: None where frames are generated, so that code says all of them.

    `data` is a digest of source files (as `store_key` samples them) and labels; `no_data` is why there is none.
    """
    found: dict[str, Any] = {"code": dict(_code()), "versions": versions(), "gpus": _gpus()}
    if dataset is not None:
        try:
            found["data"] = _data(dataset, data_root)
        except StudyError as error:
            found["no_data"] = str(error)
    return found


def _code() -> Iterator[tuple[str, str]]:
    """Name and digest of every file of code, however its lines end."""
    for package in _CODE:
        for path in sorted((_ROOT / package).rglob("*")):
            parts = path.relative_to(_ROOT).parts
            if path.suffix in (".py", ".toml") and not (package == "benchmarks" and parts[1] in _VIEWS):
                text = path.read_bytes().replace(b"\r\n", b"\n")
                yield "/".join(parts), hashlib.sha256(text).hexdigest()[:12]


def _data(name: str, root: Path | None) -> str:
    dataset = open_dataset(name, root)
    keys = [store_key(videos, size=0, channels=0) for videos in (dataset.train, dataset.test)]
    return hashlib.sha256(json.dumps([keys, label_digests(dataset.test)], sort_keys=True).encode()).hexdigest()[:16]


def _gpus() -> list[str]:
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]


def main(argv: Sequence[str] | None = None) -> int:
    """Print what this installation is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run.installation", description=__doc__)
    parser.add_argument("--dataset", help="a set whose files are to be compared, too")
    parser.add_argument("--data-root", type=Path, help="folder that holds it")
    options = parser.parse_args(argv)
    print(json.dumps(installation(options.dataset, options.data_root)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
