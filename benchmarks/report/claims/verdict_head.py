"""The head of the verdict: the primary question, the plan's digest, and the words that survive a correction.

The prose of the whole verdict is in ``verdict.md.j2``.
"""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.report.claims.claim_judging import LEVEL, ClaimVerdict
from benchmarks.report.claims.judging import DECIDED, FEWEST_SEEDS
from benchmarks.report.claims.primary import PrimaryAnswer, primary_lines
from benchmarks.report.claims.rules import CLAIMS, Rules, standing
from benchmarks.report.read.format import probability
from benchmarks.report.tables.render import Table, to_markdown

_ENVIRONMENT: Final = Environment(  # noqa: S701 - Markdown, not HTML
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True
)
_ENVIRONMENT.filters["markdown"] = to_markdown
TEMPLATE: Final = _ENVIRONMENT.get_template("verdict.md.j2")
COVERAGE: Final = Path("statistics", "coverage.csv")
_INTERIM: Final = "3, 6, 12"
"""Numbers of seeds after which the exploratory runs on Ped2 had interim analyses."""


def head(
    verdicts: Sequence[ClaimVerdict], primary: PrimaryAnswer, rules: Rules, results: Path, claims: Path = CLAIMS
) -> dict[str, Any]:
    """What the first sections of the template are filled with: which claims have which word, and why the rest has none."""
    judged = [one for one in verdicts if one.p is not None]
    bare = [one.claim for one in verdicts if one.claim not in {other.claim for other in judged}]
    return {
        "primary": "\n".join(primary_lines(primary)),
        "number": len({verdict.claim.id for verdict in verdicts}),
        "rules": rules,
        "frozen": f"{rules.frozen.astimezone(UTC):%Y-%m-%d %H:%M}",
        "stands": standing(rules, claims),
        "words": {
            word: [f"{one.claim.id} ({one.group.label})" for one in judged if one.word == word and one.survives]
            for word in DECIDED
        },
        "lost": [f"{one.claim.id} {one.word} ({one.group.label})" for one in judged if not one.survives],
        "without": list(dict.fromkeys(claim.id for claim in bare if not claim.out_of_scope)),
        "outside": list(dict.fromkeys(claim.id for claim in bare if claim.out_of_scope)),
        "judged": len(judged),
        "level": f"{100 * LEVEL:g}",
        "interim": interim_words(results, "[coverage](statistics/coverage.md)"),
        "fewest": FEWEST_SEEDS,
        "p_values": words_table(verdicts),
    }


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
    """Share of intervals that miss a truth of no effect after interim analyses; None where not measured."""
    path = results / COVERAGE
    if not path.is_file():
        return None
    table = pd.read_csv(path, keep_default_na=False)
    found = table[(table["interval"] == _INTERIM) & (table["scenario"] == "null")]
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
