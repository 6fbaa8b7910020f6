import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StudyError
from benchmarks.measure.score_levels import LEVELS, to_levels

ERRORS = st.floats(0.0, 20.0, width=32)


class TestToLevels:
    @given(ERRORS, ERRORS)
    def test_order_is_kept(self, one: float, other: float) -> None:
        """A higher value never gets a lower level, and a clearly higher one gets a higher level."""
        low, high = sorted((one, other))
        first, second = to_levels([low, high]).tolist()
        assert first <= second < LEVELS
        if 1.5e-8 < low < high / 1.001 < 15.9:
            assert first < second

    def test_zero_has_one_level(self) -> None:
        """Minus zero is zero, whose level is the lowest."""
        assert to_levels([0.0, -0.0]).tolist() == [0, 0]

    def test_small_errors_are_told_apart(self) -> None:
        """Squared errors of a good model, down to 1e-7, keep their order."""
        values = np.geomspace(1e-7, 1.0, 4000)
        assert np.all(np.diff(to_levels(values).astype(int)) > 0)

    @pytest.mark.parametrize("bad", [-1e-6, np.nan, -np.inf])
    def test_refuses_what_has_no_level(self, bad: float) -> None:
        """Negative values and NaN are refused, wherever they stand."""
        with pytest.raises(StudyError, match="without negative values"):
            to_levels([0.5, bad, 0.25])
