"""How numbers, kinds of anomaly and scores are written in every view."""

from collections.abc import Iterable
from typing import Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.read.rows import Summary

KINDS: Final = {"spatial": "Spatial", "temporal": "Temporal", "spatio_temporal": "Spatio-temporal"}
SCORES: Final = {
    "fused": "Fused",
    "psnr": "PSNR",
    "feature_distance": "Feature dist.",
    "mean_absolute_error": "Abs. error",
    "mse": "Sq. error",
}


def percent(summary: Summary | None, digits: int = 1) -> str:
    """A fraction over seeds in per cent: ``93.1 ± 0.8`` over seeds, ``93.1 [90.2, 95.0]†`` over videos."""
    if summary is None:
        return ""
    mean = f"{100 * summary.mean:.{digits}f}"
    if summary.low is None or summary.high is None:
        return mean
    if summary.basis == "videos":
        return f"{mean} [{100 * summary.low:.{digits}f}, {100 * summary.high:.{digits}f}]†"
    return f"{mean} ± {100 * (summary.high - summary.low) / 2:.{digits}f}"


def signed(value: float | None, digits: int = 1) -> str:
    """A number with its sign; the minus is the typographic one, and what rounds to zero has none."""
    return "" if value is None else f"{value:+z.{digits}f}".replace("-", "−")


def decibel(value: float) -> str:
    """A PSNR, with the typographic minus."""
    return f"{value:z.1f}".replace("-", "−")


def probability(value: float | None) -> str:
    """A p value; below a thousandth its digits say nothing."""
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def interval_of(difference: PairedDifference, scale: float = 100, digits: int = 1) -> str:
    """A paired difference with its interval: ``+1.2 [−0.3, +2.7]``; the mean alone for a single pair."""
    mean = signed(scale * difference.mean, digits)
    if difference.low is None or difference.high is None:
        return mean
    return f"{mean} [{signed(scale * difference.low, digits)}, {signed(scale * difference.high, digits)}]"


def span(values: Iterable[float]) -> str:
    """What runs differ in, from least to most: ``100 to 128``; one number where all agree."""
    known = sorted(set(values))
    ends = known[:1] if len(known) == 1 else [known[0], known[-1]]
    return " to ".join(f"{value:.3g}" if value != int(value) else f"{value:.0f}" for value in ends)
