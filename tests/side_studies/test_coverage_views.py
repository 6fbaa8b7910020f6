from argparse import Namespace
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.errors import StudyError
from side_studies.coverage import views as coverage
from side_studies.coverage.simulation import AFTER_A_LOOK, FACTORIAL, SEEDS, Coverage
from side_studies.coverage.views import DRAWS, write_coverage


def row(interval: str, seeds: int, covered: float, estimand: str = "these videos") -> Coverage:
    return Coverage(estimand, "null", interval, seeds, 1000, 0.0, covered, 0.02, 0.03, 0.01, 4.0)


class TestWriteCoverage:
    def test_says_which_interval_holds(self, tmp_path: Path) -> None:
        """The table tells intervals within 93 to 97 % from others, and the CSV holds every number."""
        rows = [row("student_t", seeds, 0.951) for seeds in SEEDS]
        rows += [row("percentile", seeds, 0.75) for seeds in SEEDS]
        rows += [row("hierarchical_bootstrap", seeds, 0.9, "other videos too") for seeds in SEEDS]
        rows += [row("3, 6", 6, 0.92, AFTER_A_LOOK)]
        shares = {"welch": 0.947, "hc3": 0.96, "pooled_ols": 0.85}
        rows += [row(name, seeds, share, FACTORIAL) for name, share in shares.items() for seeds in SEEDS]
        text, csv = write_coverage(rows, tmp_path)
        lines = text.read_text().splitlines()
        assert any("Student t" in line and "| yes" in line for line in lines)
        assert any("percentile bootstrap" in line and "| no" in line for line in lines)
        assert "95.1 to 95.1 %" in text.read_text()
        assert "looks at 3 and again at 6 seeds" in text.read_text()
        assert any("3, 6" in line and "92.0" in line for line in lines)
        assert any("Welch" in line and "94.7" in line and "| yes" in line for line in lines)
        assert any("one variance" in line and "85.0" in line and "| no" in line for line in lines)
        assert "it holds the truth in 94.7 to 94.7 %" in text.read_text()
        assert len(pd.read_csv(csv)) == 6 * len(SEEDS) + 1


class TestMain:
    @pytest.mark.parametrize("draws", [-5, 0, 99])
    def test_refuses_too_few_draws(self, draws: int, tmp_path: Path) -> None:
        """What the committed table says is not replaced by shares of nothing; 0 does not mean the default."""
        with pytest.raises(StudyError, match=f"Expected --draws to be at least 100 .* but got {draws};"):
            coverage.main(Namespace(results=tmp_path, draws=draws))
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("asked", "draws"), [(None, DRAWS), (100, 100)])
    def test_simulates_as_many_studies_as_asked_for(
        self, asked: int | None, draws: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where nothing is asked for, as many as stand behind the committed table."""
        simulated: list[int] = []

        def simulate(draws: int) -> None:
            simulated.append(draws)
            raise KeyboardInterrupt  # what is written is tested above

        monkeypatch.setattr(coverage, "simulate", simulate)
        with pytest.raises(KeyboardInterrupt):
            coverage.main(Namespace(results=tmp_path, draws=asked))
        assert simulated == [draws]
