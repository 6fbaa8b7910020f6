"""The head of the verdict: the primary question, the plan's digest, and the words that survive a correction."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Final

import pandas as pd

from benchmarks.report.claims.claim_judging import LEVEL, ClaimVerdict
from benchmarks.report.claims.judging import DECIDED, FEWEST_SEEDS
from benchmarks.report.claims.primary import PrimaryAnswer, primary_lines
from benchmarks.report.claims.rules import CLAIMS, Rules, standing
from benchmarks.report.read.format import probability
from benchmarks.report.tables.render import Table, to_markdown

COVERAGE: Final = Path("statistics", "coverage.csv")
_LOOKS: Final = "3, 6, 12"
"""Numbers of seeds after which the exploratory runs on Ped2 had interim analyses."""


def head(
    verdicts: Sequence[ClaimVerdict], primary: PrimaryAnswer, rules: Rules, results: Path, claims: Path = CLAIMS
) -> str:
    """The verdict's first sections as Markdown."""
    number = len({verdict.claim.id for verdict in verdicts})
    return "\n".join(
        [
            "# Which claims hold",
            "",
            "## Primary question",
            "",
            *primary_lines(primary),
            "",
            "## All claims",
            "",
            (
                f"{number} claims about memory in video anomaly detection, judged from this project's own records by "
                f"[the analysis plan](../{rules.document})."
            ),
            "",
            *_plan_lines(rules, claims),
            *_word_lines(verdicts, results),
            "",
            (
                "Each claim names a difference and the smallest size worth a name (*d*, half a point of AUC unless "
                "stated); within the margin *s* (1.5 points of AUC on Ped2, *d* elsewhere) an effect has no practical "
                "weight. Runs are paired by seed. *Supported*: the whole 95 % t interval of the mean difference lies where "
                "the claim says. *No practical effect*: it lies within ±s. *Opposite*: it lies beyond the line on the "
                f"other side. *Open*: none of these, or fewer than {FEWEST_SEEDS} seeds. Runs that are not trained long "
                "enough show their effect without a word. A claim is supported if all its contrasts are; it is opposite if "
                "one of k is at the level 1 − 0.05/k. All of it holds for these test videos and settings."
            ),
            "",
            *([to_markdown(table)] if (table := words_table(verdicts)).rows else []),
        ]
    )


def words_table(verdicts: Sequence[ClaimVerdict]) -> Table:
    """Every claim and group that has a word, with its p value before and after Holm's correction."""
    rows = tuple(
        (
            one.claim.id,
            one.group.label,
            one.word,
            probability(one.p),
            probability(one.holm_p),
            "yes" if one.survives else "no",
            "yes" if one.exploratory else "",
        )
        for one in sorted((one for one in verdicts if one.p is not None), key=lambda one: one.p or 0.0)
    )
    columns = ("Claim", "Runs", "Word", "p", "p (Holm)", "Survives", "Exploratory")
    notes = ("p: the smallest level at which the claim's interval still gives the word. Holm: over all rows.",)
    return Table("Words and their p values", columns, rows, frozenset({"p", "p (Holm)"}), notes)


def interim_cost(results: Path) -> float | None:
    """Share of intervals that miss a truth of no effect when seeds were added after looks; None where not measured."""
    path = results / COVERAGE
    if not path.is_file():
        return None
    table = pd.read_csv(path, keep_default_na=False)
    found = table[(table["interval"] == _LOOKS) & (table["scenario"] == "null")]
    return None if found.empty else 1 - float(found["covered"].iloc[0])


def interim_words(results: Path, link: str) -> str:
    """What interim analyses of exploratory runs cost, in a sentence."""
    cost = interim_cost(results)
    if cost is None:
        return f"What interim analyses of the exploratory runs cost was not measured yet (`make simulate`, {link})."
    return (
        f"The exploratory runs had interim analyses, after which a nominal 95 % interval misses the truth in up to "
        f"{100 * cost:.1f} % instead of 5 % ({link})."
    )


def _plan_lines(rules: Rules, claims: Path) -> list[str]:
    stands = standing(rules, claims)
    digests = ", ".join(f"`{name}` {digest}" for name, digest in stands.digests.items())
    commit = "git not available" if stands.commit is None else f"commit {stands.commit}"
    changed = ", **changed since**" if stands.changed else ""
    return [
        f"- Plan frozen {rules.frozen.astimezone(UTC):%Y-%m-%d %H:%M} UTC; {commit}{changed}; SHA-256: {digests}.",
        "- Whatever started before is **exploratory**: it shaped the plan, so it cannot test it.",
    ]


def _word_lines(verdicts: Sequence[ClaimVerdict], results: Path) -> list[str]:
    """Which claims have which word, those first that survive; then why the rest has none."""
    with_words = [one for one in verdicts if one.p is not None]
    lines = []
    for word in DECIDED:
        named = [f"{one.claim.id} ({one.group.label})" for one in with_words if one.word == word and one.survives]
        lines.append(f"- **{word[0].upper()}{word[1:]}**: {'; '.join(named) or 'none'}.")
    lost = [f"{one.claim.id} {one.word} ({one.group.label})" for one in with_words if not one.survives]
    if lost:
        lines.append(f"- Words that do not survive the correction: {'; '.join(lost)}.")
    bare = [
        claim
        for claim in dict.fromkeys(one.claim for one in verdicts)
        if all(one.p is None for one in verdicts if one.claim is claim)
    ]
    outside = [claim.id for claim in bare if claim.out_of_scope]
    without = [claim.id for claim in bare if not claim.out_of_scope]
    lines.append(f"- Without a word on any set: {', '.join(without) or 'none'}.")
    lines.append(f"- Out of scope, data not available: {', '.join(outside) or 'none'}.")
    number = (
        f"all {len(with_words)} claims × groups that have one" if with_words else "all claims × groups that have one"
    )
    lines.append(
        f"- Words above survive Holm's correction at {100 * LEVEL:g} % over {number}. "
        f"{interim_words(results, '[coverage](statistics/coverage.md)')}"
    )
    return lines
