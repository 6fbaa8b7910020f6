"""Series and marks stay apart in a grey print."""

from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from matplotlib.colors import to_rgb

from benchmarks.report.figures import by_setting, queries
from benchmarks.report.figures.dots import Symbol
from benchmarks.report.figures.style import MARKERS, PALETTE, line_style

LEAST = 0.2


def luminance(colour: str) -> float:
    """Of a grey print, 0 (black) to 1 (white): ITU-R BT.601."""
    red, green, blue = to_rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def apart(one: str, other: str) -> bool:
    return abs(luminance(one) - luminance(other)) >= LEAST


class TestLooks:
    @pytest.mark.parametrize(
        "symbols",
        [
            [by_setting.SEED, by_setting.POOLED, by_setting.MEAN, by_setting.PUBLISHED, by_setting.RC2020],
            [*by_setting.SCORES_SHOWN.values(), by_setting.PAPER],
            [symbol for symbol, _ in by_setting.MEMORIES_SHOWN.values()],
            list(by_setting.REPLACED_SHOWN.values()),
            [*by_setting.SETS_SHOWN, by_setting.CLAIM],
        ],
    )
    def test_differ_in_grey(self, symbols: Sequence[Symbol]) -> None:
        """Any two marks of one figure differ in shape, in being hollow, or by a fifth of the luminance."""
        for one, other in combinations(symbols, 2):
            same_shape = (one.marker, one.hollow) == (other.marker, other.hollow)
            assert not same_shape or apart(one.colour, other.colour), (one, other)


class TestLineStyle:
    def test_neighbours_differ_in_grey(self) -> None:
        """Neighbouring lines have another marker and other dashes, whatever their colours are in grey."""
        for one, other in pairwise(line_style(index) for index in range(28)):
            assert one["marker"] != other["marker"]
            assert one["linestyle"] != other["linestyle"]


class TestQueries:
    def test_items_of_one_marker_differ_in_grey(self) -> None:
        """Of the ten items in colour, those that share a marker differ by a fifth of the luminance."""
        for one, other in combinations(range(10), 2):
            if one % len(MARKERS) == other % len(MARKERS):
                assert apart(queries.COLOURS[one], queries.COLOURS[other]), (PALETTE[one], PALETTE[other])
