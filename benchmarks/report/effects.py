"""Effects of contrasts as tables and words: where each lies, what was claimed, how many seeds would decide it."""

from collections.abc import Sequence

from benchmarks.report.claims import Contrast
from benchmarks.report.evidence import published_effects
from benchmarks.report.judging import ClaimVerdict, Judgement, seeds_at_observed, seeds_at_smallest
from benchmarks.report.render import Table
from benchmarks.report.wording import probability, signed


def has_effects(verdict: ClaimVerdict) -> bool:
    """Whether any contrast of the claim has a pair of runs in this group."""
    return any(one.evidence.effects for one in verdict.judgements)


def effects_table(title: str, verdicts: Sequence[ClaimVerdict], *, short: bool = False) -> Table:
    """A row per contrast that has cells; short: with the claim in front, and what decides alone."""
    rows = [
        ((verdict.claim.id,) if short else ()) + _effect_row(verdict, judgement)
        for verdict in verdicts
        for judgement in verdict.judgements
        if judgement.reason != "missing cells" and not (short and not judgement.contrast.deciding)
    ]
    columns = (
        "Set",
        "Contrast",
        "Claimed",
        "Effect",
        "n",
        "a > b",
        "Verdict",
        "Other videos",
        "p",
        "p (Holm)",
        "p (exact)",
        "Published",
    )
    numeric = frozenset({"Effect", "n", "a > b", "Other videos", "p", "p (Holm)", "p (exact)"})
    table = Table(title, (*(("Claim",) if short else ()), *columns), tuple(rows), numeric)
    return table.without_empty_columns() if rows else table


def _effect_row(verdict: ClaimVerdict, one: Judgement) -> tuple[str, ...]:
    contrast, evidence = one.contrast, one.evidence
    name = contrast_name(contrast)
    published = [
        f"{signed(effect)} {status}{'' if source == 'paper' else f' ({source})'}"
        for effect, status, source in published_effects(contrast, verdict.group.dataset)
    ]
    decided = verdict_words(one)
    return (
        verdict.group.label,
        name if contrast.deciding else f"({name})",
        claimed_words(one.contrast),
        effect_words(one),
        str(one.seeds),
        "" if one.improvement is None else f"{100 * one.improvement:.0f} %",
        decided if contrast.deciding else f"({decided})",
        "" if evidence.other_videos is None else _interval(None, *evidence.other_videos, _digits(contrast)),
        probability(one.p),
        probability(one.holm_p),
        probability(one.exact_p),
        "; ".join(published),
    )


def verdict_words(one: Judgement) -> str:
    """What a contrast says for its claim, and why it is open: ``not decided: wide interval``."""
    if one.for_claim != "not decided":
        return one.for_claim
    reason = one.reason if one.verdict == "not decided" else f"{one.verdict} at 95 %, not at the claim's level"
    return f"{one.for_claim}: {reason}"


def claim_words(verdict: ClaimVerdict) -> str:
    """A claim's verdict with how many of its contrasts speak for and against it, or why it is open."""
    deciding = [one for one in verdict.judgements if one.contrast.deciding]
    done = sum(one.for_claim == "reproduced" for one in deciding)
    if verdict.verdict == "reproduced":
        return f"**reproduced** ({done} of {len(deciding)})"
    if verdict.verdict == "contradicted":
        against = sum(one.for_claim == "contradicted" for one in deciding)
        return f"**contradicted** ({against} of {len(deciding)} against, {done} for)"
    return f"not decided ({done} of {len(deciding)}; {', '.join(verdict.reasons)})"


def contrast_name(contrast: Contrast) -> str:
    """What is compared, on which cells: ``MNAD, reconstruction: memory on − off``."""
    return ": ".join(part for part in (contrast.cells, contrast.name) if part)


def claimed_words(contrast: Contrast) -> str:
    """Where the whole interval must lie: ``> 0.5``, ``within ±0.5 dB``."""
    unit = {"points": "", "": ""}.get(contrast.unit, f" {contrast.unit}")
    size = f"{contrast.smallest:g}"
    return {
        "higher": f"> {size}{unit}",
        "lower": f"< {'−' if contrast.smallest else ''}{size}{unit}",
        "same": f"within ±{size}{unit}",
        "not_higher": f"< {size}{unit}",
        "not_lower": f"> {'−' if contrast.smallest else ''}{size}{unit}",
    }[contrast.direction]


def effect_words(one: Judgement) -> str:
    """The mean with its interval, in the contrast's unit: ``+1.2 [−0.3, +2.7]``; "" where nothing was measured."""
    return _interval(one.mean, one.low, one.high, _digits(one.contrast))


def _digits(contrast: Contrast) -> int:
    return 3 if contrast.unit == "" else 2 if contrast.unit == "items" else 1


def _interval(mean: float | None, low: float | None, high: float | None, digits: int) -> str:
    bounds = "" if low is None or high is None else f"[{signed(low, digits)}, {signed(high, digits)}]"
    return " ".join(part for part in (signed(mean, digits), bounds) if part)


def power_table(verdicts: Sequence[ClaimVerdict]) -> Table:
    """How many seeds would decide each open contrast."""
    rows = []
    for verdict in verdicts:
        for one in verdict.judgements:
            if one.reason not in ("too few seeds", "wide interval") or not one.contrast.deciding or one.spread is None:
                continue
            name = contrast_name(one.contrast)
            smallest = _count(seeds_at_smallest(one)) if one.contrast.smallest else "–"
            numbers = (str(one.seeds), f"{one.spread:.2g}", _count(seeds_at_observed(one)), smallest)
            rows.append((verdict.claim.id, verdict.group.label, name, *numbers))
    columns = ("Claim", "Set", "Contrast", "n", "SD", "Seeds if as observed", "Seeds if one smallest effect away")
    notes = (
        (
            "Seeds with which the interval lies on one side of the line in 80 % of studies. If as observed: the true "
            "effect is the observed mean. If one smallest effect away: it lies that far from the line, as no effect "
            "at all does. SD: of the paired differences; from two seeds it is little more than a guess."
        ),
    )
    return Table("How many seeds would decide the open ones", columns, tuple(rows), frozenset(columns[3:]), notes)


def _count(seeds: int | None) -> str:
    return "> 1000" if seeds is None else str(seeds)
