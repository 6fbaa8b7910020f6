"""The study's answer in six lines, for the README's first screen: from records, by the rules of the verdict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.report.claims import read_claims
from benchmarks.report.contents import micro
from benchmarks.report.contrasts import Contrast, memory_contrasts
from benchmarks.report.costs import memory_cost
from benchmarks.report.judging import ClaimVerdict, Verdict
from benchmarks.report.records import Record, by_cell
from benchmarks.report.rows import Row, make_rows
from benchmarks.report.verdict import judge_all
from benchmarks.report.wording import interval_of, signed
from benchmarks.study.settings import LEARNING_FREE, Cell

_NOTHING = "- No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."

# The sets that the first screen is about, as people write them, each with the studies that answer for it.
ASKED: Final[Mapping[str, Sequence[str]]] = {
    "UCSD Ped2": ("ped2", "lines-ped2"),
    "circles and squares": ("lines-synthetic",),
}
STUDIES: Final = tuple(study for studies in ASKED.values() for study in studies)


def answer(
    studies: Mapping[str, Sequence[Cell]],
    records: Sequence[Record],
    results: Path,
    verdicts: Sequence[ClaimVerdict] | None = None,
) -> str:
    """Return six lines of Markdown: memory on two sets, its cost, verdicts, seeds, what needs no learning.

    studies: cells by name of study, of STUDIES at least; the last two lines are about the first. records: all
    there are, none of them stale. results: folder of the benches. verdicts: of those records, where they are at hand. A
    line whose records are missing says so.
    """
    found = {
        study: [row for row in make_rows(studies.get(study, ()), by_cell(list(records))) if row.records]
        for study in STUDIES
    }
    if not any(found.values()):
        return _NOTHING
    first = found[STUDIES[0]]
    lines = [
        *(_memory(name, [found[study] for study in asked]) for name, asked in ASKED.items()),
        memory_cost(results),
        _verdicts(judge_all(read_claims(), records) if verdicts is None else verdicts),
        _seeds(first),
        f"{_without_learning(first)} {_normalisation(first)}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _memory(name: str, studies: Sequence[Sequence[Row]]) -> str:
    """Tell memory's effect on one set, study by study; all rows of a study share a profile."""
    told = []
    for rows in studies:
        contrasts = memory_contrasts([row for row in rows if row.comparable()])
        if effects := [_told(one, contrasts) for one in contrasts if one.score == "published"]:
            told.append(f"profile `{rows[0].settings.profile}`: {'; '.join(effects)}")
    asked = f"**Does memory raise the AUC on {name}?**"
    if not told:
        return f"{asked} No pair of runs with and without memory yet."
    return (
        f"{asked} In points, memory minus none, each under its published score, 95 % interval over seeds; "
        f"{'; '.join(told)}."
    )


def _told(contrast: Contrast, contrasts: Sequence[Contrast]) -> str:
    """Tell one effect, and the same under one score where the twin is published with another error."""
    row, paired = contrast.with_memory, contrast.auc
    own = row.records[0].variant_score(row.records[0].variant)
    alike = [
        f", {interval_of(one.auc)} with one error for both"
        for one in contrasts
        if one.score == own and (one.with_memory, one.without_memory) == (row, contrast.without_memory)
    ]
    published, twin = contrast.with_memory.published(), contrast.without_memory.published()
    there = "" if published is None or twin is None else f", published {signed(published.auc - twin.auc)}"
    return (
        f"{row.method} {row.task} {interval_of(paired)} ({_counted(len(paired.seeds), 'seed')}{there}{''.join(alike)})"
    )


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


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
