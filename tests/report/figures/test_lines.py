import pytest

from benchmarks.report.figures.lines import Panel, Series, draw_lines


class TestDrawLines:
    def test_seeds_mean_and_interval(self) -> None:
        """Each seed is a point, the mean a marker on the line, the interval a bar; a single seed has the marker alone."""
        figure = draw_lines([Panel("a", [Series("one", {1: [60.0, 70.0], 2: [80.0]})])], title="t", x_label="x")
        axes = figure.axes[0]
        mean = next(line for line in axes.lines if line.get_label() == "one")
        assert list(zip(mean.get_xdata(), mean.get_ydata(), strict=True)) == [(1, 65.0), (2, 80.0)]
        points = [line for line in axes.lines if line.get_marker() == "."]
        assert [list(line.get_ydata()) for line in points] == [[60.0, 70.0]]
        bars = [line for line in axes.lines if line is not mean and line not in points]
        assert len(bars) == 1
        assert sum(bars[0].get_ydata()) / 2 == pytest.approx(65.0)

    def test_lines_differ_without_colour(self) -> None:
        """No two lines of a panel share both marker and dashes, so that a grey print can be read."""
        series = [Series(str(index), {1: [1.0], 2: [2.0]}) for index in range(12)]
        axes = draw_lines([Panel("a", series)], title="t", x_label="x").axes[0]
        inspections = {(line.get_marker(), line.get_linestyle()) for line in axes.lines}
        assert len(inspections) == 12

    def test_a_level_is_named(self) -> None:
        """What has no place on the axis is a line across the panel, with its name in the legend."""
        panel = Panel("a", [Series("one", {1: [60.0], 2: [70.0]})], {"no memory": 55.0})
        axes = draw_lines([panel], title="t", x_label="x").axes[0]
        legend = axes.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == ["one", "no memory"]
        assert next(line for line in axes.lines if line.get_label() == "no memory").get_ydata()[0] == 55.0
