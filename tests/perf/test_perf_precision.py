"""The same checkpoint scored in bfloat16 and in float32."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.errors import StudyError
from benchmarks.perf import precision
from benchmarks.perf.precision import rows_of
from benchmarks.run import cell as command
from benchmarks.run.record import record_path
from benchmarks.run.scoring import Folded
from benchmarks.study.files import load_study
from benchmarks.study.settings import Cell
from tests.support.cells import write_blob_videos
from tests.support.methods import method_of

STUDY = """
[study]
name = "lawn"
title = "Two cells"
dataset = "lawn"
seeds = 1
profile = "smoke"
[settings]
precision = "float32"
channels = 1
epochs = 1
[[cells]]
method = "mnad"
task = "reconstruction"
memory = ["own", "none"]
[[cells]]
method = "mean_frame"
task = "reconstruction"
memory = "none"
"""

pytestmark = pytest.mark.usefixtures("settings_of_torch")


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    """Two cells, for rows of invented areas."""
    return list(load_study("ped2").cells[:2])


class TestRows:
    def test_change_of_each_cell_their_mean_and_the_greatest(self, cells: list[Cell]) -> None:
        """The published score comes first and alone counts for mean and greatest; points, bfloat16 minus float32."""
        found = {
            cells[0]: {"bfloat16": {"fused": 0.905, "psnr": 0.80}, "float32": {"fused": 0.902, "psnr": 0.85}},
            cells[1]: {"bfloat16": {"psnr": 0.70}, "float32": {"psnr": 0.701}},
        }
        rows = rows_of(found)  # type: ignore[arg-type]
        assert [row.claim.median for row in rows] == pytest.approx([0.3, -5.0, -0.1, 0.1, 0.3])
        assert (rows[0].ours.median, rows[0].theirs.median if rows[0].theirs else None) == pytest.approx((90.5, 90.2))
        assert "2 cells" in rows[-1].what

    def test_without_labels_there_is_no_area(self, cells: list[Cell]) -> None:
        """A set of one class has no AUC in either precision."""
        with pytest.raises(StudyError, match="none of 1 cells has one"):
            rows_of({cells[0]: {"bfloat16": {"psnr": None}, "float32": {"psnr": None}}})


class TestCommand:
    def test_scores_checkpoints_of_a_study_in_both(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Float32 gives the record's own AUC, bfloat16 another one near it; what has no checkpoint is named."""
        write_blob_videos(tmp_path / "data" / "lawn", train=3, test=2, length=24, abnormal=lambda video: slice(12, 18))
        (tmp_path / "lawn.toml").write_text(STUDY)
        folders: list[Any] = ["--data-root", tmp_path / "data", "--results", tmp_path / "results", "--work", tmp_path / "work"]  # fmt: skip
        cells = load_study(tmp_path / "lawn.toml").cells
        for cell in cells:
            file = tmp_path / "settings.json"
            file.write_text(json.dumps(cell.settings.to_dict()))
            run = ["--settings", file, "--seed", cell.seed, "--device", "cpu", "--quiet", *folders]
            assert command.main(list(map(str, run))) == 0
        (tmp_path / "work" / cells[1].slug / "checkpoint.safetensors").unlink()
        before = record_path(tmp_path / "results", cells[0]).read_bytes()
        out = tmp_path / "precision.json"
        asked = [tmp_path / "lawn.toml", "--device", "cpu", "--out", out, *folders]
        assert precision.main(list(map(str, asked))) == 0
        rows = json.loads(out.read_text())["rows"]
        assert [row["what"].split(",")[0] for row in rows[:3]] == [
            f"AUC by {name} in bfloat16" for name in ("fused", "feature_distance", "psnr")
        ]
        assert len(rows) == 5
        metrics = json.loads(before)["metrics"]["update"]
        for row, name in zip(rows, ("fused", "feature_distance", "psnr"), strict=False):
            # five significant digits are written
            assert row["theirs"]["median"] == pytest.approx(100 * metrics[name]["per_video"]["micro_auc"], abs=1e-3)
            assert abs(row["claim"]["median"]) < 5
        assert cells[1].slug in capsys.readouterr().err
        assert record_path(tmp_path / "results", cells[0]).read_bytes() == before

    def test_refuses_a_study_without_checkpoints(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is trained for it: the sentence says what to give."""
        write_blob_videos(tmp_path / "data" / "lawn", train=1, test=1, length=8, abnormal=lambda video: slice(2, 4))
        (tmp_path / "lawn.toml").write_text(STUDY)
        asked = [tmp_path / "lawn.toml", "--device", "cpu", "--data-root", tmp_path / "data", "--results", tmp_path]
        assert precision.main(list(map(str, asked))) == 2
        assert "Expected a cell with its record" in capsys.readouterr().err


def test_scoring_follows_the_precision() -> None:
    """What is compared differs: bfloat16 changes the terms of a frame, and float32 is what the method scores by itself."""
    for name, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        method = method_of(method="mnad", task="reconstruction", precision=name)
        assert Folded.of(method.parts).dtype == dtype
