import pytest

from benchmarks.measure.statistics import paired_difference
from benchmarks.report.read.format import interval_of, percent, signed, span
from benchmarks.report.read.rows import Summary


class TestPercent:
    @pytest.mark.parametrize(
        ("summary", "text"),
        [
            (None, ""),
            (Summary(0.9312), "93.1"),
            (Summary(0.9312, 0.9212, 0.9412, "seeds"), "93.1 ± 1.0"),
            (Summary(0.9312, 0.9, 0.95, "videos"), "93.1 [90.0, 95.0]†"),
        ],
    )
    def test_says_what_the_interval_is_of(self, summary: Summary | None, text: str) -> None:
        """Seeds give a half-width, videos bounds and a mark, nothing an empty cell."""
        assert percent(summary) == text


class TestSigned:
    def test_sign_always_shows(self) -> None:
        """Gains carry a plus, losses the typographic minus."""
        assert [signed(value) for value in (1.24, -1.26, None)] == ["+1.2", "−1.3", ""]


class TestIntervalOf:
    def test_points_with_bounds(self) -> None:
        """A difference of fractions becomes points with bounds; one pair has none."""
        assert interval_of(paired_difference({0: 0.9, 1: 0.9}, {0: 0.8, 1: 0.8})) == "+10.0 [+10.0, +10.0]"
        assert interval_of(paired_difference({0: 0.9}, {0: 0.8})) == "+10.0"


class TestSpan:
    def test_tells_the_ends(self) -> None:
        """Several values give least and most, one value itself; whole numbers stay whole, others keep three digits."""
        assert span([128, 100, 115]) == "100 to 128"
        assert span([2.0, 1.5625]) == "1.56 to 2"
        assert span([64, 64]) == "64"
