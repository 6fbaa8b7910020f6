"""Pictures of ``results/figures`` that the page does not draw itself, made small enough to be embedded."""

import base64
import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.errors import StudyError
from benchmarks.report.page.runs import run_id
from benchmarks.report.records import Record
from benchmarks.report.rows import Row
from benchmarks.study.settings import Cell

PICTURE_BUDGET: Final = 150_000
"""Bytes of one picture; a larger one is drawn smaller."""
PICTURES_BUDGET: Final = 6_000_000
"""Bytes of all of them; what comes last is left out, and the page says so."""

# Drawn on the page from the records themselves.
_DRAWN: Final = ("curves", "usage", "timeline", "comparison")
_WIDTHS: Final = (1200, 960, 720, 540, 400)
# What `make figures` draws, by the beginning of the file's name; another name is its own caption.
_CAPTIONS: Final = {
    "auc-by-kind": "AUC by kind of anomaly and by task, memory on and off",
    "auc-by-epochs": "AUC against epochs of training",
    "auc-by-noise": "AUC against the noise that is to be removed",
    "auc-by-items": "AUC against the number of memory items",
    "bottleneck": "What replacing memory or bottleneck changes in output and AUC (C8)",
    "memory-effect": "Memory minus the same network without it, in points of AUC (C1, C2)",
    "memory-epochs": "How a memory comes to be used: entropy of use and dead items by epoch",
    "memory-test": "A trained memory at test: use, likeness of items and queries, weights, updates",
    "locations": "Use of the memory by place in the image",
    "queries": "t-SNE of queries, coloured by their nearest item (C12)",
    "shapes": "Squares as they were to be and as they came out (C7)",
    "stills": "Stills: input, output, error",
}


@dataclass(frozen=True)
class Picture:
    """name: on the page. caption: what the file's name says. mime, data: the bytes in base64. width, height: in pixels."""

    name: str
    caption: str
    mime: str
    data: str
    width: int
    height: int


@dataclass(frozen=True)
class Pictures:
    """of_studies: those of no single setting, by study. of_runs: names by run. all: every picture by name. left_out: files."""

    of_studies: Mapping[str, Sequence[Picture]]
    of_runs: Mapping[str, Sequence[str]]
    all: Mapping[str, Picture]
    left_out: int


def find_pictures(results: Path, records: Sequence[Record], studies: Mapping[str, Collection[Cell]]) -> Pictures:
    """Read the PNG files of ``results/figures``; those named after a setting, or after a method and task, belong to runs.

    studies: the cells of each study, by its name, which is its folder's. Raises StudyError for a file that is no picture.
    """
    of_studies: dict[str, list[Picture]] = {}
    of_runs: dict[str, list[str]] = {}
    found: dict[str, Picture] = {}
    spent, left_out = 0, 0
    files = [path for path in (results / "figures").glob("**/*.png") if not path.stem.startswith(_DRAWN)]
    owned = {path: _owners(path, records, studies) for path in files}
    # figures of a whole study first: if the budget ends, single runs go without
    for path in sorted(files, key=lambda path: (bool(owned[path]), path.as_posix())):
        picture = _read(path)
        if picture.name not in found:
            if spent + len(picture.data) > PICTURES_BUDGET:
                left_out += 1
                continue
            spent += len(picture.data)
            found[picture.name] = picture
        if not owned[path]:
            of_studies.setdefault(path.parent.name, []).append(picture)
        for record in owned[path]:
            names = of_runs.setdefault(run_id(record), [])
            if picture.name not in names:
                names.append(picture.name)
    return Pictures(of_studies, of_runs, found, left_out)


def _owners(path: Path, records: Sequence[Record], studies: Mapping[str, Collection[Cell]]) -> list[Record]:
    """Runs that a picture is of: its setting's, or those of its method and task as published, in its study."""
    own = []
    for record in records:
        settings = record.settings
        if f"-{settings.dataset}-{settings.profile}-{settings.name}" in path.stem:
            own.append(record)
        elif path.stem.endswith(f"-{settings.dataset}-{settings.method}-{settings.task}"):
            in_study = record.cell in studies.get(path.parent.name, ())
            if in_study and Row(settings, (record,)).comparable():
                own.append(record)
    return own


def _caption(stem: str) -> str:
    """In words what a file's name says: ``auc-by-items-ped2``."""
    kind = max((kind for kind in _CAPTIONS if stem.startswith(f"{kind}-")), key=len, default="")
    rest = stem.removeprefix(kind).replace("_", " ").strip("-")
    if not kind:
        words = rest.replace("-", " ")
        return words[:1].upper() + words[1:]
    return f"{_CAPTIONS[kind]}: {rest}"


def _read(path: Path) -> Picture:
    try:
        raw = path.read_bytes()
        with Image.open(io.BytesIO(raw)) as image:
            mime, data, size = "image/png", raw, image.size
            if len(raw) > PICTURE_BUDGET or image.size[0] > _WIDTHS[0]:
                mime = "image/webp"
                for width in _WIDTHS:
                    data, size = _smaller(image, width)
                    if len(data) <= PICTURE_BUDGET:
                        break
    except OSError as error:
        raise StudyError(f"Expected a picture at {path}, but {error}; remove it and run make figures.") from error
    name = f"picture-{hashlib.sha256(data).hexdigest()[:12]}"
    return Picture(name, _caption(path.stem), mime, base64.b64encode(data).decode(), *size)


def _smaller(image: Image.Image, width: int) -> tuple[bytes, tuple[int, int]]:
    small = image.convert("RGB")
    if small.width > width:
        small = small.resize((width, max(1, round(small.height * width / small.width))), Image.Resampling.LANCZOS)
    drawn = io.BytesIO()
    small.save(drawn, format="WEBP", quality=72, method=4)
    return drawn.getvalue(), small.size
