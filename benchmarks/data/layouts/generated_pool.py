"""The generated swimming pools of the leaf package `synthetic.pool`: rendered, not read; they need no root.

`pool` trains on an empty pool, `pool-inpainted` on a pool whose annotated swimmers were painted over. In
`pool-conservative` all but the pool's inner part is black, in both splits: what a detector would see that takes nothing for
water that might be its border. Swimmers at the border count all the same.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data.findings import Complain, refuse
from benchmarks.data.layouts.generated import source_digest
from benchmarks.data.video import Dataset, Video
from synthetic import pool
from synthetic.pool.dataset import RenderedFrame, VideoPlan, frame_labels, render_frame, swimmer_mask, video_plan
from synthetic.pool.inpainting import inpaint_boxes
from synthetic.pool.scene import PoolSettings

NAME = "generated"
_SETS = {"pool": False, "pool-inpainted": True, "pool-conservative": False}
# Of the frame's height, what is taken off the pool on each side.
_BORDER = 0.05


def find(name: str, root: Path | None) -> Path | None:  # noqa: ARG001
    """Return where the generator lies where one of its sets is asked for; any root is ignored."""
    return Path(pool.__path__[0]) if name in _SETS else None


def read(
    name: str,
    path: Path,
    complain: Complain = refuse,  # noqa: ARG001
    *,
    settings: PoolSettings | None = None,
) -> Dataset:
    """Return the set with `settings`, the defaults where None.

    path: folder of the generator's source, which is part of the frames' identity.
    """
    chosen = replace(PoolSettings() if settings is None else settings, train_swimmers=_SETS[name])
    source = source_digest(path)
    border = _BORDER if name == "pool-conservative" else 0.0
    train = (_video(plan, source, border) for plan in video_plan(chosen, "train"))
    test = (
        replace(_video(plan, source, border), labels=frame_labels(plan), masks=PoolMasks(plan))
        for plan in video_plan(chosen, "test")
    )
    return Dataset(name=name, layout=NAME, train=tuple(train), test=tuple(test), labels_from="the generator")


def _video(plan: VideoPlan, source: str, border: float) -> Video:
    said = f"{source} {plan!r}" + (f" border {border:g}" if border else "")
    identity = hashlib.sha256(said.encode()).hexdigest()
    return Video(name=plan.name, length=plan.length, read=PoolFrames(plan, border), identity=identity)


# A frame is asked for in colour and in grey, and with its mask, one after the other.
@lru_cache(maxsize=1)
def _rendered(plan: VideoPlan, index: int) -> RenderedFrame:
    return render_frame(plan, index)


@dataclass(frozen=True)
class PoolFrames:
    """Frames of a generated video, swimmers of training videos painted over; the plan is all that is pickled.

    border: of the frame's height, what is taken off the pool on each side; all outside is black then
    """

    plan: VideoPlan
    border: float = 0.0

    def __call__(self, index: int, *, grey: bool = False) -> NDArray[np.uint8]:
        """Return frame `index`: (height, width, 3) uint8 B, G, R, or (height, width) uint8 where grey."""
        rendered = _rendered(self.plan, index)
        image = rendered.image
        if self.plan.split == "train" and len(rendered.boxes):
            image = inpaint_boxes(image, rendered.boxes)
        if self.border:
            image = np.where(_inner(rendered.region, self.border)[..., None], image, np.uint8(0))
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8) if grey else image


def _inner(region: NDArray[np.bool_], border: float) -> NDArray[np.bool_]:
    """The part of a pool (height, width) that lies a share of the frame's height away from all that is none."""
    reach = round(border * region.shape[0])
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    # Beyond the frame's edge the pool goes on.
    return np.asarray(cv2.erode(region.astype(np.uint8), kernel), dtype=np.bool_)


@dataclass(frozen=True)
class PoolMasks:
    """Pixel masks of the swimmers in a generated video."""

    plan: VideoPlan

    def __call__(self, index: int) -> NDArray[np.bool_]:
        """Return the mask of frame `index` as (height, width) bool."""
        return swimmer_mask(self.plan, index)
