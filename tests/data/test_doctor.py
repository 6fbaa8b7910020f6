"""The doctor: benchmarks/data/doctor.py."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data.doctor import examine, run_doctor
from benchmarks.data.facts import FACTS, SetFacts, SplitFacts


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set `sick` that is sound: two training and two test videos of random frames, masks and labels."""
    facts = SetFacts(
        "Sick",
        SplitFacts(2, 6, (3, 3), (1, 2)),
        SplitFacts(2, 6, (3, 3), (1, 2)),
        (8, 6),
        abnormal={"us": 2},
        label_names=("sick",),
    )
    monkeypatch.setitem(FACTS, "sick", facts)
    rng = np.random.default_rng(0)
    for split in ("training", "testing"):
        for video in ("01", "02"):
            for index in range(3):
                path = tmp_path / "sick" / split / "frames" / video / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), rng.integers(0, 255, (6, 8), dtype=np.uint8))
    for index in range(3):
        path = tmp_path / "sick/testing/masks/01" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((6, 8), 255 * (index == 2), dtype=np.uint8))
    np.save(tmp_path / "frame_labels_sick.npy", np.array([0, 0, 1, 0, 1, 0]))
    return tmp_path


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    """A set `yard` of the user's own that is sound, without facts: two training videos and a labelled test video."""
    for number, video in enumerate(("train/a", "train/b", "test/a")):
        (tmp_path / "yard" / video).mkdir(parents=True)
        for index in range(3):
            image = np.full((4, 4), 10 * number + index, dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "yard" / video / f"{index}.png"), image)
    (tmp_path / "yard/test/a.txt").write_text("0\n1\n1\n")
    return tmp_path


class TestExamine:
    def test_a_sound_set_has_no_problems(self, root: Path) -> None:
        """Nothing is made up, and the summary counts."""
        report = examine("sick", root)
        assert report.problems == []
        assert [remark for remark in report.remarks if "clip" not in remark] == []
        assert report.summary.endswith("6 frames, 2 of them abnormal, every frame decoded")

    def test_finds_everything_at_once(self, root: Path) -> None:
        """A truncated image, a frame of another size, a missing frame, a wrong mask: each has its sentence."""
        frames = root / "sick/training/frames"
        data = (frames / "01/1.png").read_bytes()
        (frames / "01/1.png").write_bytes(data[: len(data) // 2])
        cv2.imwrite(str(frames / "01/2.png"), np.zeros((5, 5), dtype=np.uint8))
        (frames / "02/2.png").unlink()
        cv2.imwrite(str(root / "sick/testing/masks/01/0.png"), np.full((6, 8), 255, dtype=np.uint8))
        text = "\n".join(examine("sick", root).problems)
        for part in ("01/1.png", "5x5", "Video 02", "Masks and labels"):
            assert part in text

    def test_finds_copies(self, root: Path) -> None:
        """A video that is there twice is a problem, a frame that is there twice a remark."""
        for index in range(3):
            source = root / f"sick/training/frames/01/{index}.png"
            (root / f"sick/training/frames/02/{index}.png").write_bytes(source.read_bytes())
        report = examine("sick", root)
        assert any("train/02 is a copy of train/01" in sentence for sentence in report.problems)
        assert any("3 frames are there more than once" in sentence for sentence in report.remarks)

    def test_without_decoding_images_are_not_opened(self, root: Path) -> None:
        """The quick form checks counts and labels only."""
        (root / "sick/training/frames/01/1.png").write_bytes(b"")
        assert examine("sick", root, decode=False).problems == []
        assert len(examine("sick", root).problems) == 1

    def test_the_summary_counts_what_cannot_be_decoded(self, root: Path) -> None:
        """It does not say that every frame was decoded where a problem says that one was not."""
        for index in (0, 2):
            (root / f"sick/testing/frames/01/{index}.png").write_bytes(b"")
        assert examine("sick", root).summary.endswith("abnormal, every frame decoded but 2")

    def test_one_training_video_is_a_remark(self, yard: Path) -> None:
        """A cell holds one out, so that none would be left; with two there is nothing to say."""
        assert not any("training video" in sentence for sentence in examine("yard", yard).remarks)
        shutil.rmtree(yard / "yard/train/b")
        report = examine("yard", yard)
        assert report.problems == []
        assert any("yard has one training video" in sentence for sentence in report.remarks)

    def test_a_set_without_labels_is_a_remark(self, yard: Path) -> None:
        """It can be trained on and scored, but not measured; where labels do not fit, that is what is said."""
        sentence = "The test videos of yard have no labels: no AUC can be measured."
        assert sentence not in examine("yard", yard).remarks
        (yard / "yard/test/a.txt").write_text("0\n")
        report = examine("yard", yard)
        assert len(report.problems) == 1
        assert sentence not in report.remarks
        (yard / "yard/test/a.txt").unlink()
        report = examine("yard", yard)
        assert (report.problems, sentence in report.remarks) == ([], True)

    @pytest.mark.parametrize(
        ("names", "hole"),
        [
            (["0", "1", "3", "4"], "3.png comes after 1.png"),
            (["f_008", "f_010", "f_016"], "f_016.png comes after f_010.png"),
            (["5", "6", "7"], None),
            (["0", "5", "10"], None),
            (["a1", "b1", "c7"], None),
            (["a", "b1", "b3"], None),
            (["3"], None),
        ],
    )
    def test_a_hole_in_the_numbers_of_frames_is_a_remark(self, yard: Path, names: list[str], hole: str | None) -> None:
        """No count tells a missing frame of a set without facts; names that do not count frames have no holes."""
        video = yard / "yard/train/b"
        shutil.rmtree(video)
        video.mkdir()
        for number, name in enumerate(names):
            cv2.imwrite(str(video / f"{name}.png"), np.full((4, 4), 100 + number, dtype=np.uint8))
        report = examine("yard", yard)
        assert report.problems == []
        found = [sentence for sentence in report.remarks if "numbers of frames" in sentence]
        if hole is None:
            assert found == []
        else:
            assert len(found) == 1
            assert f"in 1 of 3 videos, first in train/b, where {hole}: frames may be missing" in found[0]

    def test_videos_of_one_class_are_a_remark(self, root: Path) -> None:
        """They do not count in the macro AUC, which a reader should know."""
        np.save(root / "frame_labels_sick.npy", np.array([0, 0, 1, 0, 0, 0]))
        assert any("Test videos 02 " in sentence for sentence in examine("sick", root).remarks)


class TestRunDoctor:
    def test_returns_0_for_a_sound_set_and_1_for_a_sick_one(
        self, root: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The exit status and the print say the same."""
        assert run_doctor("sick", root) == 0
        assert "fit to use" in capsys.readouterr().out
        (root / "sick/training/frames/02/2.png").unlink()
        assert run_doctor("sick", root) == 1
        assert "problem: " in capsys.readouterr().out

    def test_a_missing_root_is_a_problem(self, tmp_path: Path) -> None:
        """No traceback."""
        assert run_doctor("sick", tmp_path / "gone") == 1
