"""Pictures of ``results/figures`` that the page does not draw itself, made small enough to be embedded.

They come in the order of the study's question: memory's effect, what else moves the AUC, training, inspections.
"""

import base64
import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.report.page.runs import run_id
from benchmarks.report.read.groups import common_label, settings_label
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.study.files import load_study, study_names
from benchmarks.study.settings import Cell

PICTURES_BUDGET: Final = 1_100_000
"""Bytes of all pictures in base64; what comes last is left out, and the page says so."""

# Drawn on the page from the records themselves.
_DRAWN: Final = ("curves", "usage", "timeline", "comparison")
_OF_EVERY_STUDY: Final = ("memory-effect", "auc-by-")
_CHART_WIDTH: Final = 900
_STILL_WIDTH: Final = 640
_QUALITY: Final = 42
_FEW_COLOURS: Final = 4096
_STILLS: Final = ("stills", "boxes", "systems", "tasks", "outputs")
# In the order of the question: its heading, and what `make figures` draws for it, by the beginning of the file's name.
_QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Does memory change the AUC?": {
        "memory-effect": "Memory minus the same network without it, in points of AUC (C1, C2)",
        "memory-conventions": "Memory’s effect under each convention of evaluation",
    },
    "What else changes the AUC?": {
        "auc-by-kind": "AUC by kind of anomaly and by task, with and without memory",
        "auc-by-epochs": "AUC against training epochs",
        "auc-by-noise": "AUC against the noise of the denoising task",
        "auc-by-items": "AUC against the number of memory items",
        "auc-by-bottleneck": "AUC against the width of the bottleneck",
        "bottleneck": "Memory or bottleneck replaced: change in output and AUC (C8)",
    },
    "What happens in training and at test time?": {
        "memory-epochs": "Use of the memory by epoch: entropy and dead items",
        "memory-use": "Use of the memory: free, forced to be uniform, collapsed (C10)",
        "memory-test": "A trained memory at test time: use, similarity of items and queries, weights, updates",
    },
    "What do the networks see?": {
        "tasks": "Kinds of anomaly, by reconstruction and by prediction (C6, C7)",
        "outputs": "Outputs with the bottleneck replaced (C8)",
        "separateness": "t-SNE of queries: as published, without separateness, forced to be uniform (C12)",
        "shapes": "Squares: input and output (C7)",
        "locations": "Use of the memory by place in the image",
        "queries": "t-SNE of queries, coloured by their nearest item (C12)",
        "boxes": "Boxes from error maps",
        "stills": "Input, output and error",
        "systems": "Every system on the same frames",
    },
}
_OTHER: Final = "More figures"
_CAPTIONS: Final = {kind: words for kinds in _QUESTIONS.values() for kind, words in kinds.items()}


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
    """of_questions: pictures of no single setting, by heading. of_runs: names by run. all: by name. left_out: files."""

    of_questions: Mapping[str, Sequence[Picture]]
    of_runs: Mapping[str, Sequence[str]]
    all: Mapping[str, Picture]
    left_out: int


def find_pictures(
    results: Path,
    records: Sequence[Record],
    studies: Mapping[str, Collection[Cell]],
    budget: int = PICTURES_BUDGET,
) -> Pictures:
    """Read the PNG files of ``results/figures``; those named after a setting, or after a method and task, belong to runs.

    studies: the cells of each study, by its name, which is its folder's. budget: bytes of all in base64. Raises StudyError
    for a file that is no picture.
    """
    of_questions: dict[str, list[Picture]] = {}
    of_runs: dict[str, list[str]] = {}
    found: dict[str, Picture] = {}
    spent, left_out = 0, 0
    files = _chosen(results, records, studies)
    owned = {path: _owners(path, records, studies) for path in files}
    # figures of a whole study first: if the budget ends, single runs go without
    for path in sorted(files, key=lambda path: (bool(owned[path]), *_place(path))):
        picture = _read(path, _caption(path, owned[path], studies.get(path.parent.name, ())))
        if picture.name not in found:
            if spent + len(picture.data) > budget:
                left_out += 1
                continue
            spent += len(picture.data)
            found[picture.name] = picture
        if not owned[path]:
            of_questions.setdefault(_question(path), []).append(picture)
        for record in owned[path]:
            names = of_runs.setdefault(run_id(record), [])
            if picture.name not in names:
                names.append(picture.name)
    return Pictures(of_questions, of_runs, found, left_out)


