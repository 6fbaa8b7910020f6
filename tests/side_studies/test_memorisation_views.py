"""The memorisation study's table and figure, from made-up curves."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from side_studies.memorisation.views import write_views


def curves() -> pd.DataFrame:
    """Two seeds of curves whose means are easy to tell: seed 1 lies 0.1 above seed 0 in validation accuracy."""
    rows = []
    for task in ("classification", "reconstruction"):
        for noise in (0.0, 0.5, 1.0):
            for regulariser in ("none", "dropout", "weight decay"):
                for seed in (0, 1):
                    for epoch in (1, 10, 100):
                        classify = task == "classification"
                        rows.append(
                            {
                                "task": task,
                                "noise": noise,
                                "regulariser": regulariser,
                                "seed": seed,
                                "epoch": epoch,
                                "loss_noisy": np.nan if noise == 0 else 1 / epoch,
                                "loss_clean": np.nan if noise == 1 else 0.5 / epoch,
                                "validation_loss": 0.25 + abs(epoch - 10) / 1000,
                                "accuracy_noisy": epoch / 100 if classify and noise > 0 else np.nan,
                                "accuracy_clean": 0.96 if classify and noise < 1 else np.nan,
                                "validation_accuracy": 0.8 - abs(epoch - 10) / 900 + seed / 10 if classify else np.nan,
                                "critical_sample_ratio": epoch / 200 if classify else np.nan,
                            }
                        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The text of the table and the path of the figure."""
    table, figure = write_views(curves(), tmp_path_factory.mktemp("memorisation"))
    return table.read_text(encoding="utf-8"), figure


class TestWriteViews:
    def test_says_when_noise_is_fitted_and_when_validation_is_best(self, views: tuple[str, Path]) -> None:
        """Means over seeds; the first epoch above the line; the best epoch beside the best value."""
        (row,) = [line for line in views[0].splitlines() if line.startswith("|    50 | dropout") and "96.0" in line]
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells == ["50", "dropout", "2", "96.0", "100.0", "1", "100", "85.0 (10)", "75.0", "0.5", "50.0"]

    def test_leaves_empty_what_does_not_exist(self, views: tuple[str, Path]) -> None:
        """Without noise nothing is said about fitting noise."""
        (row,) = [line for line in views[0].splitlines() if line.startswith("|     0 | none") and "96.0" in line]
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells[4] == cells[6] == ""

    def test_reads_reconstruction_as_shares_of_variance(self, views: tuple[str, Path]) -> None:
        """First and last epoch of each part, the best on clean patches with its epoch."""
        (row,) = [line for line in views[0].splitlines() if line.startswith("|    50 | none") and "0.250" in line]
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells == ["50", "none", "2", "0.500", "0.005", "1.000", "0.010", "0.250 (10)", "0.340"]

    def test_draws_six_panels(self, views: tuple[str, Path]) -> None:
        """The figure is an image that holds more than a background."""
        image = imread(views[1])
        assert image.shape[1] > 1000
        assert float(image.std()) > 0.05
