"""Kinds of anomaly by task."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report.figures import tasks
from benchmarks.report.read.inspected import inspected
from benchmarks.report.read.rows import Row
from tests.support.inspections import SIZE, inspection_file, leave, mnad

Rows = Callable[..., list[Row]]


def masked(seed: int) -> object:
    mask = np.zeros((2, SIZE, SIZE), bool)
    mask[1, 5, 10:12] = True
    return replace(inspection_file(seed), still_mask=mask)


class TestDraw:
    def test_both_tasks_around_the_object(self, tmp_path: Path, write_rows: Rows) -> None:
        """Reconstruction has three pictures a kind, prediction four, all cropped alike to the abnormal object."""
        rows = write_rows([mnad("reconstruction"), mnad(), mnad(memory="none")], (0,))
        inspections = [masked(seed) for seed in range(3)]
        for row, inspection in zip(rows, inspections, strict=True):
            leave(tmp_path, row, inspection)  # type: ignore[arg-type]
        figure = tasks.draw(inspected(rows, tmp_path))
        assert figure is not None
        assert len(figure.axes) == 3 + 4
        # Two pixels wide: a crop of eight, centred at the object.
        shown = inspections[0].still_target[1, 2:10, 7:15, 0]  # type: ignore[attr-defined]
        np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), shown)
        last = inspections[1].still_input[1, 2:10, 7:15, 0]  # type: ignore[attr-defined]
        np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), last)
        assert figure.axes[0].get_ylabel() == tasks.KINDS["spatial"]

    def test_one_task_alone_is_no_comparison(self, tmp_path: Path, write_rows: Rows) -> None:
        """Without prediction, or without masks, there is no figure."""
        rows = write_rows([mnad("reconstruction"), mnad()], (0,))
        leave(tmp_path, rows[0], masked(0))  # type: ignore[arg-type]
        assert tasks.draw(inspected(rows, tmp_path)) is None
        leave(tmp_path, rows[1], inspection_file())
        assert tasks.draw(inspected(rows, tmp_path)) is None
