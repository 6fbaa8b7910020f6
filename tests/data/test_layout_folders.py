"""A user's own folder: benchmarks/data/layouts/folders.py."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data.datasets import open_dataset
from benchmarks.errors import StudyError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A set `yard` with one training and two test videos, no labels."""
    for video in ("train/a", "test/a", "test/b"):
        (tmp_path / "yard" / video).mkdir(parents=True)
        for index in range(3):
            cv2.imwrite(str(tmp_path / "yard" / video / f"{index}.png"), np.full((4, 4), index, dtype=np.uint8))
    return tmp_path


class TestRead:
    def test_labels_are_optional(self, root: Path) -> None:
        """Without label files the test videos have none."""
        dataset = open_dataset("yard", root)
        assert [v.labels for v in dataset.test] == [None, None]
        assert dataset.layout == "folders"

    def test_labels_come_as_text_or_array(self, root: Path) -> None:
        """One 0 or 1 per frame, in .txt or .npy."""
        (root / "yard/test/a.txt").write_text("0\n1\n1\n")
        np.save(root / "yard/test/b.npy", np.array([1, 0, 0]))
        assert [v.labels.tolist() for v in open_dataset("yard", root).test] == [[0, 1, 1], [1, 0, 0]]

    @pytest.mark.parametrize("text", ["0\n1\n", "0\n1\n2\n", "zero\n", ""])
    @pytest.mark.filterwarnings("error")
    def test_labels_that_do_not_fit_are_refused(self, root: Path, text: str) -> None:
        """Too few, other values, words and none at all name the file, without a warning before the sentence."""
        (root / "yard/test/b.txt").write_text("0\n1\n1\n")
        (root / "yard/test/a.txt").write_text(text)
        with pytest.raises(StudyError, match=r"a\.txt"):
            open_dataset("yard", root)

    def test_labels_for_some_videos_only_are_refused(self, root: Path) -> None:
        """Either all test videos are labelled or none."""
        (root / "yard/test/a.txt").write_text("0\n1\n1\n")
        with pytest.raises(StudyError, match="b has none"):
            open_dataset("yard", root)
