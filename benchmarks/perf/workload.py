"""The clips that a comparison runs on, twice: as image files, which the published recipe decodes clip by clip, and as a feed."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from benchmarks.data.clips import Clips
from benchmarks.data.store import open_store
from benchmarks.data.video import Dataset, ImageFrames, Video
from benchmarks.errors import StudyError
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.feed import Feed
from benchmarks.study.settings import Settings
from examples.memae_in_one_file import Memae
from examples.mnad_in_one_file import Mnad
from memae.network import PAPER_WIDTH as MEMAE_WIDTH
from mnad.network import PAPER_WIDTH as MNAD_WIDTH

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Workload:
    """The first clips of one video. files: (frames,) paths; feed: the same frames from the project's store."""

    files: tuple[Path, ...]
    feed: Feed


def open_workload(
    dataset: Dataset, split: Literal["train", "test"], settings: Settings, *, length: int, clips: int, folder: Path
) -> Workload:
    """Take the first ``clips`` clips of the first video that has as many; the store is built in ``folder``.

    Raises StudyError where no video is long enough, or where frames are not one image file each.
    """
    frames = clips + length - 1
    for video in dataset.split(split):
        if video.length >= frames:
            files, cut = _cut(video, frames)
            break
    else:
        raise StudyError(
            f"A {split} video of {frames} frames was expected in {dataset.name} for {clips} clips of {length}, but the "
            "longest is shorter; ask for fewer steps or clips."
        )
    part = replace(dataset, train=(cut,)) if split == "train" else replace(dataset, test=(cut,))
    channels: Literal[1, 3] = 1 if settings.channels == 1 else 3
    store = open_store(part, split, size=settings.size, channels=channels, folder=folder, progress=False)
    return Workload(files, Feed(Clips(store.frames, store.lengths, length=length), CPU))


def _cut(video: Video, frames: int) -> tuple[tuple[Path, ...], Video]:
    if not isinstance(video.read, ImageFrames):
        raise StudyError(
            f"The published recipe decodes an image file for each frame, but the frames of {video.name} do not lie as "
            "files; choose a set that does, as ped2."
        )
    files = video.read.paths[:frames]
    labels = None if video.labels is None else video.labels[:frames]
    kinds = None if video.kinds is None else video.kinds[:frames]
    return files, replace(
        video, length=frames, read=ImageFrames(files), labels=labels, kinds=kinds, sources=files, masks=None
    )


def recipe_of(method: MemoryAutoencoder) -> Mnad | Memae:
    """Return the published recipe's network with the weights and items of one of ours."""
    settings = method.settings
    recipe: Mnad | Memae
    if settings.method == "memae":
        width = round(MEMAE_WIDTH * settings.width)
        recipe = Memae(width=width, channels=settings.channels, n_items=settings.items or 0)
    else:
        task: Literal["prediction", "reconstruction"] = (
            "prediction" if settings.task == "prediction" else "reconstruction"
        )
        recipe = Mnad(task, width=round(MNAD_WIDTH * settings.width), channels=settings.channels)
        recipe.items = method.state()["memory.items"].clone()
    # The items are a buffer outside the network in MNAD and a parameter of it in MemAE.
    state = {name.removeprefix("memory."): value for name, value in method.state().items()}
    recipe.load_state_dict({name: state[name] for name in recipe.state_dict()})
    return recipe


def changed(settings: Settings, **values: Any) -> Settings:
    """Return settings with other values."""
    return Settings.from_dict({**settings.to_dict(), **values})


def name_of(settings: Settings, *, batch: bool = True) -> str:
    """Return a cell's geometry in words: ``MNAD prediction, 256x256x3, full width, batch 4``."""
    width = "full width" if settings.width == 1 else f"width x {settings.width:g}"
    shape = f"{settings.size}x{settings.size}x{settings.channels}"
    if settings.method == "memae":
        shape += ", clips of 16"
    method = {"mnad": "MNAD", "memae": "MemAE"}[settings.method]
    name = f"{method} {settings.task}, {shape}, {width}"
    return f"{name}, batch {settings.batch}" if batch else name
