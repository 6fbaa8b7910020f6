"""The plan of a study: each cell's state and time. Nothing is run, and neither torch nor Dask is imported."""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from benchmarks.errors import StudyError
from benchmarks.grid.durations import in_words
from benchmarks.grid.estimate import estimate_peak, estimate_seconds, read_measured
from benchmarks.grid.places import Listing, Places, version
from benchmarks.run.fingerprint import fingerprint
from benchmarks.run.labelling import Difference, Labelling, read_labelling
from benchmarks.run.record_file import read_content
from benchmarks.run.recorded_code import Fingerprint, recorded_code
from benchmarks.study.settings import Cell, Settings, distinctions

State = Literal["done", "relabelled", "stale", "damaged", "missing", "failed"]
_STATES: tuple[State, ...] = ("done", "relabelled", "stale", "damaged", "missing", "failed")


Compare = Callable[[Settings, Mapping[str, Any], Labelling], Difference]


@dataclass(frozen=True)
class PlannedCell:
    """A cell, its state, why (in words; may be empty) and how long it takes (None: not known).

    relabelled: its record was measured on other labels than those here, and can be measured again without training.
    damaged: its record is there, but not whole. version: when its record was changed last (st_mtime_ns); 0 without one.
    """

    cell: Cell
    state: State
    reason: str = ""
    seconds: float | None = None
    version: int = 0


@dataclass(frozen=True)
class Plan:
    """All cells of a study.

    keep_stale: count a stale record as good enough. peak: MiB that the largest of the cells to run takes, as records of
    such cells show; None where there are none.
    """

    cells: tuple[PlannedCell, ...]
    keep_stale: bool = False
    peak: float | None = None

    @property
    def to_run(self) -> tuple[PlannedCell, ...]:
        """The cells without a record that counts, in their order."""
        return tuple(filter(self.runs, self.cells))

    def runs(self, one: PlannedCell) -> bool:
        """Whether a cell has no record that counts."""
        return one.state not in ("done", "relabelled") and not (self.keep_stale and one.state == "stale")

    @property
    def to_measure(self) -> tuple[PlannedCell, ...]:
        """The cells whose records are to be measured again on the labels here."""
        return tuple(one for one in self.cells if one.state == "relabelled")

    def count(self, state: State) -> int:
        """How many cells are in a state."""
        return sum(one.state == state for one in self.cells)

    def seconds(self, jobs: int) -> float:
        """Wall-clock seconds of the cells to run, so many at a time, in order; those of unknown time count as 0."""
        free = [0.0] * jobs
        for one in self.to_run:
            heapq.heapreplace(free, free[0] + (one.seconds or 0.0))
        return max(free)


def make_plan(
    cells: Sequence[Cell],
    places: Places,
    *,
    device: str = "cpu",
    threads: int = 1,
    keep_stale: bool = False,
    mode: str = "record",
    evaluate_every: int = 0,
    accelerator: str | None = None,
    share: float = 1.0,
    reference: Path | None = None,
    compare: Compare | None = None,
    fingerprint: Callable[[Settings, str], Fingerprint] = fingerprint,
) -> Plan:
    """Look at every cell's record and, where it has none, at what its last attempt left.

    reference: another folder of records that times and memory are estimated from.

    mode: a record of the mode `record` is good for either, one of `fast` for `fast` alone. evaluate_every: as in a study
    file; a record without the AUC of these epochs is stale. accelerator: name of the GPU, where it is known. share: cells
    that one GPU has at a time, each of which takes so many times as long. compare: with the data here, where there is some.
    """
    current = cache(fingerprint)
    left = Listing(places)
    planned = (_look_at(cell, places, left, current, mode, evaluate_every, compare) for cell in cells)
    plan = Plan(tuple(planned), keep_stale)
    if not plan.to_run:
        return plan
    known = read_measured(places.results, places.work)
    if reference is not None:
        known += read_measured(reference)

    def estimated(settings: Settings) -> float | None:
        seconds = estimate_seconds(
            settings,
            known,
            device=device,
            threads=threads,
            mode=mode,
            evaluate_every=evaluate_every,
            accelerator=accelerator,
        )
        return None if seconds is None else share * seconds

    seconds = {settings: estimated(settings) for settings in {one.cell.settings for one in plan.to_run}}
    peaks = [estimate_peak(settings, known, mode) for settings in seconds]
    return replace(
        plan,
        cells=tuple(replace(one, seconds=seconds.get(one.cell.settings)) for one in plan.cells),
        peak=max((peak for peak in peaks if peak is not None), default=None),
    )


