import pytest

from benchmarks.grid.durations import in_words


class TestInWords:
    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (0.2, "0 s"),
            (40, "40 s"),
            (59.7, "1 min 00 s"),
            (250, "4 min 10 s"),
            (3599.9, "1 h 00 min"),
            (3900, "1 h 05 min"),
        ],
    )
    def test_reads_naturally(self, seconds: float, words: str) -> None:
        """Two units at most, and never 60 of one."""
        assert in_words(seconds) == words
