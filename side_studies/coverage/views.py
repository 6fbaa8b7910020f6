"""``results/statistics/coverage.{md,csv}``: what each candidate interval is worth, measured on invented studies."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.measure.intervals import REPORTED
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.view import write_text
from side_studies.coverage.simulation import AFTER_A_LOOK, FACTORIAL, SEEDS, SMALLEST, Coverage, simulate

DRAWS = 1500
_FEWEST_DRAWS = 100
_NAMES = {
    "student_t": "Student t",
    "bca": "BCa bootstrap",
    "studentised": "studentised bootstrap",
    "percentile": "percentile bootstrap",
    "two_way_t": "t, seeds + jackknife over videos",
    "hierarchical_bootstrap": "hierarchical bootstrap (seeds × videos)",
    "welch": "Welch, Satterthwaite",
    "hc3": "HC3",
    "pooled_ols": "least squares, one variance",
}
_ACCEPTED = (0.93, 0.97)


def write_coverage(rows: Sequence[Coverage], results: Path) -> tuple[Path, Path]:
    """Write the measured coverage as Markdown and CSV; raises StudyError if a file cannot be written."""
    frame = pd.DataFrame([dataclasses.asdict(row) for row in rows])
    folder = results / "statistics"
    text = "\n".join([_head(rows), *(to_markdown(table) for table in _tables(rows))])
    csv = frame.to_csv(index=False, float_format="%.5g", lineterminator="\n")
    return write_text(folder / "coverage.md", text), write_text(folder / "coverage.csv", csv)


def main(options: argparse.Namespace) -> int:
    """Simulate and write; options: results, draws (None for the number behind the committed table).

    Raises StudyError for too few draws to measure a share by, and if a file cannot be written.
    """
    draws = DRAWS if options.draws is None else options.draws
    if draws < _FEWEST_DRAWS:
        raise StudyError(
            f"Expected --draws to be at least {_FEWEST_DRAWS} studies per scenario, but got {draws}; leave it out for "
            f"{DRAWS}."
        )
    rows = simulate(draws)
    print(_head(rows))
    for path in write_coverage(rows, options.results):
        print(f"Written: {path}")
    return 0


def _head(rows: Sequence[Coverage]) -> str:
    chosen = [row for row in rows if row.interval == REPORTED and row.estimand == "these videos"]
    null = [row for row in chosen if row.scenario == "null"]
    shares = [100 * row.covered for row in chosen]
    wrong = [100 * (1 - row.covered) for row in null]
    other = [100 * row.covered for row in rows if row.interval == "hierarchical_bootstrap"]
    robust, pooled = ([100 * row.covered for row in rows if row.interval == name] for name in ("welch", "pooled_ols"))
    twice = next(row for row in rows if row.estimand == AFTER_A_LOOK)
    return f"""# What the intervals are worth

Measured by `make simulate` on invented studies with known effects and this study's structure: {min(SEEDS)} to {max(SEEDS)} seeds, twelve
test videos with Ped2's lengths and abnormal ranges, autocorrelated noise, video effects shared by both sides of a pair.

- **Reported: {_NAMES[REPORTED]} over paired seeds.** Its 95 % interval holds the true mean difference over seeds, for these test videos, in
  {min(shares):.1f} to {max(shares):.1f} % of the studies (wanted: {100 * _ACCEPTED[0]:.0f} to {100 * _ACCEPTED[1]:.0f}).
- Without any effect it excludes 0 in {min(wrong):.1f} to {max(wrong):.1f} % of the studies; the verdict's rule (the whole interval beyond {SMALLEST:g}
  points) is met in at most {max(100 * row.reproduced for row in null):.1f} %. Where the truth lies exactly on the rule's line, it errs to either side in at most
  {max(100 * max(row.above, row.below) for row in chosen):.1f} %. Monte Carlo error of a share: {_monte_carlo(chosen):.1f} points.
- **Seeds added only where a first look decided nothing** cost some of that: with looks at {twice.interval.replace(", ", " and again at ")} seeds the truth is left
  out in {100 * (1 - twice.covered):.1f} % instead of 5, and where it lies on the rule's line, the verdict errs to either side in at most {100 * max(twice.above, twice.below):.1f} %.
  Whoever adds seeds to all settings alike, decided or not, keeps what the first line says.
- **If other test videos are meant too**, an interval over seeds is too narrow, the more so the more seeds. The hierarchical
  bootstrap over seeds × videos holds the truth in {min(other):.1f} to {max(other):.1f} %, depending on how much videos differ: a rough guide,
  shown for comparison, never the ground of a verdict.
- **Effects of the factorial** ("which factor moves the AUC") have an interval in which each setting keeps the variance of its own runs;
  it holds the truth in {min(robust):.1f} to {max(robust):.1f} %. Least squares with one variance for all settings, where some spread four times as
  widely as others, hold it in {min(pooled):.1f} to {max(pooled):.1f} %: too narrow where the settings in question are those that spread
  most, too wide elsewhere.
"""


def _monte_carlo(rows: Sequence[Coverage]) -> float:
    """One standard error of a coverage of 95 %, for the row with the fewest studies, in points."""
    studies: int = min(row.studies for row in rows)
    return float(100 * (0.95 * 0.05 / studies) ** 0.5)


def _tables(rows: Sequence[Coverage]) -> list[Table]:
    tables = []
    for estimand in dict.fromkeys(row.estimand for row in rows if row.estimand != AFTER_A_LOOK):
        of = {(r.scenario, r.interval, r.seeds): r for r in rows if r.estimand == estimand}
        lines = []
        for scenario, interval in dict.fromkeys((scenario, interval) for scenario, interval, _ in of):
            found = [of[scenario, interval, seeds] for seeds in SEEDS]
            values = [100 * row.covered for row in found]
            inside = all(100 * _ACCEPTED[0] <= value <= 100 * _ACCEPTED[1] for value in values)
            widths = [row.median_width for row in (found[0], found[-1])]
            lines.append(
                (
                    scenario,
                    _NAMES.get(interval, interval),
                    *(f"{value:.1f}" for value in values),
                    "yes" if inside else "no",
                    *(f"{width:.1f}" if width < float("inf") else "no bound" for width in widths),
                )
            )
        numbers = tuple(f"n = {seeds}" for seeds in SEEDS)
        widths_at = tuple(f"Width, n = {seeds}" for seeds in (SEEDS[0], SEEDS[-1]))
        columns = (
            "Factorial" if estimand == FACTORIAL else "True effect",
            "Interval",
            *numbers,
            "93 to 97?",
            *widths_at,
        )
        notes = (
            (
                "Share of studies in per cent whose interval of nominal 95 % holds the truth, by number of seeds; "
                "median widths in points of AUC. For the sign-flip test: share of studies without effect in which p "
                "is not below 0.05."
            ),
        )
        tables.append(Table(f"Coverage, {estimand}", columns, tuple(lines), frozenset({*numbers, *widths_at}), notes))
    return [*tables, _looks_table([row for row in rows if row.estimand == AFTER_A_LOOK])]


def _looks_table(rows: Sequence[Coverage]) -> Table:
    columns = ("Looks at n =", "Holds the truth", "Wholly above", "Wholly below")
    lines = [(row.interval, *(f"{100 * value:.1f}" for value in (row.covered, row.above, row.below))) for row in rows]
    note = (
        f"{_NAMES[REPORTED]}, nominal 95 %, no effect: the interval of the first look that leaves the truth out, or of "
        "the last. Share of studies in per cent."
    )
    return Table(
        "Seeds added only while the interval decides nothing", columns, tuple(lines), frozenset(columns[1:]), (note,)
    )
