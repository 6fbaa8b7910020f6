"""The capacity sweep: what is replaced by noise, and how its views count."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from side_studies.memorisation.capacity import FITTED, KINDS, Capacity, noise_of, run_capacity
from side_studies.memorisation.capacity_views import draw, write_capacity
from side_studies.memorisation.study import Extent, cut_patches

TINY = Extent(train=60, validation=20, videos=8, batch=20, learning_rate=1e-2)


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    """Two widths for a few epochs."""
    return run_capacity(TINY, Capacity(widths=(2, 64), epochs=6), range(1))


class TestNoiseOf:
    def test_replaces_inputs_or_labels(self) -> None:
        """Noise inputs keep the labels and the patches' mean and deviation; noise labels keep the patches."""
        train, _ = cut_patches(TINY, seed=0)
        pixels, labels = noise_of("noise inputs", train, 0)
        assert torch.equal(labels, train.classes)
        assert not torch.isclose(pixels, train.pixels).any(dim=-1).all()
        assert float(pixels.mean()) == pytest.approx(float(train.pixels.mean()), abs=0.02)
        assert float(pixels.std()) == pytest.approx(float(train.pixels.std()), rel=0.05)
        pixels, labels = noise_of("noise labels", train, 0)
        assert torch.equal(pixels, train.pixels)
        assert 0.2 < float((labels != train.classes).float().mean()) < 0.8
        assert noise_of("patterns", train, 0) == (train.pixels, train.classes)


class TestRunCapacity:
    def test_a_row_for_each_kind_and_width(self, found: pd.DataFrame) -> None:
        """Epochs are given where the labels were fitted, and only there; patterns are fitted by the wide network."""
        assert list(zip(found["kind"], found["width"], strict=True)) == [(kind, w) for kind in KINDS for w in (2, 64)]
        assert ((found["fitted"] >= FITTED) == found["epochs"].notna()).all()
        assert found["epochs"].dropna().between(1, 6).all()
        assert found.query("kind == 'patterns' and width == 64")["fitted"].item() >= FITTED


class TestWriteCapacity:
    def test_counts_seeds_that_fitted(self, tmp_path: Path) -> None:
        """Epochs stand in the table where all seeds got there, a dash where one did not; the figure leaves the dash out."""
        row = {
            "kind": "patterns",
            "width": 8,
            "fitted": 0.99,
            "validation_accuracy": 0.5,
            "critical_sample_ratio": 0.25,
        }
        rows = [
            {**row, "seed": 0, "epochs": 3.0},
            {**row, "seed": 1, "epochs": 5.0},
            {**row, "seed": 0, "epochs": 3.0, "width": 16},
            {**row, "seed": 1, "epochs": np.nan, "width": 16},
            *({**row, "kind": kind, "seed": 0, "epochs": 1.0} for kind in KINDS[1:]),
        ]
        table, numbers, figure = write_capacity(pd.DataFrame(rows), tmp_path)
        cells = [
            [cell.strip() for cell in line.split("|")[1:-1]] for line in table.read_text().splitlines() if "|" in line
        ]
        assert ["patterns", "8", "2 of 2", "4", "99.0", "50.0", "25.0"] in cells
        assert ["patterns", "16", "1 of 2", "–", "99.0", "50.0", "25.0"] in cells
        assert len(pd.read_csv(numbers)) == len(rows)
        assert figure.stat().st_size > 0
        needed = draw(pd.DataFrame(rows)).axes[1]
        assert list(needed.lines[0].get_xdata()) == [8]
