"""The set as files, in the frame-prediction layout: ``python -m synthetic.write FOLDER``.

FOLDER/synthetic/training/frames/01/000.png ...         grey frames
FOLDER/synthetic/testing/frames/01/000.png ...
FOLDER/synthetic/testing/masks/01/000.png ...           one-bit masks of the abnormal objects
FOLDER/synthetic/objects.csv                            split, video, and the columns of ``motion.simulate``
FOLDER/frame_labels_synthetic.npy                       (1, frames) uint8, 1 = abnormal, test videos joined
FOLDER/frame_kinds_synthetic.npy                        (1, frames) uint8, 0 normal 1 spatial 2 temporal 3 both
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from synthetic.dataset import RenderedVideo, VideoPlan, render_video, video_plan
from synthetic.scene import SceneSettings, Split

FOLDERS: dict[Split, str] = {"train": "training", "test": "testing"}
# The folder comes last: where it stands, the set is complete.
_WRITTEN = ("frame_labels_synthetic.npy", "frame_kinds_synthetic.npy", "synthetic")


def write_dataset(settings: SceneSettings, folder: Path) -> Path:
    """Write the whole set below a folder; returns the set's own folder.

    Raises ValueError where the set, its labels or its kinds are there already, OSError where it cannot be written; nothing
    half-written stays.
    """
    targets = [folder / name for name in _WRITTEN]
    for target in targets:
        if target.exists():
            raise ValueError(f"The set is written to a new place, but {target} is there already: remove it first.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".synthetic-") as temporary:
        unfinished = Path(temporary)
        (unfinished / "synthetic").mkdir()
        tables: list[pd.DataFrame] = []
        labels: list[npt.NDArray[np.uint8]] = []
        kinds: list[npt.NDArray[np.uint8]] = []
        for split, name in FOLDERS.items():
            for plan in video_plan(settings, split):
                video = render_video(plan)
                _write_video(plan, video, unfinished / "synthetic" / name)
                tables.append(video.objects.assign(split=split, video=plan.name))
                if split == "test":
                    labels.append(video.labels)
                    kinds.append(video.kinds)
        table = pd.concat(tables)[["split", "video", *tables[0].columns.drop(["split", "video"])]]
        table.to_csv(unfinished / "synthetic" / "objects.csv", index=False, float_format="%.9g")
        for what, parts in (("labels", labels), ("kinds", kinds)):
            np.save(unfinished / f"frame_{what}_synthetic.npy", np.concatenate(parts)[None])
        try:
            for target in targets:
                (unfinished / target.name).rename(target)
        except BaseException:
            # None of them was there before; the folder, should it fail, is not there now.
            for target in targets[:-1]:
                target.unlink(missing_ok=True)
            raise
    return targets[-1]


def _write_video(plan: VideoPlan, video: RenderedVideo, folder: Path) -> None:
    """Write frames, and masks of test videos."""
    digits = max(3, len(str(plan.length - 1)))
    outputs: list[tuple[str, npt.NDArray[np.uint8], list[int]]] = [("frames", video.frames, [])]
    if plan.split == "test":
        outputs.append(("masks", video.masks.astype(np.uint8) * 255, [cv2.IMWRITE_PNG_BILEVEL, 1]))
    for name, images, options in outputs:
        (folder / name / plan.name).mkdir(parents=True)
        for index, image in enumerate(images):
            path = folder / name / plan.name / f"{index:0{digits}d}.png"
            if not cv2.imwrite(str(path), image, options):
                raise OSError(f"The image {path} could not be written: see whether the disk is full.")


def main() -> None:
    """Write the set with the default settings but for what the command line changes."""
    default = SceneSettings()
    parser = argparse.ArgumentParser(description="Write the circles and squares set as PNG files.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=default.size, help="side of the frame in pixels")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--boundary", default=default.boundary, help="bounce or cross")
    arguments = parser.parse_args()
    try:
        settings = SceneSettings(size=arguments.size, seed=arguments.seed, boundary=arguments.boundary)
        target = write_dataset(settings, arguments.folder)
    except (ValueError, OSError) as error:
        parser.exit(2, f"{error}\n")
    print(f"Wrote {target}")


if __name__ == "__main__":
    main()
