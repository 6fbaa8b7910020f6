from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.report.claims.answer_effects import Chosen
from benchmarks.report.claims.claims import Contrast, Side
from benchmarks.report.claims.judging import judge
from benchmarks.report.claims.paired_effects import Evidence
from benchmarks.report.figures import by_setting
from benchmarks.report.read.groups import Group
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.study_tables import micro
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Rows = Callable[..., list[Row]]


def mnad(memory: str = "own", **overrides: Any) -> Settings:
    return resolve(dataset="ped2", method="mnad", **{"task": "prediction", "memory": memory, **overrides})


def marked(axes: Axes, marker: str) -> list[float]:
    return [float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_marker() == marker]


def bars(axes: Axes) -> list[tuple[float, float]]:
    """Ends of the horizontal lines from one value to another."""
    ends = [np.asarray(line.get_xdata(), dtype=float) for line in axes.lines]
    return [(float(x[0]), float(x[1])) for x in ends if len(x) == 2 and x[0] != x[1]]


def said(figure: Figure) -> list[str]:
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


class TestDraw:
    def test_paired_differences(self, write_rows: Rows) -> None:
        """Each mark is a mean over shared seeds of the differences, bars reach around it, the papers' stands beside."""
        own, none = write_rows([mnad(), mnad("none")])
        figure = by_setting.memory_effect([own, none])
        assert figure is not None
        (axes,) = figure.axes
        ours, twins = (row.by_seed(micro()) for row in (own, none))
        mean = sum(ours[seed] - twins[seed] for seed in (0, 1, 2)) / 3
        assert marked(axes, "o") == pytest.approx([100 * mean])
        assert marked(axes, "D") == pytest.approx([97.0 - 94.3])
        low, high = bars(axes)[0]
        assert low < 100 * mean < high
        assert said(figure) == ["each side under its published score", "PSNR for both", "the papers' own difference"]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["MNAD · prediction"]

    def test_a_line_per_pair(self, write_rows: Rows) -> None:
        """Settings that depart have a line of their own, without the papers' figure; one seed has no bar."""
        rows = write_rows([mnad(), mnad("none"), mnad(skip=False), mnad("none", skip=False), mnad(items=20)], (0,))
        figure = by_setting.memory_effect(rows)
        assert figure is not None
        (axes,) = figure.axes
        names = [label.get_text() for label in axes.get_yticklabels()]
        assert names == ["MNAD · prediction", "MNAD · prediction · without skips", "MNAD · prediction · items 20"]
        assert len(marked(axes, "o")) == 3
        assert len(marked(axes, "D")) == 1
        assert not bars(axes)

    def test_far_effects_do_not_hide_near_ones(self, write_rows: Rows) -> None:
        """Where a memory loses tens of points, the axis is compressed beyond ten, says so, and shows all means."""
        lost = {"metrics": {"update": {"fused": {"per_video": {"micro_auc": 0.2}}}}}
        (own,) = write_rows([mnad()], **lost)
        (none,) = write_rows([mnad("none")])
        figure = by_setting.memory_effect([own, none])
        assert figure is not None
        (axes,) = figure.axes
        (far,) = marked(axes, "o")
        assert far < -25
        assert axes.get_xscale() == "symlog"
        assert "logarithmic beyond 10" in axes.get_xlabel()
        low, high = axes.get_xlim()
        assert low < far < 0 < high

    def test_without_a_pair(self, write_rows: Rows) -> None:
        """A memory without its twin has no effect to show."""
        assert by_setting.memory_effect(write_rows([mnad(), mnad("none", skip=False)])) is None


def effect(dataset: str, *values: float) -> Chosen:
    """Memory's effect in MNAD's reconstruction, by seed."""
    shared = {"method": "mnad", "task": "reconstruction"}
    sides = Side({**shared, "memory": "own"}), Side({**shared, "memory": "none"})
    contrast = Contrast("memory − none", "reconstruction", "auc", *sides, "higher", 0.5, (dataset,))
    group, runs = Group(dataset, "small"), (values, (0.0,) * len(values))
    evidence = Evidence(contrast, group, dict(enumerate(values)), None, None, None, (), False, (), runs, margin=0.5)
    return Chosen(dataset, "mnad", group, (judge(evidence),), read=False)


class TestAnswer:
    def test_a_mark_per_set_and_the_papers_claim(self) -> None:
        """The README's picture has a line per method and task, on it the effect on each set, and the claim on Ped2."""
        figure = by_setting.answer([effect("ped2", 1.0, 1.2, 0.8), effect("synthetic", -2.0, -2.2, -1.8)])
        assert figure is not None
        (axes,) = figure.axes
        assert marked(axes, "o") == pytest.approx([1.0])
        assert marked(axes, "s") == pytest.approx([-2.0])
        assert marked(axes, "D") == pytest.approx([90.2 - 86.4])
        assert said(figure) == ["UCSD Ped2", "Circles and squares", "the papers' claim (Ped2)"]
        assert len(bars(axes)) == 2

    def test_without_a_pair(self) -> None:
        """Without effects there is no picture."""
        assert by_setting.answer([]) is None
