"""A trained network outside of the study: its weights as safetensors, and scores for any folder of frames.

`benchmarks.track.model` keeps such a network in MLflow, which loads it through `_load_pyfunc`.
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from benchmarks.data.clips import Clips
from benchmarks.data.findings import refuse
from benchmarks.data.image_folders import image_videos
from benchmarks.data.images import resize_square
from benchmarks.data.listing import images_in
from benchmarks.data.video import ImageFrames, Video
from benchmarks.errors import StudyError
from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.terms import psnr_from_mse, round_terms, select_variant
from benchmarks.run.checkpoint import read_facts
from benchmarks.run.evaluation import evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.settings import Cell, Settings

_WEIGHTS, _CELL = "model.safetensors", "cell.json"
_PREFIX: Final = "method."  # of a checkpoint's tensors that belong to no optimiser


class FolderScorer:
    """A trained network on the CPU. folder: what `save_trained` wrote."""

    def __init__(self, folder: Path) -> None:
        cell = json.loads((folder / _CELL).read_text(encoding="utf-8"))
        self._settings, self._device = Settings.from_dict(cell["settings"]), torch.device("cpu")
        self._method = build(self._settings, int(cell["seed"]), self._device)
        self._method.load(load_file(folder / _WEIGHTS))

    def predict(self, model_input: str | Path, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Score a folder: images of one video, or a folder of images for each video.

        Returns a row per scored frame: video, frame (from 0), the terms of the published score, and ``anomaly``, that score
        normalised per video (0 to 1, high = abnormal). params: ignored. Raises StudyError for a folder without images, an
        image that cannot be read, or a video shorter than a clip.
        """
        del params
        folder, size, channels = Path(model_input), self._settings.size, self._settings.channels
        if not folder.is_dir():
            raise StudyError(f"Expected a folder of frames, but {folder} is none; correct the path.")
        if any(one.is_dir() for one in folder.iterdir()):
            videos = image_videos(folder, refuse)
        else:
            paths = images_in(folder)
            videos = (Video(folder.resolve().name, len(paths), ImageFrames(paths)),)
        frames = [
            resize_square(video.read(index, grey=channels == 1), size, channels)
            for video in videos
            for index in range(video.length)
        ]
        lengths, names = [video.length for video in videos], [video.name for video in videos]
        clips = Clips(np.stack(frames), lengths, length=self._method.clip_length, names=names)
        rule = self._method.rule
        scored = evaluate(self._method, Feed(clips, self._device), [rule.variant])
        terms = {f"{rule.variant}.{name}": values for name, values in scored.terms[rule.variant].items()}
        rows = {"video": np.take(names, scored.video), "frame": scored.frame, **terms}
        table = select_variant(round_terms(pd.DataFrame(rows)), rule.variant)
        if "mse" in table:
            table["psnr"] = psnr_from_mse(table["mse"].to_numpy())
        table["anomaly"] = fuse(table, Score(rule.name, rule.weights), "per_video").values  # noqa: PD011 - not pandas
        return table


def save_trained(checkpoint: Path, cell: Cell, folder: Path, *, epochs: int, fingerprint: str | None) -> None:
    """Write a checkpoint's network into a folder, without its optimisers.

    epochs, fingerprint: of the cell's record. Raises StudyError if the checkpoint is damaged or of another run.
    """
    facts = read_facts(checkpoint)
    identity = facts.get("identity", {})
    found = (identity.get("settings_hash"), identity.get("seed"), identity.get("fingerprint"))
    if found != (cell.settings.hash, cell.seed, fingerprint) or len(facts.get("epochs", ())) != epochs:
        raise StudyError(
            f"Expected the checkpoint of {cell.slug} in {checkpoint}, but it is of another run; remove it."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with safe_open(checkpoint, framework="pt") as file:
        names = [name for name in file.keys() if name.startswith(_PREFIX)]  # noqa: SIM118 - not a dict
        save_file({name.removeprefix(_PREFIX): file.get_tensor(name) for name in names}, folder / _WEIGHTS)
    described = {"settings": cell.settings.to_dict(), "seed": cell.seed}
    (folder / _CELL).write_text(json.dumps(described, indent=1), encoding="utf-8")


def _load_pyfunc(data: str) -> FolderScorer:
    """The name under which MLflow looks for a model's loader."""
    return FolderScorer(Path(data))
