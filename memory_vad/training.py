"""Training on own normal footage, with the study's method classes, clips, order and training step."""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.data.store import FrameStore
from benchmarks.errors import StudyError
from benchmarks.run.accelerator import set_mode
from benchmarks.run.checkpoint import load_checkpoint, read_facts, save_checkpoint
from benchmarks.run.feed import Feed
from benchmarks.run.training import train_epoch
from benchmarks.study.settings import Settings
from memory_vad.calibration import BLOCK_SECONDS, Calibration
from memory_vad.card import write_card
from memory_vad.footage import find_sources
from memory_vad.frames import gather
from memory_vad.model import Model, Scored

_log = logging.getLogger("memory_vad")
# From so many videos on, whole ones are held out; below, the end of each.
_WHOLE_VIDEOS = 5
_TIMED_STEPS = 3
Say = Callable[[str], None]


@dataclass(frozen=True)
class Split:
    """A store's footage cut into stretches, some to train on and some to calibrate on; all lie in order."""

    lengths: tuple[int, ...]
    trained: tuple[int, ...]
    held_out: tuple[int, ...]

    @classmethod
    def of(cls, store: FrameStore, share: float, clip: int) -> "Split":
        """Hold out `share` of the frames: whole videos where there are several, else the end of each video.

        Raises StudyError where nothing is left to train or to calibrate on.
        """
        if len(store.lengths) >= _WHOLE_VIDEOS:
            kept = len(store.lengths) - max(1, round(share * len(store.lengths)))
            lengths = list(store.lengths)
            trained, held_out = list(range(kept)), list(range(kept, len(lengths)))
        else:
            lengths, trained, held_out = [], [], []
            for length in store.lengths:
                tail = round(share * length)
                trained.append(len(lengths))
                held_out.append(len(lengths) + 1)
                lengths += [length - tail, tail]
        trained = [index for index in trained if lengths[index] >= clip]
        held_out = [index for index in held_out if lengths[index] >= clip]
        if not trained or not held_out:
            raise StudyError(
                f"Expected footage for clips of {clip} frames to train on and, of {share:.0%} of it, to calibrate on, but "
                f"the videos have {', '.join(map(str, store.lengths[:5]))} frames; give more footage or a higher --fps."
            )
        return cls(tuple(lengths), tuple(trained), tuple(held_out))


def train(
    footage: Sequence[Path],
    out: Path,
    settings: Settings,
    *,
    fps: float = 10.0,
    seed: int = 0,
    calibration_share: float = 0.2,
    device: str = "cpu",
    say: Say = print,
) -> Model:
    """Train on normal footage, calibrate on a part held out, and write weights to `out` with a model card next to it.

    footage: video files, folders of videos or of frames; each folder is one camera. A run that was stopped goes on after
    its last epoch when it is called again. say: is called with sentences: how long it takes and how far it is.
    Raises StudyError for footage that cannot be read, and as training does.
    """
    set_mode("record")
    sources = find_sources(footage)
    work = out.with_name(f".{out.stem}.work")
    say(
        f"Decoding {len(sources)} video{'s' * (len(sources) != 1)} at {fps:g} frames/s, {settings.size}x{settings.size}."
    )
    store, sizes = gather(sources, size=settings.size, channels=settings.channels, fps=fps, folder=work)
    model = Model.build(settings, fps, device, seed)
    split = Split.of(store, calibration_share, model.clip_length)
    clips = Clips(
        store.frames,
        split.lengths,
        length=model.clip_length,
        stride=settings.train_stride,
        videos=split.trained,
    )
    identity = {"settings": settings.hash, "seed": seed, "frames": store.checksum, "share": calibration_share}
    epochs = _train_epochs(model, clips, settings, seed, work / "training.safetensors", identity, say)
    model.facts = {
        "footage": list(store.names),
        "cameras": {camera: list(size) for camera, size in sizes.items()},
        "minutes": round(sum(store.lengths) / fps / 60, 2),
        "frames_trained": sum(split.lengths[index] for index in split.trained),
        "epochs": len(epochs),
        "losses": epochs[-1]["losses"] if epochs else {},
        "seed": seed,
        "imported": False,
    }
    say("Calibrating on the footage that was held out.")
    _calibrate(model, store.frames, split.lengths, split.held_out)
    model.save(out)
    write_card(out, model)
    for path in (work / "training.safetensors", store.path, store.path.with_suffix(".json")):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        work.rmdir()
    say(f"Wrote {out}. {promise_sentence(model)}")
    return model


