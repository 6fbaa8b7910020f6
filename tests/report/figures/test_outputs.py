"""Outputs with the bottleneck replaced, in pictures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report.figures import outputs
from benchmarks.report.read.inspected import inspected
from benchmarks.report.read.rows import Row
from tests.support.inspections import inspection_file, leave, mnad

Rows = Callable[..., list[Row]]


class TestDraw:
    def test_beside_the_output_as_trained(self, tmp_path: Path, write_rows: Rows) -> None:
        """Target, output as trained and each replacement; below, how far it is from the output as trained."""
        (row,) = write_rows([mnad()], (0,))
        trained = np.full((2, 8, 8, 1), 100, np.uint8)
        inspection = replace(
            inspection_file(),
            still_target=trained,
            still_output=trained,
            replaced_still=np.array(1),
            replaced_name=np.array(["bottleneck_zeros", "bottleneck_ones"]),
            replaced_output=np.stack([trained[1], trained[1] + 51]),
        )
        leave(tmp_path, row, inspection)
        figure = outputs.draw(inspected([row], tmp_path))
        assert figure is not None
        # A fifth of the range off: 20·log10(5).
        assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "equal", "14.0 dB"]
        assert figure.axes[0].get_ylabel().endswith("02, frame 9")

    def test_older_inspections_have_none(self, tmp_path: Path, write_rows: Rows) -> None:
        """An inspection without such outputs has no line."""
        (row,) = write_rows([mnad()], (0,))
        leave(tmp_path, row, inspection_file())
        assert outputs.draw(inspected([row], tmp_path)) is None
