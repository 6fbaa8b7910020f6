"""Claim C8 in numbers: what the output and the AUC become when memory or bottleneck are replaced, without training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure.statistics import PairedDifference, paired_difference
from benchmarks.report.read.format import decibel, interval_of
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row, Summary, only_factors
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import SETTINGS, csv_frame, with_bounds, write_view
from benchmarks.study.settings import UNREPORTED

REPLACED: Final = {
    "bottleneck_zeros": "bottleneck: zeros",
    "bottleneck_ones": "bottleneck: ones",
    "bottleneck_noise": "bottleneck: noise",
    "bottleneck_matched_noise": "bottleneck: noise of its own norm",
    "read_zeros": "read: zeros",
    "read_mean": "read: mean item",
}
UNCHANGED_PSNR: Final = 40.0
"""dB from which on the claim's "optically unchanged" is taken to hold (benchmarks/claims.toml, C8)."""


@dataclass(frozen=True)
class Replaced:
    """One setting under one replacement.

    psnr: between the outputs, in dB, mean over frames; by_seed: the same for each seed. lowest: of all frames and seeds.
    change: of the AUC, replaced minus as trained, as a fraction, paired by seed; None where it is undefined.
    """

    row: Row
    variant: str
    psnr: Summary
    psnr_by_seed: tuple[float, ...]
    lowest: float
    change: PairedDifference | None
    change_by_seed: tuple[float, ...]


def replaced(rows: Sequence[Row]) -> list[Replaced]:
    """Every setting under every replacement that its records hold, in the rows' order."""
    return [found for row in rows for variant in REPLACED if (found := _replaced(row, variant)) is not None]


def write_bottleneck_table(dataset: str, rows: Sequence[Row], results: Path) -> list[Path]:
    """Write ``results/tables/bottleneck_<set>.md``, ``.csv`` and LaTeX; nothing where no record holds a replacement.

    The CSV holds every setting, the Markdown those that differ in method, task, skip, memory and geometry alone.
    Raises StudyError if a file cannot be written.
    """
    found = replaced([row for row in rows if row.settings.profile != UNREPORTED])
    if not found:
        return []
    table = bottleneck_table(dataset, list(filter(_in_short, found)))
    frame = csv_frame(
        ((one.row, _numbers(one)) for one in found), (*SETTINGS, "supervision", "preset"), ("extra", "name")
    )
    frame = frame.rename(columns={"extra": "setting"})
    paths = write_view(results, f"bottleneck_{dataset}", {"main": table}, frame)
    return [paths["md"], paths["csv"]]


def bottleneck_table(dataset: str, found: Sequence[Replaced]) -> Table:
    """One line per setting and replacement."""
    columns = (
        *("Runs", "Method", "Task", "Skip", "Memory", "Setting", "Replaced"),
        *("Output PSNR", "Lowest", "AUC change", "Seeds"),
    )
    cells = tuple(
        (
            settings_label(one.row.settings),
            one.row.method,
            one.row.task,
            "on" if one.row.settings.skip else "off",
            one.row.memory,
            one.row.extra,
            REPLACED[one.variant],
            decibel(one.psnr.mean),
            decibel(one.lowest),
            "" if one.change is None else interval_of(one.change),
            str(len(one.psnr_by_seed)),
        )
        for one in found
    )
    notes = (
        note("bottleneck.psnr", unchanged=UNCHANGED_PSNR),
        note("bottleneck.change"),
        note("bottleneck.rest"),
    )
    table = Table(f"Bottleneck test: {dataset}", columns, cells, frozenset(columns[7:]), notes)
    return table.without_empty_columns()


def _in_short(one: Replaced) -> bool:
    return one.row.settings.supervision == "none" and only_factors(one.row.settings)


def _replaced(row: Row, variant: str) -> Replaced | None:
    psnr, lowest = _change(variant, "mean_psnr"), _change(variant, "lowest_psnr")
    summary = row.summary(psnr)
    if summary is None:
        return None
    after, before = row.by_seed(_change(variant, "micro_auc")), row.by_seed(_change(variant, "unchanged_micro_auc"))
    both = sorted(after.keys() & before.keys())
    return Replaced(
        row,
        variant,
        summary,
        tuple(row.by_seed(psnr).values()),
        min(row.by_seed(lowest).values()),
        paired_difference(after, before) if both else None,
        tuple(after[seed] - before[seed] for seed in both),
    )


def _change(variant: str, quantity: str) -> Callable[[Record], float | None]:
    return lambda record: record.number(f"changes.{quantity}", variant)


def _numbers(one: Replaced) -> dict[str, Any]:
    return {
        "replaced": one.variant,
        "seeds": len(one.psnr_by_seed),
        **with_bounds("output_psnr", one.psnr, digits=3),
        "lowest_psnr": round(one.lowest, 3),
        **with_bounds("auc_change", one.change, 100, 3),
    }
