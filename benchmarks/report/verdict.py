"""``results/verdict.{md,csv}`` and LaTeX: every claim of the study judged by the records at hand, and what is missing."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.report.claims import CLAIMS, Claim, read_claims
from benchmarks.report.effects import claim_words, contrast_name, effects_table, has_effects, power_table
from benchmarks.report.evaluation_table import write_evaluation_tables
from benchmarks.report.evidence import Group, gather, groups_of, published_effects, without_stale
from benchmarks.report.factorial import factorial_tables
from benchmarks.report.judging import (
    FEWEST_SEEDS,
    ClaimVerdict,
    judge_claim,
    seeds_at_observed,
    seeds_at_smallest,
    with_holm,
)
from benchmarks.report.latex import write_latex
from benchmarks.report.memory_conventions import write_memory_conventions
from benchmarks.report.records import Record, load_records
from benchmarks.report.remedies import remedies
from benchmarks.report.render import Table, to_markdown
from benchmarks.report.rows import Row
from benchmarks.report.tables import write_text
from benchmarks.study.settings import UNTOLD, Cell, Settings

_NO_RECORD: Final = "Sets without records"


def main(options: argparse.Namespace, is_stale: Callable[[Record], bool] | None = None) -> int:
    """Judge and write; options: results (folder). is_stale: whether today's code would not make a record again."""
    records, stale = without_stale(load_records(options.results), is_stale)
    paths = write_verdict(records, options.results, left_out=stale)
    print(paths["md"].read_text(encoding="utf-8").split("\n## Effects")[0])
    paths |= write_evaluation_tables(records, options.results) | write_memory_conventions(records, options.results)
    print(f"Written: {', '.join(map(str, paths.values()))}")
    return 0


def judge_all(claims: Sequence[Claim], records: Sequence[Record]) -> list[ClaimVerdict]:
    """Every claim on each of its sets, in every group that holds something of it.

    A set without any record of the claim's cells has one verdict too, in its widest group, or at the profile cpu.
    """
    groups = [group for group in groups_of(records) if group.profile != UNTOLD]
    verdicts = []
    for claim in claims:
        for dataset in claim.sets:
            own = [group for group in groups if group.dataset == dataset]
            judged = [
                judge_claim(
                    claim, group, [gather(one, group, records) for one in claim.contrasts if dataset in one.sets]
                )
                for group in own or [Group(dataset, "cpu")]
            ]
            some = [one for one in judged if any(judgement.evidence.effects for judgement in one.judgements)]
            verdicts += some or judged[:1]
    return with_holm(verdicts)


def write_verdict(
    records: Sequence[Record], results: Path, *, claims: Path = CLAIMS, left_out: Sequence[Record] = ()
) -> dict[str, Path]:
    """Write the verdict as Markdown, CSV and LaTeX below ``results``; left_out: records that older code made.

    Raises StudyError if the claims cannot be read, a record's terms cannot be read or a file cannot be written.
    """
    verdicts = judge_all(read_claims(claims), records)
    overview, power = _overview(verdicts), power_table(verdicts)
    factors = factorial_tables(records)
    sections = [_head(verdicts), to_markdown(overview), *_details(verdicts), to_markdown(power)]
    sections += [to_markdown(table) for table in factors]
    sections += [_missing(verdicts, power), _left_out(verdicts, left_out)]
    tables = {"verdicts": overview, "effects": effects_table("Effects", verdicts, short=True), "seeds": power}
    tables |= {f"factors-{number}": table for number, table in enumerate(factors, 1)}
    csv = pd.DataFrame([row for verdict in verdicts for row in _csv_rows(verdict)])
    texts = {
        "md": "\n".join(section for section in sections if section),
        "csv": csv.to_csv(index=False, float_format="%.6g", lineterminator="\n"),
    }
    paths = {form: write_text(results / f"verdict.{form}", text) for form, text in texts.items()}
    return paths | {"tex": write_latex(results, "verdict", tables)}


