"""Charts as inline SVG whose places are per cents of the width, so that they fit a phone and a page of paper alike."""

import math
from collections.abc import Sequence

from benchmarks.report.claims.effects import claimed_words, effect_words
from benchmarks.report.claims.judging import Judgement, claimed_region
from benchmarks.report.page.markup import escape
from benchmarks.report.read.format import percent
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.study_tables import micro

_KINDS = {"supported": "yes", "no practical effect": "null", "opposite": "no"}


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
        lines = claimed_region(one.evidence)
        values += [line for line in lines if math.isfinite(line)]
    return Scale(min(values), max(values), 0.06)


def effect_track(one: Judgement, scale: Scale) -> str:
    """One effect: shaded where the whole interval must lie, a line at no effect, the interval and its mean.

    The numbers stand beside it in words, so that it is hidden from screen readers.
    """
    left, right = claimed_region(one.evidence)
    start = scale(left) if math.isfinite(left) else "0%"
    end = scale(right) if math.isfinite(right) else "100%"
    parts = [
        f'<rect class="claimed" x="{start}" y="0" width="{float(end[:-1]) - float(start[:-1]):.2f}%" height="22"/>',
        f'<line class="zero" x1="{scale(0)}" x2="{scale(0)}" y1="0" y2="22"/>',
    ]
    if one.low is not None and one.high is not None:
        parts.append(f'<line class="interval" x1="{scale(one.low)}" x2="{scale(one.high)}" y1="11" y2="11"/>')
    if one.mean is not None:
        parts.append(f'<circle cx="{scale(one.mean)}" cy="11" r="4.5"/>')
    title = f"{effect_words(one)}; claimed {claimed_words(one)}"
    return (
        f'<svg class="track {_KINDS.get(one.word, "open")}" width="100%" height="22" aria-hidden="true">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def auc_chart(name: str, rows: Sequence[Row], identity: str) -> str:
    """AUC of each setting: every seed, the mean with its interval, published figures; "" without any record.

    Filled points: each video normalised by its own extremes; hollow: pooled. Its numbers are those of the main table.
    """
    shown = [(row, summary) for row in rows if (summary := row.auc()) is not None]
    if not shown:
        return ""
    values = [100 * value for row, _ in shown for how in ("per_video", "global") for value in _points(row, how)]
    values += [100 * summary.low for _, summary in shown if summary.low is not None]
    values += [figure.auc for row, _ in shown for figure in (row.published(), row.rc2020()) if figure]
    scale = Scale(max(0.0, 10 * math.floor((min(values) - 1) / 10)), 100.0)
    ticks = [value for value in range(int(scale.low), 101, 10) if scale.high - scale.low <= 50 or value % 20 == 0]
    lines = []
    for place, (row, summary) in enumerate(shown):
        title = f"{row.label}: AUC {percent(summary)} %"
        lines.append(
            f'<div class="plot-row"><span class="plot-label">{escape(row.label)}</span>'
            f'<svg class="track auc" width="100%" height="26" role="img" aria-labelledby="{identity}-{place}">'
            f'<title id="{identity}-{place}">{escape(title)}</title>'
            + "".join(f'<line class="tick" x1="{scale(tick)}" x2="{scale(tick)}" y1="0" y2="26"/>' for tick in ticks)
            + _auc_marks(row, scale)
            + f'</svg><span class="plot-number">{100 * summary.mean:.1f}</span></div>\n'
        )
    axis = "".join(
        f'<text x="{scale(tick)}" y="12" text-anchor="{_anchor(scale(tick))}">{tick}</text>' for tick in ticks
    )
    return (
        f'<figure class="plot" aria-labelledby="{identity}">\n<figcaption id="{identity}">{escape(name)}: frame AUC in per '
        "cent; the numbers are in the table below.</figcaption>\n" + "".join(lines) + '<div class="plot-row axis">'
        f'<span></span><svg width="100%" height="16" aria-hidden="true">{axis}</svg><span></span></div>\n'
        f"{_legend(shown)}</figure>\n"
    )


def _auc_marks(row: Row, scale: Scale) -> str:
    parts = [f'<circle class="pooled" cx="{scale(100 * value)}" cy="19" r="3.2"/>' for value in _points(row, "global")]
    auc = row.auc()
    if auc is not None and auc.low is not None and auc.high is not None:
        kind = "interval" if auc.basis == "seeds" else "interval over-videos"
        parts.append(f'<line class="{kind}" x1="{scale(100 * auc.low)}" x2="{scale(100 * auc.high)}" y1="10" y2="10"/>')
    parts += [
        f'<circle class="seed" cx="{scale(100 * value)}" cy="10" r="3.6"/>' for value in _points(row, "per_video")
    ]
    if auc is not None:
        parts.append(f'<line class="mean" x1="{scale(100 * auc.mean)}" x2="{scale(100 * auc.mean)}" y1="2" y2="18"/>')
    if (figure := row.published()) is not None:
        parts.append(_diamond(scale(figure.auc), "published"))
    if (figure := row.rc2020()) is not None:
        parts.append(_triangle(scale(figure.auc), "rc2020"))
    return "".join(parts)


def _diamond(place: str, kind: str) -> str:
    return f'<svg x="{place}" y="10" overflow="visible"><path class="{kind}" d="M0-6 6 0 0 6-6 0z"/></svg>'


def _triangle(place: str, kind: str) -> str:
    return f'<svg x="{place}" y="10" overflow="visible"><path class="{kind}" d="M0-5 5.5 5h-11z"/></svg>'


def _legend(shown: Sequence[tuple[Row, object]]) -> str:
    marks = [
        ('<circle class="seed" cx="8" cy="8" r="3.6"/>', "a seed, normalised per video (published way)"),
        ('<line class="mean" x1="8" x2="8" y1="1" y2="15"/>', "mean"),
        ('<line class="interval" x1="0" x2="16" y1="8" y2="8"/>', "95 % interval over seeds (dotted: over videos)"),
        ('<circle class="pooled" cx="8" cy="8" r="3.2"/>', "a seed, pooled without normalisation"),
    ]
    if any(row.published() for row, _ in shown):
        marks.append(('<path class="published" d="M8 2 14 8 8 14 2 8z"/>', "published"))
    if any(row.rc2020() for row, _ in shown):
        marks.append(('<path class="rc2020" d="M8 3 13.5 13h-11z"/>', "RC2020"))
    items = "".join(
        f'<li><svg class="auc" width="16" height="16" aria-hidden="true">{mark}</svg> {words}</li>'
        for mark, words in marks
    )
    return f'<ul class="legend">{items}</ul>\n'


def _points(row: Row, normalisation: str) -> list[float]:
    return list(row.by_seed(micro(normalisation=normalisation)).values())


def _anchor(place: str) -> str:
    share = float(place[:-1])
    return "start" if share < 2 else "end" if share > 98 else "middle"
