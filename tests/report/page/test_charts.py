import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.judging import Judgement
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.page.charts import Scale, auc_chart, effect_scale, effect_track
from benchmarks.report.read.records import by_cell, load_records
from benchmarks.report.read.rows import make_rows
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


def share(place: str) -> float:
    return float(place.removesuffix("%"))


def judged(results: Path) -> list[Judgement]:
    """C2a's judgements on Ped2."""
    claims = [claim for claim in read_claims() if claim.id == "C2a"]
    return [
        one
        for verdict in judge_all(claims, load_records(results))
        if verdict.group.dataset == "ped2"
        for one in verdict.judgements
    ]


class TestScale:
    @given(
        ends=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)).filter(lambda pair: pair[1] - pair[0] > 1e-3),
        value=st.floats(-2e3, 2e3),
    )
    def test_stays_within_the_width(self, ends: tuple[float, float], value: float) -> None:
        """Ends lie at 0 and 100 per cent, and nothing beyond."""
        scale = Scale(*ends)
        assert (scale(ends[0]), scale(ends[1])) == ("0.00%", "100.00%")
        assert 0 <= share(scale(value)) <= 100

    def test_a_single_value(self) -> None:
        """A range of nothing does not divide by zero."""
        assert Scale(3.0, 3.0)(3.0) == "0.00%"


class TestEffectTrack:
    def test_draws_the_judgement(self, trained_pairs: Write) -> None:
        """Interval, mean, no effect and the claimed region stand where their numbers are, in the word's colour."""
        found = [one for one in judged(trained_pairs(3)) if one.mean is not None]
        assert "supported" in {one.word for one in found}
        scale = effect_scale(found)
        for one in found:
            drawn = effect_track(one, scale)
            assert one.mean is not None
            assert one.low is not None
            assert one.high is not None
            assert f'<circle cx="{scale(one.mean)}"' in drawn
            assert f'<line class="interval" x1="{scale(one.low)}" x2="{scale(one.high)}"' in drawn
            region = re.search(r'<rect class="claimed" x="([\d.%]+)" y="0" width="([\d.]+)%"', drawn)
            assert region is not None
            assert region[1] == scale(one.contrast.smallest)
            assert share(region[1]) + float(region[2]) == pytest.approx(100)
            colour = {"supported": "yes", "no practical effect": "null", "opposite": "no"}.get(one.word, "open")
            assert f'class="track {colour}"' in drawn

    def test_one_seed_has_no_interval(self, core_cells: Cells, core_results: Write) -> None:
        """A single pair is a point, and open."""
        one = judged(core_results(core_cells("ped2", (0,))))[0]
        drawn = effect_track(one, effect_scale([one]))
        assert 'class="interval"' not in drawn
        assert 'class="track open"' in drawn
        assert "<circle" in drawn


class TestAucChart:
    def test_every_seed_and_the_published_figure(self, core_cells: Cells, core_results: Write) -> None:
        """A row per setting with all its seeds twice (normalised and pooled), its mean and what was published."""
        cells = core_cells("ped2", (0, 1))
        rows = make_rows(cells, by_cell(load_records(core_results(cells))))
        drawn = auc_chart("Ped2", rows, "here")
        assert drawn.count('class="seed" cx="') == 2 * len(rows) + 1  # and one in the legend
        assert drawn.count('class="pooled" cx="') == 2 * len(rows) + 1
        assert drawn.count('role="img"') == len(rows)
        assert drawn.count('class="published"') == len(rows) + 1
        for row in rows:
            auc = row.auc()
            assert auc is not None
            assert f'<title id="here-{rows.index(row)}">{row.label}: AUC {100 * auc.mean:.1f} ±' in drawn

    def test_without_records(self) -> None:
        """Nothing to draw, nothing drawn."""
        assert auc_chart("Ped2", [], "here") == ""
