"""Paired timings: benchmarks/perf/measuring.py."""

import json
from pathlib import Path

import pytest

from benchmarks.perf.measuring import Row, Spread, interleave, ratio, write_rows


class TestInterleave:
    def test_warms_up_and_measures_in_turn(self) -> None:
        """Every way once for nothing, then A B A B."""
        calls: list[str] = []

        def way(name: str) -> float:
            calls.append(name)
            return float(len(calls))

        found = interleave({"a": lambda: way("a"), "b": lambda: way("b")}, 2)
        assert calls == ["a", "b", "a", "b", "a", "b"]
        assert (found["a"].values, found["b"].values) == ((3.0, 5.0), (4.0, 6.0))


class TestRatio:
    def test_divides_pair_by_pair(self) -> None:
        """A machine that halves its speed for a while changes no ratio."""
        assert ratio(Spread((8.0, 4.0)), Spread((2.0, 1.0))).values == (4.0, 4.0)


class TestRow:
    @pytest.mark.parametrize(("at_least", "reached"), [(True, True), (False, False)])
    def test_target_is_met_by_the_median(self, at_least: bool, reached: bool) -> None:
        """More is better, or less is."""
        row = Row("work", "s", Spread((1.0,)), None, Spread((1.0, 3.0, 9.0)), "times", 2.5, at_least)
        assert row.reached is reached
        assert row.line() == f"work: ours 1 s; 3 times (target {'>=' if at_least else '<='} 2.5)"


class TestWriteRows:
    def test_names_commit_machine_versions_and_load(self, tmp_path: Path) -> None:
        """A result says what it was measured on, and what else the bench adds."""
        spread = Spread((2.0, 4.0, 3.0))
        write_rows(tmp_path / "new" / "x.json", [Row("work", "s", spread, spread, spread, "times", None)], extra=5)
        content = json.loads((tmp_path / "new" / "x.json").read_text())
        assert {"commit", "dirty", "machine", "versions", "rows", "extra"} == set(content)
        assert content["machine"]["load"] >= 0
        assert content["rows"][0]["claim"] == {"median": 3.0, "low": 2.0, "high": 4.0, "values": [2.0, 4.0, 3.0]}
