"""Weights with everything that scoring needs in one safetensors file, and the network that they make."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from benchmarks.data.images import resize_square
from benchmarks.errors import StudyError
from benchmarks.measure.terms import psnr_from_mse
from benchmarks.run.contract import Batch, Method
from benchmarks.run.methods import build as build_method
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from benchmarks.writing import replaced_whole
from memory_vad.calibration import Calibration

SHIPPED = Path(__file__).parent / "weights" / "mnad-prediction-ped2-128.safetensors"
_FORMAT = 1
_KEY = "memory_vad"


@dataclass(frozen=True)
class Scored:
    """Terms of consecutive frames: term -> (n,) in its own sign; maps: (n, side, side) float32 or None."""

    terms: Mapping[str, NDArray[np.float64]]
    maps: NDArray[np.float32] | None


@dataclass
class Model:
    """A method of the study with its weights, ready to score frames.

    fps: frames a second that it was trained at. calibration: None for weights that were never calibrated.
    facts: what else is known of it (data, camera sizes, epochs, commit, whether imported), for people.
    """

    settings: Settings
    method: Method
    fps: float
    calibration: Calibration | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    _ready: bool = False

    @classmethod
    def load(cls, path: Path, device: str = "cpu") -> Self:
        """Read a file that `save` wrote; raises StudyError where it is none, or of a shape that its settings deny."""
        try:
            with safe_open(path, framework="pt") as file:
                described = json.loads((file.metadata() or {})[_KEY])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            what = "it does not exist" if not path.exists() else f"it is none ({str(error) or 'no description inside'})"
            raise StudyError(
                f"Expected weights of memory-vad in {path}, but {what}; others' files go through memory-vad "
                "import-weights, a study's checkpoint through memory-vad pack."
            ) from error
        if described.get("format") != _FORMAT:
            raise StudyError(
                f"Expected weights of format {_FORMAT} in {path}, but got {described.get('format')}; update."
            )
        settings = Settings.from_dict(described["settings"])
        model = cls.build(settings, float(described["fps"]), device)
        model.facts = described["facts"]
        if described["calibration"] is not None:
            model.calibration = Calibration.from_dict(described["calibration"])
        model.put(tensors, str(path))
        return model

    @classmethod
    def build(cls, settings: Settings, fps: float, device: str = "cpu", seed: int = 0) -> Self:
        """Make an untrained model; it computes in float32, so that scores do not depend on the processor's kind."""
        exact = dataclasses.replace(settings, precision="float32")
        return cls(settings, build_method(exact, seed, torch.device(device)), fps)

    def put(self, tensors: Mapping[str, torch.Tensor], name: str) -> None:
        """Load tensors by the method's own names; raises StudyError for one that is missing, odd or of another shape."""
        own = self.method.state()
        given = {key: value.to(own[key].dtype) if key in own else value for key, value in tensors.items()}
        missing = [key for key in own if key not in given and not key.endswith("num_batches_tracked")]
        odd = [key for key in given if key not in own]
        if missing or odd:
            raise StudyError(
                f"Expected the tensors of {self.settings.method} ({self.settings.task}, memory {self.settings.memory}) in "
                f"{name}, but {f'{missing[0]} is missing' if missing else f'{odd[0]} is none of them'}; choose the method "
                "and task that the weights were trained with."
            )
        for key, value in given.items():
            if value.shape != own[key].shape:
                raise StudyError(
                    f"Expected {key} of shape {tuple(own[key].shape)} in {name}, but got {tuple(value.shape)}: the weights "
                    "are for another size, width or number of channels."
                )
            if not torch.isfinite(value.float()).all():
                raise StudyError(f"Expected finite numbers in {key} of {name}, but some are not; the file is damaged.")
        self.method.load({**own, **given})
        self._ready = False

    def save(self, path: Path, *, dtype: torch.dtype | None = None) -> None:
        """Write tensors and description, whole or not at all. dtype: of floating tensors, as torch.bfloat16; None keeps."""
        tensors = {}
        for name, value in self.method.state().items():
            kept = value.detach().cpu().contiguous()
            tensors[name] = kept.to(dtype) if dtype is not None and kept.is_floating_point() else kept
        described = {
            "format": _FORMAT,
            "settings": self.settings.to_dict(),
            "fps": self.fps,
            "calibration": None if self.calibration is None else self.calibration.to_dict(),
            "facts": self.facts,
        }
        try:
            with replaced_whole(path) as temporary:
                save_file(tensors, temporary, {_KEY: json.dumps(described)})
        except SafetensorError as error:
            raise StudyError(f"Expected to write {path}, but {error}; free space there.") from error

    @property
    def variant(self) -> str:
        """How it scores: MNAD's items stay as trained, so that a score depends on no footage before it."""
        return "no_update" if "no_update" in self.method.variants() else self.method.rule.variant

    @property
    def clip_length(self) -> int:
        """Frames that one score needs."""
        return self.method.clip_length

    @property
    def lead(self) -> int:
        """Frames at the start of a video that get no score of their own."""
        return self.method.scored_frame

    def prepared(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize an image, (height, width, 3) or (height, width) uint8, to the (size, size, channels) that it takes."""
        return resize_square(image, self.settings.size, self.settings.channels)

    def score_clips(self, frames: NDArray[np.uint8], *, map_side: int | None = None) -> Scored:
        """Score every clip of consecutive frames (n, size, size, channels) uint8: n - clip_length + 1 frames get terms.

        map_side: side of the error maps (squared error in [0, 1]); None for none. Raises StudyError for other shapes.
        """
        size, channels = self.settings.size, self.settings.channels
        if frames.ndim != 4 or frames.shape[1:] != (size, size, channels) or frames.dtype != np.uint8:
            raise StudyError(
                f"Expected frames (n, {size}, {size}, {channels}) uint8, but got {frames.dtype} of shape {frames.shape}; "
                "prepare each frame with Model.prepared."
            )
        count = len(frames) - self.clip_length + 1
        if count < 1:
            raise StudyError(f"Expected at least {self.clip_length} frames for a score, but got {len(frames)}.")
        if not self._ready:
            self.method.begin_evaluation((self.variant,))
            self.method.begin_video(0)
            self._ready = True
        clips = np.lib.stride_tricks.sliding_window_view(frames, self.clip_length, axis=0)
        terms: dict[str, list[NDArray[np.float64]]] = {}
        maps: list[NDArray[np.float32]] = []
        step = self.method.evaluation_batch
        for start in range(0, count, step):
            chosen = np.moveaxis(clips[start : start + step], -1, 1).copy()
            index = np.arange(start, start + len(chosen), dtype=np.int64)
            scored = self.method.score(
                Batch(torch.from_numpy(chosen), np.zeros_like(index), index, index), map_size=map_side
            )
            for term, value in scored.terms[self.variant].items():
                terms.setdefault(term, []).append(value.double().cpu().numpy())
            if scored.error_map is not None:
                maps.append(scored.error_map.float().cpu().numpy())
        found = {term: np.concatenate(values) for term, values in terms.items()}
        self.method.take_usage()
        if "mse" in found:
            found["psnr"] = psnr_from_mse(found["mse"])
        return Scored(found, np.concatenate(maps) if maps else None)


def settings_for(method: str, task: str, **overrides: Any) -> Settings:
    """Return the study's settings of a method for own footage: quarter width, 128 pixels, unless said otherwise.

    Raises StudyError for what cannot mean anything, with the reason.
    """
    chosen: dict[str, Any] = {
        "profile": "small",
        "calibration_videos": 0,
        "epochs": 3,
        "train_stride": 1,
        "precision": "float32",
    }
    return resolve(dataset="camera", method=method, task=task, **(chosen | overrides))