def _chosen(results: Path, records: Sequence[Record], studies: Mapping[str, Collection[Cell]]) -> list[Path]:
    """Every figure of how the AUC changes; of each other one that of one study, where several have it.

    That is the study named after its data set, else the one with most runs.
    """
    known = {record.cell for record in records}

    def preferred(path: Path) -> tuple[bool, int, str]:
        cells = studies.get(path.parent.name, ())
        own = any(cell.settings.dataset == path.parent.name for cell in cells)
        return own, sum(cell in known for cell in cells), path.as_posix()

    best: dict[str, Path] = {}
    for path in sorted((results / "figures").glob("*/*.png"), key=preferred):
        if not path.stem.startswith(_DRAWN):
            best[path.as_posix() if path.stem.startswith(_OF_EVERY_STUDY) else path.stem] = path
    return list(best.values())


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


def _kind(path: Path) -> str:
    """What a file shows, "" where its name says nothing that is known."""
    return max((kind for kind in _CAPTIONS if path.stem.startswith(f"{kind}-")), key=len, default="")


def _question(path: Path) -> str:
    """The heading that a picture stands under."""
    return next((words for words, kinds in _QUESTIONS.items() if _kind(path) in kinds), _OTHER)


def _place(path: Path) -> tuple[int, str]:
    """Order of the question, then of the studies' names."""
    kinds = list(_CAPTIONS)
    kind = _kind(path)
    return (kinds.index(kind) if kind else len(kinds)), path.as_posix()


def _caption(path: Path, owners: Sequence[Record], cells: Collection[Cell]) -> str:
    """What a file shows, in printed names: of which setting, else of which study, by its title or the label of its cells."""
    kind = _kind(path)
    words = _CAPTIONS[kind] if kind else path.stem.replace("-", " ").replace("_", " ").capitalize()
    if owners:
        return f"{words}: {Row(owners[0].settings, ()).label}, {settings_label(owners[0].settings)}"
    label = path.parent.name
    endings = {f", profile {one}": f"-{one}" for one in sorted({cell.settings.profile for cell in cells})}
    for profile, ending in {"": "", **endings}.items():
        if (study := label.removesuffix(ending)) in study_names():
            return f"{words}: {load_study(study).title.replace(': ', ', ', 1)}{profile}"
    return f"{words}: {common_label(cell.settings for cell in cells)}" if cells else words


def _read(path: Path, caption: str) -> Picture:
    try:
        with Image.open(path) as image:
            stills = path.stem.startswith(_STILLS)
            data, size = _light(image, _STILL_WIDTH if stills else _CHART_WIDTH)
    except OSError as error:
        raise StudyError(f"Expected a picture at {path}, but {error}; remove it and run {hint('figures')}.") from error
    name = f"picture-{hashlib.sha256(data).hexdigest()[:12]}"
    return Picture(name, caption, "image/webp", base64.b64encode(data).decode(), *size)


def _light(image: Image.Image, width: int) -> tuple[bytes, tuple[int, int]]:
    """WebP of at most a width; a drawing of few colours is smaller without loss, and crisper."""
    small = image.convert("RGB")
    if small.width > width:
        small = small.resize((width, max(1, round(small.height * width / small.width))), Image.Resampling.LANCZOS)
    drawn, exact = io.BytesIO(), io.BytesIO()
    small.save(drawn, format="WEBP", quality=_QUALITY, method=4)
    if small.getcolors(_FEW_COLOURS) is not None:
        small.save(exact, format="WEBP", lossless=True, quality=60, method=4)
    both = [one for one in (exact.getvalue(), drawn.getvalue()) if one]
    return min(both, key=len), small.size
