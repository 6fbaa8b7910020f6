"""Effects of contrasts as tables and words: where each lies, what was claimed, how many seeds would decide it."""

import re
from collections.abc import Sequence

from benchmarks.report.claims.claim_judging import ClaimVerdict
from benchmarks.report.claims.claims import Contrast
from benchmarks.report.claims.judging import (
    TOO_FEW,
    WIDE,
    Judgement,
    published_excluded,
    seeds_at_observed,
    seeds_without_effect,
)
from benchmarks.report.claims.paired_effects import published_effects
from benchmarks.report.read.format import probability, signed
from benchmarks.report.tables.render import Table


def has_effects(verdict: ClaimVerdict) -> bool:
    """Whether any contrast of the claim has a pair of runs in this group."""
    return any(one.evidence.effects for one in verdict.judgements)


def is_missing(one: Judgement) -> bool:
    """Whether a contrast has no pair of runs, be it without a word for another reason too."""
    return not one.evidence.effects and not one.evidence.unheld


def place_of(one: Judgement) -> str:
    """The label of the group that a contrast was judged in, for the methods that it compares."""
    sides = (one.evidence.a, one.evidence.b)
    return one.evidence.group.of(side.method for side in sides if side is not None).label


def effects_table(title: str, verdicts: Sequence[ClaimVerdict], *, short: bool = False) -> Table:
    """A row per contrast that has runs; short: with the claim in front, and what decides alone.

    Words stand without the numbers behind them, which a note below the table gives once for each group of runs.
    """
    shown = [
        (verdict, judgement)
        for verdict in verdicts
        for judgement in verdict.judgements
        if not is_missing(judgement) and not (short and not judgement.contrast.deciding)
    ]
    rows = [((verdict.claim.id,) if short else ()) + _effect_row(verdict, one) for verdict, one in shown]
    reasons = [f"{place_of(one)}: {word}." for _, one in shown if _without_numbers(word := word_of(one)) != word]
    columns = (
        "Runs",
        "Contrast",
        "Claimed",
        "Effect",
        "n",
        "a > b",
        "Word",
        "Other videos",
        "p",
        "p (exact)",
        "Published",
    )
    numeric = frozenset({"Effect", "n", "a > b", "Other videos", "p", "p (exact)"})
    table = Table(
        title, (*(("Claim",) if short else ()), *columns), tuple(rows), numeric, tuple(dict.fromkeys(reasons))
    )
    return table.without_empty_columns() if rows else table


def _effect_row(verdict: ClaimVerdict, one: Judgement) -> tuple[str, ...]:
    contrast, evidence = one.contrast, one.evidence
    name, word = contrast_name(contrast), _without_numbers(word_of(one))
    if evidence.exploratory:
        word = f"{word} (exploratory)"
    return (
        place_of(one),
        name if contrast.deciding else f"({name})",
        claimed_words(one),
        effect_words(one),
        str(one.seeds),
        "" if one.improvement is None else f"{100 * one.improvement:.0f} %",
        word if contrast.deciding else f"({word})",
        "" if evidence.other_videos is None else interval_words(None, *evidence.other_videos, _digits(contrast)),
        probability(one.p),
        probability(one.exact_p),
        published_words(one, verdict.group.dataset),
    )


def word_of(one: Judgement) -> str:
    """What a contrast says, and why where it says nothing: ``open: wide interval``, ``memory not read``."""
    return ": ".join(part for part in (one.word, one.reason) if part)


def claim_words(verdict: ClaimVerdict) -> str:
    """A claim's word with how many of its contrasts have which, or why it is open or has no word."""
    counts = counts_words(verdict)
    word = f"**{verdict.word}**" if verdict.p is not None else verdict.word or short_reasons(verdict)
    if verdict.word == "open":
        counts = "; ".join(part for part in (counts, short_reasons(verdict)) if part)
    if verdict.claim.out_of_scope:
        return verdict.reasons[0]
    marked = f"{word} ({counts})" if counts else word
    return f"{marked}, exploratory" if verdict.exploratory else marked


