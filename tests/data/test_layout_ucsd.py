"""The UCSD release: benchmarks/data/layouts/ucsd.py."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data.datasets import open_dataset
from benchmarks.data.layouts import ucsd
from benchmarks.errors import StudyError


def write(path: Path, value: int) -> None:
    """One grey image of 8x6 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((6, 8), value, dtype=np.uint8))


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A small release with every quirk: hidden files, and `frame001.bmp` beside or instead of `001.bmp`."""
    folder = tmp_path / "UCSD_Anomaly_Dataset.v1p2" / "UCSDped2"
    for index in range(1, 4):
        write(folder / f"Train/Train001/{index:03d}.tif", index)
        write(folder / f"Test/Test001/{index:03d}.tif", 10 + index)
        write(folder / f"Test/Test002/{index:03d}.tif", 20 + index)
        write(folder / f"Test/Test001_gt/{index:03d}.bmp", 255 * (index > 1))
        if index > 1:
            write(folder / f"Test/Test002_gt/{index:03d}.bmp", 0)
    write(folder / "Test/Test001_gt/frame001.bmp", 255)
    write(folder / "Test/Test002_gt/frame001.bmp", 255)
    for path in ("Test/Test001/._001.tif", "Test/Test001_gt/._001.bmp", "Test/.DS_Store", "Train/Train001/Thumbs.db"):
        (folder / path).write_bytes(b"junk")
    (folder / "Test/UCSDped2.m").write_text(
        "TestVideoFile = {};\nTestVideoFile{end+1}.gt_frame = [2:3];\nTestVideoFile{end+1}.gt_frame = [1:1];\n"
    )
    return folder


class TestFind:
    def test_recognises_the_release_wherever_it_was_unpacked(self, release: Path) -> None:
        """The root may hold the release's folder, the set's folder, or be it."""
        assert ucsd.find("ped2", release.parents[1]) == release
        assert ucsd.find("ped2", release.parent) == release
        assert ucsd.find("ped2", release) == release

    def test_other_sets_are_not_here(self, release: Path) -> None:
        """Ped1 is not Ped2, and Avenue is none of UCSD's."""
        assert ucsd.find("ped1", release.parents[1]) is None
        assert ucsd.find("avenue", release.parents[1]) is None


class TestRead:
    def test_masks_are_no_videos_and_junk_is_ignored(self, release: Path) -> None:
        """Only TestNNN are videos, only visible images are frames."""
        dataset = ucsd.read("ped2", release)
        assert [(v.name, v.length) for v in dataset.test] == [("Test001", 3), ("Test002", 3)]
        assert [(v.name, v.length) for v in dataset.train] == [("Train001", 3)]
        assert [int(dataset.test[1].read(i, grey=True)[0, 0]) for i in range(3)] == [21, 22, 23]

    def test_labels_are_the_ranges_of_the_m_file(self, release: Path) -> None:
        """Ranges are one-based and inclusive."""
        assert [v.labels.tolist() for v in ucsd.read("ped2", release).test] == [[0, 1, 1], [1, 0, 0]]

    def test_frame001_stands_for_001_only_where_that_is_missing(self, release: Path) -> None:
        """Beside `001.bmp` the odd file is ignored, without it it is the first mask."""
        test = ucsd.read("ped2", release).test
        assert [bool(test[0].masks(i).any()) for i in range(3)] == [False, True, True]
        assert [bool(test[1].masks(i).any()) for i in range(3)] == [True, False, False]

    def test_a_missing_mask_is_named(self, release: Path) -> None:
        """Masks that do not cover the video are refused."""
        (release / "Test/Test001_gt/002.bmp").unlink()
        with pytest.raises(StudyError, match="none for frame 2"):
            ucsd.read("ped2", release)

    def test_videos_without_masks_have_none(self, release: Path) -> None:
        """Ped1 has masks for some videos only."""
        for path in (release / "Test/Test002_gt").iterdir():
            path.unlink()
        (release / "Test/Test002_gt").rmdir()
        assert ucsd.read("ped2", release).test[1].masks is None

    def test_a_missing_m_file_is_said(self, release: Path) -> None:
        """Without ranges there are no labels."""
        (release / "Test/UCSDped2.m").unlink()
        with pytest.raises(StudyError, match=r"UCSDped2\.m"):
            ucsd.read("ped2", release)


@pytest.fixture(scope="module")
def ped1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ped1 in full length: 34 and 36 videos of 200 frames, all links to one image, masks for two videos."""
    root = tmp_path_factory.mktemp("ucsd")
    folder = root / "UCSDped1"
    write(root / "one.tif", 7)
    write(root / "one.bmp", 0)
    places = [folder / f"Train/Train{number:03d}" for number in range(1, 35)]
    places += [folder / f"Test/Test{number:03d}" for number in range(1, 37)]
    for place in [*places, folder / "Test/Test003_gt", folder / "Test/Test004_gt"]:
        place.mkdir(parents=True)
        ending = "bmp" if place.name.endswith("_gt") else "tif"
        for index in range(1, 201):
            os.link(root / f"one.{ending}", place / f"{index:03d}.{ending}")
    counts = [112] * 35 + [4045 - 35 * 112]
    rows = [f"TestVideoFile{{end+1}}.gt_frame = [1:10, {201 - count + 10}:200];" for count in counts]
    (folder / "Test/UCSDped1.m").write_text("TestVideoFile = {};\n" + "\n".join(rows) + "\n")
    return root


class TestPed1:
    def test_opens_and_agrees_with_its_facts(self, ped1: Path) -> None:
        """7,200 test frames, 4,045 abnormal by the release's ranges; some videos have masks, others none."""
        dataset = open_dataset("ped1", ped1)
        assert dataset.labels_from == "UCSDped1.m"
        assert sum(video.length for video in dataset.test) == 7200
        assert sum(int(video.labels.sum()) for video in dataset.test if video.labels is not None) == 4045
        assert [video.name for video in dataset.test if video.masks is not None] == ["Test003", "Test004"]

    def test_a_missing_video_is_named(self, ped1: Path) -> None:
        """The facts of Ped1 are checked as those of Ped2."""
        hidden = ped1 / "UCSDped1/Train/Train034"
        moved = hidden.rename(ped1 / "aside")
        try:
            with pytest.raises(StudyError, match=r"34 videos, but 33 lie .*missing: 34"):
                open_dataset("ped1", ped1)
        finally:
            moved.rename(hidden)
