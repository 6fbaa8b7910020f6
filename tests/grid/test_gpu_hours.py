import re

import pytest

from benchmarks.grid.estimate import CoreSeconds, Measured
from benchmarks.grid.gpu_hours import describe_gpu_hours, is_measured
from benchmarks.grid.plan import Plan, PlannedCell
from benchmarks.study.files import load_study

H100 = "NVIDIA H100 80GB HBM3"


@pytest.fixture
def plan() -> Plan:
    """The 27 cells of Ped2 as published, none of them run."""
    return Plan(tuple(PlannedCell(cell, "missing") for cell in load_study("ped2", profile="paper").cells))


def hours(text: str, card: str) -> float:
    """Hours that the table says for a card."""
    found = re.search(rf"^  {card}\s+(\d+) h (\d+) min", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) + int(found[2]) / 60


class TestDescribeGpuHours:
    @pytest.mark.parametrize(
        ("card", "least", "most"),
        [("H100, H200", 2.0, 4.0), ("A100", 4.0, 5.5), ("RTX 3090", 8.0, 12.0)],
    )
    def test_agrees_with_an_estimate_by_hand(self, plan: Plan, card: str, least: float, most: float) -> None:
        """0.8 to 0.9 EFLOP at 100 to 130, some 80 and some 35 TFLOP/s, and half as much again for launches."""
        assert least <= hours(describe_gpu_hours(plan), card) <= most

    def test_says_that_it_is_an_estimate(self, plan: Plan) -> None:
        """Nobody takes it for a measurement, and a card without bfloat16 is named with what it needs."""
        text = describe_gpu_hours(plan)
        assert text.startswith("On one GPU, an estimate and no measurement, from 0.8")
        assert text.count('precision = "float32"') == 2

    def test_marks_the_card_that_is_here(self, plan: Plan) -> None:
        """The user's own line is found at once; a card that is not in the table is named."""
        (marked,) = [line for line in describe_gpu_hours(plan, here=H100).splitlines() if "this machine" in line]
        assert marked.startswith("  H100, H200")
        assert "NVIDIA L40S: not in this table" in describe_gpu_hours(plan, here="NVIDIA L40S")

    def test_says_nothing_without_operations(self) -> None:
        """Baselines have none that are known."""
        baselines = load_study("baselines-ped2", profile="paper", only="method=cae").cells
        assert describe_gpu_hours(Plan(tuple(PlannedCell(cell, "missing") for cell in baselines))) == ""


class TestIsMeasured:
    def test_each_method_on_this_card(self, plan: Plan) -> None:
        """One record of each method that trains is enough, but it must be of this card."""
        one_each = {one.cell.settings.method: one.cell.settings for one in plan.to_run}
        known = [
            Measured(one_each[method], "cuda", CoreSeconds(1, 1), accelerator=H100) for method in ("mnad", "memae")
        ]
        assert is_measured(plan, known, H100)
        assert is_measured(plan, known, None)
        assert not is_measured(plan, known, "NVIDIA A100-SXM4-40GB")
        assert not is_measured(plan, known[:1], H100)
        assert not is_measured(plan, [], None)
