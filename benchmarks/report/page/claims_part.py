"""The page's first part: how many claims have which word, what the words mean, and each claim with its effects."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal

from markupsafe import Markup

from benchmarks.report.claims.claim_judging import MIXED, ClaimVerdict
from benchmarks.report.claims.claims import Claim
from benchmarks.report.claims.effects import (
    claimed_words,
    contrast_name,
    counts_words,
    effect_words,
    has_effects,
    is_missing,
    published_words,
    short_reasons,
    word_of,
)
from benchmarks.report.claims.judging import (
    DECIDED,
    MISSING,
    NOT_MEASURED,
    TOO_FEW,
    UNTRAINED,
    WIDE,
    Judgement,
    seeds_at_observed,
)
from benchmarks.report.claims.remedies import remedies
from benchmarks.report.page.charts import effect_scale, effect_track
from benchmarks.report.page.markup import part, table
from benchmarks.report.read.labels import set_name
from benchmarks.report.tables.render import Table

Standing = Literal["supported", "no practical effect", "opposite", "differs", "open", "no word", "out of scope"]

MEANINGS: Final[dict[Standing, str]] = {
    "supported": "On at least one data set, the effect in our runs lies with its whole 95 % interval where the claim says.",
    "no practical effect": "On at least one data set, the whole interval lies so close to zero that it does not matter.",
    "opposite": "On at least one data set, the effect lies with its whole interval on the other side.",
    "differs": "One word on one data set or setting, another on another.",
    "open": "Our runs speak neither for the claim nor against it: it may be true or false.",
    "no word": "Our runs are not trained long enough, or their memory is not read: effects are shown, a word is not.",
    "out of scope": "About data that is not available here; what other sets show is printed without a word.",
}
REASONS: Final[dict[str, str]] = {
    MISSING: "runs that it needs were not made yet",
    NOT_MEASURED: "the runs are there, but do not hold the measurement",
    TOO_FEW: "fewer than three repetitions (seeds)",
    WIDE: "repetitions differ too much: the interval holds several answers",
    MIXED: "its comparisons have different words",
    UNTRAINED: "too few updates, or a learning rate that has not come down, for a word",
    "memory not read": "more than a tenth of the queries have an empty address",
    "hardly any frame updates the items": "with and without the update the runs are nearly the same",
}
_ORDER: Final[tuple[Standing, ...]] = tuple(MEANINGS)
_PRINTED: Final = {"differs": "differs by data set", "no word": "without a word"}
_UNITS: Final = {"points": "points of AUC"}


def standing(verdicts: Sequence[ClaimVerdict]) -> Standing:
    """What is known of one claim over all its sets: its one word, that words differ, or why there is none."""
    words = {one.word for one in verdicts if one.p is not None}
    if len(words) > 1:
        return "differs"
    for word in DECIDED:
        if word in words:
            return _ORDER[DECIDED.index(word)]
    if verdicts[0].claim.out_of_scope:
        return "out of scope"
    shown = [one for one in verdicts if has_effects(one)]
    return "no word" if shown and all(one.word == "" for one in shown) else "open"


def chip(word: str) -> Markup:
    """A word with its sign; colour repeats what it says."""
    return part("parts", "chip", word)


def scoreboard(verdicts: Sequence[ClaimVerdict]) -> Markup:
    """How many claims stand where, which, and what the word means."""
    return part("claims", "scoreboard", _by_standing(verdicts), MEANINGS, _PRINTED)


def glance(verdicts: Sequence[ClaimVerdict]) -> Markup:
    """A row per claim: statement, what is known, and on which sets or why it is open."""
    rows = tuple(
        (f"{claim.id} {claim.statement}", _printed(standing(own)), _where(own)) for claim, own in _by_claim(verdicts)
    )
    content = Table("The claims at a glance", ("Claim", "Verdict", "Where, or why it is open"), rows)
    return table(content, cells={"Claim": _linked, "Verdict": chip}, stacked=True)


def _linked(text: str) -> Markup:
    name, _, statement = text.partition(" ")
    return Markup('<a href="#{0}">{0}</a> {1}').format(name, statement)


def _where(verdicts: Sequence[ClaimVerdict]) -> str:
    """Groups by what they say: where a claim has a word, those; else the reasons, each with the sets that it is about."""
    places_of: dict[str, list[str]] = {}
    decided = [one for one in verdicts if one.p is not None]
    for one in decided:
        places_of.setdefault(one.word, []).append(one.group.label)
    for one in verdicts if not decided else ():
        place = one.group.label if has_effects(one) else set_name(one.group.dataset)
        places_of.setdefault(short_reasons(one), []).append(place)
    # runs that are not there tell least
    order = sorted(places_of.items(), key=lambda item: item[0] == MISSING)
    return ". ".join(f"{words[:1].upper()}{words[1:]}: {'; '.join(dict.fromkeys(places))}" for words, places in order)


def claims_part(verdicts: Sequence[ClaimVerdict]) -> Markup:
    """Every claim under the heading of what is known of it, with a line per data set and its effects to open."""
    found = {word: [_claim(*one) for one in claims] for word, claims in _by_standing(verdicts).items()}
    return part("claims", "claims", found, _PRINTED)


def _by_standing(verdicts: Sequence[ClaimVerdict]) -> dict[Standing, list[tuple[Claim, list[ClaimVerdict]]]]:
    """Claims by what is known of them, in the order of the words."""
    of = _by_claim(verdicts)
    found = {word: [(claim, own) for claim, own in of if standing(own) == word] for word in _ORDER}
    return {word: claims for word, claims in found.items() if claims}


def _printed(word: Standing) -> str:
    return _PRINTED.get(word, word)


def _by_claim(verdicts: Sequence[ClaimVerdict]) -> list[tuple[Claim, list[ClaimVerdict]]]:
    return [
        (own[0].claim, own) for _, found in groupby(verdicts, key=lambda one: one.claim.id) for own in (list(found),)
    ]


def _claim(claim: Claim, verdicts: Sequence[ClaimVerdict]) -> dict[str, object]:
    """What claims.html.j2 shows of one claim."""
    judged = [one for one in verdicts if has_effects(one)]
    bare: dict[str, list[str]] = {}
    for one in verdicts:
        if not has_effects(one):
            bare.setdefault(short_reasons(one), []).append(set_name(one.group.dataset))
    return {
        "claim": claim,
        "lines": [_line(one) for one in judged],
        "bare": {why: ", ".join(dict.fromkeys(sets)) for why, sets in bare.items()},
        "effects": [_effects(one) for one in judged],
        "remedies": _remedies(verdicts),
    }


def _line(verdict: ClaimVerdict) -> dict[str, str]:
    """One data set: the word, why there is none, and the first effect with the claim's own word."""
    exploratory = "exploratory" if verdict.exploratory else ""
    line = {
        "word": verdict.word or ("out of scope" if verdict.claim.out_of_scope else "without a word"),
        "place": verdict.group.label,
        "why": "; ".join(part for part in (counts_words(verdict), short_reasons(verdict), exploratory) if part),
    }
    shown = [one for one in verdict.deciding if one.mean is not None]
    for one in [one for one in shown if one.word == verdict.word] or shown:
        runs = "1 seed" if one.seeds == 1 else f"{one.seeds} seeds"
        line["contrast"] = contrast_name(one.contrast)
        line["numbers"] = f"{effect_words(one)} {_UNITS.get(one.contrast.unit, one.contrast.unit)}".strip()
        line["runs"] = f"{runs}; {len(shown) - 1} more below" if len(shown) > 1 else runs
        break
    return line


