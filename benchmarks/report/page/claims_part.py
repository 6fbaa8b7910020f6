"""The page's first part: how many claims have which word, what the words mean, and each claim with its effects."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal

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
from benchmarks.report.page.markup import bullet_list, details, escape, inline, table
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
_ICONS: Final = {"supported": "yes", "no practical effect": "null", "opposite": "no", "differs": "differs"}
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


def chip(word: str) -> str:
    """A word with its sign; colour repeats what it says."""
    kind = _ICONS.get(word, "open")
    return f'<span class="chip {kind}"><svg class="icon" aria-hidden="true"><use href="#icon-{kind}"/></svg>{escape(word)}</span>'


def scoreboard(verdicts: Sequence[ClaimVerdict]) -> str:
    """How many claims stand where, which, and what the word means."""
    of = _by_claim(verdicts)
    tiles = []
    for word in _ORDER:
        claims = [claim.id for claim, own in of if standing(own) == word]
        if not claims:
            continue
        links = ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in claims)
        tiles.append(
            f'<li class="tile {_ICONS.get(word, "open")}"><span class="count">{len(claims)}</span> {chip(_printed(word))}'
            f'<p class="which">{links}</p><p class="meaning">{escape(MEANINGS[word])}</p></li>\n'
        )
    return f'<ul class="tiles">\n{"".join(tiles)}</ul>\n'


def reasons() -> str:
    """Why a claim may be open, in plain words."""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in REASONS.items())
    return f'<dl class="reasons">{lines}</dl>\n'


def glance(verdicts: Sequence[ClaimVerdict]) -> str:
    """A row per claim: statement, what is known, and on which sets or why it is open."""
    rows = tuple(
        (f"{claim.id} {claim.statement}", _printed(standing(own)), _where(own)) for claim, own in _by_claim(verdicts)
    )
    content = Table("The claims at a glance", ("Claim", "Verdict", "Where, or why it is open"), rows)
    cells = {"Claim": _linked, "Verdict": chip}
    return f'<div id="glance-table">\n{table(content, cells=cells, stacked=True)}</div>\n'


def _linked(text: str) -> str:
    name, _, statement = text.partition(" ")
    return f'<a href="#{escape(name)}">{escape(name)}</a> {escape(statement)}'


def _where(verdicts: Sequence[ClaimVerdict]) -> str:
    """Groups by what they say: where a claim has a word, those; else the reasons, each with the sets that it is about."""
    told: dict[str, list[str]] = {}
    decided = [one for one in verdicts if one.p is not None]
    for one in decided:
        told.setdefault(one.word, []).append(one.group.label)
    for one in verdicts if not decided else ():
        place = one.group.label if has_effects(one) else set_name(one.group.dataset)
        told.setdefault(short_reasons(one), []).append(place)
    # runs that are not there tell least
    order = sorted(told.items(), key=lambda item: item[0] == MISSING)
    return ". ".join(f"{words[:1].upper()}{words[1:]}: {'; '.join(dict.fromkeys(places))}" for words, places in order)


def claims_part(verdicts: Sequence[ClaimVerdict]) -> str:
    """Every claim under the heading of what is known of it, with a line per data set and its effects to open."""
    of = _by_claim(verdicts)
    parts = []
    for word in _ORDER:
        own = [(claim, found) for claim, found in of if standing(found) == word]
        if own:
            parts.append(f'<h3 class="standing">{escape(_printed(word).capitalize())} ({len(own)})</h3>\n')
            parts += [_claim(claim, found) for claim, found in own]
    return "".join(parts)


def _printed(word: Standing) -> str:
    return {"differs": "differs by data set", "no word": "without a word"}.get(word, word)


def _by_claim(verdicts: Sequence[ClaimVerdict]) -> list[tuple[Claim, list[ClaimVerdict]]]:
    return [
        (own[0].claim, own) for _, found in groupby(verdicts, key=lambda one: one.claim.id) for own in (list(found),)
    ]


def _claim(claim: Claim, verdicts: Sequence[ClaimVerdict]) -> str:
    name = escape(claim.id)
    judged = [one for one in verdicts if has_effects(one)]
    lines = "".join(map(_line, judged))
    bare: dict[str, list[str]] = {}
    for one in verdicts:
        if not has_effects(one):
            bare.setdefault(short_reasons(one), []).append(set_name(one.group.dataset))
    for why, sets in bare.items():
        lines += f"<li>{chip('open')} <span>{escape(', '.join(dict.fromkeys(sets)))}: {escape(why)}.</span></li>\n"
    body = "".join(map(_effects, judged)) + _remedies(verdicts)
    return (
        f'<article class="claim" id="{name}" aria-labelledby="{name}-name">\n'
        f'<h4 id="{name}-name"><span class="claim-id">{name}</span> {inline(claim.statement)}</h4>\n'
        f'<ul class="groups">\n{lines}</ul>\n'
        f"{details(f'Effects and what would decide it <span class=hidden>({name})</span>', body)}"
        f'<p class="source">Source: {inline(claim.source)}</p>\n</article>\n'
    )


def _line(verdict: ClaimVerdict) -> str:
    """One data set: the word, why there is none, and the effect that tells most."""
    counts = counts_words(verdict)
    exploratory = "exploratory" if verdict.exploratory else ""
    why = "; ".join(part for part in (counts, short_reasons(verdict), exploratory) if part)
    word = verdict.word or ("out of scope" if verdict.claim.out_of_scope else "without a word")
    return (
        f"<li>{chip(word)} <span><strong>{escape(verdict.group.label)}</strong>: "
        f"{escape(why)}.{_telling(verdict, verdict.deciding)}</span></li>\n"
    )


def _telling(verdict: ClaimVerdict, deciding: Sequence[Judgement]) -> str:
    """The first contrast with the claim's own word that has an effect."""
    shown = [one for one in deciding if one.mean is not None]
    own = [one for one in shown if one.word == verdict.word] or shown
    if not own:
        return ""
    one = own[0]
    unit = _UNITS.get(one.contrast.unit, one.contrast.unit)
    runs = "1 seed" if one.seeds == 1 else f"{one.seeds} seeds"
    more = f"; {len(shown) - 1} more below" if len(shown) > 1 else ""
    numbers = " ".join(part for part in (effect_words(one), unit) if part)
    return (
        f' <span class="telling">{escape(contrast_name(one.contrast))}: <b>{escape(numbers)}</b> '
        f"({escape(runs + more)}).</span>"
    )


