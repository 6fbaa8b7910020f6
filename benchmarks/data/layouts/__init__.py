"""One module per layout on disk.

A layout has `NAME`, `find(name, root) -> Path | None` (where it recognises the set) and
`read(name, path, complain=refuse) -> Dataset` (which hands each thing that is wrong to `complain`, and goes on where
that returns). To add one, add a module and put it in `LAYOUTS`, which is the order in which they are tried.
"""

from pathlib import Path
from typing import Protocol

from benchmarks.data.findings import Complain
from benchmarks.data.layouts import avenue, folders, frame_folders, generated, generated_pool, shanghaitech, ucsd
from benchmarks.data.video import Dataset


class Layout(Protocol):
    """What a module of this package offers."""

    NAME: str

    def find(self, name: str, root: Path | None) -> Path | None:
        """Return the folder of set `name` in `root` where it has this layout, else None."""

    def read(self, name: str, path: Path, complain: Complain = ...) -> Dataset:
        """Return the set at the folder that `find` gave."""


# shanghaitech comes first of those with frames: its release has test frames where the frame-prediction layout has them.
LAYOUTS: tuple[Layout, ...] = (generated, generated_pool, shanghaitech, frame_folders, ucsd, avenue, folders)