def calibrate(model: Model, footage: Sequence[Path], *, block: float = BLOCK_SECONDS, work: Path) -> Model:
    """Calibrate a model on a camera's own normal footage, none of which it may have been trained on.

    work: folder for the decoded frames meanwhile. Raises StudyError as decoding does.
    """
    sources = find_sources(footage)
    settings = model.settings
    store, sizes = gather(sources, size=settings.size, channels=settings.channels, fps=model.fps, folder=work)
    usable = [index for index, length in enumerate(store.lengths) if length >= model.clip_length]
    _calibrate(model, store.frames, store.lengths, usable, block=block)
    model.facts["calibrated_on"] = {"footage": list(store.names), "cameras": {k: list(v) for k, v in sizes.items()}}
    for path in (store.path, store.path.with_suffix(".json")):
        path.unlink(missing_ok=True)
    return model


def promise_sentence(model: Model) -> str:
    """Say what the calibration footage can promise."""
    calibration = model.calibration
    if calibration is None:
        return "It is not calibrated: there is no threshold (memory-vad calibrate)."
    if not calibration.maxima:
        return (
            f"No held-out video has a whole block of {calibration.block:g} s: there is no threshold (give longer videos, or "
            "calibrate)."
        )
    missing = calibration.missing_minutes(1.0)
    best = calibration.best_promise()
    sentence = (
        f"The {calibration.seconds / 60:.1f} minutes of calibration footage can promise at most {best:.3g} false alarms "
        "an hour"
    )
    return sentence + (
        f"; for 1 an hour {max(missing, 0.1):.1f} more minutes are needed." if missing else ", 1 an hour included."
    )


def _calibrate(
    model: Model,
    frames: NDArray[np.uint8],
    lengths: Sequence[int],
    chosen: Sequence[int],
    *,
    block: float = BLOCK_SECONDS,
) -> None:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    runs = []
    for index in chosen:
        scored: Scored = model.score_clips(np.asarray(frames[offsets[index] : offsets[index + 1]]))
        runs.append(dict(scored.terms))
    model.calibration = Calibration.of(runs, model.method.rule.weights, model.fps, block=block)


def _train_epochs(
    model: Model,
    clips: Clips,
    settings: Settings,
    seed: int,
    checkpoint: Path,
    identity: Mapping[str, Any],
    say: Say,
) -> list[dict[str, Any]]:
    """Train to the last epoch, from the last checkpoint of the same settings and frames if there is one."""
    epochs: list[dict[str, Any]] = []
    method = model.method
    going_on = False
    if checkpoint.exists():
        facts = read_facts(checkpoint)
        going_on = facts["identity"] == json.loads(json.dumps(identity))
        if going_on:
            load_checkpoint(checkpoint, method)
            epochs = list(facts["epochs"])
    if not going_on:
        method.prepare(clips)
    objectives = method.objectives()
    if not objectives:  # fitted, not trained
        return epochs
    if going_on:
        load_checkpoint(checkpoint, method, objectives)
        say(f"Going on after epoch {len(epochs)} of {settings.epochs}.")
    feed = Feed(clips, method_device(model))
    clock = _Clock(settings.epochs - len(epochs), len(clips) // settings.batch, say)
    for epoch in range(len(epochs) + 1, settings.epochs + 1):
        clock.begin()
        epochs.append(train_epoch(method, objectives, feed, settings, seed, epoch, clock.step))
        save_checkpoint(checkpoint, method, objectives, {"identity": dict(identity), "epochs": epochs})
        clock.epoch_done(epochs[-1])
    return epochs


def method_device(model: Model) -> torch.device:
    """Return the device that a model's tensors lie on."""
    return next((value.device for value in model.method.state().values()), torch.device("cpu"))


class _Clock:
    """Says beforehand how long training takes, from its first steps, and how much is left after each epoch."""

    def __init__(self, epochs: int, steps: int, say: Say) -> None:
        self.epochs, self.steps, self.say = epochs, steps, say
        self.done = 0
        self.begun = 0.0
        self.first = 0.0

    def begin(self) -> None:
        """Note when the first epoch starts."""
        self.begun = self.begun or time.monotonic()

    def step(self, epoch: int, epochs: int, step: int, steps: int, losses: Mapping[str, float]) -> None:
        """Say the time once the first steps are through; the very first one warms up and does not count."""
        del epoch, epochs, losses
        if self.done == 0 and step == 1:
            self.first = time.monotonic()
        if self.done == 0 and step == min(1 + _TIMED_STEPS, steps) and step > 1:
            each = (time.monotonic() - self.first) / (step - 1)
            cores = os.cpu_count() or 1
            self.say(f"Training takes about {_minutes(each * self.steps * self.epochs)} here ({cores} cores).")

    def epoch_done(self, facts: Mapping[str, Any]) -> None:
        """Say what is left."""
        self.done += 1
        left = (time.monotonic() - self.begun) / self.done * (self.epochs - self.done)
        loss = facts["losses"].get("total", next(iter(facts["losses"].values())))
        self.say(f"Epoch {facts['epoch']}: loss {loss:.4g}, {_minutes(left)} left.")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
