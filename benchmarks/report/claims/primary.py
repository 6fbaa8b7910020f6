"""The primary question (docs/analysis-plan.md, section 2): answered once, when all of its runs are there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

from benchmarks.report.claims.claims import memory_contrast
from benchmarks.report.claims.effects import effect_words
from benchmarks.report.claims.judging import Judgement, Word, judge, published_excluded
from benchmarks.report.claims.paired_effects import Evidence, gather, of_group, published_effects
from benchmarks.report.claims.rules import Rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read.format import signed
from benchmarks.report.read.groups import group_of
from benchmarks.report.read.interim import Primary, own_runs, primary_cells
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import METHOD_NAMES

STUDY: Final = "long-ped2"
_SCORES: Final = {"published": "each side with its published score", "error": "PSNR for both sides"}


@dataclass(frozen=True)
class Answered:
    """One task under one score: its judgement at the question's own level, and the published effect."""

    task: str
    score: str
    judgement: Judgement
    published: float | None

    @property
    def excluded(self) -> bool:
        """Whether the interval ends before the published effect."""
        return self.published is not None and published_excluded(self.judgement, self.published) is True


@dataclass(frozen=True)
class PrimaryAnswer:
    """What the question's runs say. done, wanted: numbers of runs; answers: by task and score, none before all are done."""

    question: Primary
    done: int
    wanted: int
    answers: tuple[Answered, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether all runs are there."""
        return self.done == self.wanted

    def word(self, task: str) -> Word:
        """A task's answer: the word that both scores give, else open."""
        words = {one.judgement.word for one in self.answers if one.task == task}
        return words.pop() if len(words) == 1 and "" not in words else "open"

    def of(self, task: str) -> list[Answered]:
        """A task's answers, one for each score."""
        return [one for one in self.answers if one.task == task]


def answer_primary(records: Sequence[Record], rules: Rules, training: Training) -> PrimaryAnswer:
    """Answer the question from its own runs that started after the freeze; no effect is computed before all are there."""
    question, own = rules.primary, own_runs(records)
    cells = primary_cells(question)
    if len(own) < len(cells):
        return PrimaryAnswer(question, len(own), len(cells))
    answers = []
    for task, score in product(question.tasks, question.scores):
        contrast = memory_contrast(
            question.method, task, question.set, smallest=question.smallest, margin=question.margin, score=score
        )
        group = group_of(cells[0].settings)
        found = gather(contrast, group, of_group(own, group), rules, training)
        published = published_effects(contrast, question.set)
        judged = _judged(found, question)
        answers.append(Answered(task, score, judged, published[0][0] if published else None))
    return PrimaryAnswer(question, len(own), len(cells), tuple(answers))


def primary_lines(answer: PrimaryAnswer) -> list[str]:
    """The answer as Markdown: a sentence, and once there is one a line per task and score."""
    question = answer.question
    asked = (
        f"*Does {METHOD_NAMES[question.method]}'s memory raise the frame AUC on {set_name(question.set)} at the published "
        f"length?*"
    )
    if not answer.complete:
        return [
            (
                f"{asked} **Open: {answer.done} of {answer.wanted} runs.** There is no interim analysis: these runs are "
                "used nowhere before all are there."
            )
        ]
    words = "; ".join(f"{task}: **{answer.word(task)}**" for task in question.tasks)
    return [f"{asked} {words}.", "", *(f"- {_line(one, question)}" for one in answer.answers)]


def _line(one: Answered, question: Primary) -> str:
    judged = one.judgement
    reason = f" ({judged.reason})" if judged.reason else ""
    excluded = "excluded" if one.excluded else "not excluded"
    published = "" if one.published is None else f"; the published {signed(one.published)} is {excluded}"
    return (
        f"{one.task}, {_SCORES.get(one.score, one.score)}: {effect_words(judged)} points, {judged.seeds} seeds, "
        f"{100 * question.level:g} % interval: {judged.word or 'no word'}{reason}{published}."
    )


def _judged(evidence: Evidence, question: Primary) -> Judgement:
    """Judge at the question's level; fewer pairs than seeds, of runs that may not meet, leave it open."""
    judged = judge(evidence, question.level)
    if judged.seeds < question.seeds:
        return replace(judged, word="open", reason=f"only {judged.seeds} of {question.seeds} pairs may be compared")
    return judged
