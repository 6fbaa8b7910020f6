"""The study's answer for the README's first screen: memory's effect and its cost in a table, the rest in a few lines.

From records, by the rules of the verdict, and from the bench of what memory costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.report.claims import read_claims
from benchmarks.report.contents import micro
from benchmarks.report.judging import ClaimVerdict
from benchmarks.report.memory_effect import Effects, effects_table, memory_effects
from benchmarks.report.records import Record, by_cell
from benchmarks.report.render import Table, to_markdown
from benchmarks.report.rows import Row, make_rows
from benchmarks.report.verdict import judge_all
from benchmarks.study.settings import LEARNING_FREE, Cell

_NOTHING: Final = "No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."

# The sets that the first screen is about, as people write them, each with the studies that answer for it.
ASKED: Final[Mapping[str, Sequence[str]]] = {
    "UCSD Ped2": ("ped2", "lines-ped2", "epochs-ped2"),
    "Circles and squares": ("lines-synthetic",),
}
STUDIES: Final = tuple(study for studies in ASKED.values() for study in studies)


@dataclass(frozen=True)
class Answer:
    """What the first screen says. effects: None without a pair of runs; lines: Markdown."""

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

    studies: cells by name of study, of STUDIES at least. records: all there are, none of them stale. results: folder of
    the benches. verdicts: of those records, where they are at hand. A line whose records are missing says so.
    """
    rows_of: dict[str, list[Row]] = {}
    for name, asked in ASKED.items():
        for study in asked:
            rows = [row for row in make_rows(studies.get(study, ()), by_cell(list(records))) if row.records]
            if rows:
                column = f"{name}, {rows[0].settings.profile}"
                rows_of[f"{column}, {rows[0].settings.epochs} epochs" if column in rows_of else column] = rows
    if not rows_of:
        return Answer(None, (_NOTHING,))
    effects = memory_effects(rows_of)
    lines = [
        _effect(effects),
        _verdicts(judge_all(read_claims(), records) if verdicts is None else verdicts),
        *_at_first(*next(iter(rows_of.items()))),
    ]
    return Answer(effects_table(effects, results), tuple(lines))


def _effect(effects: Effects) -> str:
    """Count on each set where memory's interval lies wholly above zero, wholly below, holds it, or excludes the papers'."""
    asked = "**Does memory raise the AUC?**"
    told = []
    for column in effects.columns:
        found = effects.on(column)
        intervals = [(one.published.auc.low, one.published.auc.high) for one in found]
        rises = sum(low is not None and low > 0 for low, _ in intervals)
        falls = sum(high is not None and high < 0 for _, high in intervals)
        below = sum(
            (rise := one.published.in_paper) is not None and high is not None and high < rise
            for one, (_, high) in zip(found, intervals, strict=True)
        )
        if intervals:
            rest = len(intervals) - rises - falls
            told.append(
                f"{column}: it rises in {rises} of {len(intervals)} pairs, falls in {falls}, {rest} cannot tell"
                + (f", and in {below} the interval lies below the published rise" if below else "")
            )
    if not told:
        return f"{asked} No pair of runs with and without memory yet."
    return f"{asked} Under the published scores, by the interval over seeds, {'; '.join(told)}. None of these trains as long as the papers."


def _verdicts(verdicts: Sequence[ClaimVerdict]) -> str:
    """Name the decided claims set by set; one that is decided in any group of a set counts there."""
    told = []
    for dataset in dict.fromkeys(one.group.dataset for one in verdicts):
        named = []
        for verdict in ("reproduced", "contradicted"):
            of = [one.claim.id for one in verdicts if (one.group.dataset, one.verdict) == (dataset, verdict)]
            named += [f"{verdict} {', '.join(dict.fromkeys(of))}"] if of else []
        told += [f"{dataset}: {', '.join(named)}"] if named else []
    open_ones = [
        claim
        for claim in dict.fromkeys(one.claim.id for one in verdicts)
        if all(one.verdict == "not decided" for one in verdicts if one.claim.id == claim)
    ]
    return (
        f"**Which of the {len(read_claims())} claims hold?** {'; '.join(told) or 'None is decided'}; nowhere decided: "
        f"{', '.join(open_ones) or 'none'}. What each says, and the differences it rests on: "
        "[`results/verdict.md`](results/verdict.md)."
    )


def _at_first(column: str, rows: Sequence[Row]) -> tuple[str, str]:
    """Two lines about the first set alone: what seeds do, and what needs no learning."""
    asked = f"**What is reached without learning, and by normalisation alone ({column})?**"
    return (
        f"**How much do seeds alone move a run ({column})?** {_seeds(rows)}.",
        f"{asked} {_without_learning(rows)} {_normalisation(rows)}",
    )


def _seeds(rows: Sequence[Row]) -> str:
    spans = {
        row.label: 100 * (max(values) - min(values))
        for row in rows
        if row.settings.method not in LEARNING_FREE and len(values := row.by_seed(micro()).values()) > 1
    }
    if not spans:
        return "One seed each so far: nobody knows"
    widest = max(spans, key=lambda label: spans[label])
    middle = median(spans.values())
    return (
        f"Between its best and worst seed by {middle:.1f} points in the middle setting, by {spans[widest]:.1f} in the "
        f"widest, {widest}"
    )


def _without_learning(rows: Sequence[Row]) -> str:
    """Name the scores without learning, and how many learned settings each lies above."""
    learned = [summary.mean for row in _learned(rows) if (summary := row.auc()) is not None]
    told = []
    for row in rows:
        if row.settings.method in LEARNING_FREE and (summary := row.auc()) is not None:
            above = sum(summary.mean > mean for mean in learned)
            told.append(f"{row.method} {100 * summary.mean:.1f} % (above {above} of {len(learned)} learned settings)")
    return f"{', '.join(told)}." if told else "Not measured yet."


def _normalisation(rows: Sequence[Row]) -> str:
    """Compare the best learned row under the published and under no normalisation within videos."""
    best = max(_learned(rows), key=lambda row: summary.mean if (summary := row.auc()) else 0.0, default=None)
    summary = None if best is None else best.auc()
    pooled = None if best is None else best.summary(micro(normalisation="global"))
    if best is None or summary is None or pooled is None:
        return "What normalising each test video by its own extremes does was not measured yet."
    return (
        f"Normalising each test video by its own extremes, as published, takes {best.label} from "
        f"{100 * pooled.mean:.1f} % to {100 * summary.mean:.1f} %."
    )


def _learned(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.settings.method not in LEARNING_FREE]
