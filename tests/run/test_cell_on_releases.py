"""From a release's files to a record, on sets of which no record is committed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.facts import FACTS, FRAME_MASK_LABELS, SetFacts, SplitFacts
from benchmarks.run.cell import main
from benchmarks.study.files import load_study
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from tests.support.cells import blob
from tests.support.releases import Draw, write_shanghaitech, write_ucsd

pytestmark = pytest.mark.usefixtures("settings_of_torch")

LENGTH = 40  # of a training video: three clips at the profile's stride, in each of two videos that are trained on
LABELS = {"01_0014": [0] * 8 + [1] * 8, "01_0139": [0] * 6 + [1] * 12}


def record_of(settings: Settings, root: Path, folder: Path) -> dict[str, Any]:
    """Run a cell on the sets of a folder and read its record."""
    file = folder / "settings.json"
    file.write_text(json.dumps(settings.to_dict()))
    places = ["--data-root", root, "--results", folder / "results", "--work", folder / "work"]
    assert main([str(one) for one in ("--settings", file, "--seed", 0, *places, "--device", "cpu", "--quiet")]) == 0
    path = folder / "results" / "runs" / settings.dataset / "smoke" / settings.name / "seed-0.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def facts(test_frames: int, abnormal: dict[str, int], *uncounted: str) -> SetFacts:
    """Facts of a set with three training and two test videos."""
    return SetFacts(
        "Set", SplitFacts(3, 3 * LENGTH), SplitFacts(2, test_frames), (32, 32), abnormal=abnormal, uncounted=uncounted
    )


def drawing(labels: Mapping[str, Sequence[int]]) -> Draw:
    """A blob for every frame, smaller in the abnormal ones; videos that are not named are normal."""

    def draw(name: str, index: int) -> NDArray[np.uint8]:
        return blob(int(name[-1]) % 5, index, abnormal=bool(name in labels and labels[name][index]))

    return draw


class TestShanghaiTech:
    def test_a_cell_of_its_study_leaves_a_record(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Training videos, test frames and frame masks become a record with a micro AUC: C3's path runs."""
        monkeypatch.setitem(FACTS, "shanghaitech", facts(34, {}, FRAME_MASK_LABELS))
        names = ("01_001", "06_002", "13_003")
        write_shanghaitech(tmp_path / "shanghaitech", dict.fromkeys(names, LENGTH), LABELS, drawing(LABELS))
        cells = load_study("lines-shanghaitech", profile="smoke").cells
        settings = next(
            one.settings for one in cells if (one.settings.task, one.settings.memory) == ("prediction", "mnad")
        )
        record = record_of(settings, tmp_path, tmp_path)
        assert (record["data"]["layout"], record["data"]["labels_from"]) == ("shanghaitech", FRAME_MASK_LABELS)
        assert record["data"]["scored_frames"] == 34 - 2 * 4
        assert 0 <= record["headline"]["micro_auc"] <= 1
        assert record["metrics"]["update"]["fused"]["per_video"]["micro_auc"] == record["headline"]["micro_auc"]


class TestPed1:
    def test_a_cell_leaves_a_record(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """TIFF frames and the ranges of the `.m` file become a record with a micro AUC."""
        monkeypatch.setitem(FACTS, "ped1", facts(38, {"the release": 6 + 10}))
        test = {"Test001": (18, 5, 10), "Test002": (20, 11, 20)}
        labels = {name: [int(first <= k <= last) for k in range(1, n + 1)] for name, (n, first, last) in test.items()}
        train = dict.fromkeys(("Train001", "Train002", "Train003"), LENGTH)
        write_ucsd(tmp_path / "UCSDped1", train, test, drawing(labels))
        settings = resolve(dataset="ped1", method="mnad", task="reconstruction", profile="smoke")
        record = record_of(settings, tmp_path, tmp_path)
        assert (record["data"]["layout"], record["data"]["labels_from"]) == ("ucsd", "UCSDped1.m")
        assert record["data"]["scored_frames"] == 38
        assert 0 <= record["headline"]["micro_auc"] <= 1
