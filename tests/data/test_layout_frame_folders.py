"""The frame-prediction layout: benchmarks/data/layouts/frame_folders.py, and labels.py with it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from benchmarks.data.labels import labels_from_ranges, read_frame_labels, read_pairs, read_ranges
from benchmarks.data.layouts import frame_folders
from benchmarks.errors import StudyError


def write_frames(folder: Path, length: int, value: int = 0) -> None:
    """Grey frames of 8x6 pixels whose level is `value` + index."""
    folder.mkdir(parents=True)
    for index in range(length):
        cv2.imwrite(str(folder / f"{index:03d}.png"), np.full((6, 8, 3), value + index, dtype=np.uint8))


def write_pairs(path: Path, pairs: list[list[tuple[int, int]]]) -> None:
    """A cell array `gt` as Liu et al. release it: (2, n_ranges) per video."""
    cells = np.empty((1, len(pairs)), dtype=object)
    for index, ranges in enumerate(pairs):
        cells[0, index] = np.array(ranges, dtype=np.uint8).T.reshape(2, -1)
    savemat(path, {"gt": cells})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A set `mine` with one training and two test videos, labels in a .mat file."""
    write_frames(tmp_path / "mine/training/frames/01", 3)
    write_frames(tmp_path / "mine/testing/frames/01", 4, 20)
    write_frames(tmp_path / "mine/testing/frames/02", 5, 40)
    write_pairs(tmp_path / "mine/mine.mat", [[(2, 3)], [(1, 1), (4, 5)]])
    return tmp_path


class TestFind:
    def test_recognises_the_set_in_the_root_and_the_root_itself(self, root: Path) -> None:
        """Both DATA_ROOT and the set's own folder can be given."""
        assert frame_folders.find("mine", root) == root / "mine"
        assert frame_folders.find("mine", root / "mine") == root / "mine"

    def test_leaves_other_folders_alone(self, root: Path) -> None:
        """Another name, an empty folder or no root is not this layout."""
        assert frame_folders.find("other", root) is None
        assert frame_folders.find("other", root / "mine") is None
        assert frame_folders.find("mine", None) is None


class TestRead:
    def test_gives_frames_and_labels_in_order(self, root: Path) -> None:
        """Frames come in natural order, labels from one-based inclusive pairs."""
        dataset = frame_folders.read("mine", root / "mine")
        assert [(v.name, v.length) for v in dataset.test] == [("01", 4), ("02", 5)]
        assert [v.labels.tolist() for v in dataset.test] == [[0, 1, 1, 0], [1, 0, 0, 1, 1]]
        assert dataset.train[0].labels is None
        assert [int(dataset.test[1].read(i)[0, 0, 0]) for i in range(5)] == [40, 41, 42, 43, 44]
        assert dataset.labels_from == "mine.mat"

    def test_natural_order_and_hidden_files(self, root: Path) -> None:
        """`10` comes after `2`, and files of macOS and Windows do not count."""
        folder = root / "mine/training/frames/2"
        write_frames(folder, 2)
        write_frames(root / "mine/training/frames/10", 2)
        for name in (".DS_Store", "._000.png", "Thumbs.db", "notes.txt"):
            (folder / name).write_bytes(b"x")
        dataset = frame_folders.read("mine", root / "mine")
        assert [(v.name, v.length) for v in dataset.train] == [("01", 3), ("2", 2), ("10", 2)]

    @pytest.mark.parametrize("where", ["mine", "."])
    def test_reads_the_labels_of_mnad(self, root: Path, where: str) -> None:
        """Without a .mat file `frame_labels_NAME.npy` is taken, in the set's folder or next to it."""
        (root / "mine/mine.mat").unlink()
        np.save(root / where / "frame_labels_mine.npy", np.array([[0, 1, 1, 0, 1, 0, 0, 1, 1]]))
        dataset = frame_folders.read("mine", root / "mine")
        assert [v.labels.tolist() for v in dataset.test] == [[0, 1, 1, 0], [1, 0, 0, 1, 1]]

    def test_reads_masks(self, root: Path) -> None:
        """Masks are one image per frame, any value but 0 marked."""
        write_frames(root / "mine/testing/masks/01", 4)
        dataset = frame_folders.read("mine", root / "mine")
        assert [bool(dataset.test[0].masks(i).any()) for i in range(4)] == [False, True, True, True]
        assert dataset.test[0].masks(1).dtype == np.bool_
        assert dataset.test[1].masks is None

    def test_reads_the_mask_arrays_of_shanghaitech(self, root: Path) -> None:
        """`testing/test_pixel_mask/NN.npy` holds all masks of a video."""
        folder = root / "mine/testing/test_pixel_mask"
        folder.mkdir()
        masks = np.zeros((5, 6, 8), dtype=np.uint8)
        masks[3, 2, 1] = 1
        np.save(folder / "02.npy", masks)
        dataset = frame_folders.read("mine", root / "mine")
        np.testing.assert_array_equal(dataset.test[1].masks(3), masks[3] != 0)

    @pytest.mark.parametrize(
        ("remove", "sentence"),
        [
            ("mine.mat", "Frame labels"),
            ("training/frames/01/*", "One image file per frame"),
            ("testing/frames/02/004.png", "4 to 5 came"),
        ],
    )
    def test_what_is_missing_is_said(self, root: Path, remove: str, sentence: str) -> None:
        """No labels, an empty video, and ranges beyond the frames on disk each give their own sentence."""
        for path in (root / "mine").glob(remove):
            path.unlink()
        with pytest.raises(StudyError, match=sentence):
            frame_folders.read("mine", root / "mine")

    def test_masks_of_another_number_are_refused(self, root: Path) -> None:
        """Masks must come one per frame."""
        write_frames(root / "mine/testing/masks/01", 3)
        with pytest.raises(StudyError, match="4 masks"):
            frame_folders.read("mine", root / "mine")

    def test_the_doctor_gets_every_sentence(self, root: Path) -> None:
        """With a collector, reading goes on after the first problem."""
        write_frames(root / "mine/testing/masks/01", 3)
        (root / "mine/mine.mat").unlink()
        found: list[str] = []
        dataset = frame_folders.read("mine", root / "mine", found.append)
        assert len(found) == 2
        assert dataset.test[0].labels is None


