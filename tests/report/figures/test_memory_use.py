"""Use of the memory: free, forced, collapsed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report.figures import memory_use
from benchmarks.report.read.rows import Row
from tests.support.inspections import mnad

Rows = Callable[..., list[Row]]
FREE = [5, 1, 0, 4, 0, 0, 0, 0, 0, 0]
EVEN = [1] * 10
ONE = [0] * 1999 + [50]


def usage(counts: list[int]) -> dict[str, Any]:
    return {"update": {"counts": counts}, "no_update": {"counts": counts}, "plain": {"counts": counts}}


class TestDraw:
    def test_three_settings_on_one_axis(self, tmp_path: Path, write_rows: Rows) -> None:
        """As published, supervised and the worst collapse stand side by side in shares, with how many items count."""
        free, forced, collapsed = (
            write_rows([setting], (0,), usage=usage(counts))[-1]
            for setting, counts in (
                (mnad(), FREE),
                (mnad(supervision="uniform_rc2020"), EVEN),
                (mnad(items=2000), ONE),
            )
        )
        figure = memory_use.draw([free, forced, collapsed])
        assert figure is not None
        titles = [axes.get_title().split("\n") for axes in figure.axes]
        assert [(title[0], title[-1]) for title in titles] == [
            ("free", "2.6 of 10 items in effect"),
            ("forced to be uniform", "10.0 of 10 items in effect"),
            ("collapsed", "1.0 of 2000 items in effect"),
        ]
        heights = [[bar.get_height() for bar in axes.patches] for axes in figure.axes]  # type: ignore[attr-defined]
        np.testing.assert_allclose(heights[0], [50, 10, 0, 40, 0, 0, 0, 0, 0, 0])
        np.testing.assert_allclose(heights[2], [100] + [0] * 19)
        assert len({axes.get_ylim() for axes in figure.axes}) == 1

    def test_nothing_without_supervision(self, write_rows: Rows) -> None:
        """A study that forces no memory has nothing to compare."""
        assert memory_use.draw(write_rows([mnad()], (0,), usage=usage(FREE))) is None
