"""What memory costs: benchmarks/report/tables/costs.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.tables.costs import FILE, Cost, memory_costs


def cost(profile: str, training: float) -> dict[str, Any]:
    """A cost as the bench leaves it."""
    return {
        "method": "mnad",
        "task": "prediction",
        "profile": profile,
        "parameters": {"own": 1160, "none": 1000},
        "training": {"median": training, "low": 1.0, "high": 2.0, "values": []},
        "scoring": {"median": 1.25, "low": 1.0, "high": 2.0, "values": []},
    }


class TestMemoryCosts:
    def test_medians_by_method_task_and_profile(self, tmp_path: Path) -> None:
        """Time with memory over time without, and parameters likewise."""
        (tmp_path / FILE).parent.mkdir()
        (tmp_path / FILE).write_text(json.dumps({"costs": [cost("small", 3.0), cost("paper", 1.12)]}))
        assert memory_costs(tmp_path) == {
            ("mnad", "prediction", "small"): Cost(3.0, 1.25, 1.16),
            ("mnad", "prediction", "paper"): Cost(1.12, 1.25, 1.16),
        }

    def test_nothing_measured_is_nothing(self, tmp_path: Path) -> None:
        """A fresh folder of results has no costs."""
        assert memory_costs(tmp_path) == {}

    @pytest.mark.parametrize("content", ["{", "{}", '{"costs": [{}]}', '{"costs": 3}'])
    def test_a_file_of_something_else_is_a_sentence(self, tmp_path: Path, content: str) -> None:
        """The file is named."""
        (tmp_path / FILE).parent.mkdir()
        (tmp_path / FILE).write_text(content)
        with pytest.raises(StudyError, match=r"memory_cost\.json"):
            memory_costs(tmp_path)
