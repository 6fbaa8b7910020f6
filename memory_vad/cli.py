"""The command `memory-vad`. Exit status: 0 all is well, 2 one sentence for the user, 130 interrupted."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from benchmarks.errors import StudyError
from memory_vad import commands


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise argparse's message as a StudyError."""
        raise StudyError(f"Expected what `{self.prog} --help` lists, but {message}; correct the command.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    # Threads that spin while they wait starve whatever else runs on the machine; libgomp asks before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        options = _parser().parse_args(arguments)
        if getattr(options, "threads", None):
            import torch

            torch.set_num_threads(options.threads)
        options.run(options)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the same command goes on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(
            f"Expected to read or write {error.filename or 'a file'}, but {error.strerror or error}.", file=sys.stderr
        )
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="memory-vad", description="Anomaly detection on your own camera, by autoencoders with a memory."
    )
    added = parser.add_subparsers(metavar="COMMAND", required=True)

    train = added.add_parser("train", help="train on normal footage and write weights")
    train.add_argument(
        "footage", nargs="+", type=Path, help="videos, folders of videos or of frames; a folder is a camera"
    )
    train.add_argument("--out", type=Path, default=Path("camera.safetensors"))
    train.add_argument("--method", default="mnad")
    train.add_argument("--task", default="prediction")
    train.add_argument("--memory", default="own", help="own, mnad, memae or none")
    train.add_argument("--fps", type=_positive, default=10.0, help="frames a second to resample to (10)")
    train.add_argument("--epochs", type=_whole, default=3)
    train.add_argument("--size", type=_whole, default=128)
    train.add_argument("--width", type=_positive, default=0.25, help="share of the published width (0.25)")
    train.add_argument("--channels", type=_whole, default=1, help="1 grey (default), 3 colour")
    train.add_argument("--stride", type=_whole, default=1, help="train on every so many clips")
    train.add_argument("--calibration-share", type=_positive, default=0.2, help="share of the footage held out (0.2)")
    train.add_argument("--seed", type=int, default=0)
    train.set_defaults(run=commands.train)

    score = added.add_parser("score", help="score videos: CSV, intervals, timeline, overlay; a page for several")
    score.add_argument("footage", nargs="+", type=Path, help="videos, folders of videos or of frames")
    score.add_argument("--normal", nargs="+", type=Path, help="normal footage of the same camera to calibrate on first")
    score.add_argument("--out", type=Path, default=Path("scores"), help="folder (scores)")
    score.add_argument("--overlay", action=argparse.BooleanOptionalAction, default=True, help="write overlay videos")
    score.set_defaults(run=commands.score)

    watch = added.add_parser("watch", help="score a stream: JSON lines")
    watch.add_argument(
        "source", help="an address (rtsp, http), a device (/dev/video0), a file, or - for standard input"
    )
    watch.add_argument("--webhook", help="address that events are posted to")
    watch.add_argument("--max-delay", type=_positive, default=1.0, help="seconds before frames are dropped (1)")
    watch.add_argument(
        "--stall", type=_positive, default=10.0, help="seconds without a frame before connecting again (10)"
    )
    watch.add_argument("--retries", type=int, default=10, help="attempts to connect again (10)")
    watch.add_argument("--events-only", action="store_true", help="no line for each frame")
    watch.set_defaults(run=commands.watch)

    evaluate = added.add_parser(
        "evaluate", help="AUC, events and false alarms on labelled videos or a set of the study"
    )
    evaluate.add_argument("footage", nargs="*", type=Path, help="videos with a label file next to each")
    evaluate.add_argument(
        "--data-root", type=Path, help="folder of data sets: evaluate on the weights' own set of the study"
    )
    evaluate.add_argument("--dataset", help="with --data-root: the set, for imported weights, which name none (ped2)")
    evaluate.add_argument("--out", type=Path, help="write the figures as JSON, too")
    evaluate.set_defaults(run=commands.evaluate)

    calibrated = added.add_parser("calibrate", help="set the threshold on a camera's own normal footage")
    calibrated.add_argument("footage", nargs="+", type=Path, help="normal footage that the weights were not trained on")
    calibrated.add_argument("--out", type=Path, required=True)
    calibrated.set_defaults(run=commands.calibrate)

    imported = added.add_parser(
        "import-weights", help="convert a released MNAD, RC2020 or MemAE file; runs nothing in it"
    )
    imported.add_argument("file", type=Path)
    imported.add_argument("keys", type=Path, nargs="?", help="MNAD's keys.pt")
    imported.add_argument("--size", type=_whole, default=256, help="of the frames that it was trained on (256)")
    imported.add_argument("--fps", type=_positive, default=10.0)
    imported.add_argument("--task", help="denoising for RC2020's stacks of noisy frames; else by the tensors")
    imported.add_argument("--out", type=Path, required=True)
    imported.set_defaults(run=commands.import_weights)

    exported = added.add_parser("export", help="write the scoring network as ONNX, checked against torch")
    exported.add_argument("--check-on", type=Path, help="video to compare on; noise without one")
    exported.add_argument("--batch", type=_whole, help="fixed batch; dynamic without it")
    exported.add_argument("--out", type=Path, required=True)
    exported.set_defaults(run=commands.export)

    packed = added.add_parser("pack", help="maintainers: weights on offer from a kept checkpoint of the study")
    packed.add_argument("cell", type=Path, help="work folder of a finished run")
    packed.add_argument("--data-root", type=Path)
    packed.add_argument("--work", type=Path, default=Path("my-results/work"), help="where frame stores lie")
    packed.add_argument("--block", type=_positive, default=10.0, help="seconds of a calibration block (10)")
    packed.add_argument("--evaluate", action=argparse.BooleanOptionalAction, default=True, help="AUC for the card")
    packed.add_argument("--out", type=Path, required=True)
    packed.set_defaults(run=commands.pack)

    for command in (score, watch, evaluate, calibrated, exported):
        command.add_argument("--weights", type=Path, help="weights; those shipped, trained on UCSD Ped2, without it")
    for command in (score, watch, evaluate):
        command.add_argument(
            "--false-alarms-per-hour", type=_positive, default=1.0, help="accepted on normal footage (1)"
        )
    for command in (train, score, watch, evaluate, calibrated):
        command.add_argument("--device", default="cpu", help="cpu or cuda")
        command.add_argument("--threads", type=_whole, help="CPU threads; all cores without it")
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise StudyError(f"Expected a number above 0, but got {text!r}; correct the command.")
    return value


def _whole(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise StudyError(f"Expected a whole number of at least 1, but got {text!r}; correct the command.")
    return value
