"""Two small pictures per run as SVG: an import of hundreds of runs cannot wait for matplotlib, a second a picture.

MLflow draws losses and every other metric by epoch itself; it has nothing for the use of items or the score of frames.
"""

import itertools
from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import fuse
from benchmarks.report.read.frame_scores import score_of, variant_frames
from benchmarks.report.read.records import Record

_WIDTH, _PANEL, _MARGIN = 960, 120, 24
_STYLE: Final = (
    "text{font:12px sans-serif;fill:#333}.bar{fill:#0173b2}.line{fill:none;stroke:#0173b2}.video{stroke:#8a8a8a}"
    ".abnormal{fill:#f2c4b3}.frame{fill:none;stroke:#8a8a8a}"
)


def usage(record: Record) -> str | None:
    """Share of queries whose nearest item each was, items by use: every epoch, then the test; None without a memory."""
    epochs = [(f"epoch {one['epoch']}", one.get("usage")) for one in record.content["epochs"]]
    test = record.content.get("usage", {}).get(record.variant, {}).get("counts")
    panels = [(title, counts) for title, counts in [*epochs, (f"test, {record.variant}", test)] if counts]
    panels = [(title, counts) for title, counts in panels if sum(counts)]
    return _stack([_bars(title, counts) for title, counts in panels]) if panels else None


def scores(record: Record) -> str:
    """Published score of every test frame, normalised per video, abnormal frames shaded.

    Raises StudyError where the record's table of terms is missing or does not have the published variant.
    """
    terms = variant_frames(record, record.variant)
    if terms is None:
        raise StudyError(
            f"Expected the terms of {record.variant} with {record.path}, but there are none; run the cell again."
        )
    values = fuse(terms, score_of(record, record.score), "per_video").values
    videos = terms["video"].to_numpy()
    ends = [0, *(np.flatnonzero(videos[1:] != videos[:-1]) + 1).tolist(), len(videos)]
    shown = f"score {record.score}, per video, high = abnormal; abnormal frames shaded; {len(ends) - 1} videos in order"
    return _stack([(shown, _curve(values, terms["label"].to_numpy() > 0, ends))])


def _bars(title: str, counts: Sequence[int]) -> tuple[str, str]:
    shares = np.sort(np.asarray(counts, dtype=float))[::-1] / sum(counts)
    used = int((shares > 0).sum())
    step = _WIDTH / len(shares)
    path = "".join(
        f"M{index * step:.2f} {_PANEL}v{-_PANEL * share / shares[0]:.1f}h{0.9 * step:.2f}V{_PANEL}z"
        for index, share in enumerate(shares[:used])
    )
    label = f"{title}: {used} of {len(shares)} items used, the most used by {100 * shares[0]:.1f} % of queries"
    return label, f'<path class="bar" d="{path}"/>'


def _curve(values: NDArray[np.float64], abnormal: NDArray[np.bool_], ends: Sequence[int]) -> str:
    low, high = float(values.min()), float(values.max())
    across = np.arange(len(values)) * (_WIDTH / len(values))
    down = _PANEL * (1 - (values - low) / (high - low or 1.0))
    edges = np.flatnonzero(np.diff(np.r_[False, abnormal, False].astype(np.int8))).reshape(-1, 2)
    scale = _WIDTH / len(values)
    shaded = "".join(
        f'<rect class="abnormal" x="{first * scale:.1f}" y="0" width="{(last - first) * scale:.1f}" height="{_PANEL}"/>'
        for first, last in edges
    )
    parts = [shaded]
    for first, last in itertools.pairwise(ends):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across[first:last], down[first:last], strict=True))
        parts.append(f'<polyline class="line" points="{points}"/>')
        parts.append(f'<path class="video" d="M{first * scale:.1f} 0V{_PANEL}"/>')
    return "".join(parts)


def _stack(panels: Sequence[tuple[str, str]]) -> str:
    """Panels below each other, each under its heading."""
    each = _PANEL + 2 * _MARGIN
    body = "".join(
        f'<g transform="translate(10 {index * each + _MARGIN})"><text y="-7">{escape(title)}</text>{content}'
        f'<rect class="frame" width="{_WIDTH}" height="{_PANEL}"/></g>'
        for index, (title, content) in enumerate(panels)
    )
    size = f'width="{_WIDTH + 20}" height="{each * len(panels)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{_STYLE}</style>{body}</svg>'
