"""Opening sets by name and checking their facts: benchmarks/data/datasets.py and facts.py."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data import datasets
from benchmarks.data.datasets import open_dataset
from benchmarks.data.facts import FACTS, SetFacts, SplitFacts, videos_of
from benchmarks.data.labels import read_frame_labels, read_ranges
from benchmarks.data.store import open_store
from benchmarks.errors import StudyError

SMALL = SetFacts(
    printed="Small",
    train=SplitFacts(2, 6, (3, 3), (1, 2)),
    test=SplitFacts(2, 7, (3, 4), (1, 2)),
    frame_size=(8, 6),
    abnormal={"the release": 3},
    label_names=("small",),
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set `small` in the frame-prediction layout that agrees with its facts."""
    monkeypatch.setitem(FACTS, "small", SMALL)
    for split, lengths in (("training", (3, 3)), ("testing", (3, 4))):
        for number, length in enumerate(lengths, start=1):
            folder = tmp_path / "small" / split / "frames" / f"{number:02d}"
            folder.mkdir(parents=True)
            for index in range(length):
                cv2.imwrite(str(folder / f"{index}.png"), np.full((6, 8), index, dtype=np.uint8))
    np.save(tmp_path / "frame_labels_small.npy", np.array([[0, 1, 1, 0, 0, 0, 1]]))
    return tmp_path