def _effects(verdict: ClaimVerdict) -> tuple[Markup, int]:
    """The contrasts that have cells, drawn on one scale per unit, and how many have none; verdict.md has every number."""
    judged = [one for one in verdict.judgements if not is_missing(one)]
    scales = {
        unit: effect_scale([one for one in judged if one.contrast.unit == unit])
        for unit in {one.contrast.unit for one in judged}
    }
    tracks = {str(place): effect_track(one, scales[one.contrast.unit]) for place, one in enumerate(judged)}
    rows = tuple(_row(verdict, one, str(place)) for place, one in enumerate(judged))
    columns = ("Comparison", "Drawn", "Effect, 95 % interval", "Seeds", "Claimed", "Word", "Published")
    notes = ("Shaded: where the whole interval must lie. Line: no effect. In brackets: decides nothing.",)
    shown = Table(f"{verdict.claim.id} on {verdict.group.label}", columns, rows, frozenset({"Seeds"}), notes)
    drawn = table(shown.without_empty_columns(), cells={"Drawn": tracks.__getitem__, "Word": _word}, stacked=True)
    return drawn, len(verdict.judgements) - len(judged)


def _row(verdict: ClaimVerdict, one: Judgement, place: str) -> tuple[str, ...]:
    name = contrast_name(one.contrast)
    unit = {"points": "", "": ""}.get(one.contrast.unit, f" {one.contrast.unit}")
    effect = effect_words(one)
    return (
        name if one.contrast.deciding else f"({name})",
        place,
        effect + unit if effect else "not measured",
        str(one.seeds),
        claimed_words(one),
        word_of(one),
        published_words(one, verdict.group.dataset),
    )


def _word(text: str) -> Markup:
    """The word as a chip with its reason; a reason in place of a word stands alone."""
    word, _, reason = text.partition(": ")
    if word not in (*DECIDED, "open"):
        return Markup("<span>{}</span>").format(text)
    return chip(word) + (Markup(" <span>{}</span>").format(reason) if reason else "")


def _remedies(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    """Commands that make what is missing, and how many seeds the open effects would need."""
    commands = list(dict.fromkeys(str(remedy) for one in verdicts for remedy in remedies(one)))
    needed = [
        f"{verdict.group.label}, {contrast_name(one.contrast)}: {seeds_at_observed(one) or 'more than 1000'} "
        "seeds, if the true effect is the one observed"
        for verdict in verdicts
        for one in verdict.judgements
        if one.contrast.deciding and one.reason == WIDE
    ]
    return [*commands, *needed]
