"""The study's answer for the README's first screen: memory's effect and its cost in a table, the rest in three lines.

From records, by the rules of the verdict, and from the bench of what memory costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.report.claims import read_claims
from benchmarks.report.contents import micro
from benchmarks.report.contrasts import Contrast, memory_contrasts
from benchmarks.report.costs import Cost, memory_costs
from benchmarks.report.judging import ClaimVerdict, Verdict
from benchmarks.report.records import Record, by_cell
from benchmarks.report.render import Table, to_markdown
from benchmarks.report.rows import Row, make_rows
from benchmarks.report.verdict import judge_all
from benchmarks.report.wording import interval_of, signed
from benchmarks.study.settings import LEARNING_FREE, Cell

_NOTHING: Final = "No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
_TITLE: Final = "Memory minus the same network without it, in points of AUC, and what it costs"
_COSTS: Final = ("Training time", "Scoring time", "Parameters")

# The sets that the first screen is about, as people write them, each with the studies that answer for it.
ASKED: Final[Mapping[str, Sequence[str]]] = {
    "UCSD Ped2": ("ped2", "lines-ped2"),
    "Circles and squares": ("lines-synthetic",),
}
STUDIES: Final = tuple(study for studies in ASKED.values() for study in studies)


@dataclass(frozen=True)
class Answer:
    """What the first screen says. effects: a row per method and task, None without a pair of runs. lines: in Markdown."""

    effects: Table | None
    lines: tuple[str, ...]

    def markdown(self) -> str:
        """The table, its notes in a paragraph, a bullet per line; no heading, since it stands in the README's own."""
        told = "\n".join(f"- {line}" for line in self.lines)
        if self.effects is None:
            return told
        shown = to_markdown(replace(self.effects, notes=())).removeprefix(f"## {self.effects.title}\n\n")
        notes = " ".join(self.effects.notes)
        return f"**{self.effects.title}**:\n\n{shown}\n{notes}\n\n{told}"


def answer(
    studies: Mapping[str, Sequence[Cell]],
    records: Sequence[Record],
    results: Path,
    verdicts: Sequence[ClaimVerdict] | None = None,
) -> Answer:
    """Answer the study's question: memory on two sets and its cost, verdicts, seeds, what needs no learning.

    studies: cells by name of study, of STUDIES at least; the last two lines are about the first. records: all
    there are, none of them stale. results: folder of the benches. verdicts: of those records, where they are at hand. A
    line whose records are missing says so.
    """
    found = {
        study: [row for row in make_rows(studies.get(study, ()), by_cell(list(records))) if row.records]
        for study in STUDIES
    }
    if not any(found.values()):
        return Answer(None, (_NOTHING,))
    effects = _effects(found, results)
    first = found[STUDIES[0]]
    lines = [
        _verdicts(judge_all(read_claims(), records) if verdicts is None else verdicts),
        _seeds(first),
        f"{_without_learning(first)} {_normalisation(first)}",
    ]
    if effects is None:
        lines.insert(0, "**Does memory raise the AUC?** No pair of runs with and without memory yet.")
    return Answer(effects, tuple(lines))


def _effects(found: Mapping[str, Sequence[Row]], results: Path) -> Table | None:
    """Put memory's effect on each set beside the published one and its cost; all rows of a study share a profile."""
    columns: list[str] = []
    effects: dict[tuple[str, str, bool], dict[str, Contrast]] = {}
    for name, asked in ASKED.items():
        for rows in (found[study] for study in asked if found[study]):
            column = f"{name}, {rows[0].settings.profile}"
            columns.append(column)
            for one in memory_contrasts([row for row in rows if row.comparable()]):
                if one.score in ("published", _own_score(one)):
                    settings = one.with_memory.settings
                    key = (settings.method, settings.task, one.score != "published")
                    effects.setdefault(key, {})[column] = one
    if not effects:
        return None
    costs = memory_costs(results)
    lines = []
    for (method, task, alike), of in effects.items():
        row = next(iter(of.values())).with_memory
        told = [_told(of[column]) if column in of else "" for column in columns]
        cost = None if alike else costs.get((method, task))
        added = [cost.training, cost.scoring, cost.parameters] if cost else []
        percent = [f"{signed(100 * (times - 1), 0)} %" for times in added] or [""] * len(_COSTS)
        published = next(filter(None, map(_published, of.values())), "")
        name = f"{row.method} {row.task}"
        lines.append(
            (f"{name}, one error for both", "", *told, *percent) if alike else (name, published, *told, *percent)
        )
    headings = ("Method", "Published", *columns, *_COSTS)
    return Table(_TITLE, headings, tuple(lines), frozenset(headings[1:]), _notes(costs)).without_empty_columns()


