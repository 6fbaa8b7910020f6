"""The study's answer for the README's first screen: one sentence, a small table of memory's effect, and a few lines.

From records, by the rules of docs/analysis-plan.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.report.claims.answer_effects import Chosen, chosen_effects, effects_of_answer, effects_sentence
from benchmarks.report.claims.claim_judging import ClaimVerdict
from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.effects import effect_words, has_effects
from benchmarks.report.claims.primary import PrimaryAnswer, answer_primary
from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import training
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.claims.verdict_head import interim_words
from benchmarks.report.read.format import signed
from benchmarks.report.read.groups import common_label
from benchmarks.report.read.interim import without_interim
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import METHOD_NAMES, Row, make_rows
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.study_tables import micro
from benchmarks.study.settings import LEARNING_FREE, Cell

_NOTHING: Final = "No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
STUDIES: Final = ("ped2",)
"""Studies whose rows the last two lines are about."""


@dataclass(frozen=True)
class Answer:
    """What the first screen says: its first sentences, a table or None without a pair of runs, and lines in Markdown."""

    sentence: str
    effects: Table | None
    lines: tuple[str, ...]

    def markdown(self) -> str:
        """The sentences, the table with its notes in a paragraph, a bullet per line; no heading."""
        bullets = "\n".join(f"- {line}" for line in self.lines)
        if self.effects is None:
            return "\n\n".join(part for part in (self.sentence, bullets) if part)
        shown = to_markdown(replace(self.effects, notes=())).removeprefix(f"## {self.effects.title}\n\n")
        return f"{self.sentence}\n\n{shown}\n{' '.join(self.effects.notes)}\n\n{bullets}"


def answer(
    studies: Mapping[str, Sequence[Cell]],
    records: Sequence[Record],
    results: Path,
    verdicts: Sequence[ClaimVerdict] | None = None,
) -> Answer:
    """Answer the study's question: the primary question, memory on two sets, claims, seeds, what needs no learning.

    studies: cells by name of study, of STUDIES at least. records: all there are, none of them stale. results: folder of
    the statistics. verdicts: of those records, where they are known. A line whose records are missing says so.
    """
    if not records:
        return Answer(_NOTHING, None, ())
    rules = read_rules()
    trained = training(rules.trained, records)
    primary = answer_primary(records, rules, trained)
    found = chosen_effects(without_interim(records), rules, trained)
    lines = [_claims(judge_all(read_claims(), records) if verdicts is None else verdicts, results)]
    rows = [row for study in STUDIES for row in make_rows(studies.get(study, ()), by_cell(list(records)))]
    if rows := [row for row in rows if row.records]:
        lines += _of_one_study(rows)
    return Answer(_sentence(primary, found), effects_of_answer(found), tuple(lines))


def _sentence(primary: PrimaryAnswer, found: Sequence[Chosen]) -> str:
    if primary.complete:
        return _answered(primary)
    question = primary.question
    asked = (
        f"**Whether {METHOD_NAMES[question.method]}'s memory raises the frame AUC on {set_name(question.set)} at the "
        f"published length is open: {primary.done} of {primary.wanted} runs.**"
    )
    measured = effects_sentence([one for one in found if (one.dataset, one.method) == (question.set, question.method)])
    return f"{asked} {measured}" if measured else asked


def _answered(primary: PrimaryAnswer) -> str:
    """The primary question's answer with its published scores' intervals; PSNR agrees wherever a word stands."""
    question = primary.question
    parts = []
    for task in question.tasks:
        one = primary.of(task)[0]
        excluded = all(each.excluded for each in primary.of(task))
        published = "" if one.published is None else f", published {signed(one.published)}"
        parts.append(
            f"{effect_words(one.judgement)} in {task} ({primary.word(task)}{published}"
            f"{'' if one.published is None else ' excluded' if excluded else ' not excluded'})"
        )
    settings = primary.answers[0].judgement.evidence.group.label
    return (
        f"**At the published length, {METHOD_NAMES[question.method]}'s memory changes the frame AUC by {' and '.join(parts)}.** "
        f"{settings}; {question.seeds} seeds, {100 * question.level:g} % intervals under the published scores; a word stands "
        "where PSNR for both sides gives the same. Intervals are over seeds: other test videos may differ."
    )


def _claims(verdicts: Sequence[ClaimVerdict], results: Path) -> str:
    """Name the words that survive the correction for all claims and groups."""
    named = [
        f"{one.claim.id} {one.word} on {one.group.label}{', exploratory' if one.exploratory else ''}"
        for one in verdicts
        if one.survives
    ]
    number = len({one.claim.id for one in verdicts})
    judged = [one for one in verdicts if one.p is not None]
    if judged:
        names = "; ".join(named) if named else "none survives"
        decided = f"After Holm's correction over all verdicts ({len(judged)}): {names}."
    else:
        decided = "No claim has a verdict yet."
    claims = dict.fromkeys(one.claim for one in verdicts)
    shown = [[one for one in verdicts if one.claim is claim and has_effects(one)] for claim in claims]
    untrained = sum(bool(of) and all(_untrained(one) for one in of) for of in shown)
    lacking = f" The runs of {untrained} claims are too short for one." if untrained else ""
    return (
        f"**Which of the {number} claims hold?** {decided}{lacking} "
        f"{interim_words(results, '[coverage](results/statistics/coverage.md)')} Every claim and effect: "
        "[`results/verdict.md`](results/verdict.md)."
    )


def _untrained(verdict: ClaimVerdict) -> bool:
    return verdict.p is None and any(one.evidence.untrained for one in verdict.deciding)


def _of_one_study(rows: Sequence[Row]) -> tuple[str, str]:
    """Two lines about one study alone: what seeds do, and what needs no learning."""
    where = common_label(row.settings for row in rows)
    return (
        f"**How far do seeds alone move a run?** {_seeds(rows)} ({where}).",
        f"**What is reached without learning?** {_without_learning(rows)} {_normalisation(rows)} ({where}).",
    )


def _seeds(rows: Sequence[Row]) -> str:
    spans = {
        row.label: 100 * (max(values) - min(values))
        for row in rows
        if row.settings.method not in LEARNING_FREE and len(values := row.by_seed(micro()).values()) > 1
    }
    if not spans:
        return "Unknown: one seed each so far"
    widest = max(spans, key=lambda label: spans[label])
    return (
        f"The best and the worst seed lie {median(spans.values()):.1f} points apart in the middle setting, "
        f"{spans[widest]:.1f} in the widest, {widest}"
    )


def _without_learning(rows: Sequence[Row]) -> str:
    """Name the scores without learning, and how many learned settings each lies above."""
    learned = [summary.mean for row in _learned(rows) if (summary := row.auc()) is not None]
    reached = []
    for row in rows:
        if row.settings.method in LEARNING_FREE and (summary := row.auc()) is not None:
            above = sum(summary.mean > mean for mean in learned)
            reached.append(
                f"{row.method} {100 * summary.mean:.1f} % (above {above} of {len(learned)} learned settings)"
            )
    return f"{', '.join(reached)}." if reached else "Not measured yet."


def _normalisation(rows: Sequence[Row]) -> str:
    """Compare the best learned row under the published and under no normalisation within videos."""
    best = max(_learned(rows), key=lambda row: summary.mean if (summary := row.auc()) else 0.0, default=None)
    summary = None if best is None else best.auc()
    pooled = None if best is None else best.summary(micro(normalisation="global"))
    if best is None or summary is None or pooled is None:
        return "What normalising each test video by its own extremes does was not measured yet"
    return (
        f"Normalising each test video by its own extremes, as published, raises {best.label} from "
        f"{100 * pooled.mean:.1f} % to {100 * summary.mean:.1f} %"
    )


def _learned(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.settings.method not in LEARNING_FREE]
