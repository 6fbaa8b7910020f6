"""The page's first part: how many claims hold, what the words mean, and each claim with its effects."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, Literal

from benchmarks.report.claims import Claim
from benchmarks.report.effects import (
    claimed_words,
    contrast_name,
    effect_words,
    effects_table,
    has_effects,
    verdict_words,
)
from benchmarks.report.evidence import Group, published_effects
from benchmarks.report.judging import ClaimVerdict, Judgement, Reason, seeds_at_observed
from benchmarks.report.page.charts import effect_scale, effect_track
from benchmarks.report.page.markup import bullet_list, details, escape, inline, table
from benchmarks.report.remedies import remedies
from benchmarks.report.render import Table
from benchmarks.report.wording import signed

Standing = Literal["reproduced", "contradicted", "differs", "not decided"]

SET_NAMES: Final = {
    "ped2": "UCSD Ped2",
    "ped1": "UCSD Ped1",
    "avenue": "CUHK Avenue",
    "avenue-partial": "CUHK Avenue (a part)",
    "shanghaitech": "ShanghaiTech",
    "synthetic": "circles and squares",
    "pool": "generated pool",
    "pool-inpainted": "generated pool, inpainted",
}
MEANINGS: Final[dict[Standing, str]] = {
    "reproduced": "On at least one data set, the effect in our runs lies with its whole 95 % interval where the claim says.",
    "contradicted": "On at least one data set, the effect lies with its whole interval elsewhere, and on none where it is said to.",
    "differs": "Reproduced on one data set or setting, contradicted on another.",
    "not decided": "Our runs speak neither for the claim nor against it: it may be true or false.",
}
REASONS: Final[dict[Reason, str]] = {
    "missing cells": "runs that it needs were not made yet",
    "not measured": "the runs are there, but do not hold the measurement",
    "too few seeds": "fewer than three repetitions (seeds)",
    "hardly happens": "what the claim is about hardly happens in these runs",
    "wide interval": "repetitions differ too much: the interval holds both answers",
}
# The verdict's own word, where it is not plain.
_PLAIN: Final[dict[Reason, str]] = {"missing cells": "runs missing"}
_ORDER: Final[tuple[Standing, ...]] = ("reproduced", "contradicted", "differs", "not decided")
_ICONS: Final = {"reproduced": "yes", "contradicted": "no", "differs": "differs", "not decided": "open"}
_UNITS: Final = {"points": "points of AUC"}


def set_name(dataset: str) -> str:
    """A data set as people write it."""
    return SET_NAMES.get(dataset, dataset)


def group_name(group: Group) -> str:
    """A data set with its profile: ``UCSD Ped2, profile cpu``."""
    return f"{set_name(group.dataset)}, profile {group.label.removeprefix(f'{group.dataset}, ')}"


def standing(verdicts: Sequence[ClaimVerdict]) -> Standing:
    """What is known of one claim over all its sets: the best of its verdicts, or that they differ."""
    known = {one.verdict for one in verdicts}
    if {"reproduced", "contradicted"} <= known:
        return "differs"
    return "reproduced" if "reproduced" in known else "contradicted" if "contradicted" in known else "not decided"


def chip(word: str) -> str:
    """A verdict as a word with its sign; colour repeats what the word says."""
    kind = _ICONS.get(word, "open")
    return f'<span class="chip {kind}"><svg class="icon" aria-hidden="true"><use href="#icon-{kind}"/></svg>{escape(word)}</span>'


def scoreboard(verdicts: Sequence[ClaimVerdict]) -> str:
    """How many claims stand where, which, and what the word means."""
    of = _by_claim(verdicts)
    tiles = []
    for word in _ORDER:
        claims = [claim.id for claim, own in of if standing(own) == word]
        if word == "differs" and not claims:
            continue
        links = ", ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in claims) or "none"
        tiles.append(
            f'<li class="tile {_ICONS[word]}"><span class="count">{len(claims)}</span> {chip(_told(word))}'
            f'<p class="which">{links}</p><p class="meaning">{escape(MEANINGS[word])}</p></li>\n'
        )
    return f'<ul class="tiles">\n{"".join(tiles)}</ul>\n'


def reasons() -> str:
    """Why a claim may be open, in plain words."""
    lines = "".join(
        f"<dt>{escape(_PLAIN.get(name, name))}</dt><dd>{escape(words)}</dd>" for name, words in REASONS.items()
    )
    return f'<dl class="reasons">{lines}</dl>\n'


def glance(verdicts: Sequence[ClaimVerdict]) -> str:
    """A row per claim: statement, what is known, and on which sets or why it is open."""
    rows = tuple(
        (f"{claim.id} {claim.statement}", _told(standing(own)), _where(own)) for claim, own in _by_claim(verdicts)
    )
    content = Table("The claims at a glance", ("Claim", "Verdict", "Where, or why it is open"), rows)
    cells = {"Claim": _linked, "Verdict": chip}
    return f'<div id="glance-table">\n{table(content, cells=cells, stacked=True)}</div>\n'


def _linked(text: str) -> str:
    name, _, statement = text.partition(" ")
    return f'<a href="#{escape(name)}">{escape(name)}</a> {escape(statement)}'


def _where(verdicts: Sequence[ClaimVerdict]) -> str:
    """Groups by what they say: where a claim is decided, those; else the reasons, each with the sets that it is about."""
    told: dict[str, list[str]] = {}
    decided = [one for one in verdicts if one.verdict != "not decided"]
    for one in decided:
        told.setdefault(one.verdict, []).append(group_name(one.group))
    for one in verdicts if not decided else ():
        place = group_name(one.group) if has_effects(one) else set_name(one.group.dataset)
        told.setdefault(_why(one), []).append(place)
    # runs that are not there tell least
    order = sorted(told.items(), key=lambda item: item[0] == _PLAIN["missing cells"])
    return ". ".join(f"{words[:1].upper()}{words[1:]}: {'; '.join(dict.fromkeys(places))}" for words, places in order)


def _why(verdict: ClaimVerdict) -> str:
    return ", ".join(_PLAIN.get(reason, reason) for reason in verdict.reasons)


def claims_part(verdicts: Sequence[ClaimVerdict]) -> str:
    """Every claim under the heading of what is known of it, with a line per data set and its effects to open."""
    of = _by_claim(verdicts)
    parts = []
    for word in _ORDER:
        own = [(claim, found) for claim, found in of if standing(found) == word]
        if own:
            parts.append(f'<h3 class="standing">{escape(_told(word).capitalize())} ({len(own)})</h3>\n')
            parts += [_claim(claim, found) for claim, found in own]
    return "".join(parts)


def _told(word: Standing) -> str:
    return "differs by data set" if word == "differs" else word


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
            bare.setdefault(_why(one), []).append(set_name(one.group.dataset))
    for why, sets in bare.items():
        lines += (
            f"<li>{chip('not decided')} <span>{escape(', '.join(dict.fromkeys(sets)))}: {escape(why)}.</span></li>\n"
        )
    body = "".join(map(_effects, judged)) + _remedies(verdicts)
    return (
        f'<article class="claim" id="{name}" aria-labelledby="{name}-name">\n'
        f'<h4 id="{name}-name"><span class="claim-id">{name}</span> {inline(claim.statement)}</h4>\n'
        f'<ul class="groups">\n{lines}</ul>\n'
        f"{details(f'Effects and what would decide it <span class=hidden>({name})</span>', body)}"
        f'<p class="source">Source: {inline(_source(claim))}</p>\n</article>\n'
    )


def _source(claim: Claim) -> str:
    """Where it is claimed; a seed is a repetition on this page, so that source documents have another name."""
    return claim.source.replace("seed 0", "source document 0")


def _line(verdict: ClaimVerdict) -> str:
    """One data set: verdict, why it is open, and the effect that tells most."""
    deciding = [one for one in verdict.judgements if one.contrast.deciding]
    done = sum(one.for_claim == "reproduced" for one in deciding)
    against = sum(one.for_claim == "contradicted" for one in deciding)
    counts = f"{done} of {len(deciding)} comparisons for it" + (f", {against} against" if against else "")
    why = f"; open: {_why(verdict)}" if verdict.reasons else ""
    return (
        f"<li>{chip(verdict.verdict)} <span><strong>{escape(group_name(verdict.group))}</strong>: "
        f"{escape(counts + why)}.{_telling(verdict, deciding)}</span></li>\n"
    )


def _telling(verdict: ClaimVerdict, deciding: Sequence[Judgement]) -> str:
    """The first contrast with the claim's own verdict that has an effect."""
    shown = [one for one in deciding if one.mean is not None]
    own = [one for one in shown if one.for_claim == verdict.verdict] or shown
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
    """The contrasts that have cells, drawn on one scale per unit; every number of each in a second table."""
    judged = [one for one in verdict.judgements if one.reason != "missing cells"]
    scales = {
        unit: effect_scale([one for one in judged if one.contrast.unit == unit])
        for unit in {one.contrast.unit for one in judged}
    }
    tracks = {str(place): effect_track(one, scales[one.contrast.unit]) for place, one in enumerate(judged)}
    rows = tuple(_row(verdict, one, str(place)) for place, one in enumerate(judged))
    columns = ("Comparison", "Drawn", "Effect, 95 % interval", "Seeds", "Claimed", "Verdict", "Published")
    notes = ("Shaded: where the whole interval must lie. Line: no effect. In brackets: shown beside, decides nothing.",)
    shown = Table(f"{verdict.claim.id} on {group_name(verdict.group)}", columns, rows, frozenset({"Seeds"}), notes)
    numbers = _without(effects_table(f"{shown.title}, all numbers", [verdict]), "Set")
    without = [one for one in verdict.judgements if one.reason == "missing cells"]
    missing = f"<p>{len(without)} more comparisons have no runs yet.</p>\n" if without else ""
    return (
        table(shown.without_empty_columns(), cells={"Drawn": tracks.__getitem__, "Verdict": _verdict}, stacked=True)
        + missing
        + details(f"All numbers <span class=hidden>({escape(shown.title)})</span>", table(numbers), printed=False)
    )


