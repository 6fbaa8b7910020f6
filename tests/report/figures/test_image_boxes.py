"""The figure of boxes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from benchmarks.report.figures import images
from benchmarks.report.read.inspected import Inspected
from benchmarks.report.read.rows import Row
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.study.presets import resolve

Rows = Callable[..., list[Row]]
SIZE = 16
HEADLINE = {"variant": "plain", "score": "psnr"}


def section(stills: dict[str, Any]) -> dict[str, Any]:
    """A record's section with these stills."""
    scores = {"matched": 1, "found": 2, "true": 1, "precision": 0.5, "recall": 1.0, "f1": None}
    chosen = {"exponent": 1.5, "peak": 0.1, "threshold": 0.2, "quantile": 0.999, "false_per_held_out_frame": 0.05}
    return {"plain": {**chosen, "frames": 400, "overlap_0.5": scores, "overlap_0.25": scores, "stills": stills}}


def inspected(rows: list[Row]) -> list[Inspected]:
    """An inspection of noise at a normal and two abnormal frames in colour."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    inspection = InspectionFile(
        still_kind=np.array(["normal", "abnormal", "other_abnormal"]),
        still_video=np.array(["01", "02", "03"]),
        still_frame=np.array([7, 9, 11]),
        still_input=images,
        still_target=images,
        still_output=images,
        still_error=rng.random((3, SIZE, SIZE)).astype(np.float16),
        frames=np.array(100),
    )
    return [Inspected(row, row.records[0], inspection, Path()) for row in rows]


STILLS = {
    "normal": {"found": [], "true": []},
    "abnormal": {"found": [[0.0, 0.0, 0.5, 0.25, 0.9], [0.5, 0.5, 1.0, 1.0, 0.4]], "true": [[0.0, 0.0, 0.5, 0.5]]},
    "other_abnormal": {"found": [], "true": [[0.25, 0.25, 0.75, 0.5]]},
}


class TestDraw:
    def test_a_line_per_abnormal_still(self, write_rows: Rows) -> None:
        """Input, output, heat and boxes stand side by side; found and true boxes are drawn in pixels; rates stand below."""
        settings = resolve(dataset="pool", method="fcae", task="reconstruction", profile="small", channels=3)
        rows = write_rows([settings], (0,), boxes=section(STILLS), headline=HEADLINE)
        figure = images.boxes(inspected(rows))
        assert figure is not None
        assert len(figure.axes) == 2 * 4
        drawn = [patch for patch in figure.axes[3].patches if isinstance(patch, Rectangle)]
        corners = {(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in drawn}
        assert corners == {(-0.5, -0.5, 8, 8), (-0.5, -0.5, 8, 4), (7.5, 7.5, 8, 8)}
        assert len({patch.get_edgecolor() for patch in drawn}) == 2
        assert "IoU 0.5: P 50 %, R 100 %, F1 –" in figure.axes[3].get_xlabel()
        assert "video 02, 9" in figure.axes[0].get_ylabel()

    def test_many_methods_show_one_still_each(self, write_rows: Rows) -> None:
        """With more than three methods there is one line for each."""
        common = {"dataset": "pool", "method": "fcae", "task": "reconstruction", "profile": "small", "channels": 3}
        settings = [resolve(**common, width=width) for width in (0.0625, 0.125, 0.25, 0.5)]
        rows = write_rows(settings, (0,), boxes=section(STILLS), headline=HEADLINE)
        figure = images.boxes(inspected(rows))
        assert figure is not None
        assert len(figure.axes) == 4 * 4

    def test_nothing_without_boxes(self, write_rows: Rows) -> None:
        """Records without the section have no figure."""
        settings = resolve(dataset="ped2", method="cae", task="reconstruction", profile="small")
        rows = write_rows([settings], (0,), headline=HEADLINE)
        assert images.boxes(inspected(rows)) is None
