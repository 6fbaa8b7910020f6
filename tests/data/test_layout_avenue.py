"""The Avenue release: benchmarks/data/layouts/avenue.py and video_files.py."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from benchmarks.data.layouts import avenue
from benchmarks.data.video_files import VideoFrames, stated_length
from benchmarks.errors import StudyError


def write_video(path: Path, length: int) -> None:
    """An AVI of Motion JPEG frames, brighter from frame to frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (32, 24))
    assert writer.isOpened()
    for index in range(length):
        writer.write(np.full((24, 32, 3), 10 + 20 * index, dtype=np.uint8))
    writer.release()


def write_masks(path: Path, marked: list[bool]) -> None:
    """A cell array `volLabel` of masks 24x31, one pixel marked where asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.empty((1, len(marked)), dtype=object)
    for index, mark in enumerate(marked):
        cells[0, index] = np.zeros((24, 31), dtype=np.uint8)
        cells[0, index][3, 30] = mark
    savemat(path, {"volLabel": cells})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A set in the release's layout with one training and two test videos."""
    write_video(tmp_path / "avenue-small/training_videos/01.avi", 4)
    write_video(tmp_path / "avenue-small/testing_videos/08.avi", 3)
    write_video(tmp_path / "avenue-small/testing_videos/10.avi", 5)
    write_masks(tmp_path / "avenue-small/testing_label_mask/8_label.mat", [True, False, True])
    write_masks(tmp_path / "avenue-small/testing_label_mask/10_label.mat", [False] * 4 + [True])
    return tmp_path


class TestRead:
    def test_gives_videos_labels_and_masks(self, root: Path) -> None:
        """A frame with any marked pixel is abnormal; masks unpack to what was written."""
        path = avenue.find("avenue-small", root)
        assert path is not None
        dataset = avenue.read("avenue-small", path)
        assert [(v.name, v.length) for v in dataset.test] == [("08", 3), ("10", 5)]
        assert [v.labels.tolist() for v in dataset.test] == [[1, 0, 1], [0, 0, 0, 0, 1]]
        mask = dataset.test[1].masks(4)
        assert mask.shape == (24, 31)
        assert np.argwhere(mask).tolist() == [[3, 30]]

    def test_masks_of_another_number_are_refused(self, root: Path) -> None:
        """Every frame needs its mask."""
        write_masks(root / "avenue-small/testing_label_mask/8_label.mat", [True, False])
        with pytest.raises(StudyError, match=r"3 masks.*holds 2"):
            avenue.read("avenue-small", root / "avenue-small")

    def test_missing_masks_and_damaged_videos_are_all_said(self, root: Path) -> None:
        """A collector gets each problem, and the rest is read."""
        (root / "avenue-small/testing_label_mask/8_label.mat").unlink()
        (root / "avenue-small/training_videos/01.avi").write_bytes(b"no video")
        found: list[str] = []
        dataset = avenue.read("avenue-small", root / "avenue-small", found.append)
        assert any("8_label.mat" in sentence for sentence in found)
        assert any("01.avi" in sentence for sentence in found)
        assert dataset.test[0].labels is None
        assert dataset.test[1].labels is not None

    def test_other_names_are_not_avenue(self, root: Path) -> None:
        """The layout answers to names that begin with avenue."""
        assert avenue.find("ped2", root) is None
        assert avenue.find("avenue", root) is None
        assert avenue.find("avenue-small", None) is None


class TestVideoFrames:
    def test_any_order_gives_the_same_frames(self, root: Path) -> None:
        """In order, backwards and with jumps, each frame is the same."""
        path = root / "avenue-small/testing_videos/10.avi"
        frames = [VideoFrames(path)(index) for index in range(5)]
        assert [round(float(frame.mean()) / 10) for frame in frames] == [1, 3, 5, 7, 9]
        reader = VideoFrames(path)
        for index in (0, 1, 4, 2, 2, 0):
            np.testing.assert_array_equal(reader(index), frames[index])

    def test_grey_and_pickling(self, root: Path) -> None:
        """Grey frames have no channels, and a reader in use can be pickled."""
        reader = VideoFrames(root / "avenue-small/testing_videos/08.avi")
        first = reader(0, grey=True)
        assert first.shape == (24, 32)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(reader))(0, grey=True), first)

    def test_frames_beyond_the_end_are_refused(self, root: Path) -> None:
        """The error names the file and the frame where it ends, and the reader works on."""
        reader = VideoFrames(root / "avenue-small/testing_videos/08.avi")
        with pytest.raises(StudyError, match=r"Frame 3 .*at frame 3"):
            reader(3)
        assert reader(1).shape == (24, 32, 3)

    def test_stated_length_is_the_number_of_frames(self, root: Path) -> None:
        """The index of an AVI tells its length."""
        assert stated_length(root / "avenue-small/testing_videos/10.avi") == 5
