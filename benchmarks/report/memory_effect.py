"""Memory's effect by set beside the published one, what it rests on, and what it costs: the README's first table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.batch_norm import anew
from benchmarks.report.contents import micro
from benchmarks.report.contrasts import Contrast, memory_contrasts, paired, variant_difference
from benchmarks.report.costs import Cost, memory_costs
from benchmarks.report.render import Table
from benchmarks.report.rows import Row
from benchmarks.report.wording import interval_of, signed, span

_TITLE: Final = "Memory minus the same network without it, in points of AUC, and what it costs"
_COSTS: Final = ("Training time", "Scoring time", "Parameters")
_COSTED: Final = ("paper", "small")
"""Profiles that memory's cost is told of: the published width, and a quarter of it."""
_ERRORS: Final = {"psnr": "PSNR", "mean_absolute_error": "absolute error", "mse": "squared error"}


@dataclass(frozen=True)
class Effect:
    """Memory on and off of one method and task on one set. published, alike: under each side's score, under the same.

    unshrunk: the row that differs from that with memory in having no hard shrinkage, if there is one.
    """

    published: Contrast
    alike: Mapping[str, Contrast]
    unshrunk: Row | None

    @property
    def row(self) -> Row:
        """The side with memory."""
        return self.published.with_memory


@dataclass(frozen=True)
class Effects:
    """columns: names of the sets with their profiles; of: (method, task) -> column -> effect."""

    columns: tuple[str, ...]
    of: Mapping[tuple[str, str], Mapping[str, Effect]]

    def on(self, column: str) -> list[Effect]:
        """Memory's effects on one set."""
        return [found[column] for found in self.of.values() if column in found]


def memory_effects(rows_of: Mapping[str, Sequence[Row]]) -> Effects:
    """Collect the effects; rows_of: the rows of each column, which share a profile."""
    found: dict[tuple[str, str], dict[str, Effect]] = {}
    for column, rows in rows_of.items():
        contrasts = memory_contrasts([row for row in rows if row.comparable()])
        for one in contrasts:
            if one.score == "published":
                settings = one.with_memory.settings
                same = {
                    other.score: other
                    for other in contrasts
                    if other.with_memory == one.with_memory and other.score != "published"
                }
                twin = replace(settings, shrink_threshold=0.0)
                unshrunk = next((row for row in rows if row.settings == twin != settings and row.records), None)
                found.setdefault((settings.method, settings.task), {})[column] = Effect(one, same, unshrunk)
    return Effects(tuple(rows_of), found)


def effects_table(effects: Effects, results: Path) -> Table | None:
    """A row per method and task with memory's cost, below it what the effect rests on; None without any pair of runs."""
    if not effects.of:
        return None
    costs = memory_costs(results)
    lines: list[tuple[str, ...]] = []
    for (method, task), of in effects.of.items():
        row = next(iter(of.values())).row
        own = [costs[key] for profile in _COSTED if (key := (method, task, profile)) in costs]
        rises = (one.published.in_paper for one in of.values())
        published = next((signed(100 * rise) for rise in rises if rise is not None), "")
        told = [_told(of[column].published.auc) if column in of else "" for column in effects.columns]
        lines.append((f"{row.method} {row.task}", published, *told, *_added(own)))
        for name, tell in _below(of.values()).items():
            cells = [tell(of[column]) if column in of else "" for column in effects.columns]
            if any(cells):
                lines.append((f"– {name}", "", *cells, "", "", ""))
    headings = ("Method", "Published", *effects.columns, *_COSTS)
    table = Table(_TITLE, headings, tuple(lines), frozenset(headings[1:]), _notes(effects, bool(costs)))
    return table.without_empty_columns()


def _below(effects: Iterable[Effect]) -> dict[str, Callable[[Effect], str]]:
    """What stands in the lines below an effect, by the line's name: each tells one set's cell, "" where it has none."""
    scores = dict.fromkeys(score for effect in effects for score in effect.alike)
    return {
        **{f"{_ERRORS.get(score, score)} for both": partial(_alike, score) for score in scores},
        "batch norm measured anew for both": _anew,
        "without hard shrinkage": _unshrunk,
        "change if zeros are read": lambda effect: _told(variant_difference(effect.row, "read_zeros")),
        "queries that read nothing": _dead_queries,
    }


def _alike(score: str, effect: Effect) -> str:
    return _told(effect.alike[score].auc) if score in effect.alike else ""


def _anew(effect: Effect) -> str:
    return _told(paired(anew(effect.row), anew(effect.published.without_memory)))


def _unshrunk(effect: Effect) -> str:
    without = effect.published.without_memory.by_seed(micro())
    return "" if effect.unshrunk is None else _told(paired(effect.unshrunk.by_seed(micro()), without))


def _dead_queries(effect: Effect) -> str:
    """From the least to the greatest share over seeds: hard shrinkage has set all their addresses to zero."""
    shares = [share for record in effect.row.records if (share := record.dead_queries(record.variant)) is not None]
    return f"{span(round(100 * share) for share in shares)} %" if shares else ""


def _told(difference: PairedDifference | None) -> str:
    return "" if difference is None else f"{interval_of(difference)} ({len(difference.seeds)})"


def _notes(effects: Effects, costed: bool) -> tuple[str, ...]:
    paid = (
        "*Costs*: at the published width / at a quarter of it, on one core, median of paired timings "
        "([`results/bench`](results/bench/README.md))."
        if costed
        else "What memory costs was not measured yet: `make bench`."
    )
    one_of = {column: of[column] for of in effects.of.values() for column in effects.columns if column in of}
    sizes = "; ".join(f"*{column}*: {_size(one_of[column])}" for column in effects.columns if column in one_of)
    return (
        (
            "In brackets the 95 % interval over seeds, then how many seeds. Each side has its published score; *for both*: "
            "MNAD's published score adds a distance of features that its twin lacks, MemAE's twin is published with a "
            "squared error, and batch norm's running statistics can be measured anew on training frames with the same "
            "weights. *Zeros are read*: by the trained network, in place of items, scored by its error alone. *Read nothing*: "
            "hard shrinkage has set all addresses to zero, in the least and the most of the seeds."
        ),
        (
            "*Published*: the same difference in the papers, on Ped2, after 60 (MNAD) and 100 (MemAE) epochs. "
            f"{sizes}. {paid}"
        ),
    )


def _size(effect: Effect) -> str:
    settings = effect.row.settings
    return f"{settings.size}×{settings.size}, width × {settings.width:g}, {settings.epochs} epochs"


def _added(costs: Sequence[Cost]) -> tuple[str, str, str]:
    """Times the time, or the parameters, as per cent more of it, at each width."""
    told = [
        " / ".join(f"{signed(100 * (times - 1), 0)} %" for times in each)
        for each in zip(*((cost.training, cost.scoring, cost.parameters) for cost in costs), strict=True)
    ]
    return (told[0], told[1], told[2]) if told else ("", "", "")
