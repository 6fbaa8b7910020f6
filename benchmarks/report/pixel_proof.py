"""``results/statistics/pixel_proof.{md,csv}``: pixel metrics of maps whose values are known beforehand."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.measure.pixel_proof import Linked, Proof, linked_tracks, prove
from benchmarks.measure.regions import Regions
from benchmarks.report.render import Table, to_markdown
from benchmarks.report.tables import write_text

_METRICS = {"pixel_auc": "Pixel AUC", "pro": "PRO", "rbdc": "RBDC", "tbdc": "TBDC"}


def main(options: argparse.Namespace, truth: Sequence[Regions]) -> int:
    """Measure, write and show; options: results. truth: the regions of the synthetic set's test videos.

    Raises StudyError if a metric is not what it must be, or a file cannot be written.
    """
    proofs, linked = prove(truth), linked_tracks(truth)
    paths = write_proof(proofs, linked, options.results)
    print(paths[0].read_text(encoding="utf-8"))
    print(f"Written: {', '.join(map(str, paths))}")
    if wrong := [proof.map for proof in proofs if not proof.holds]:
        raise StudyError(
            f"Expected known values of the pixel metrics, but those of {', '.join(wrong)} are others (see {paths[0]}); "
            "mend benchmarks/measure."
        )
    return 0


def write_proof(proofs: Sequence[Proof], linked: Linked, results: Path) -> tuple[Path, Path]:
    """Write expected and measured values as Markdown and CSV; raises StudyError if a file cannot be written."""
    folder = results / "statistics"
    csv = pd.DataFrame(
        [
            {
                "map": proof.map,
                **{f"{name}_expected": proof.expected.get(name) for name in _METRICS},
                **asdict(proof.measured),
                "tolerance": proof.tolerance,
                "holds": proof.holds,
            }
            for proof in proofs
        ]
    ).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    return write_text(folder / "pixel_proof.md", _text(proofs, linked)), write_text(folder / "pixel_proof.csv", csv)


def _text(proofs: Sequence[Proof], linked: Linked) -> str:
    def cell(proof: Proof, name: str) -> str:
        value, expected = getattr(proof.measured, name), proof.expected.get(name)
        shown = "" if value is None else f"{100 * value:.2f}"
        return shown if expected is None else f"{shown} ({100 * expected:.2f})"

    counts = proofs[0].measured
    rows = tuple(
        (proof.map, *(cell(proof, name) for name in _METRICS), "yes" if proof.holds else "no") for proof in proofs
    )
    notes = (
        (
            "In per cent: measured (expected). Expected values follow from counts of pixels, regions and tracks and "
            "from the metrics' definitions; where none stands, none can be said. Noise may be 2 points off, the "
            "others nothing."
        ),
        (
            f"Tracks linked by overlap alone, as for sets without an object table: {linked.linked}, where there are "
            f"{linked.true}; {'all are' if linked.same else 'not all are'} the true ones."
        ),
    )
    table = Table(
        "Expected and measured", ("Map", *_METRICS.values(), "Holds"), rows, frozenset(_METRICS.values()), notes
    )
    return "\n".join(
        [
            "# What the pixel metrics give where the answer is known",
            "",
            (
                "Measured by `make pixel-proof` on the test videos of the synthetic set, whose objects are known: "
                f"{counts.frames} frames, {counts.regions} regions, {counts.tracks} tracks. Each map is made from the "
                "true masks."
            ),
            "",
            to_markdown(table),
        ]
    )