def _head(verdicts: Sequence[ClaimVerdict]) -> str:
    claims = list(dict.fromkeys(verdict.claim.id for verdict in verdicts))
    of = {name: [one for one in verdicts if one.claim.id == name] for name in claims}
    lines = []
    for verdict, words in (("reproduced", "Reproduced"), ("contradicted", "Contradicted")):
        told = [
            f"{name} ({'; '.join(one.group.label for one in of[name] if one.verdict == verdict)})"
            for name in claims
            if any(one.verdict == verdict for one in of[name])
        ]
        lines.append(f"- **{words}** on at least one set: {', '.join(told) or 'none'}.")
    open_ones = [name for name in claims if all(one.verdict == "not decided" for one in of[name])]
    lines.append(f"- **Not decided** anywhere yet: {', '.join(open_ones) or 'none'}.")
    return "\n".join(
        [
            "# Which claims hold",
            "",
            f"{len(claims)} claims about memory in video anomaly detection, judged from this project's own records.",
            "",
            *lines,
            "",
            (
                "How a verdict comes about: each claim names a difference and the smallest size worth the name (half "
                "a point of AUC unless stated). Runs are paired by seed, and the 95 % t interval of the mean "
                "difference is looked at. *Reproduced*: the whole interval lies where the claim says. *Contradicted*: "
                f"the whole interval lies elsewhere. *Not decided*: neither, or fewer than {FEWEST_SEEDS} seeds. A "
                "claim with several differences is reproduced if all of them are, contradicted if one is (with its "
                "interval widened for their number, to the level 1 − 0.05/k for k of them); one that only "
                "the 95 % interval contradicts speaks neither way and is told as such. It is a verdict for these test "
                "videos and these settings. What it costs to add seeds after a first look, and only to claims that "
                "are still open, is in the table behind the next link."
            ),
            "",
            (
                "Generated by `make verdict`; the claims are data in `benchmarks/report/claims.toml`, the interval's "
                "coverage is measured in [statistics/coverage.md](statistics/coverage.md)."
            ),
            "",
        ]
    )


def _overview(verdicts: Sequence[ClaimVerdict]) -> Table:
    """A row per claim, a column per group; sets without any record share the last one."""
    groups = sorted({one.group for one in verdicts if has_effects(one)}, key=lambda group: group.label)
    rows = []
    for claim in dict.fromkeys(verdict.claim for verdict in verdicts):
        own = [one for one in verdicts if one.claim == claim]
        cells = []
        for group in groups:
            here = [one for one in own if one.group == group]
            cells.append(claim_words(here[0]) if here else "–")
        rest = sorted({one.group.dataset for one in own if one.group not in groups})
        rows.append((f"**{claim.id}** {claim.statement}", *cells, ", ".join(rest)))
    columns = ("Claim", *(group.label for group in groups), _NO_RECORD)
    notes = (
        (
            "In brackets: contrasts that are reproduced, of those that decide; those against, by their interval "
            "widened for their number; and why the others are open. –: the claim is not about this set or not about "
            "these settings."
        ),
    )
    return Table("Verdicts", columns, tuple(rows), frozenset(), notes).without_empty_columns()


def _details(verdicts: Sequence[ClaimVerdict]) -> list[str]:
    """A table of effects per claim; contrasts that are all without cells are told in one line."""
    parts = []
    for claim in dict.fromkeys(verdict.claim for verdict in verdicts):
        own = [one for one in verdicts if one.claim == claim]
        table = effects_table(f"{claim.id}: {claim.statement}", own)
        parts.append(to_markdown(table).replace("## ", "### ", 1) if table.rows else f"### {table.title}\n")
        bare = [one for one in own if any(j.reason == "missing cells" for j in one.judgements)]
        parts += [f"No cells yet: {_bare(one)}.\n" for one in bare]
    explained = (
        "## Effects\n\nEffect: mean over seeds, with the 95 % t interval. *Claimed*: where the whole interval must "
        "lie. *a > b*: chance that a run of the first side lies above one of the second, seeds not paired. *Other "
        "videos*: 95 % hierarchical bootstrap over seeds × videos, a rough guide to other footage of the same kind. "
        "*p*: two-sided t test of no difference (Holm: within the claim's family on the set; the rule of the verdict "
        "does not use it). *Exact*: sign-flip test, to which n seeds cannot give less than 2^(1−n). *Published*: the "
        "same difference in the papers (P: read in the paper itself, S: at second hand), at their own length and "
        "geometry. Rows in brackets are shown beside and decide nothing. AUC in points; across methods or tasks on "
        "the frames that both score, but for AUC by kind of anomaly, which has each side's own frames.\n"
    )
    return [explained, *parts]


