"""Scales of the charts; what they look like is in charts.html.j2.

Places are per cents of the width, so that a chart fits a phone and a page of paper alike.
"""

import math
from collections.abc import Sequence

from markupsafe import Markup

from benchmarks.report.claims.effects import claimed_words, effect_words
from benchmarks.report.claims.judging import Judgement, claimed_region
from benchmarks.report.page.markup import part
from benchmarks.report.read.format import percent
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.study_tables import micro


class Scale:
    """From values to per cents of the width."""

    def __init__(self, low: float, high: float, margin: float = 0.0) -> None:
        """low, high: values at the ends; margin: share of the range that is added at both."""
        wide = (high - low) or 1.0  # a single value has no range
        self.low, self.high = low - margin * wide, low + wide + margin * wide

    def __call__(self, value: float) -> str:
        """Per cent of the width, held within it."""
        share = (value - self.low) / (self.high - self.low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}%"


def effect_scale(judgements: Sequence[Judgement]) -> Scale:
    """One scale for contrasts of one unit: all intervals, no effect, and the lines of what is claimed."""
    values = [0.0]
    for one in judgements:
        values += [bound for bound in (one.mean, one.low, one.high) if bound is not None]
        values += [line for line in claimed_region(one.evidence) if math.isfinite(line)]
    return Scale(min(values), max(values), 0.06)


def effect_track(one: Judgement, scale: Scale) -> Markup:
    """One effect: shaded where the whole interval must lie, a line at no effect, the interval and its mean.

    The numbers stand next to it in words, so that it is hidden from screen readers.
    """
    start, end = (float(scale(line)[:-1]) for line in claimed_region(one.evidence))
    return part("charts", "effect", one, scale, (start, end), f"{effect_words(one)}; claimed {claimed_words(one)}")


def auc_chart(name: str, rows: Sequence[Row], identity: str) -> Markup:
    """AUC of each setting: every seed, the mean with its interval, published figures; "" without any record.

    Filled points: each video normalised by its own extremes; hollow: pooled. Its numbers are those of the main table.
    """
    shown = [(row, summary, percent(summary)) for row in rows if (summary := row.auc()) is not None]
    if not shown:
        return Markup()
    values = [100 * value for row, *_ in shown for how in ("per_video", "global") for value in _by_seed(row, how)]
    values += [100 * summary.low for _, summary, _ in shown if summary.low is not None]
    values += [figure.auc for row, *_ in shown for figure in (row.published(), row.rc2020()) if figure]
    scale = Scale(max(0.0, 10 * math.floor((min(values) - 1) / 10)), 100.0)
    ticks = [value for value in range(int(scale.low), 101, 10) if scale.high - scale.low <= 50 or value % 20 == 0]
    return part("charts", "auc", name, shown, identity, scale, ticks, _by_seed)


def _by_seed(row: Row, normalisation: str) -> list[float]:
    return list(row.by_seed(micro(normalisation=normalisation)).values())