def _effects(verdict: ClaimVerdict) -> str:
    """The contrasts that have cells, drawn on one scale per unit; every other number of each is in results/verdict.md."""
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
    without = [one for one in verdict.judgements if is_missing(one)]
    missing = f"<p>{len(without)} more comparisons have no runs yet.</p>\n" if without else ""
    return (
        table(shown.without_empty_columns(), cells={"Drawn": tracks.__getitem__, "Word": _word}, stacked=True) + missing
    )


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


def _word(text: str) -> str:
    """The word as a chip with its reason; a reason in place of a word stands alone."""
    word, _, reason = text.partition(": ")
    if word not in (*DECIDED, "open"):
        return f"<span>{escape(text)}</span>"
    return chip(word) + (f" <span>{escape(reason)}</span>" if reason else "")


def _remedies(verdicts: Sequence[ClaimVerdict]) -> str:
    """Commands that make what is missing, and how many seeds the open effects would need."""
    commands = list(dict.fromkeys(str(remedy) for one in verdicts for remedy in remedies(one)))
    needed = [
        f"{verdict.group.label}, {contrast_name(one.contrast)}: {seeds_at_observed(one) or 'more than 1000'} "
        "seeds, if the true effect is the one observed"
        for verdict in verdicts
        for one in verdict.judgements
        if one.contrast.deciding and one.reason == WIDE
    ]
    parts = bullet_list([*commands, *needed])
    return f"<p><strong>What would decide it</strong></p>\n{parts}" if parts else ""
