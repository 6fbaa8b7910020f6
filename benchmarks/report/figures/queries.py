"""t-SNE of the queries, coloured by their nearest item: native, without the memory's losses, under supervision."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from sklearn.manifold import TSNE

from benchmarks.report.figures.style import MARKERS, MUTED, PALETTE
from benchmarks.report.read.inspected import Inspected
from benchmarks.report.read.rows import GEOMETRY, departures, native_skip
from benchmarks.report.read.selection import of_usual_geometry, subject, told_apart

_LOSSES: Final = frozenset({"compactness_weight", "separateness_weight", "entropy_weight", "shrink_threshold"})
# Beyond a thousand points the map says no more and takes minutes.
_POINTS: Final = 1000
_THREE: Final = {
    "published": "as published",
    "without": "without separateness loss",
    "forced": "forced to use all items evenly",
}
_FEWEST: Final = 10
_NAMED: Final = 10
_GREY: Final = 7
_DEAD: Final = -1
# The palette's grey is for all items that are used less; black stands apart from blue, whose marker it shares, in grey print.
COLOURS: Final = tuple(colour if index != _GREY else "#000000" for index, colour in enumerate(PALETTE))


def draw(found: Sequence[Inspected]) -> Figure | None:
    """Draw a line of panels per method and task with native skips; None where no queries were kept.

    In each the ten items that are nearest most have a colour and a marker of their own, all others are grey, dead queries
    crosses. The title gives the silhouette that the record holds, over all sampled queries in their own space.
    """
    usual = {row.settings for row in of_usual_geometry([one.row for one in found])}
    lines: dict[tuple[str, str], list[Inspected]] = defaultdict(list)
    for one in found:
        settings = one.row.settings
        if (
            one.inspection.query is not None
            and one.inspection.query_item is not None
            and len(one.inspection.query) >= _FEWEST
            and settings in usual
            and settings.has_own_memory
            and settings.skip == native_skip(settings)
            and departures(settings).keys() <= GEOMETRY | _LOSSES
        ):
            lines[one.row.method, one.row.task].append(one)
    if not lines:
        return None
    panels = _panels(figure := Figure(), [len(line) for line in lines.values()])
    for axes, ((method, task), one, name) in zip(panels, _named(lines), strict=True):
        assert one.inspection.query is not None
        assert one.inspection.query_item is not None
        _scatter(axes, *_sample(one.inspection.query, one.inspection.query_item))
        axes.set_title("\n".join([f"{method} {task}", *name, _silhouette(one)]), fontsize="small")
    marks = [Line2D([], [], marker="x", color="black", linestyle="", markersize=4, label="dead query")]
    marks += [Line2D([], [], marker="o", color=MUTED, linestyle="", markersize=3, label="one of the items used less")]
    figure.legend(handles=marks, loc="outside lower center", ncols=2, fontsize="small")
    subject_ = subject([one.row for line in lines.values() for one in line])
    figure.suptitle(f"Queries by nearest item, t-SNE\n{subject_}", fontsize="medium")
    return figure


def separateness(found: Sequence[Inspected]) -> Figure | None:
    """Draw MNAD's queries as published, without the separateness loss, and forced to use all items, side by side.

    Of the first task that has all three, at the study's usual geometry with native skips; None where none has.
    """
    lines: dict[str, dict[str, Inspected]] = defaultdict(dict)
    usual = {row.settings for row in of_usual_geometry([one.row for one in found])}
    for one in found:
        settings, inspection = one.row.settings, one.inspection
        if (
            settings in usual
            and settings.method == "mnad"
            and settings.has_own_memory
            and settings.skip == native_skip(settings)
            and inspection.query_item is not None
            and (kind := _of_three(one)) is not None
        ):
            lines[settings.task].setdefault(kind, one)
    line = next((line for line in lines.values() if line.keys() >= set(_THREE)), None)
    if line is None:
        return None
    figure = Figure(figsize=(2.9 * len(_THREE) + 0.2, 3.9))
    for axes, kind in zip(figure.subplots(1, len(_THREE)), _THREE, strict=True):
        one = line[kind]
        assert one.inspection.query is not None
        assert one.inspection.query_item is not None
        _scatter(axes, *_sample(one.inspection.query, one.inspection.query_item))
        groups = one.fact("queries", "items_nearest")
        axes.set_title(f"{_THREE[kind]}\n{_silhouette(one)}\nitems nearest: {groups}", fontsize="small")
    first = line["published"]
    said = (
        f"{first.row.method} {first.row.task}, {subject([one.row for one in line.values()])}, seed {first.record.seed}"
    )
    what = "each point is a query, its colour and marker the item that it is nearest to"
    figure.suptitle(f"Queries by nearest item, t-SNE: {said}\n{what}", fontsize="medium")
    return figure


def _of_three(one: Inspected) -> str | None:
    """Which of the three panels a setting is for; None for any other."""
    moved = departures(one.row.settings).keys() - GEOMETRY
    if one.row.settings.supervision != "none":
        return None if moved else "forced"
    if not moved:
        return "published"
    return "without" if moved == {"separateness_weight"} and one.row.settings.separateness_weight == 0 else None


def _panels(figure: Figure, lengths: Sequence[int]) -> list[Axes]:
    """Panels of a grid with these many in each line; neighbouring lines of one panel each stand side by side."""
    across = len(lengths) if max(lengths) == 1 else max(lengths)
    rows: list[int] = []
    joins = False
    for length in lengths:
        if length == 1 and joins and rows[-1] < across:
            rows[-1] += 1
        else:
            rows.append(length)
        joins = length == 1
    figure.set_size_inches(2.5 * across + 0.6, 2.8 * len(rows) + 0.9)
    grid = figure.subplots(len(rows), across, squeeze=False)
    for line, length in zip(grid, rows, strict=True):
        for axes in line[length:]:
            axes.set_axis_off()
    return [axes for line, length in zip(grid, rows, strict=True) for axes in line[:length]]


def _named(lines: Mapping[tuple[str, str], list[Inspected]]) -> Iterator[tuple[tuple[str, str], Inspected, list[str]]]:
    """Each setting with its method and task, and with what sets it apart in its line, if it is not alone there."""
    for name, line in lines.items():
        _, apart = told_apart([one.row for one in line], without={"method", "task", "memory"})
        for one, label in zip(line, apart, strict=True):
            yield name, one, label.split(" · ") if len(line) > 1 else []


def _sample(query: NDArray[np.float16], item: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    kept = np.unique(np.linspace(0, len(query) - 1, min(len(query), _POINTS)).round().astype(np.int64))
    return query[kept].astype(np.float32), item[kept]


def _scatter(axes: Axes, query: NDArray[np.float32], item: NDArray[np.int64]) -> None:
    perplexity = min(30.0, (len(query) - 1) / 3)
    # A fixed state and one thread: drawing twice gives the same picture.
    places = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=1).fit_transform(query)
    numbers, counts = np.unique(item[item != _DEAD], return_counts=True)
    named = numbers[np.argsort(-counts, kind="stable")][:_NAMED]
    rest = ~np.isin(item, [*named, _DEAD])
    dead = item == _DEAD
    axes.scatter(places[rest, 0], places[rest, 1], s=3, color=MUTED)
    axes.scatter(places[dead, 0], places[dead, 1], s=6, color="black", marker="x", linewidths=0.5)
    for index, number in enumerate(sorted(named.tolist())):
        chosen = places[item == number]
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        axes.scatter(chosen[:, 0], chosen[:, 1], s=7, color=colour, marker=marker, linewidths=0)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)


def _silhouette(one: Inspected) -> str:
    value = one.fact("queries", "silhouette")
    if isinstance(value, int | float):
        return f"silhouette {value:.2f}"
    reason = one.fact("queries", "reason")
    return f"no silhouette: {reason}" if reason else "silhouette not in the record"
