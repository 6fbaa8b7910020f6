"""The quantities that claims are about, each read from one record by its name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from benchmarks.measure.metrics import KINDS
from benchmarks.measure.terms import psnr_from_mse
from benchmarks.report.read.frame_scores import variant_frames
from benchmarks.report.read.records import Record

# Of the error maps as they are (benchmarks/run/inspect/pixels.py).
PIXEL: Final = ("pixel_auc", "pro", "rbdc", "tbdc")
# What "error" names: the reconstruction error alone, under each method's own name for it.
_ERRORS: Final = ("psnr", "mse")


def score_name(record: Record, variant: str | None, score: str) -> str | None:
    """The record's name of a score: "published" is each cell's own, "error" its squared error alone; None if absent."""
    if score == "published":
        return record.variant_score(variant or record.variant)
    held = record.content["metrics"].get(variant or record.variant, {})
    if score == "error":
        return next((name for name in _ERRORS if name in held), None)
    return score if score in held else None


def measure(
    record: Record,
    quantity: str,
    *,
    variant: str | None = None,
    score: str = "published",
    normalisation: str = "per_video",
) -> float | None:
    """One quantity of a record, in the unit that QUANTITIES gives; None where the record does not hold it."""
    if quantity in _METRICS:
        name, scale = _METRICS[quantity]
        own = score_name(record, variant, score)
        value = None if own is None else record.metric(name, variant=variant, score=own, normalisation=normalisation)
        return None if value is None else scale * value
    return _OTHERS[quantity](record, variant or record.variant)


def _held(name: str, scale: float = 1.0) -> Callable[[Record, str], float | None]:
    """Read a number of a record's variant, times a scale."""

    def read(record: Record, variant: str) -> float | None:
        found = record.number(name, variant)
        return None if found is None else scale * float(found)

    return read


def _change(record: Record, variant: str) -> float | None:
    """AUC of a replaced variant minus that of the published one on the same frames."""
    after, before = (record.number(f"changes.{name}", variant) for name in ("micro_auc", "unchanged_micro_auc"))
    return None if after is None or before is None else 100 * (float(after) - float(before))


def _psnr_of(label: int) -> Callable[[Record, str], float | None]:
    """Mean PSNR of the output on the normal (0) or abnormal (1) test frames."""

    def read(record: Record, variant: str) -> float | None:
        frames = variant_frames(record, variant)
        if frames is None or "mse" not in frames:
            return None
        chosen = frames.loc[frames["label"] == label, "mse"].to_numpy()
        return float(np.mean(psnr_from_mse(chosen))) if chosen.size else None

    return read


def _updated(record: Record, variant: str) -> float | None:
    """Share of the test frames whose queries updated the items."""
    frames = variant_frames(record, variant)
    return None if frames is None or "updated" not in frames else 100 * float(frames["updated"].mean())


_METRICS: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {
        "auc": ("micro_auc", 100.0),
        "macro_auc": ("macro_auc", 100.0),
        "delta_s": ("delta_s", 1.0),
        "eer": ("eer", 100.0),
        "fpr_at_95_tpr": ("fpr_at_95_tpr", 100.0),
    }
)


def _dead_queries(record: Record, variant: str) -> float | None:
    """Share of the queries with an empty address; without hard shrinkage no address can be emptied."""
    if record.settings.shrink_threshold == 0:
        return 0.0
    share = record.dead_queries(variant)
    return None if share is None else 100 * share


_LIKENESS: Final = "matched.circle_minus_square"


def _square_against_circle(record: Record, variant: str) -> float | None:
    """How much more the output at a square is like a circle than like a square, minus the same of the output at a circle."""
    at_square = _held(f"shapes.{_LIKENESS}")(record, variant)
    at_circle = _held(f"shapes.circles.output.{_LIKENESS}")(record, variant)
    return None if at_square is None or at_circle is None else at_square - at_circle


# The record's paths of the last three follow benchmarks/run/record.py; a record made before it held them has none.
_OTHERS: Final[Mapping[str, Callable[[Record, str], float | None]]] = MappingProxyType(
    {
        **{f"auc_{kind}": _held(f"kinds.{kind}", 100) for kind in KINDS},
        "auc_change": _change,
        "output_psnr": _held("changes.mean_psnr"),
        "psnr_normal": _psnr_of(0),
        "psnr_abnormal": _psnr_of(1),
        "frames_updated": _updated,
        "items_in_use": _held("usage.perplexity"),
        "item_cosine": _held("items.mean_cosine"),
        "query_silhouette": _held("queries.silhouette"),
        "dead_queries": _dead_queries,
        "circle_likeness": _held(f"shapes.{_LIKENESS}"),
        "square_against_circle": _square_against_circle,
        **{name: _held(f"pixel.{name}", 100) for name in PIXEL},
    }
)
QUANTITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("auc", "macro_auc", "eer", "fpr_at_95_tpr", "auc_change"), "points"),
        **{f"auc_{kind}": "points" for kind in KINDS},
        **dict.fromkeys(PIXEL, "points"),
        **dict.fromkeys(("output_psnr", "psnr_normal", "psnr_abnormal"), "dB"),
        "items_in_use": "items",
        **dict.fromkeys(("frames_updated", "dead_queries"), "%"),
        **dict.fromkeys(("delta_s", "item_cosine", "query_silhouette", "circle_likeness", "square_against_circle"), ""),
    }
)
"""Unit of each quantity."""