def counts_words(verdict: ClaimVerdict) -> str:
    """How many deciding contrasts have each word: ``2 of 6 supported, 1 opposite``; "" where none has one."""
    words = [one.word for one in verdict.deciding]
    parts = [
        f"{words.count(word)} {word}" for word in ("supported", "no practical effect", "opposite") if word in words
    ]
    return ", ".join([f"{parts[0].replace(' ', f' of {len(words)} ', 1)}", *parts[1:]]) if parts else ""


def short_reasons(verdict: ClaimVerdict) -> str:
    """Why a claim has no decision, each reason once and without its numbers."""
    bare = map(_without_numbers, verdict.reasons)
    return ", ".join(dict.fromkeys(part for reason in bare for part in reason.split("; ")))


def _without_numbers(words: str) -> str:
    """Take away what stands in brackets, be there brackets in them."""
    return re.sub(r" \([^()]*(\([^()]*\)[^()]*)*\)", "", words)


def published_words(one: Judgement, dataset: str) -> str:
    """Effects that others published, each with whether the interval excludes it: ``+3.8 P, excluded``."""
    parts = []
    for effect, status, source in published_effects(one.contrast, dataset):
        excluded = published_excluded(one, effect)
        verdict = {None: "", True: ", excluded", False: ", not excluded"}[excluded]
        parts.append(f"{signed(effect)} {status}{'' if source == 'paper' else f' ({source})'}{verdict}")
    return "; ".join(parts)


def contrast_name(contrast: Contrast) -> str:
    """What is compared, on which cells: ``MNAD, reconstruction: memory on − off``."""
    return ": ".join(part for part in (contrast.cells, contrast.name) if part)


def claimed_words(one: Judgement) -> str:
    """Where the whole interval must lie: ``> 0.5``, ``within ±0.5 dB``."""
    contrast = one.contrast
    unit = {"points": "", "": ""}.get(contrast.unit, f" {contrast.unit}")
    smallest, margin = f"{contrast.smallest:g}", f"{one.evidence.margin:g}"
    return {
        "higher": f"> {smallest}{unit}",
        "lower": f"< {'−' if contrast.smallest else ''}{smallest}{unit}",
        "same": f"within ±{margin}{unit}",
        "not_higher": f"< {margin}{unit}",
        "not_lower": f"> {'−' if one.evidence.margin else ''}{margin}{unit}",
    }[contrast.direction]


def effect_words(one: Judgement) -> str:
    """The mean with its interval, in the contrast's unit: ``+1.2 [−0.3, +2.7]``; "" where nothing was measured."""
    return interval_words(one.mean, one.low, one.high, _digits(one.contrast))


def _digits(contrast: Contrast) -> int:
    return 3 if contrast.unit == "" else 2 if contrast.unit == "items" else 1


def interval_words(mean: float | None, low: float | None, high: float | None, digits: int = 1) -> str:
    """Write a mean with its interval, whichever is known: ``+1.2 [−0.3, +2.7]``."""
    bounds = "" if low is None or high is None else f"[{signed(low, digits)}, {signed(high, digits)}]"
    return " ".join(part for part in (signed(mean, digits), bounds) if part)


def power_table(verdicts: Sequence[ClaimVerdict]) -> Table:
    """How many seeds would decide each open contrast."""
    rows = []
    for verdict in verdicts:
        for one in verdict.deciding:
            if one.reason not in (TOO_FEW, WIDE) or one.spread is None:
                continue
            numbers = (f"{one.spread:.2g}", _count(seeds_at_observed(one)), _count(seeds_without_effect(one)))
            rows.append((verdict.claim.id, place_of(one), contrast_name(one.contrast), str(one.seeds), *numbers))
    columns = ("Claim", "Runs", "Contrast", "n", "SD", "Seeds if as observed", "Seeds if no effect")
    notes = (
        (
            "Seeds with which the interval gets a word in 80 % of studies. If as observed: the true effect is the "
            "observed mean. If no effect: it is zero. –: no number of seeds up to 1000 decides, or a true effect there has "
            "no word. SD: of the paired differences; from two seeds it is little more than a guess. Runs that are not "
            "trained long enough are left out: more seeds do not help them."
        ),
    )
    return Table("How many seeds would decide the open ones", columns, tuple(rows), frozenset(columns[3:]), notes)


def _count(seeds: int | None) -> str:
    return "–" if seeds is None else str(seeds)
