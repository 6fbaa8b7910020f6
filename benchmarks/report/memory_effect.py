"""Memory's effect by set beside the published one, and what it costs: the table of the README's first screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.report.contrasts import Contrast, memory_contrasts
from benchmarks.report.costs import Cost, memory_costs
from benchmarks.report.render import Table
from benchmarks.report.rows import Row
from benchmarks.report.wording import interval_of, signed

_TITLE: Final = "Memory minus the same network without it, in points of AUC, and what it costs"
_COSTS: Final = ("Training time", "Scoring time", "Parameters")
_COSTED: Final = ("paper", "small")
"""Profiles that memory's cost is told of: the published width, and a quarter of it."""
_ERRORS: Final = {"psnr": "PSNR", "mean_absolute_error": "absolute error", "mse": "squared error"}


@dataclass(frozen=True)
class Effects:
    """Contrasts of memory on and off by set. columns: set and profile; of: (method, task, score) -> column -> contrast."""

    columns: tuple[str, ...]
    of: Mapping[tuple[str, str, str], Mapping[str, Contrast]]

    def published(self, column: str) -> list[Contrast]:
        """The contrasts of a set under each side's published score."""
        return [found[column] for (_, _, score), found in self.of.items() if score == "published" and column in found]


def memory_effects(rows_of: Mapping[str, Sequence[Row]]) -> Effects:
    """Collect the contrasts; rows_of: the rows of each column, which share a profile."""
    found: dict[tuple[str, str, str], dict[str, Contrast]] = {}
    for column, rows in rows_of.items():
        for one in memory_contrasts([row for row in rows if row.comparable()]):
            settings = one.with_memory.settings
            found.setdefault((settings.method, settings.task, one.score), {})[column] = one
    return Effects(tuple(rows_of), found)


def effects_table(effects: Effects, results: Path) -> Table | None:
    """A row per method, task and score, the published scores' with memory's cost; None without any pair of runs."""
    if not effects.of:
        return None
    costs = memory_costs(results)
    lines = []
    for (method, task, score), of in effects.of.items():
        row = next(iter(of.values())).with_memory
        told = [_told(of[column]) if column in of else "" for column in effects.columns]
        if score == "published":
            own = [costs[key] for profile in _COSTED if (key := (method, task, profile)) in costs]
            published = next(filter(None, map(_published, of.values())), "")
            lines.append((f"{row.method} {row.task}", published, *told, *_added(own)))
        else:
            lines.append((f"– {_ERRORS.get(score, score)} for both", "", *told, "", "", ""))
    headings = ("Method", "Published", *effects.columns, *_COSTS)
    table = Table(_TITLE, headings, tuple(lines), frozenset(headings[1:]), _notes(effects, bool(costs)))
    return table.without_empty_columns()


def _notes(effects: Effects, costed: bool) -> tuple[str, ...]:
    paid = (
        "*Costs*: at the published width / at a quarter of it, on one core, median of paired timings "
        "([`results/bench`](results/bench/README.md))."
        if costed
        else "What memory costs was not measured yet: `make bench`."
    )
    sizes = "; ".join(
        f"*{column}*: {_size(contrasts[0])}" for column in effects.columns if (contrasts := effects.published(column))
    )
    return (
        (
            "In brackets the 95 % interval over seeds, then how many seeds. Each side has its published score; in the "
            "lines below it both have the same one: MNAD's published score adds a distance of features that its twin "
            "lacks, and MemAE's twin is published with a squared error."
        ),
        (
            "*Published*: the same difference in the papers, on Ped2, after 60 (MNAD) and 100 (MemAE) epochs. "
            f"{sizes}. {paid}"
        ),
    )


def _size(contrast: Contrast) -> str:
    settings = contrast.with_memory.settings
    return f"{settings.size}×{settings.size}, width × {settings.width:g}, {settings.epochs} epochs"


def _added(costs: Sequence[Cost]) -> tuple[str, str, str]:
    """Times the time, or the parameters, as per cent more of it, at each width."""
    told = [
        " / ".join(f"{signed(100 * (times - 1), 0)} %" for times in each)
        for each in zip(*((cost.training, cost.scoring, cost.parameters) for cost in costs), strict=True)
    ]
    return (told[0], told[1], told[2]) if told else ("", "", "")


def _told(contrast: Contrast) -> str:
    return f"{interval_of(contrast.auc)} ({len(contrast.auc.seeds)})"


def _published(contrast: Contrast) -> str:
    published, twin = contrast.with_memory.published(), contrast.without_memory.published()
    return "" if published is None or twin is None else signed(published.auc - twin.auc)
