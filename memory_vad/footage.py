"""What a user points at: video files and folders of frames, sorted into cameras."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data.images import IMAGE_SUFFIXES
from benchmarks.data.listing import visible
from benchmarks.errors import StudyError
from memory_vad.decode import VIDEO_SUFFIXES

MASKS = "_gt"
"""How a folder of pixel masks ends: `clip_gt` next to `clip.mp4`, as in UCSD's release."""


@dataclass(frozen=True)
class Source:
    """One video: a file, or a folder of frames. camera: the folder that it was found under."""

    path: Path
    camera: str

    @property
    def name(self) -> str:
        """The file's or folder's own name."""
        return self.path.name


def find_sources(paths: Sequence[Path]) -> list[Source]:
    """Return the videos among files and folders, any mix; each folder given is one camera, in natural order.

    Folders are searched through: a folder that holds images is a video of frames. Labels and hidden files are passed
    over. Raises StudyError for a path that is missing or holds no video.
    """
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            here = [Source(each, path.name) for each in _within(path)]
            if not here:
                inside = ", ".join(entry.name for entry in visible(path.iterdir())[:4]) or "nothing"
                raise StudyError(
                    f"Expected videos ({', '.join(sorted(VIDEO_SUFFIXES))}) or folders of frames in {path}, but it holds "
                    f"{inside}."
                )
            found += here
        elif path.exists():
            found.append(Source(path, path.parent.name))
        else:
            raise StudyError(f"Expected a video or a folder at {path}, but there is none; correct the path.")
    names = [(source.camera, source.name) for source in found]
    twice = sorted({name for camera, name in names if names.count((camera, name)) > 1})
    if twice:
        raise StudyError(f"Expected each video once in a camera, but {twice[0]} comes twice; rename one.")
    return found


def _within(folder: Path) -> list[Path]:
    entries = visible(folder.iterdir())
    if any(entry.suffix.lower() in IMAGE_SUFFIXES for entry in entries if entry.is_file()):
        return [folder]
    found: list[Path] = []
    for entry in entries:
        if entry.is_dir() and entry.name != "__MACOSX" and not entry.name.startswith("@"):
            if entry.name.lower().endswith(MASKS):
                continue
            found += _within(entry)
        elif entry.suffix.lower() in VIDEO_SUFFIXES:
            found.append(entry)
    return found