def _notes(costs: Mapping[tuple[str, str], Cost]) -> tuple[str, str]:
    paid = (
        "Costs: at the published width, on one core, median of paired timings ([`results/bench`](results/bench/README.md))."
        if costs
        else "What memory costs was not measured yet: `make bench`."
    )
    return (
        (
            "In brackets the 95 % interval over seeds, then how many seeds; *cpu* and *small* are profiles of size and "
            "length. Each side has its published score; *one error for both*: MemAE's twin is published with a squared "
            "error, and has the absolute one there."
        ),
        f"*Published*: the same difference in the papers, on Ped2, at their length and geometry. {paid}",
    )


def _own_score(contrast: Contrast) -> str | None:
    record = contrast.with_memory.records[0]
    return record.variant_score(record.variant)


def _told(contrast: Contrast) -> str:
    return f"{interval_of(contrast.auc)} ({len(contrast.auc.seeds)})"


def _published(contrast: Contrast) -> str:
    published, twin = contrast.with_memory.published(), contrast.without_memory.published()
    return "" if published is None or twin is None else signed(published.auc - twin.auc)


def _verdicts(verdicts: Sequence[ClaimVerdict]) -> str:
    """Count claims by the best that is known of them on any set."""
    of: dict[Verdict, list[str]] = {"reproduced": [], "contradicted": [], "not decided": []}
    for claim in dict.fromkeys(one.claim.id for one in verdicts):
        known = {one.verdict for one in verdicts if one.claim.id == claim}
        for verdict, claims in of.items():
            if verdict in known and (verdict != "not decided" or known == {"not decided"}):
                claims.append(claim)
    told = "; ".join(f"{verdict}: {', '.join(claims) or 'none'}" for verdict, claims in of.items())
    return f"**Of the {len(read_claims())} claims** on at least one set: {told} ([`results/verdict.md`](results/verdict.md))."


def _seeds(rows: Sequence[Row]) -> str:
    spans = {
        row.label: 100 * (max(values) - min(values))
        for row in rows
        if row.settings.method not in LEARNING_FREE and len(values := row.by_seed(micro()).values()) > 1
    }
    if not spans:
        return "**How much do seeds move a run?** One seed each so far: nobody knows."
    widest = max(spans, key=lambda label: spans[label])
    middle = median(spans.values())
    return (
        f"**How much do seeds alone move a run?** Between its best and worst seed by {middle:.1f} points in the middle "
        f"setting, by {spans[widest]:.1f} in the widest ({widest})."
    )


def _without_learning(rows: Sequence[Row]) -> str:
    told = [
        f"{row.method} {100 * summary.mean:.1f} %"
        for row in rows
        if row.settings.method in LEARNING_FREE and (summary := row.auc()) is not None
    ]
    return f"**What is reached without any learning, and by normalisation alone?** {', '.join(told) or 'Not measured yet'}."


def _normalisation(rows: Sequence[Row]) -> str:
    """Compare the best learned row under the published and under no normalisation within videos."""
    learned = [row for row in rows if row.settings.method not in LEARNING_FREE]
    best = max(learned, key=lambda row: summary.mean if (summary := row.auc()) else 0.0, default=None)
    summary = None if best is None else best.auc()
    pooled = None if best is None else best.summary(micro(normalisation="global"))
    if best is None or summary is None or pooled is None:
        return "What normalising each test video by its own extremes does was not measured yet."
    return (
        f"Normalising each test video by its own extremes, as published, takes {best.label} from "
        f"{100 * pooled.mean:.1f} % to {100 * summary.mean:.1f} %."
    )
