"""Videos that lie as one folder of image files each, side by side in one folder."""

from pathlib import Path

from benchmarks.data.findings import Complain, noted
from benchmarks.data.listing import folders_in, images_in
from benchmarks.data.video import ImageFrames, Video


def image_videos(path: Path, complain: Complain) -> tuple[Video, ...]:
    """Return the videos in `path`, in natural order of their names; complains of missing and empty folders."""
    videos = []
    with noted(complain):
        for folder in folders_in(path):
            with noted(complain):
                paths = images_in(folder)
                videos.append(Video(name=folder.name, length=len(paths), read=ImageFrames(paths), sources=paths))
    return tuple(videos)