def _look_at(
    cell: Cell,
    places: Places,
    left: Listing,
    current: Callable[[Settings, str], Fingerprint],
    mode: str,
    evaluate_every: int,
    compare: Compare | None,
) -> PlannedCell:
    file = left.record(cell)
    progress = left.progress(cell)
    failure = _last_failure(progress, cell, places)
    if file is None:
        return (
            PlannedCell(cell, "failed", failure) if failure else PlannedCell(cell, "missing", _how_far(progress, cell))
        )
    seen = version(file)
    try:
        state, reason = _state_of(cell, read_content(file), file, current, mode, evaluate_every, compare)
    except StudyError as error:
        state, reason = "damaged", str(error)
    rerun = state in ("stale", "damaged") and failure is not None
    return PlannedCell(cell, state, f"{reason}; its re-run failed: {failure}" if rerun else reason, version=seen)


def _state_of(
    cell: Cell,
    record: Mapping[str, Any],
    file: Path,
    current: Callable[[Settings, str], Fingerprint],
    mode: str,
    evaluate_every: int,
    compare: Compare | None,
) -> tuple[State, str]:
    """State of a record that could be read, and why. Raises StudyError where the table beside it is damaged."""
    made_by, made_in = recorded_code(record), str(record.get("mode", "record"))
    now = current(cell.settings, made_in)
    if made_by.digest != now.digest:
        return "stale", _what_changed(made_by.modules, now.modules)
    if made_in == "fast" and mode != "fast":
        return "stale", "made in the mode fast"
    if evaluate_every and (unseen := _not_evaluated(record, evaluate_every)):
        return "stale", unseen
    labelling = read_labelling(file.with_suffix(".csv.gz"), record.get("data", {}))
    difference = None if compare is None else compare(cell.settings, record, labelling)
    if difference is not None and difference.frames:
        return "stale", difference.frames
    if difference is not None and difference.labels:
        return "relabelled", f"{in_short('labels of video', difference.labels)} differ from those it was measured on"
    return "done", ""


def in_short(what: str, names: Sequence[str]) -> str:
    """A few of many names: ``labels of video 01, 02, 03 and 4 more``."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{what} {', '.join(names[:3])}{more}"


def _last_failure(progress: Mapping[str, Any], cell: Cell, places: Places) -> str | None:
    if progress.get("phase") != "failed":
        return None
    return str(progress.get("error") or f"see {places.output(cell)}")


def _how_far(progress: Mapping[str, Any], cell: Cell) -> str:
    done = progress.get("epochs_done") or []
    return f"resumes after epoch {len(done)} of {cell.settings.epochs}" if done else ""


def _what_changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Name the modules whose code only one side has; a module that moved has the same code on both."""
    sides = ((before, set(now.values())), (now, set(before.values())))
    changed = sorted({name for modules, others in sides for name, digest in modules.items() if digest not in others})
    return f"changed since: {', '.join(changed)}" if changed else "made by other code"


def _not_evaluated(record: Mapping[str, Any], every: int) -> str:
    epochs = record.get("epochs") or []
    unseen = [one["epoch"] for one in epochs if one["epoch"] % every == 0 and "micro_auc" not in one]
    return f"{len(unseen)} of {len(epochs)} epochs were not evaluated" if unseen else ""


def describe_plan(plan: Plan, jobs: int | None) -> str:
    """A line a cell, then the totals; for the screen. jobs: None where workers of a cluster will say."""
    width = max(len(one.cell.settings.name) for one in plan.cells)
    states = max(8, *(len(one.state) + 1 for one in plan.cells))
    first = plan.cells[0].cell.settings
    lines = [f"{first.dataset}, profile {first.profile}"]
    differences = distinctions(one.cell.settings for one in plan.cells)
    for one in plan.cells:
        time = "" if not plan.runs(one) else "time unknown" if one.seconds is None else f"about {in_words(one.seconds)}"
        tail = "  ".join(part for part in (f"{time:<18}", differences[one.cell.settings], one.reason) if part.strip())
        lines.append(f"  {one.state:<{states}}{one.cell.settings.name:<{width}}  seed {one.cell.seed}  {tail}".rstrip())
    counts = Counter(one.state for one in plan.cells)
    summary = ", ".join(f"{counts[state]} {state}" for state in _STATES if counts[state])
    lines.append(f"{len(plan.cells)} cells: {summary}. {describe_total(plan, jobs)}")
    if plan.to_measure:
        lines.append(f"{len(plan.to_measure)} relabelled: `measure` (or `reproduce`) measures them again, no training.")
    return "\n".join(lines)


def describe_total(plan: Plan, jobs: int | None) -> str:
    """One sentence: how many cells are to run and how long that takes; jobs: None where workers of a cluster will say."""
    if not plan.to_run:
        return "Nothing left to run."
    unknown = sum(one.seconds is None for one in plan.to_run)
    number = f"{len(plan.to_run)} to run, {f'{jobs} at a time' if jobs else 'as many at a time as workers take'}"
    if unknown == len(plan.to_run):
        return f"{number}: how long is not known before a first record."
    more = f", without {unknown} whose time is not known" if unknown else ""
    return f"{number}: about {in_words(plan.seconds(jobs or 1))}{'' if jobs else ' on one'}{more}."
