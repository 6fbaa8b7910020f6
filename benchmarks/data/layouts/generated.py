"""The synthetic sets of the leaf package `synthetic`: rendered, not read; they need no root.

In `synthetic` objects bounce off the frame's edge, in `synthetic-cross` they enter, cross and leave.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import synthetic
from benchmarks.data.findings import Complain, refuse
from benchmarks.data.video import Dataset, Video
from synthetic.dataset import RenderedVideo, VideoPlan, render_video, video_plan
from synthetic.scene import SceneSettings

NAME = "generated"
SCENES = {"synthetic": SceneSettings(), "synthetic-cross": SceneSettings(boundary="cross")}


def find(name: str, root: Path | None) -> Path | None:  # noqa: ARG001
    """Return where the generator lies where one of its sets is asked for; any root is ignored."""
    return Path(synthetic.__path__[0]) if name in SCENES else None


def read(
    name: str,
    path: Path,
    complain: Complain = refuse,  # noqa: ARG001
    *,
    settings: SceneSettings | None = None,
) -> Dataset:
    """Return the set with `settings`, where None those of its name: the defaults of STUDY section 7, but for the boundary.

    path: folder of the generator's source, which is part of the frames' identity.
    """
    chosen = SCENES[name] if settings is None else settings
    source = source_digest(path)
    return Dataset(
        name=name,
        layout=NAME,
        train=tuple(_video(plan, source) for plan in video_plan(chosen, "train")),
        test=tuple(_with_truth(_video(plan, source), plan) for plan in video_plan(chosen, "test")),
        labels_from="the generator",
    )


def scene_of(video: Video) -> SceneSettings | None:
    """Return the scene that a video was generated from; None for a video of another layout."""
    return video.read.plan.settings if isinstance(video.read, RenderedFrames) else None


def objects_of(video: Video) -> pd.DataFrame | None:
    """Return the object table of a generated video (see `synthetic.motion.simulate`); None for one of another layout."""
    return _rendered(video.read.plan).objects if isinstance(video.read, RenderedFrames) else None


def _video(plan: VideoPlan, source: str) -> Video:
    identity = hashlib.sha256(f"{source} {plan!r}".encode()).hexdigest()
    return Video(name=plan.name, length=plan.length, read=RenderedFrames(plan), identity=identity)


def _with_truth(video: Video, plan: VideoPlan) -> Video:
    rendered = render_video(plan)
    return replace(video, labels=rendered.labels, kinds=rendered.kinds, masks=RenderedMasks(plan))


def source_digest(folder: Path) -> str:
    """Digest of the generator's source: an edited renderer must not find the frames of the old one."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


# Frames of a video are read one after another, so one rendered video is all that is kept.
@lru_cache(maxsize=1)
def _rendered(plan: VideoPlan) -> RenderedVideo:
    return render_video(plan)


@dataclass(frozen=True)
class RenderedFrames:
    """Frames of a generated video; the plan is all that is pickled."""

    plan: VideoPlan

    def __call__(self, index: int, *, grey: bool = False) -> NDArray[np.uint8]:  # noqa: ARG002
        """Return frame `index` as (height, width) uint8: the set has no colour."""
        frame: NDArray[np.uint8] = _rendered(self.plan).frames[index]
        return frame


@dataclass(frozen=True)
class RenderedMasks:
    """Pixel masks of a generated video."""

    plan: VideoPlan

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool."""
        mask: NDArray[np.bool_] = _rendered(self.plan).masks[index]
        return mask
