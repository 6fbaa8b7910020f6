"""The plan of a study: each cell's state and time. Nothing is run, and neither torch nor Dask is imported."""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from benchmarks.grid.durations import in_words
from benchmarks.grid.estimate import estimate_peak, estimate_seconds, read_measured
from benchmarks.grid.places import Places, read_json
from benchmarks.run.fingerprint import Fingerprint, fingerprint
from benchmarks.study.settings import Cell, Settings, distinctions

SCHEMA = 1
State = Literal["done", "stale", "missing", "failed"]


@dataclass(frozen=True)
class PlannedCell:
    """A cell, its state, why (in words; may be empty) and how long it takes (None: not known)."""

    cell: Cell
    state: State
    reason: str = ""
    seconds: float | None = None


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
        settled = ("done", "stale") if self.keep_stale else ("done",)
        return tuple(one for one in self.cells if one.state not in settled)

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
    fingerprint: Callable[[Settings, str], Fingerprint] = fingerprint,
) -> Plan:
    """Look at every cell's record and, where it has none, at what its last attempt left.

    reference: another folder of records that times and memory are estimated from.

    mode: a record of the mode `record` is good for either, one of `fast` for `fast` alone. evaluate_every: as in a study
    file; a record without the AUC of these epochs is stale. accelerator: name of the GPU, where it is known. share: cells
    that one GPU has at a time, each of which takes so many times as long.
    """
    current = cache(fingerprint)
    looked = (_look_at(cell, places, current, mode, evaluate_every) for cell in cells)
    plan = Plan(tuple(looked), keep_stale)
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
    cell: Cell, places: Places, current: Callable[[Settings, str], Fingerprint], mode: str, evaluate_every: int
) -> PlannedCell:
    file = places.record(cell)
    record = read_json(file)
    readable = record is not None and record.get("schema") == SCHEMA
    if record is not None and readable:
        made_by, made_in = record.get("fingerprint", {}), str(record.get("mode", "record"))
        now = current(cell.settings, made_in)
        reason = ""
        if made_by.get("digest") != now.digest:
            reason = _what_changed(made_by.get("files", {}), now.files)
        elif made_in == "fast" and mode != "fast":
            reason = "made in the mode fast"
        elif evaluate_every:
            reason = _not_evaluated(record, evaluate_every)
        if not reason:
            return PlannedCell(cell, "done")
        failure = _last_failure(cell, places)
        return PlannedCell(cell, "stale", f"{reason}; its re-run failed: {failure}" if failure else reason)
    failure = _last_failure(cell, places)
    if failure is not None:
        return PlannedCell(cell, "failed", failure)
    return PlannedCell(cell, "missing", "its record cannot be read" if file.exists() else _how_far(cell, places))


def _last_failure(cell: Cell, places: Places) -> str | None:
    progress = read_json(places.progress(cell))
    if progress is None or progress.get("phase") != "failed":
        return None
    return str(progress.get("error") or f"see {places.output(cell)}")


def _how_far(cell: Cell, places: Places) -> str:
    done = (read_json(places.progress(cell)) or {}).get("epochs_done") or []
    return f"resumes after epoch {len(done)} of {cell.settings.epochs}" if done else ""


def _what_changed(before: Mapping[str, Any], now: Mapping[str, str]) -> str:
    changed = sorted(file for file in before.keys() | now.keys() if before.get(file) != now.get(file))
    return f"changed since: {', '.join(changed)}" if changed else "made by other code"


def _not_evaluated(record: Mapping[str, Any], every: int) -> str:
    epochs = record.get("epochs") or []
    unseen = [one["epoch"] for one in epochs if one["epoch"] % every == 0 and "micro_auc" not in one]
    return f"{len(unseen)} of {len(epochs)} epochs were not evaluated" if unseen else ""


def describe_plan(plan: Plan, jobs: int) -> str:
    """A line a cell, then the totals; for the screen."""
    width = max(len(one.cell.settings.name) for one in plan.cells)
    first = plan.cells[0].cell.settings
    lines = [f"{first.dataset}, profile {first.profile}"]
    to_run = set(plan.to_run)
    told = distinctions(one.cell.settings for one in plan.cells)
    for one in plan.cells:
        time = "" if one not in to_run else "time unknown" if one.seconds is None else f"about {in_words(one.seconds)}"
        tail = "  ".join(part for part in (f"{time:<18}", told[one.cell.settings], one.reason) if part.strip())
        lines.append(f"  {one.state:<8}{one.cell.settings.name:<{width}}  seed {one.cell.seed}  {tail}".rstrip())
    counts = Counter(one.state for one in plan.cells)
    states: tuple[State, ...] = ("done", "stale", "missing", "failed")
    summary = ", ".join(f"{counts[state]} {state}" for state in states if counts[state])
    lines.append(f"{len(plan.cells)} cells: {summary}. {describe_total(plan, jobs)}")
    return "\n".join(lines)


def describe_total(plan: Plan, jobs: int) -> str:
    """One sentence: how many cells are to run and how long that takes."""
    if not plan.to_run:
        return "Nothing left to run."
    unknown = sum(one.seconds is None for one in plan.to_run)
    number = f"{len(plan.to_run)} to run, {jobs} at a time"
    if unknown == len(plan.to_run):
        return f"{number}: how long is not known before a first record."
    more = f", without {unknown} whose time is not known" if unknown else ""
    return f"{number}: about {in_words(plan.seconds(jobs))}{more}."
