"""The ShanghaiTech release: benchmarks/data/layouts/shanghaitech.py."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.datasets import open_dataset, read_dataset
from benchmarks.data.doctor import examine
from benchmarks.data.facts import FACTS, SetFacts, SplitFacts
from benchmarks.data.layouts import shanghaitech
from benchmarks.errors import StudyError
from tests.support.releases import write_shanghaitech

LABELS = {"01_0014": [0, 1, 1], "01_0139": [0, 0, 0, 1]}


def draw(name: str, index: int) -> NDArray[np.uint8]:
    """A frame (24, 32) of one brightness, which tells videos and frames apart."""
    value = 10 * len(LABELS[name]) + index if name in LABELS else 20 + 30 * index
    return np.full((24, 32), value, dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The release in little: two training videos, two test videos as frames, one of them with pixel masks."""
    facts = {
        "printed": "ShanghaiTech",
        "train": SplitFacts(2, 9),
        "test": SplitFacts(2, 7),
        "frame_size": (32, 24),
        "label_names": ("shanghai", "shanghaitech"),
    }
    plain = SetFacts(**facts, abnormal={"MNAD's label file": 4}, uncounted=("the release's frame masks",))  # type: ignore[arg-type]
    monkeypatch.setitem(FACTS, "shanghaitech", plain)
    other = SetFacts(**facts, abnormal={"MNAD's label file": 4}, relabels="shanghaitech")  # type: ignore[arg-type]
    monkeypatch.setitem(FACTS, "shanghaitech-mnad-labels", other)
    folder = tmp_path / "shanghaitech"
    write_shanghaitech(folder, {"01_001": 4, "13_007": 5}, LABELS, draw)
    (folder / "testing/test_pixel_mask").mkdir()
    masks = np.zeros((4, 24, 32), dtype=np.uint8)
    masks[3, 5, 6] = 1
    np.save(folder / "testing/test_pixel_mask/01_0139.npy", masks)
    return tmp_path


class TestFind:
    def test_is_tried_before_the_frame_prediction_layout(self, root: Path) -> None:
        """Test frames lie alike in both layouts; training videos tell them apart."""
        assert read_dataset("shanghaitech", root).layout == "shanghaitech"
        assert read_dataset("shanghaitech", root / "shanghaitech").layout == "shanghaitech"

    def test_leaves_other_sets_alone(self, root: Path) -> None:
        """Another name, no root, or training frames instead of videos is not this layout."""
        assert shanghaitech.find("ped2", root) is None
        assert shanghaitech.find("shanghaitech", None) is None
        (root / "shanghaitech/training/videos").rename(root / "shanghaitech/training/frames")
        assert shanghaitech.find("shanghaitech", root) is None


class TestRead:
    def test_gives_videos_frames_labels_and_masks(self, root: Path) -> None:
        """Training comes from videos, testing from images; a video without pixel masks has none."""
        dataset = open_dataset("shanghaitech", root)
        assert [(v.name, v.length) for v in dataset.train] == [("01_001", 4), ("13_007", 5)]
        assert [round(float(dataset.train[1].read(i).mean()) / 10) for i in range(5)] == [2, 5, 8, 11, 14]
        assert {v.name: v.labels.tolist() for v in dataset.test if v.labels is not None} == LABELS
        assert dataset.test[1].read(2, grey=True).shape == (24, 32)
        assert dataset.labels_from == "the release's frame masks"
        assert dataset.test[0].masks is None
        assert dataset.test[1].masks is not None
        assert [bool(dataset.test[1].masks(i).any()) for i in range(4)] == [False, False, False, True]

    @pytest.mark.parametrize("flat", [False, True])
    def test_takes_mnads_labels_where_asked_by_name(self, root: Path, *, flat: bool) -> None:
        """The set of that name has the same frames under the labels of (1, N) or (N,)."""
        values = np.array([1, 1, 0, 0, 0, 1, 1])
        np.save(root / "frame_labels_shanghai.npy", values if flat else values[None])
        dataset = open_dataset("shanghaitech-mnad-labels", root)
        assert [v.labels.tolist() for v in dataset.test if v.labels is not None] == [[1, 1, 0], [0, 0, 1, 1]]
        assert (dataset.name, dataset.labels_from) == ("shanghaitech-mnad-labels", "frame_labels_shanghai.npy")
        assert dataset.train[0].sources == open_dataset("shanghaitech", root).train[0].sources

    def test_mnads_labels_are_never_replaced_by_others(self, root: Path) -> None:
        """Without the file the release's labels do not step in; the sentence says where it belongs."""
        with pytest.raises(StudyError, match=r"frame_labels_shanghai\.npy.* or ask for shanghaitech"):
            open_dataset("shanghaitech-mnad-labels", root)

    @pytest.mark.parametrize(
        ("remove", "sentence"),
        [
            ("testing/test_frame_mask/01_0014.npy", "labels of video 01_0014"),
            ("training/videos/*", "One file per video"),
            ("testing/frames/01_0139/003.jpg", "4 masks|3 masks"),
            ("testing/frames/01_0014/*", "One image file per frame"),
        ],
    )
    def test_what_is_missing_is_said(self, root: Path, remove: str, sentence: str) -> None:
        """Labels, videos, frames: each gives its own sentence."""
        for path in (root / "shanghaitech").glob(remove):
            path.unlink()
        with pytest.raises(StudyError, match=sentence):
            shanghaitech.read("shanghaitech", root / "shanghaitech")

    def test_the_doctor_hears_everything(self, root: Path) -> None:
        """A fit set has no problem; a damaged one gives every sentence."""
        assert examine("shanghaitech", root).problems == []
        (root / "shanghaitech/training/videos/01_001.avi").write_bytes(b"no video")
        np.save(root / "shanghaitech/testing/test_frame_mask/01_0014.npy", np.zeros(2))
        np.save(root / "shanghaitech/testing/test_pixel_mask/01_0139.npy", np.zeros((1, 2, 2)))
        problems = " ".join(examine("shanghaitech", root).problems)
        assert all(name in problems for name in ("01_001.avi", "01_0014.npy", "01_0139.npy"))
