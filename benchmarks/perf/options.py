"""The command line that all benches share, and threads and allocator as a run sets them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import torch

from benchmarks.run.hardware import keep_freed_memory


def parser_of(name: str, description: str | None, *, repetitions: int = 3) -> argparse.ArgumentParser:
    """Return a parser with the options of every bench."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.perf.{name}", description=description)
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the set")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--quick", action="store_true", help="one repetition of each, of less work")
    parser.add_argument("--repetitions", type=int, default=repetitions, help=f"of each measurement ({repetitions})")
    return parser


def comparison_parser(name: str, description: str | None, *, repetitions: int = 5) -> argparse.ArgumentParser:
    """Return a parser with the options of every comparison of networks."""
    parser = parser_of(name, description, repetitions=repetitions)
    parser.add_argument("--dataset", default="ped2", help="a set whose frames are image files")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--size", type=int, default=256, help="pixels a side")
    parser.add_argument("--width", type=float, default=1.0, help="all widths are multiplied by it")
    return parser


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse, and set threads of torch and OpenCV, and the allocator, as a run does; ``--quick`` means one repetition."""
    chosen = parser.parse_args(arguments)
    threads = getattr(chosen, "threads", 1)
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    keep_freed_memory()
    if chosen.quick:
        chosen.repetitions = 1
    return chosen
