"""The figures that compare settings: AUC, memory's effect, kinds of anomaly, replaced bottlenecks, memories at test."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report.claims.answer_effects import ROWS, SETS, Chosen
from benchmarks.report.claims.paired_effects import published_effects
from benchmarks.report.figures.dots import Mark, Panel, Symbol, draw_dots, mark_of
from benchmarks.report.figures.style import MARKERS, MUTED, PALETTE, limits
from benchmarks.report.read.contrasts import memory_contrasts
from benchmarks.report.read.format import KINDS, SCORES
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import METHOD_NAMES, Row, native_skip
from benchmarks.report.read.selection import labels, parts, plain, subject
from benchmarks.report.tables.bottleneck import REPLACED, UNCHANGED_PSNR, replaced
from benchmarks.report.tables.study_tables import Measure, micro
from benchmarks.study.settings import AUTOENCODERS

_BLUE, _ORANGE, _GREEN = PALETTE[:3]
# A grid has eighty rows: they stand closer.
_MANY: Final = 20
SEED = Symbol("a seed, per video", size=4, alpha=0.7)
POOLED = Symbol("a seed, pooled", colour=MUTED, hollow=True, size=4)
MEAN = Symbol("mean, 95 % interval (dotted: over videos; cut at the frame)", "|", "black", size=13)
PUBLISHED = Symbol("published", "D", _ORANGE, size=6)
RC2020 = Symbol("RC2020", "^", _GREEN, size=6)
PAPER = Symbol("the papers' own difference", "D", _ORANGE, size=6)
CLAIM = Symbol("the papers' claim (Ped2)", "D", _ORANGE, size=7)
# Of the answer's data sets, in their order.
SETS_SHOWN: Final = (Symbol("", size=7), Symbol("", "s", "black", hollow=True, size=6))
# Each score by which memory's effect is shown; what both sides share is hollow.
SCORES_SHOWN: Final[Mapping[str, Symbol]] = {
    "published": Symbol("each side under its published score"),
    **{
        name: Symbol(f"{words} for both", MARKERS[index], PALETTE[index], hollow=True)
        for index, (name, words) in enumerate(SCORES.items(), 1)
    },
}
# A memory that collapses loses tens of points: the axis is compressed then, or it would hide effects of a few.
_LINEAR: Final = 10.0
_FAR: Final = 25.0
_TICKS: Final = (-100, -50, -20, -10, -5, 0, 5, 10, 20, 50, 100)
MEMORIES_SHOWN: Final = {
    "own": (Symbol("with its memory", size=5.5), -0.17),
    "none": (Symbol("without memory", colour=_ORANGE, hollow=True, size=5.5), 0.17),
    "other": (Symbol("with the other's memory", "D", _GREEN, size=5.5), 0.0),
    "": (Symbol("method without a memory to switch off", "s", MUTED, size=5.5), 0.0),
}
# Reads are hollow, bottlenecks filled.
REPLACED_SHOWN: Final = {
    name: Symbol(words, MARKERS[index], PALETTE[index], hollow=name.startswith("read"))
    for index, (name, words) in enumerate(REPLACED.items())
}


def _number(quantity: str, scale: float = 1.0, *, per_item: bool = False) -> Measure:
    """Read a number of the published variant."""

    def read(record: Record) -> float | None:
        found = record.number(quantity, variant=record.variant)
        items = record.settings.items if per_item else 1
        return None if found is None else scale * found / (items or 1)

    return read


# Heading of a panel -> what is read from a record.
_AT_TEST: Final[Mapping[str, Measure]] = {
    "items in effect\n(% of all)": _number("usage.perplexity", 100, per_item=True),
    "dead items\n(% of all)": _number("usage.dead", 100, per_item=True),
    "cosine of two items\n(mean of pairs)": _number("items.mean_cosine"),
    "largest address\nweight (mean)": _number("queries.largest_weight"),
    "size of an update\n(relative to item)": _number("items.update_size"),
    "silhouette of queries\nby nearest item": _number("queries.silhouette"),
    "place decides item\n(0 not, 1 alone)": _number("queries.location_information"),
}


def comparison(rows: Sequence[Row]) -> Figure:
    """Draw the frame AUC of every setting of one data set: seeds, mean with its interval, what others published.

    Filled: normalised per video, as published. Hollow: pooled, without normalisation within videos.
    """
    height, width = (0.45, 7.5) if len(rows) <= _MANY else (0.24, 10.0)
    marks: list[Mark] = []
    for at, row in enumerate(rows):
        for symbol, how, place in ((POOLED, "global", at + 0.16), (SEED, "per_video", at)):
            marks += [Mark(place, symbol, 100 * value) for value in row.by_seed(micro(normalisation=how)).values()]
        if (auc := row.auc()) is not None:
            low, high = (None if bound is None else 100 * bound for bound in (auc.low, auc.high))
            marks.append(Mark(at, MEAN, 100 * auc.mean, low, high, bar="-" if auc.basis == "seeds" else ":"))
        figures = ((PUBLISHED, row.published()), (RC2020, row.rc2020()))
        marks += [Mark(at, symbol, one.auc) for symbol, one in figures if one is not None]
    return draw_dots(
        labels(rows),
        [Panel(marks or [Mark(-1, SEED, 50.0)], x_label="frame AUC (%)")],
        title=subject(rows),
        size=(width, 1.4 + height * len(rows)),
        symbols=(SEED, POOLED, MEAN, PUBLISHED, RC2020),
    )


def memory_effect(rows: Sequence[Row]) -> Figure | None:
    """Draw, per setting with memory, its AUC minus that of the same setting without, in points; None without a pair.

    Filled: each side under its published score. Hollow: both under one score. Diamonds: the same difference in the papers.
    """
    found = [list(of_pair) for _, of_pair in groupby(memory_contrasts(rows), lambda one: one.with_memory.settings)]
    marks = []
    for height, contrasts in enumerate(found):
        for place, one in enumerate(contrasts):
            at = height + 0.2 * (place - (len(contrasts) - 1) / 2)
            low, high = (None if bound is None else 100 * bound for bound in (one.auc.low, one.auc.high))
            marks.append(Mark(at, SCORES_SHOWN[one.score], 100 * one.auc.mean, low, high))
            if one.score == "published" and one.in_paper is not None:
                marks.append(Mark(at, PAPER, 100 * one.in_paper))
    if not found:
        return None
    figure = draw_dots(
        labels([contrasts[0].with_memory for contrasts in found], without={"memory"}),
        [Panel(marks, x_label="with memory minus without (points of AUC)", reference=0)],
        title=f"{subject(rows)}\nmean and 95 % interval over seeds, cut at the frame; one seed has no interval",
        size=(10, 1.5 + 0.4 * len(found)),
        symbols=(*SCORES_SHOWN.values(), PAPER),
    )
    _compress(figure.axes[0], [*(mark.value for mark in marks), 0.0])
    return figure


def answer(found: Sequence[Chosen]) -> Figure | None:
    """Draw memory's effect of the published settings, two marks a line: a data set each; None without a pair of runs.

    found: what the README's table holds. Diamonds: the papers' claims on Ped2.
    """
    rows = [(method, task) for method, task in ROWS if any(method == one.method for one in found)]
    symbols = {name: replace(symbol, label=set_name(name)) for name, symbol in zip(SETS, SETS_SHOWN, strict=True)}
    marks = []
    for chosen in found:
        for one in chosen.judgements:
            at = rows.index((chosen.method, one.contrast.cells))
            assert one.mean is not None, "a pair of runs has an effect"
            place = at + 0.2 * (SETS.index(chosen.dataset) - 0.5)
            marks.append(Mark(place, symbols[chosen.dataset], one.mean, one.low, one.high))
            claims = [Mark(at - 0.1, CLAIM, published[0]) for published in published_effects(one.contrast, "ped2")[:1]]
            marks += [claim for claim in claims if claim not in marks]
    if not found:
        return None
    bounds = [bound for mark in marks for bound in (mark.low, mark.high) if bound is not None]
    figure = draw_dots(
        [f"{METHOD_NAMES[method]}\n{task}" for method, task in rows],
        [Panel(marks, x_label="frame AUC with memory minus without (points)", reference=0)],
        title="",
        size=(6.4, 1.1 + 0.55 * len(rows)),
        symbols=(*symbols.values(), CLAIM),
    )
    figure.axes[0].set_xlim(*limits([*bounds, *(mark.value for mark in marks), 0.0]))
    return figure


def _compress(axes: Axes, shown: Sequence[float]) -> None:
    """Set a logarithmic scale where effects lie far apart."""
    if max(map(abs, shown)) <= _FAR:
        return
    low, high = limits(shown)
    axes.set_xscale("symlog", linthresh=_LINEAR, linscale=2)
    axes.set_xticks([tick for tick in _TICKS if low <= tick <= high], minor=False)
    axes.set_xticks([], minor=True)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(low, high)
    axes.set_xlabel(f"with memory minus without (points of AUC; logarithmic beyond {_LINEAR:g})")


def by_kind(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel per kind of anomaly, a line per method, task and skip setting; None where no record tells kinds apart.

    The dashed line is chance.
    """
    measures: dict[str, Measure] = {name: partial(Record.kind, name=name) for name in KINDS}
    lines: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in plain(rows):
        if any(row.by_seed(measure) for measure in measures.values()):
            lines[_line(row)][_memory(row)] = row
    panels = []
    for name, heading in KINDS.items():
        marks = [
            mark
            for height, by_memory in enumerate(lines.values())
            for memory, row in by_memory.items()
            for mark in mark_of(row, measures[name], height + MEMORIES_SHOWN[memory][1], MEMORIES_SHOWN[memory][0], 100)
        ]
        panels.append(Panel(marks, heading, "frame AUC (%)", reference=50))
    if not lines:
        return None
    return draw_dots(
        list(lines),
        panels,
        title=f"AUC by kind of anomaly: {subject(rows)}\nmean of the seeds, 95 % interval, cut at the frame; dashed: chance",
        size=(9, 1.5 + 0.36 * len(lines)),
        symbols=[symbol for symbol, _ in MEMORIES_SHOWN.values()],
        columns=len(MEMORIES_SHOWN),
        shared=True,
    )


