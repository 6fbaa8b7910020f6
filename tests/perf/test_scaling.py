"""Cost curves: benchmarks/perf/scaling.py and scaling_curves.py."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StudyError
from benchmarks.perf import scaling, scaling_curves

RECORDS = Path(__file__).parents[2] / "results"


class TestFitExponent:
    @given(st.floats(0.0, 3.0), st.floats(1e-6, 10.0))
    def test_finds_a_power_law(self, exponent: float, scale: float) -> None:
        """Seconds that follow a power give it back, whatever their unit."""
        points = (1, 10, 100, 1000, 10_000)
        assert scaling.fit_exponent(points, [scale * x**exponent for x in points]) == pytest.approx(exponent, abs=1e-6)

    def test_small_sizes_do_not_count(self) -> None:
        """A constant cost that hides the small sizes leaves the upper half as it is."""
        assert scaling.fit_exponent((1, 2, 4, 8, 16), (9, 9, 4, 8, 16)) == pytest.approx(1.0)

    def test_one_point_is_a_sentence(self) -> None:
        """There is no slope through one point."""
        with pytest.raises(StudyError, match="two points"):
            scaling.fit_exponent((5,), (1.0,))


class TestRowOf:
    def test_a_miss_names_its_limit(self) -> None:
        """The median over rounds is judged; a miss says what binds, or that nobody knows."""
        measured = {"what": "a", "x": [1, 2], "exponents": [1.3, 1.2, 1.0], "target": 1.1, "limit": "pairs"}
        row = scaling.row_of(measured)
        assert row.reached is False
        assert row.limit == "pairs"
        assert scaling.row_of({**measured, "limit": ""}).limit == "not known"
        assert scaling.row_of({**measured, "target": 1.25}).limit == ""


class TestCut:
    def test_cuts_clips_of_a_large_store(self, tmp_path: Path) -> None:
        """The store is as long as asked for, and cutting fills nothing else."""
        clips = scaling_curves.index_clips(tmp_path, 1000)()
        assert len(clips) == 1000 - 5 * 4
        scaling_curves.cut(tmp_path, 1000)()


class TestMemoryStep:
    @pytest.mark.parametrize("memory", ["mnad", "memae"])
    def test_one_item_is_enough(self, memory: str) -> None:
        """The smallest point of the curve runs: no loss asks for a second item."""
        scaling_curves.memory_step(memory, 1)()


class TestPlanAndTables:
    def test_every_copy_counts_as_a_record(self, tmp_path: Path) -> None:
        """The table of the copies misses none of them."""
        scaling_curves.plan_and_tables(tmp_path, RECORDS, 4)()
        text = (tmp_path / "cells-4" / "tables" / "many.md").read_text()
        assert "Missing" not in text
        assert "4 records" in text

    def test_without_records_is_a_sentence(self, tmp_path: Path) -> None:
        """It names the option."""
        with pytest.raises(StudyError, match="--records"):
            scaling_curves.plan_and_tables(tmp_path, tmp_path, 4)


class TestMain:
    def test_every_curve_and_its_figure(self, tmp_path: Path) -> None:
        """Small sizes give finite exponents, a row a curve and a picture; no exponent is judged."""
        out = tmp_path / "scaling.json"
        largest = ["size=64", "length=2", "batch=2", "items=10", "frames=5000", "cells=30"]
        assert (
            scaling.main(["--data-root", str(tmp_path), "--repetitions", "1", "--out", str(out), "--largest", *largest])
            == 0
        )
        report = json.loads(out.read_text())
        assert len(report["curves"]) == len(report["rows"]) == 10
        for curve in report["curves"]:
            assert len(curve["x"]) == len(curve["seconds"]) >= 2
            assert math.isfinite(curve["exponent"])
            assert np.all([0 < point["low"] <= point["median"] <= point["high"] for point in curve["seconds"]])
        assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
