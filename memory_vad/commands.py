"""What each command of `memory-vad` does: from parsed options to files and sentences. Heavy imports wait until they are needed."""

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError


def train(options: Namespace) -> None:
    """Train on normal footage; writes weights and their card."""
    from memory_vad import training
    from memory_vad.model import settings_for

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
    training.train(
        options.footage,
        options.out,
        settings,
        fps=options.fps,
        seed=options.seed,
        calibration_share=share,
        device=options.device,
        say=_say,
    )


def score(options: Namespace) -> None:
    """Score videos; writes CSV, intervals, timeline and overlay of each, and a page for several."""
    from contextlib import ExitStack

    from memory_vad import training
    from memory_vad.footage import find_sources
    from memory_vad.overlay import MAP_SIDE, Overlay
    from memory_vad.scoring import score_video
    from memory_vad.timeline import write_page, write_result

    sources = find_sources(options.footage)
    model = _model(options)
    if options.normal:
        model = training.calibrate(model, options.normal, work=options.out / ".work")
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


def watch(options: Namespace) -> None:
    """Score a stream; prints JSON lines and posts events to the webhook."""
    from memory_vad import watch as stream
    from memory_vad.webhook import Webhook

    model = _model(options)
    _promise(model, options.false_alarms_per_hour)
    hook = None if options.webhook is None else Webhook(options.webhook, _warn)

    def emit(content: dict[str, Any]) -> None:
        print(json.dumps(content), flush=True)
        if hook is not None and content["kind"].startswith("event"):
            hook.send(content)

    try:
        stream.watch(
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


def evaluate(options: Namespace) -> None:
    """Measure scores on labelled videos or on a set of the study; prints JSON."""
    from memory_vad.evaluate import evaluate_footage, evaluate_on_set, write_evaluation

    if bool(options.footage) == (options.data_root is not None):
        raise StudyError("Expected either labelled videos or --data-root, but got both or neither; give one of them.")
    model = _model(options)
    if options.footage:
        content = evaluate_footage(model, options.footage, per_hour=options.false_alarms_per_hour)
    else:
        content = evaluate_on_set(model, options.data_root, Path("my-results/work"), options.dataset)
    print(json.dumps(content, indent=1))
    if options.out is not None:
        write_evaluation(options.out, content)


def calibrate(options: Namespace) -> None:
    """Set the threshold on a camera's own normal footage; writes weights and their card."""
    from memory_vad.card import write_card
    from memory_vad.training import calibrate as calibrated
    from memory_vad.training import promise_sentence

    model = calibrated(_model(options), options.footage, work=options.out.with_name(f".{options.out.stem}.work"))
    model.save(options.out)
    write_card(options.out, model)
    _say(f"Wrote {options.out}. {promise_sentence(model)}")


def import_weights(options: Namespace) -> None:
    """Convert a released file; writes weights and their card."""
    from memory_vad.card import write_card
    from memory_vad.official import import_official

    model = import_official(options.file, options.keys, size=options.size, fps=options.fps, task=options.task)
    model.save(options.out)
    write_card(options.out, model)
    _say(
        f"Wrote {options.out}: {model.settings.method}, {model.settings.task}, imported. It is not calibrated: call memory-vad "
        "calibrate with normal footage."
    )


def export(options: Namespace) -> None:
    """Write the scoring network as ONNX, checked against torch."""
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


def pack(options: Namespace) -> None:
    """Make weights on offer from a finished run of the study."""
    from memory_vad.pack import pack as packed

    packed(
        options.cell,
        options.out,
        data_root=options.data_root,
        work=options.work,
        block=options.block,
        evaluated=options.evaluate,
    )
    _say(f"Wrote {options.out} and its card.")


def _model(options: Namespace) -> Any:
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
