"""Records as the report reads them: a thin view of the JSON, and the per-frame terms on demand."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.measure.terms import read_terms
from benchmarks.report.read.flat import Key, flat_numbers
from benchmarks.report.read.interim import without_interim
from benchmarks.report.read.one_labelling import split_by_labelling
from benchmarks.run.labelling import Difference, Labelling, read_labelling
from benchmarks.run.record_file import read_content
from benchmarks.run.recorded_code import Fingerprint, recorded_code
from benchmarks.study.settings import UNREPORTED, Cell, Settings

Compare = Callable[[Settings, Mapping[str, Any], Labelling], Difference]
# Set by a command that knows where data lies; views then leave out what differs from it.
_compare: ContextVar[Compare | None] = ContextVar("compare", default=None)
_said: set[str] = set()


@dataclass(frozen=True)
class Record:
    """One cell's record.

    path: its JSON file. content: what the file holds. settings: of the cell, parsed.
    """

    path: Path
    content: Mapping[str, Any]
    settings: Settings

    @property
    def seed(self) -> int:
        """The cell's seed."""
        return int(self.content["seed"])

    @property
    def cell(self) -> Cell:
        """The cell that left this record."""
        return Cell(self.settings, self.seed)

    @cached_property
    def code(self) -> Fingerprint:
        """The code that made this record, comparable with that of records of any age."""
        return recorded_code(self.content)

    @cached_property
    def numbers(self) -> Mapping[Key, float]:
        """Every number of the record, by variant, score, normalisation and quantity."""
        return flat_numbers(self.content)

    def number(self, quantity: str, variant: str = "", score: str = "", normalisation: str = "") -> float | None:
        """One number of the record, named as in `flat_numbers`; None where the record does not have it."""
        return self.numbers.get(Key(variant, score, normalisation, quantity))

    @property
    def variant(self) -> str:
        """Name of the variant that the headline reports: the published one."""
        return str(self.content["headline"]["variant"])

    @property
    def score(self) -> str:
        """Name of the score that the headline reports: the published one."""
        return str(self.content["headline"]["score"])

    def variant_score(self, variant: str) -> str | None:
        """The score by which a variant is compared: the published one, or the first that a variant without it has.

        A bypassed memory has no feature distance, so no fused score. None for a variant that was not measured.
        """
        scores = list(self.content["metrics"].get(variant, {}))
        return self.score if self.score in scores else next(iter(scores), None)

    def section(self, name: str) -> Mapping[str, Any]:
        """What a section holds of the published variant, words and lists too; empty where the record lacks it."""
        found: Mapping[str, Any] = self.content.get(name, {}).get(self.variant, {})
        return found

    def metric(
        self, name: str, *, variant: str | None = None, score: str | None = None, normalisation: str = "per_video"
    ) -> float | None:
        """One metric as the record holds it (a fraction), or None where it was not measured or is undefined.

        variant, score: the headline's where None.
        """
        return self.number(name, variant or self.variant, score or self.score, normalisation)

    def kind(self, name: str) -> float | None:
        """AUC (a fraction) of one kind of anomaly under the headline's variant, or None where there is none."""
        return self.number(f"kinds.{name}", self.variant)

    def dead_queries(self, variant: str) -> float | None:
        """Share of the test frames' queries whose addresses are all zero, where the memory can shrink them to that."""
        return self.number("usage.dead_queries", variant)

    def phase(self, name: str, quantity: str) -> float | None:
        """Cost of one phase (frames, train, evaluate): seconds or peak_memory_mb, if recorded."""
        return self.number(f"phases.{name}.{quantity}")

    def train_rate(self) -> float | None:
        """Training clips a second; a record's ``frames_per_second`` of training counts clips, whatever their length."""
        return self.phase("train", "frames_per_second")

    def test_rate(self) -> float | None:
        """Scored test frames a second, where the time is that of all variants and of the held-out video."""
        seconds = self.phase("evaluate", "seconds")
        frames = self.number("data.scored_frames")
        return frames / seconds if frames is not None and seconds else None

    def frames(self) -> pd.DataFrame:
        """Terms of each scored test frame; columns video, frame, label, kind and ``<variant>.<term>``.

        Raises StudyError if the record's table is missing or damaged.
        """
        return read_terms(self.path.with_name(f"seed-{self.seed}.csv.gz"))