class TestOpenDataset:
    def test_a_complete_set_opens(self, root: Path) -> None:
        """What agrees with its facts is handed on."""
        assert len(open_dataset("small", root).test) == 2

    @pytest.mark.parametrize("split", ["training", "testing"])
    def test_a_missing_video_is_named(self, root: Path, split: str) -> None:
        """The number of the missing video is said, before any label file that no longer fits."""
        folder = root / "small" / split / "frames" / "02"
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        with pytest.raises(StudyError, match=r"2 videos, but 1 lie .*missing: 02"):
            open_dataset("small", root)

    def test_a_wrong_frame_count_is_named(self, root: Path) -> None:
        """A video that lacks a frame is named with both counts."""
        (root / "small/training/frames/01/2.png").unlink()
        with pytest.raises(StudyError, match=r"Video 01 .* 3 frames, but 2"):
            open_dataset("small", root)

    def test_labels_of_another_length_are_named(self, root: Path) -> None:
        """Labels that do not fit the frames name their file."""
        np.save(root / "frame_labels_small.npy", np.zeros((1, 6)))
        with pytest.raises(StudyError, match=r"7 labels .*frame_labels_small\.npy"):
            open_dataset("small", root)

    def test_a_wrong_number_of_abnormal_frames_is_named(self, root: Path) -> None:
        """Labels of the right length that mark other frames are found by their number."""
        np.save(root / "frame_labels_small.npy", np.zeros((1, 7)))
        with pytest.raises(StudyError, match=r"3 .*abnormal frames, but .* mark 0"):
            open_dataset("small", root)

    def test_frames_are_checked_where_lengths_are_unknown(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the total alone known, the total is compared."""
        facts = SetFacts("Small", SplitFacts(2, 7), SMALL.test, (8, 6), abnormal=SMALL.abnormal, label_names=("small",))
        monkeypatch.setitem(datasets.FACTS, "small", facts)
        with pytest.raises(StudyError, match="should have 7 frames, but 6"):
            open_dataset("small", root)

    def test_no_root_a_missing_and_an_empty_one_are_said(self, tmp_path: Path) -> None:
        """Each case has its own sentence."""
        with pytest.raises(StudyError, match="none was given"):
            open_dataset("ped2", None)
        with pytest.raises(StudyError, match="there is none"):
            open_dataset("ped2", tmp_path / "gone")
        with pytest.raises(StudyError, match="is empty"):
            open_dataset("ped2", tmp_path)

    def test_an_unknown_set_lists_the_known(self, root: Path) -> None:
        """A name that no layout finds gives the names that exist."""
        with pytest.raises(StudyError, match=r"avenue, .*ped2"):
            open_dataset("ped3", root)


class TestFacts:
    def test_lengths_and_ranges_agree_with_the_totals(self) -> None:
        """STUDY section 9 states lengths, totals and ranges; they must say the same."""
        for facts in FACTS.values():
            for split in (facts.train, facts.test):
                if split.lengths is not None:
                    assert len(split.lengths) == split.videos
                    assert sum(split.lengths) == split.frames
        ped2 = FACTS["ped2"]
        assert ped2.ranges is not None
        assert sum(last - first + 1 for first, last in ped2.ranges) == 1648
        assert (ped2.train.frames, ped2.test.frames) == (2550, 2010)
        assert FACTS["avenue"].test.frames == 15324

    def test_the_other_label_set_is_a_set_of_its_own(self) -> None:
        """Its videos are those of the set it relabels, its number of abnormal frames is not."""
        avenue, other = FACTS["avenue"], FACTS["avenue-mnad-labels"]
        assert (other.relabels, other.test, other.train) == ("avenue", avenue.test, avenue.train)
        assert set(other.abnormal.values()) == {3867}
        assert set(avenue.abnormal.values()) == {3712}
        assert [videos_of(name) for name in ("avenue", "avenue-mnad-labels", "mine")] == ["avenue", "avenue", "mine"]

    def test_checksums_are_sha256(self) -> None:
        """Every release has 64 hexadecimal digits."""
        for facts in FACTS.values():
            for release in facts.releases:
                assert len(bytes.fromhex(release.sha256)) == 32


def data_root() -> Path:
    """Folder of the real data; tests that call this are skipped where it is not given."""
    if not os.environ.get("DATA_ROOT"):
        pytest.skip("DATA_ROOT is not set")
    return Path(os.environ["DATA_ROOT"])


@pytest.mark.data
class TestRealData:
    def test_ped2_is_complete(self) -> None:
        """16 and 12 videos, 2,550 and 2,010 frames, 1,648 abnormal, in the stated ranges."""
        dataset = open_dataset("ped2", data_root())
        assert (len(dataset.train), len(dataset.test)) == (16, 12)
        assert sum(v.length for v in dataset.train) == 2550
        assert sum(v.length for v in dataset.test) == 2010
        assert sum(int(v.labels.sum()) for v in dataset.test) == 1648
        for video, (first, last) in zip(dataset.test, FACTS["ped2"].ranges, strict=True):
            assert np.flatnonzero(video.labels).tolist() == list(range(first - 1, last))

    def test_all_label_files_of_ped2_agree(self) -> None:
        """The .mat pairs, the release's .m ranges and MNAD's .npy mark the same frames."""
        root = data_root()
        dataset = open_dataset("ped2", root)
        lengths = [v.length for v in dataset.test]
        joined = np.concatenate([v.labels for v in dataset.test])
        assert dataset.labels_from == "ped2.mat"
        mnad = np.concatenate(read_frame_labels(root / "frame_labels_ped2.npy", lengths))
        release = np.concatenate(read_ranges(root / "ucsd" / "UCSDped2.m", lengths))
        np.testing.assert_array_equal(joined, mnad)
        np.testing.assert_array_equal(joined, release)

    def test_masks_of_ped2_agree_with_labels_on_every_frame(self) -> None:
        """A frame is abnormal exactly where its mask marks a pixel."""
        for video in open_dataset("ped2", data_root()).test:
            assert video.masks is not None
            marked = [bool(video.masks(index).any()) for index in range(video.length)]
            np.testing.assert_array_equal(marked, video.labels.astype(bool))

    def test_the_ranges_of_ped1_give_the_stated_number(self) -> None:
        """The release's .m file marks 4,045 of Ped1's 7,200 test frames."""
        labels = np.concatenate(read_ranges(data_root() / "ucsd" / "UCSDped1.m", [200] * 36))
        assert labels.sum() in FACTS["ped1"].abnormal.values()

    def test_avenue_partial_opens_with_the_stated_counts(self) -> None:
        """4 training and 6 test videos, 1,353 test frames, 1,061 abnormal, and frames of 640x360."""
        dataset = open_dataset("avenue-partial", data_root())
        assert [v.length for v in dataset.train] == [1223, 781, 145, 244]
        assert [v.length for v in dataset.test] == [36, 426, 294, 248, 273, 76]
        assert sum(int(v.labels.sum()) for v in dataset.test) == 1061
        by_video = [int(v.labels.sum()) for v in dataset.test if v.labels is not None]
        assert by_video == [36, 384, 294, 140, 154, 53]
        assert dataset.labels_from == "the release's masks"
        # The last frame that the index of the shortest video states can be decoded.
        assert dataset.test[0].read(35).shape == (360, 640, 3)
        assert dataset.test[0].masks(0).shape == (360, 640)

    def test_mnads_labels_have_the_stated_numbers(self) -> None:
        """3,867 abnormal frames of Avenue in an array (1, N), 17,326 of ShanghaiTech in one of (40791,)."""
        root, avenue = data_root(), FACTS["avenue-mnad-labels"]
        assert avenue.test.lengths is not None
        assert np.concatenate(read_frame_labels(root / "frame_labels_avenue.npy", avenue.test.lengths)).sum() == 3867
        (shanghai,) = read_frame_labels(root / "frame_labels_shanghai.npy", [40791])
        assert shanghai.sum() in FACTS["shanghaitech-mnad-labels"].abnormal.values()

    def test_avenues_label_sets_disagree_where_both_are_at_hand(self) -> None:
        """In the six test videos of `avenue-partial` masks and MNAD's file differ on frames of some, not of all."""
        root, facts = data_root(), FACTS["avenue"]
        assert facts.test.lengths is not None
        mnad = read_frame_labels(root / "frame_labels_avenue.npy", facts.test.lengths)
        videos = open_dataset("avenue-partial", root).test
        differing = [int((mnad[int(v.name) - 1] != v.labels).sum()) for v in videos]
        assert 0 < sum(differing) <= 441
        assert 0 in differing

    def test_a_store_of_real_frames_equals_decoding_them(self, tmp_path: Path) -> None:
        """Frames picked from the store equal OpenCV's decoding and resizing of the file."""
        dataset = open_dataset("ped2", data_root())
        store = open_store(dataset, "test", size=64, channels=1, folder=tmp_path, workers=2, progress=False)
        files = [path for video in dataset.test for path in video.sources]
        for index in range(0, 2010, 201):
            grey = cv2.imread(str(files[index]), cv2.IMREAD_GRAYSCALE)
            expected = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_LINEAR)
            np.testing.assert_array_equal(store.frames[index, :, :, 0], expected)
