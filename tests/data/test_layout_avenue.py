"""The Avenue release: benchmarks/data/layouts/avenue.py and video_files.py."""

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from benchmarks.data.datasets import open_dataset, read_dataset
from benchmarks.data.doctor import examine
from benchmarks.data.facts import FACTS, SetFacts, SplitFacts
from benchmarks.data.layouts import avenue
from benchmarks.data.store import open_store
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


class TestMnadLabels:
    """`avenue-mnad-labels`: the same videos under the other label set."""

    @pytest.fixture
    def both(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Avenue in little, with MNAD's file beside it, which marks two frames more."""
        (root / "avenue-small").rename(root / "avenue")
        splits = {"printed": "Avenue", "train": SplitFacts(1, 4), "test": SplitFacts(2, 8), "frame_size": (32, 24)}
        names = {"label_names": ("avenue",)}
        masks = SetFacts(**splits, **names, abnormal={"the release's masks": 3})  # type: ignore[arg-type]
        other = SetFacts(**splits, **names, abnormal={"MNAD's label file": 5}, relabels="avenue")  # type: ignore[arg-type]
        monkeypatch.setitem(FACTS, "avenue", masks)
        monkeypatch.setitem(FACTS, "avenue-mnad-labels", other)
        np.save(root / "frame_labels_avenue.npy", np.array([[1, 1, 1, 0, 0, 0, 1, 1]]))
        return root

    def test_the_name_chooses_the_labels(self, both: Path) -> None:
        """The release's masks by default, MNAD's file by name; frames, masks and stored frames are shared."""
        plain, other = (open_dataset(name, both) for name in ("avenue", "avenue-mnad-labels"))
        assert [v.labels.tolist() for v in plain.test if v.labels is not None] == [[1, 0, 1], [0, 0, 0, 0, 1]]
        assert [v.labels.tolist() for v in other.test if v.labels is not None] == [[1, 1, 1], [0, 0, 0, 1, 1]]
        assert (plain.labels_from, other.labels_from) == ("the release's masks", "frame_labels_avenue.npy")
        assert other.test[1].masks is not None
        assert np.argwhere(other.test[1].masks(4)).tolist() == [[3, 30]]
        stores = [
            open_store(one, "test", size=16, channels=1, folder=both / "s", progress=False) for one in (plain, other)
        ]
        assert stores[0].checksum == stores[1].checksum
        assert len(list((both / "s").glob("*.npy"))) == 1

    def test_a_missing_file_is_said(self, both: Path) -> None:
        """The release's labels do not step in for MNAD's."""
        (both / "frame_labels_avenue.npy").unlink()
        with pytest.raises(StudyError, match=r"frame_labels_avenue\.npy.* or ask for avenue,"):
            open_dataset("avenue-mnad-labels", both)

    def test_the_doctor_only_remarks_that_masks_differ(self, both: Path) -> None:
        """Two sources disagree by nature; that is no damage."""
        report = examine("avenue-mnad-labels", both)
        assert report.problems == []
        assert any("differ on 1, first on frame 1" in remark for remark in report.remarks)

    def test_frames_under_mnads_labels_alone_are_told_their_name(self, both: Path, tmp_path: Path) -> None:
        """In the frame-prediction layout `avenue` with MNAD's file is refused and told its right name."""
        root = tmp_path / "other"
        for place, length in (("training/frames/01", 4), ("testing/frames/01", 3), ("testing/frames/02", 5)):
            folder = root / "avenue" / place
            folder.mkdir(parents=True)
            for index in range(length):
                cv2.imwrite(str(folder / f"{index}.png"), np.full((24, 32, 3), index, dtype=np.uint8))
        (root / "frame_labels_avenue.npy").write_bytes((both / "frame_labels_avenue.npy").read_bytes())
        with pytest.raises(StudyError, match=r"mark 5; .* or ask for avenue-mnad-labels"):
            open_dataset("avenue", root)
        assert read_dataset("avenue-mnad-labels", root).layout == "frame_folders"
        assert open_dataset("avenue-mnad-labels", root).name == "avenue-mnad-labels"


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
