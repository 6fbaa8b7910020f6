from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.read.records import read_record
from benchmarks.study.presets import resolve
from benchmarks.track import sketches

SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")
SVG = "{http://www.w3.org/2000/svg}"


def parts(picture: str, kind: str, name: str) -> list[ET.Element]:
    drawn = ET.fromstring(picture)  # noqa: S314 - our own
    return [one for one in drawn.iter(SVG + kind) if one.get("class") == name]


class TestUsage:
    def test_a_panel_per_epoch_and_the_test(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Each panel has a bar for every item that was used, the highest as high as the panel."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        picture = sketches.usage(record)
        assert picture is not None
        panels = parts(picture, "path", "bar")
        counts = [epoch["usage"] for epoch in record.content["epochs"]]
        counts.append(record.content["usage"][record.variant]["counts"])
        assert [panel.get("d", "").count("M") for panel in panels] == [sum(one > 0 for one in each) for each in counts]
        assert all("v-120.0h" in panel.get("d", "").partition("M")[2].partition("M")[0] for panel in panels)

    def test_none_without_a_memory(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """There are no items to count."""
        settings = resolve(dataset="synthetic", method="mnad", task="prediction", memory="none", profile="smoke")
        assert sketches.usage(read_record(write_record(tmp_path, settings, 0))) is None


class TestScores:
    def test_a_line_per_video_and_its_abnormal_range(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Three videos of forty frames, of which fifteen in the middle are abnormal, side by side."""
        picture = sketches.scores(read_record(write_record(tmp_path, SETTINGS, 0)))
        lines = parts(picture, "polyline", "line")
        assert [len(line.get("points", "").split()) for line in lines] == [40, 40, 40]
        shaded = parts(picture, "rect", "abnormal")
        assert [(one.get("x"), one.get("width")) for one in shaded] == [
            ("120.0", "120.0"),
            ("440.0", "120.0"),
            ("760.0", "120.0"),
        ]

    def test_refuses_a_record_without_terms(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A sentence names the table."""
        path = write_record(tmp_path, SETTINGS, 0)
        path.with_suffix(".csv.gz").unlink()
        with pytest.raises(StudyError, match=r"seed-0\.csv\.gz"):
            sketches.scores(read_record(path))