def _missing(verdicts: Sequence[ClaimVerdict], power: Table) -> str:
    """A line per command: what it does for which claims; those that it cannot move any more are marked."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for verdict in verdicts:
        star = "" if verdict.verdict == "not decided" else "\\*"
        for remedy in remedies(verdict):
            for does in remedy.does:
                found.setdefault(remedy.words, {}).setdefault(does, {})[f"{verdict.claim.id}{star}"] = None
    if not found:
        return ""
    lines = [
        f"- {words}: " + "; ".join(f"{does} ({', '.join(claims)})" for does, claims in of.items())
        for words, of in found.items()
    ]
    table = f": see [{power.title}](#{power.title.lower().replace(' ', '-')})" if power.rows else ""
    told = (
        f"No command promises a decision: {FEWEST_SEEDS} seeds are the fewest that can decide, and an open contrast may "
        f"need many more{table}. *Fills missing cells*: makes the first runs of what was never run. *Adds seeds*: "
        f"repeats what has fewer than {FEWEST_SEEDS}. \\*: the claim is contradicted on that set already, whatever these "
        "runs will say."
    )
    return "\n".join(["## What is missing, and what makes it", "", told, "", *lines, ""])


def _left_out(verdicts: Sequence[ClaimVerdict], stale: Sequence[Record]) -> str:
    """A line per setting: seeds that older code made, then those without a partner, with the claims that lack it."""
    claims: dict[Cell, dict[str, None]] = {}
    for verdict in verdicts:
        for cell in (cell for one in verdict.judgements for cell in one.evidence.left_out):
            claims.setdefault(cell, {})[verdict.claim.id] = None
    parts = []
    if stale:
        lines = _by_setting({record.cell: "" for record in stale})
        parts += ["Made by older code, so that no verdict rests on them:", "", *lines, ""]
    if claims:
        told = (
            "A run is compared with the other side's run of the same seed, made at the same image size and length of "
            "training by the same version of the code. These lack such a partner in some contrast of the claims in "
            "brackets; in all other contrasts they count:"
        )
        parts += [told, "", *_by_setting({cell: f" ({', '.join(names)})" for cell, names in claims.items()}), ""]
    return "\n".join(["## Records that were not compared", "", *parts]) if parts else ""


def _by_setting(cells: Mapping[Cell, str]) -> list[str]:
    """``- ped2, small, MNAD · prediction · memory: seeds 1, 2 (C5); seed 3 (C8)``, from cells and what is told of each."""
    settings: dict[Settings, dict[str, list[int]]] = {}
    for cell, told in cells.items():
        settings.setdefault(cell.settings, {}).setdefault(told, []).append(cell.seed)
    return [
        f"- {one.dataset}, {one.profile}, {Row(one, ()).label}: "
        + "; ".join(
            f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, sorted(seeds)))}{told}"
            for told, seeds in of.items()
        )
        for one, of in settings.items()
    ]


def _bare(verdict: ClaimVerdict) -> str:
    names = [contrast_name(one.contrast) for one in verdict.judgements if one.reason == "missing cells"]
    where = verdict.group.label if has_effects(verdict) else verdict.group.dataset
    told = f"all {len(names)} contrasts" if len(names) == len(verdict.judgements) else "; ".join(names)
    return f"{where} ({told})"


def _csv_rows(verdict: ClaimVerdict) -> list[dict[str, Any]]:
    rows = []
    for one in verdict.judgements:
        contrast, evidence = one.contrast, one.evidence
        published = published_effects(contrast, verdict.group.dataset)
        settings: Mapping[str, Any] = {
            side: found.name if found else None for side, found in (("a", evidence.a), ("b", evidence.b))
        }
        rows.append(
            {
                "claim": verdict.claim.id,
                "set": verdict.group.dataset,
                "profile": verdict.group.profile,
                "group": verdict.group.label,
                "claim_verdict": verdict.verdict,
                "contrast": contrast.name,
                "cells": contrast.cells,
                "deciding": contrast.deciding,
                "quantity": contrast.quantity,
                "unit": contrast.unit,
                "direction": contrast.direction,
                "smallest": contrast.smallest,
                "reference": contrast.reference if contrast.b is None else None,
                **settings,
                "n": one.seeds,
                "effect": one.mean,
                "low": one.low,
                "high": one.high,
                "low_claim": one.low_claim,
                "high_claim": one.high_claim,
                "sd": one.spread,
                "interquartile_mean": one.interquartile,
                "probability_of_improvement": one.improvement,
                "low_other_videos": evidence.other_videos[0] if evidence.other_videos else None,
                "high_other_videos": evidence.other_videos[1] if evidence.other_videos else None,
                "p": one.p,
                "p_holm": one.holm_p,
                "p_exact": one.exact_p,
                "verdict": one.verdict,
                "reason": one.reason,
                "published": published[0][0] if published else None,
                "published_status": published[0][1] if published else None,
                "seeds_if_as_observed": seeds_at_observed(one),
                "seeds_if_smallest": seeds_at_smallest(one),
                "by_seed": " ".join(f"{seed}:{value:.4f}" for seed, value in evidence.effects.items()),
            }
        )
    return rows
