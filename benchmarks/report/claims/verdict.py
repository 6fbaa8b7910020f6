"""``results/verdict.{md,csv}`` and LaTeX: every claim judged from the records by docs/analysis-plan.md, and what is missing."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.report.claims.claim_judging import ClaimVerdict, judge_claim, with_holm
from benchmarks.report.claims.claims import Claim, read_claims
from benchmarks.report.claims.effects import (
    claim_words,
    contrast_name,
    effects_table,
    has_effects,
    is_missing,
    place_of,
    power_table,
)
from benchmarks.report.claims.factorial import factorial_tables
from benchmarks.report.claims.judging import (
    published_excluded,
    seeds_at_observed,
    seeds_without_effect,
)
from benchmarks.report.claims.paired_effects import gather, of_group, published_effects, without_stale
from benchmarks.report.claims.primary import answer_primary
from benchmarks.report.claims.remedies import remedies
from benchmarks.report.claims.rules import CLAIMS, Rules, read_rules
from benchmarks.report.claims.trained import training
from benchmarks.report.claims.verdict_head import TEMPLATE, head
from benchmarks.report.read.groups import Group, groups_of, settings_label
from benchmarks.report.read.interim import without_interim
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record, load_records
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.evaluation_table import write_evaluation_tables
from benchmarks.report.tables.latex import write_latex
from benchmarks.report.tables.memory_conventions import write_memory_conventions
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import write_text
from benchmarks.study.settings import UNREPORTED, Cell, Settings

_NO_RECORD: Final = "Sets without runs"


def main(options: argparse.Namespace, is_stale: Callable[[Record], bool] | None = None) -> int:
    """Judge and write; options: results (folder). is_stale: whether today's code would not make a record again."""
    records, stale = without_stale(load_records(options.results, interim=True), is_stale)
    paths = write_verdict(records, options.results, left_out=stale)
    print(paths["md"].read_text(encoding="utf-8").split("\n## Effects")[0])
    judged = without_interim(records)
    paths |= write_evaluation_tables(judged, options.results) | write_memory_conventions(judged, options.results)
    print(f"Written: {', '.join(map(str, paths.values()))}")
    return 0


def judge_all(claims: Sequence[Claim], records: Sequence[Record], rules: Rules | None = None) -> list[ClaimVerdict]:
    """Every claim on each of its sets, in every group that holds something of it; rules: those of the plan where None.

    A set without any run of the claim has one verdict too, in its widest group, or at the profile cpu. Runs of the primary
    question count once they are all there.
    """
    rules = read_rules() if rules is None else rules
    trained = training(rules.trained, records)
    records = without_interim(records)
    groups = [group for group in groups_of(records) if group.profile != UNREPORTED]
    inside = cache(lambda group: of_group(records, group))
    verdicts = []
    for claim in claims:
        for dataset in (*claim.sets, *claim.also):
            own = [group for group in groups if group.dataset == dataset]
            contrasts = [one for one in claim.contrasts if dataset in one.sets]
            judged = [
                judge_claim(claim, group, [gather(one, group, inside(group), rules, trained) for one in contrasts])
                for group in own or [Group(dataset, "cpu")]
            ]
            some = [one for one in judged if has_effects(one)]
            verdicts += some or judged[:1]
    return with_holm(verdicts)


def write_verdict(
    records: Sequence[Record], results: Path, *, claims: Path = CLAIMS, left_out: Sequence[Record] = ()
) -> dict[str, Path]:
    """Write the verdict as Markdown, CSV and LaTeX below ``results``; left_out: records that older code made.

    Raises StudyError if the claims cannot be read, a record's terms cannot be read or a file cannot be written.
    """
    rules = read_rules(claims)
    verdicts = judge_all(read_claims(claims), records, rules)
    primary = answer_primary(records, rules, training(rules.trained, records))
    tables = {"overview": _overview(verdicts), "power": power_table(verdicts)}
    factors = factorial_tables(without_interim(records))
    text = TEMPLATE.render(
        head(verdicts, primary, rules, results, claims),
        **tables,
        factors=factors,
        details=_details(verdicts),
        missing=_missing(verdicts),
        stale=_by_setting({record.cell: "" for record in left_out}),
        unpaired=_unpaired(verdicts),
    )
    csv = pd.DataFrame([row for verdict in verdicts for row in _csv_rows(verdict)])
    texts = {
        "md": text.rstrip("\n") + "\n",
        "csv": csv.to_csv(index=False, float_format="%.6g", lineterminator="\n"),
    }
    paths = {form: write_text(results / f"verdict.{form}", text) for form, text in texts.items()}
    latex = {"verdicts": tables["overview"], "effects": effects_table("Effects", verdicts, short=True)}
    latex |= {"seeds": tables["power"]} | {f"factors-{number}": table for number, table in enumerate(factors, 1)}
    return paths | {"tex": write_latex(results, "verdict", latex)}


