import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.pixel_proof import Linked, linked_tracks, prove
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.report import pixel_proof
from benchmarks.report.pixel_proof import main, write_proof


@pytest.fixture(scope="module")
def truth() -> list[Regions]:
    """Regions of two videos in which a small box moves."""
    videos = []
    for start in (8, 20):
        masks = np.zeros((16, 40, 40), dtype=bool)
        for frame in range(4, 12):
            masks[frame, start : start + 4, frame + 4 : frame + 8] = True
        videos.append(find_regions(masks, np.arange(16)))
    return videos


class TestWriteProof:
    def test_says_expected_and_measured(self, tmp_path: Path, truth: list[Regions]) -> None:
        """Both stand side by side with whether they agree; a value that cannot be said stands alone."""
        markdown, csv = write_proof(prove(truth), linked_tracks(truth), tmp_path)
        text = markdown.read_text()
        assert "50.00 (50.00)" in text
        assert "32 frames, 16 regions, 2 tracks" in text
        assert "2, where there are 2; all are the true ones" in text
        frame = pd.read_csv(csv).set_index("map")
        assert frame["holds"].all()
        assert pd.isna(frame.loc["the mask, blurred", "pro_expected"])
        assert frame.loc["the mask without one track", ["tbdc", "tbdc_expected"]].tolist() == [0.5, 0.5]

    def test_other_tracks_are_said(self, tmp_path: Path, truth: list[Regions]) -> None:
        """If linking does not find the true tracks, the table says so."""
        markdown, _ = write_proof(prove(truth), Linked(2, 3, same=False), tmp_path)
        assert "3, where there are 2; not all are the true ones" in markdown.read_text()


class TestMain:
    def test_writes_and_shows(self, tmp_path: Path, truth: list[Regions], capsys: pytest.CaptureFixture[str]) -> None:
        """The command writes both files and shows the table."""
        assert main(argparse.Namespace(results=tmp_path), truth) == 0
        assert "Expected and measured" in capsys.readouterr().out
        assert (tmp_path / "statistics" / "pixel_proof.csv").is_file()

    def test_a_metric_that_is_wrong_is_an_error(
        self, tmp_path: Path, truth: list[Regions], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command fails, naming the map, if a metric is not what it must be."""
        proofs = prove(truth)
        wrong = replace(proofs[0], measured=replace(proofs[0].measured, rbdc=0.5))
        monkeypatch.setattr(pixel_proof, "prove", lambda _: [wrong, *proofs[1:]])
        with pytest.raises(StudyError, match="those of the mask are others"):
            main(argparse.Namespace(results=tmp_path), truth)