def _without(content: Table, column: str) -> Table:
    """A table without a column that says the same in each row."""
    kept = [place for place, name in enumerate(content.columns) if name != column]
    rows = tuple(tuple(row[place] for place in kept) for row in content.rows)
    return replace(content, columns=tuple(content.columns[place] for place in kept), rows=rows)


def _row(verdict: ClaimVerdict, one: Judgement, place: str) -> tuple[str, ...]:
    name = contrast_name(one.contrast)
    published = [
        f"{signed(effect)} {status}" for effect, status, _ in published_effects(one.contrast, verdict.group.dataset)
    ]
    unit = {"points": "", "": ""}.get(one.contrast.unit, f" {one.contrast.unit}")
    effect = effect_words(one)
    return (
        name if one.contrast.deciding else f"({name})",
        place,
        effect + unit if effect else "not measured",
        str(one.seeds),
        claimed_words(one.contrast),
        verdict_words(one),
        "; ".join(published),
    )


def _verdict(text: str) -> str:
    word, _, reason = text.partition(": ")
    return chip(word) + (f" <span>{escape(reason)}</span>" if reason else "")


def _remedies(verdicts: Sequence[ClaimVerdict]) -> str:
    """Commands that make what is missing, and how many seeds the open effects would need."""
    commands = list(dict.fromkeys(str(remedy) for one in verdicts for remedy in remedies(one)))
    needed = [
        f"{group_name(verdict.group)}, {contrast_name(one.contrast)}: {seeds_at_observed(one) or 'more than 1000'} "
        "seeds, if the true effect is the one observed"
        for verdict in verdicts
        for one in verdict.judgements
        if one.contrast.deciding and one.reason == "wide interval"
    ]
    parts = bullet_list([*commands, *needed])
    return f"<p><strong>What would decide it</strong></p>\n{parts}" if parts else ""