def _overview(verdicts: Sequence[ClaimVerdict]) -> Table:
    """A row per claim, a column per group; sets without any run share the last one."""
    groups = list(dict.fromkeys(one.group for one in verdicts if has_effects(one)))
    rows = []
    for claim in dict.fromkeys(verdict.claim for verdict in verdicts):
        own = [one for one in verdicts if one.claim == claim]
        cells = []
        for group in groups:
            here = [one for one in own if one.group == group]
            cells.append(claim_words(here[0]) if here else "–")
        rest = sorted({set_name(one.group.dataset) for one in own if one.group not in groups})
        rows.append((f"**{claim.id}** {claim.statement}", *cells, ", ".join(rest)))
    columns = ("Claim", *(group.label for group in groups), _NO_RECORD)
    notes = (
        (
            "In brackets: how many of the deciding contrasts have which word, and why the others are open. –: the claim "
            "is not about this set. Out of scope: about data that is not available here; its effects on other sets are "
            "below, without a word."
        ),
    )
    return Table("Words", columns, tuple(rows), frozenset(), notes).without_empty_columns()


def _details(verdicts: Sequence[ClaimVerdict]) -> list[tuple[Claim, Table, list[str]]]:
    """Each claim with a table of its effects, and where its contrasts have no runs."""
    found = []
    for claim in dict.fromkeys(verdict.claim for verdict in verdicts):
        own = [one for one in verdicts if one.claim == claim]
        bare = [_bare(one) for one in own if any(is_missing(judgement) for judgement in one.judgements)]
        found.append((claim, effects_table(f"{claim.id}: {claim.statement}", own), bare))
    return found


def _missing(verdicts: Sequence[ClaimVerdict]) -> dict[str, dict[str, dict[str, None]]]:
    """What each command does for which claims; those that have a word already are marked."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for verdict in verdicts:
        star = "" if verdict.p is None else "\\*"
        for remedy in remedies(verdict):
            for does in remedy.does:
                found.setdefault(remedy.words, {}).setdefault(does, {})[f"{verdict.claim.id}{star}"] = None
    return found


def _unpaired(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    """A line per setting with seeds that have no partner, and the claims that lack it."""
    claims: dict[Cell, dict[str, None]] = {}
    for verdict in verdicts:
        for cell in (cell for one in verdict.judgements for cell in one.evidence.left_out):
            claims.setdefault(cell, {})[verdict.claim.id] = None
    return _by_setting({cell: f" ({', '.join(names)})" for cell, names in claims.items()})


def _by_setting(cells: Mapping[Cell, str]) -> list[str]:
    """A line per setting, ``- <label>, MNAD · prediction · memory: seeds 1, 2 (C5)``, from cells and what is said of each."""
    settings: dict[Settings, dict[str, list[int]]] = {}
    for cell, note in cells.items():
        settings.setdefault(cell.settings, {}).setdefault(note, []).append(cell.seed)
    return [
        f"- {settings_label(one)}, {Row(one, ()).label}: "
        + "; ".join(
            f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, sorted(seeds)))}{note}"
            for note, seeds in of.items()
        )
        for one, of in settings.items()
    ]


def _bare(verdict: ClaimVerdict) -> str:
    names = [contrast_name(one.contrast) for one in verdict.judgements if is_missing(one)]
    where = verdict.group.label if has_effects(verdict) else set_name(verdict.group.dataset)
    which = f"all {len(names)} contrasts" if len(names) == len(verdict.judgements) else "; ".join(names)
    return f"{where} ({which})"


# Columns of the CSV that are attributes of a contrast and of its judgement, by name.
_OF_CONTRAST: Final = ("deciding", "quantity", "unit", "direction", "smallest")
_OF_JUDGEMENT: Final = {
    "n": "seeds",
    "effect": "mean",
    "low": "low",
    "high": "high",
    "sd": "spread",
    "interquartile_mean": "interquartile",
    "probability_of_improvement": "improvement",
}


def _csv_rows(verdict: ClaimVerdict) -> list[dict[str, Any]]:
    rows = []
    for one in verdict.judgements:
        contrast, evidence = one.contrast, one.evidence
        published, status, _ = next(iter(published_effects(contrast, verdict.group.dataset)), (None, None, None))
        low, high = evidence.other_videos or (None, None)
        rows.append(
            {
                "claim": verdict.claim.id,
                "set": verdict.group.dataset,
                "profile": verdict.group.profile,
                "runs": place_of(one),
                "claim_word": verdict.word,
                "claim_reasons": "; ".join(verdict.reasons),
                "claim_p": verdict.p,
                "claim_p_holm": verdict.holm_p,
                "exploratory": evidence.exploratory,
                "contrast": contrast.name,
                "cells": contrast.cells,
                **{name: getattr(contrast, name) for name in _OF_CONTRAST},
                "margin": evidence.margin,
                "reference": contrast.reference if contrast.b is None else None,
                "a": evidence.a.name if evidence.a else None,
                "b": evidence.b.name if evidence.b else None,
                **{column: getattr(one, name) for column, name in _OF_JUDGEMENT.items()},
                "low_other_videos": low,
                "high_other_videos": high,
                "p": one.p,
                "p_exact": one.exact_p,
                "word": one.word,
                "reason": one.reason,
                "word_p": one.word_p,
                "published": published,
                "published_status": status,
                "published_excluded": None if published is None else published_excluded(one, published),
                "seeds_if_as_observed": seeds_at_observed(one),
                "seeds_if_no_effect": seeds_without_effect(one),
                "by_seed": " ".join(f"{seed}:{value:.4f}" for seed, value in evidence.effects.items()),
            }
        )
    return rows