class TestLabels:
    def test_ranges_are_one_based_and_inclusive(self) -> None:
        """1 to 2 marks the first two frames."""
        assert labels_from_ranges([(1, 2), (4, 4)], 5, "x").tolist() == [1, 1, 0, 1, 0]

    @pytest.mark.parametrize("pair", [(0, 2), (3, 2), (2, 6)])
    def test_ranges_outside_are_refused(self, pair: tuple[int, int]) -> None:
        """A range that starts at 0, runs backwards or beyond the video names the file."""
        with pytest.raises(StudyError, match="labels of x"):
            labels_from_ranges([pair], 5, "labels of x")

    def test_m_files_hold_ranges_and_single_frames(self, tmp_path: Path) -> None:
        """The release's .m file gives several ranges a video, and single frames."""
        path = tmp_path / "UCSDped1.m"
        path.write_text(
            "TestVideoFile = {};\nTestVideoFile{end+1}.gt_frame = [1:2, 4:5];\nTestVideoFile{end+1}.gt_frame = [3];\n"
        )
        assert [v.tolist() for v in read_ranges(path, [5, 3])] == [[1, 1, 0, 1, 1], [0, 0, 1]]
        with pytest.raises(StudyError, match="it holds 2"):
            read_ranges(path, [5])

    @pytest.mark.parametrize("values", [np.zeros((1, 8)), np.full(9, 2), np.zeros(0)])
    def test_labels_of_another_length_or_value_are_refused(self, tmp_path: Path, values: np.ndarray) -> None:
        """MNAD's array must hold one 0 or 1 per frame."""
        np.save(tmp_path / "a.npy", values)
        with pytest.raises(StudyError, match="9 labels"):
            read_frame_labels(tmp_path / "a.npy", [4, 5])

    def test_broken_files_are_refused(self, tmp_path: Path) -> None:
        """A file that is no array or no .mat names itself."""
        (tmp_path / "a.npy").write_bytes(b"")
        (tmp_path / "a.mat").write_bytes(b"")
        with pytest.raises(StudyError, match=r"a\.npy"):
            read_frame_labels(tmp_path / "a.npy", [1])
        with pytest.raises(StudyError, match=r"a\.mat"):
            read_pairs(tmp_path / "a.mat", [1])