def _line(row: Row) -> str:
    if row.settings.method not in AUTOENCODERS:
        return row.method
    departs = row.settings.skip != native_skip(row.settings)
    skip = "" if not departs else ", skips" if row.settings.skip else ", no skips"
    return f"{row.method} {row.task}{skip}"


def _memory(row: Row) -> str:
    if row.settings.method not in AUTOENCODERS:
        return ""
    return row.memory if row.memory in ("own", "none") else "other"


def bottleneck(rows: Sequence[Row]) -> Figure | None:
    """Draw what replacing memory or bottleneck does (C8): PSNR between the outputs, change of AUC; None without the test."""
    found = replaced(plain(rows))
    if not found:
        return None
    lines = {one.row.settings: one.row for one in found}
    outputs, changes = [], []
    for one in found:
        at = list(lines).index(one.row.settings) + 0.13 * (list(REPLACED).index(one.variant) - (len(REPLACED) - 1) / 2)
        symbol, seeds = REPLACED_SHOWN[one.variant], one.psnr_by_seed
        outputs.append(Mark(at, symbol, one.psnr.mean, one.psnr.low, one.psnr.high, seeds if len(seeds) > 1 else ()))
        if (change := one.change) is not None:
            low, high = (None if bound is None else 100 * bound for bound in (change.low, change.high))
            seeds = tuple(100 * value for value in one.change_by_seed)
            changes.append(Mark(at, symbol, 100 * change.mean, low, high, seeds if len(seeds) > 1 else ()))
    dashed = f"(dashed: {UNCHANGED_PSNR:g} dB, optically unchanged)"
    left = Panel(outputs, f"output against output as trained\n{dashed}", "PSNR (dB)", UNCHANGED_PSNR)
    right = Panel(changes, "frame AUC, replaced − as trained\n(dashed: no change)", "change of AUC (points)", 0)
    figure = draw_dots(
        [
            f"{row.method} {row.task}\n{'skips' if row.settings.skip else 'no skips'}, {parts(row)['memory']}"
            for row in lines.values()
        ],
        [left, right],
        title=f"Bottleneck test: {subject(rows)}\nmean of the seeds, 95 % interval, cut at the frame",
        size=(9, 1.6 + 0.42 * len(lines)),
        symbols=list(REPLACED_SHOWN.values()),
        columns=len(REPLACED),
    )
    for axes in figure.axes:
        for height in range(len(lines) - 1):
            axes.axhline(height + 0.5, color=MUTED, linewidth=0.4)
        axes.grid(visible=False, axis="y")
    return figure


def memory_at_test(rows: Sequence[Row]) -> Figure | None:
    """Draw a panel per quantity of a trained memory, a line per setting with one; None without a memory.

    A quantity that no record holds has no panel; one that is undefined for a setting (one item has no pairs) no mark.
    """
    with_memory = [row for row in rows if row.settings.has_memory and row.records]
    symbol = Symbol("", size=4.5)
    panels = [
        Panel(marks, heading, least=0.02)
        for heading, measure in _AT_TEST.items()
        if (marks := [one for height, row in enumerate(with_memory) for one in mark_of(row, measure, height, symbol)])
    ]
    if not panels:
        return None
    figure = draw_dots(
        labels(with_memory),
        panels,
        title=f"Memory at test: {subject(rows)}",
        size=(4 + 1.4 * len(panels), 1.5 + 0.26 * len(with_memory)),
    )
    for axes in figure.axes:
        axes.title.set_fontsize("small")
        axes.locator_params(axis="x", nbins=4)
        axes.tick_params(axis="x", labelsize="x-small")
        axes.tick_params(axis="y", labelsize="small")
    return figure
