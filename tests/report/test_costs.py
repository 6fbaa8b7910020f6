"""What memory costs, in a sentence: benchmarks/report/costs.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.costs import FILE, memory_cost


def cost(profile: str, median: float) -> dict[str, Any]:
    """A cost as the bench leaves it."""
    times = {"median": median, "low": median - 0.02, "high": median + 0.02, "values": []}
    return {
        "method": "mnad",
        "task": "prediction",
        "profile": profile,
        "parameters": {"own": 1160, "none": 1000},
        "training": times,
        "scoring": times,
    }


class TestMemoryCost:
    def test_tells_what_is_added_at_the_published_width(self, tmp_path: Path) -> None:
        """Times the time become per cent more of it, with the range; other widths stay in the table of speed."""
        (tmp_path / FILE).parent.mkdir()
        (tmp_path / FILE).write_text(json.dumps({"costs": [cost("paper", 1.12), cost("small", 3.0)]}))
        line = memory_cost(tmp_path)
        assert "MNAD prediction +12 % (+10 to +14) to train, +12 % (+10 to +14) to score a frame" in line
        assert "+16 % parameters" in line
        assert "200" not in line

    def test_nothing_measured_is_said(self, tmp_path: Path) -> None:
        """With the command that measures it."""
        assert memory_cost(tmp_path) == "**What does memory cost?** Not measured yet: `make bench`."

    @pytest.mark.parametrize("content", ["{", "{}", '{"costs": [{}]}', '{"costs": 3}'])
    def test_a_file_of_something_else_is_a_sentence(self, tmp_path: Path, content: str) -> None:
        """The file is named."""
        (tmp_path / FILE).parent.mkdir()
        (tmp_path / FILE).write_text(content)
        with pytest.raises(StudyError, match=r"memory_cost\.json"):
            memory_cost(tmp_path)
