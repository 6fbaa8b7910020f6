"""The command `memory-vad`. Exit status: 0 all is well, 2 one sentence for the user, 130 interrupted."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.errors import StudyError


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
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    train = commands.add_parser("train", help="train on normal footage and write weights")
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
    train.set_defaults(run=_train)

    score = commands.add_parser("score", help="score videos: CSV, intervals, timeline, overlay; a page for several")
    score.add_argument("footage", nargs="+", type=Path, help="videos, folders of videos or of frames")
    score.add_argument("--normal", nargs="+", type=Path, help="normal footage of the same camera to calibrate on first")
    score.add_argument("--out", type=Path, default=Path("scores"), help="folder (scores)")
    score.add_argument("--overlay", action=argparse.BooleanOptionalAction, default=True, help="write overlay videos")
    score.set_defaults(run=_score)

    watch = commands.add_parser("watch", help="score a stream: JSON lines")
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
    watch.set_defaults(run=_watch)

    evaluate = commands.add_parser(
        "evaluate", help="AUC, events and false alarms on labelled videos or a set of the study"
    )
    evaluate.add_argument("footage", nargs="*", type=Path, help="videos with a label file next to each")
    evaluate.add_argument(
        "--data-root", type=Path, help="folder of data sets: evaluate on the weights' own set of the study"
    )
    evaluate.add_argument("--out", type=Path, help="write the figures as JSON, too")
    evaluate.set_defaults(run=_evaluate)

    calibrated = commands.add_parser("calibrate", help="set the threshold on a camera's own normal footage")
    calibrated.add_argument("footage", nargs="+", type=Path, help="normal footage that the weights were not trained on")
    calibrated.add_argument("--out", type=Path, required=True)
    calibrated.set_defaults(run=_calibrate)

    imported = commands.add_parser(
        "import-weights", help="convert a released MNAD, RC2020 or MemAE file; runs nothing in it"
    )
    imported.add_argument("file", type=Path)
    imported.add_argument("keys", type=Path, nargs="?", help="MNAD's keys.pt")
    imported.add_argument("--size", type=_whole, default=256, help="of the frames that it was trained on (256)")
    imported.add_argument("--fps", type=_positive, default=10.0)
    imported.add_argument("--task", help="denoising for RC2020's stacks of noisy frames; else by the tensors")
    imported.add_argument("--out", type=Path, required=True)
    imported.set_defaults(run=_import)

    exported = commands.add_parser("export", help="write the scoring network as ONNX, checked against torch")
    exported.add_argument("--check-on", type=Path, help="video to compare on; noise without one")
    exported.add_argument("--batch", type=_whole, help="fixed batch; dynamic without it")
    exported.add_argument("--out", type=Path, required=True)
    exported.set_defaults(run=_export)

    packed = commands.add_parser("pack", help="maintainers: weights on offer from a kept checkpoint of the study")
    packed.add_argument("cell", type=Path, help="work folder of a finished run")
    packed.add_argument("--data-root", type=Path)
    packed.add_argument("--work", type=Path, default=Path("my-results/work"), help="where frame stores lie")
    packed.add_argument("--block", type=_positive, default=10.0, help="seconds of a calibration block (10)")
    packed.add_argument("--evaluate", action=argparse.BooleanOptionalAction, default=True, help="AUC for the card")
    packed.add_argument("--out", type=Path, required=True)
    packed.set_defaults(run=_pack)

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


def _train(options: argparse.Namespace) -> None:
    from memory_vad.model import settings_for
    from memory_vad.training import train

    settings = settings_for(
        options.method,
        options.task,
        memory=options.memory,
        epochs=options.epochs,
        size=options.size,
        width=options.width,
        channels=options.channels,
        train_stride=options.stride,
    )
    share = options.calibration_share
    train(
        options.footage,
        options.out,
        settings,
        fps=options.fps,
        seed=options.seed,
        calibration_share=share,
        device=options.device,
        say=_say,
    )


def _score(options: argparse.Namespace) -> None:
    from contextlib import ExitStack

    from memory_vad.footage import find_sources
    from memory_vad.overlay import MAP_SIDE, Overlay
    from memory_vad.scoring import score_video
    from memory_vad.timeline import write_page, write_result
    from memory_vad.training import calibrate

    sources = find_sources(options.footage)
    model = _model(options)
    if options.normal:
        model = calibrate(model, options.normal, work=options.out / ".work")
    promise = _promise(model, options.false_alarms_per_hour)
    results, overlays = [], []
    for source in sources:
        with ExitStack() as stack:
            drawn: dict[str, Any] = {}
            if options.overlay:
                assert model.calibration is not None, "_promise refuses weights without calibration"
                path = options.out / f"{source.name}.overlay.mp4"
                scale = 8 * model.calibration.mean_error()
                above = model.calibration.threshold(options.false_alarms_per_hour)
                overlay = stack.enter_context(Overlay(path, model.fps, scale=scale, alarm_above=above))
                drawn = {"map_side": MAP_SIDE, "drawn": overlay.draw}
                overlays.append(path.name)
            result = score_video(model, source.path, per_hour=options.false_alarms_per_hour, **drawn)
        results.append(result)
        paths = write_result(result, options.out, promise=promise, per_hour=options.false_alarms_per_hour)
        for warning in result.warnings:
            print(f"Warning: {warning}", file=sys.stderr)
        found = ", ".join(f"{event.start:.1f}-{event.end:.1f} s" for event in result.events[:6]) or "none"
        print(f"{source.name}: {len(result.times)} frames scored; suspicious: {found}. {paths['csv']}")
    if len(results) > 1:
        print(f"All videos on one page: {write_page(results, options.out, promise, overlays)}")
    print(promise)


def _watch(options: argparse.Namespace) -> None:
    from memory_vad.watch import Webhook, watch

    model = _model(options)
    _promise(model, options.false_alarms_per_hour)
    hook = None if options.webhook is None else Webhook(options.webhook, _warn)

    def emit(content: dict[str, Any]) -> None:
        print(json.dumps(content), flush=True)
        if hook is not None and content["kind"].startswith("event"):
            hook.send(content)

    try:
        watch(
            model,
            options.source,
            emit,
            per_hour=options.false_alarms_per_hour,
            max_delay=options.max_delay,
            stall=options.stall,
            retries=options.retries,
            events_only=options.events_only,
        )
    finally:
        if hook is not None:
            hook.close()


def _evaluate(options: argparse.Namespace) -> None:
    from memory_vad.evaluate import evaluate_footage, evaluate_on_set, write_evaluation

    if bool(options.footage) == (options.data_root is not None):
        raise StudyError("Expected either labelled videos or --data-root, but got both or neither; give one of them.")
    model = _model(options)
    if options.footage:
        content = evaluate_footage(model, options.footage, per_hour=options.false_alarms_per_hour)
    else:
        content = evaluate_on_set(model, options.data_root, Path("my-results/work"))
    print(json.dumps(content, indent=1))
    if options.out is not None:
        write_evaluation(options.out, content)


def _calibrate(options: argparse.Namespace) -> None:
    from memory_vad.card import write_card
    from memory_vad.training import calibrate, promise_sentence

    model = calibrate(_model(options), options.footage, work=options.out.with_name(f".{options.out.stem}.work"))
    model.save(options.out)
    write_card(options.out, model)
    _say(f"Wrote {options.out}. {promise_sentence(model)}")


def _import(options: argparse.Namespace) -> None:
    from memory_vad.card import write_card
    from memory_vad.official import import_official

    model = import_official(options.file, options.keys, size=options.size, fps=options.fps, task=options.task)
    model.save(options.out)
    write_card(options.out, model)
    _say(
        f"Wrote {options.out}: {model.settings.method}, {model.settings.task}, imported. It is not calibrated: call memory-vad "
        "calibrate with normal footage."
    )


def _export(options: argparse.Namespace) -> None:
    import itertools

    import numpy as np

    from memory_vad.decode import pictures
    from memory_vad.export import export_onnx

    model = _model(options)
    settings, count = model.settings, (options.batch or 4) + model.clip_length - 1
    if options.check_on is None:
        shape = (count, settings.size, settings.size, settings.channels)
        frames = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    else:
        shown = itertools.islice(pictures(options.check_on, model.fps, folder_fps=model.fps), count)
        frames = np.stack([model.prepared(picture.image(grey=settings.channels == 1)) for picture in shown])
    clips = np.lib.stride_tricks.sliding_window_view(frames, model.clip_length, axis=0)
    worst = export_onnx(model, options.out, np.moveaxis(clips, -1, 1), dynamic=options.batch is None)
    _say(f"Wrote {options.out}; onnxruntime and torch differ by {worst:.1g} at most.")


def _pack(options: argparse.Namespace) -> None:
    from memory_vad.pack import pack

    pack(
        options.cell,
        options.out,
        data_root=options.data_root,
        work=options.work,
        block=options.block,
        evaluated=options.evaluate,
    )
    _say(f"Wrote {options.out} and its card.")


def _model(options: argparse.Namespace) -> Any:
    from memory_vad.scoring import load

    if options.weights is None:
        _warn(
            "No --weights: these are the shipped ones, trained for a few epochs on one pedestrian walkway (UCSD Ped2). On "
            "another camera they show how the tool works, and rank frames at best; train or calibrate on your own footage."
        )
    return load(options.weights, getattr(options, "device", "cpu"))


def _promise(model: Any, per_hour: float) -> str:
    """Say whether the accepted rate can be promised; raises StudyError for weights without calibration."""
    if model.calibration is None:
        raise StudyError(
            "Expected calibrated weights, but these were never calibrated: call memory-vad calibrate with normal footage, or "
            "give it to score as --normal."
        )
    missing = model.calibration.missing_minutes(per_hour)
    if not model.calibration.maxima:
        sentence = (
            f"No alarm can be raised: the calibration footage has no whole block of {model.calibration.block:g} s, and "
            f"{missing:.1f} minutes are needed for {per_hour:g} false alarms an hour."
        )
        _warn(sentence)
        return sentence
    if not missing:
        return f"At most {per_hour:g} false alarms an hour are expected on footage like the calibration's."
    sentence = (
        f"{per_hour:g} false alarms an hour cannot be promised: {max(missing, 0.1):.1f} more minutes of normal footage are needed for "
        f"calibration; with what there is, up to {model.calibration.best_promise():.3g} an hour are to be expected."
    )
    _warn(sentence)
    return sentence


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _warn(sentence: str) -> None:
    print(f"Warning: {sentence}", file=sys.stderr, flush=True)


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