def read_record(path: Path) -> Record:
    """Read one record; raises StudyError, naming the file and the remedy, if it is none or not what was written."""
    content = read_content(path)
    return Record(path, content, Settings.from_dict(content["settings"]))


@contextmanager
def compared_with(compare: Compare) -> Iterator[None]:
    """Leave out of what is loaded the records of other frames or labels than those of the data that `compare` knows."""
    token = _compare.set(compare)
    try:
        yield
    finally:
        _compare.reset(token)


def load_records(
    results: Path, dataset: str | None = None, profile: str | None = None, *, interim: bool = False
) -> list[Record]:
    """Read every whole record below ``results/runs``, sorted by path; none is no error.

    A record is left out, and said to be, once, on stderr, where it or its table is damaged, where it was made on
    other frames or measured on other labels than those of the data here (`compared_with`), or on other labels than most
    records of its set. Runs of the primary question are left out until all are there, unless interim: for its answer, which
    says how many there are. dataset, profile: read these only. Raises StudyError where no labelling is that of most records.
    """
    by_set: dict[str, list[tuple[Record, Labelling]]] = {}
    others: dict[str, list[Record]] = {}
    for path in sorted(_files(results, dataset or "*", profile or "*")):
        try:
            facts = path.stat()
            record = _read(path, facts.st_ino, facts.st_mtime_ns, facts.st_size)
            labelling = read_labelling(path.with_suffix(".csv.gz"), record.content.get("data", {}))
        except (OSError, StudyError) as error:
            _say(f"Left out: {error}")
            continue
        if reason := _differs(record, labelling):
            others.setdefault(reason, []).append(record)
        else:
            by_set.setdefault(record.settings.dataset, []).append((record, labelling))
    kept: list[Record] = []
    for name, found in by_set.items():
        agreeing, rest = split_by_labelling(found, f"{name} in {results}")
        kept += agreeing
        if rest:
            others[f"measured on other labels than most of {name}; `{hint('measure')}` mends it, with DATA_ROOT="] = (
                rest
            )
    for reason, left in others.items():
        _say(f"Left out, {reason}: {', '.join(record.cell.slug for record in left)}.")
    shown = kept if interim else without_interim(kept)
    if len(shown) < len(kept):
        _say(
            f"Held back until all runs of the primary question are there: {len(kept) - len(shown)} (docs/analysis-plan.md)."
        )
    return sorted(shown, key=lambda record: record.path)


@lru_cache(maxsize=8192)  # a view asks for the records of each study and set; a file that changed is read again
def _read(path: Path, file: int, written: int, size: int) -> Record:
    del file, written, size
    return read_record(path)


def _differs(record: Record, labelling: Labelling) -> str:
    """Why a record does not belong to the data here, and what to do; empty where it does, or where there is no data."""
    compare = _compare.get()
    if compare is None:
        return ""
    difference = compare(record.settings, record.content, labelling)
    if difference.frames:
        return f"{difference.frames}; `reproduce` runs the cell again, or name the data that it was made on"
    if difference.labels:
        return (
            f"measured on other labels than those of the data here; `{hint('measure')}` measures it again, no training"
        )
    return ""


def _say(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        print(sentence, file=sys.stderr)


def refuse_without_records(results: Path) -> None:
    """Raise StudyError where there is no record below ``results/runs``: a view of nothing looks like a result."""
    if next(_files(results), None) is None:
        raise StudyError(
            f"Expected records of a study in {results / 'runs'}, but there are none; correct --results, or run a study "
            f"first ({hint('reproduce', 'synthetic', ONLY=None)})."
        )


def reported(records: Iterable[Record]) -> list[Record]:
    """Leave out records of the profile whose figures mean nothing."""
    return [record for record in records if record.settings.profile != UNREPORTED]


def by_cell(records: Iterable[Record]) -> dict[Cell, Record]:
    """Index records by the cell that left them."""
    return {record.cell: record for record in records}


def _files(results: Path, dataset: str = "*", profile: str = "*") -> Iterator[Path]:
    yield from (results / "runs").glob(f"{dataset}/{profile}/*/seed-*.json")
