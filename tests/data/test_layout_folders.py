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


class TestFind:
    def test_a_name_may_have_capital_letters(self, root: Path) -> None:
        """A folder `Yard2` is found as it is written, in the root and as the root."""
        (root / "yard").rename(root / "Yard2")
        assert [len(open_dataset("Yard2", place).train) for place in (root, root / "Yard2")] == [1, 1]
        assert len(open_dataset("yard2", root / "Yard2").train) == 1

    def test_a_folder_may_be_a_link_to_one_of_another_name(self, root: Path) -> None:
        """A link `garden` to the set's folder is the set `garden`, in the root and as the root."""
        (root / "links").mkdir()
        (root / "links" / "garden").symlink_to(root / "yard")
        for place in (root / "links", root / "links" / "garden"):
            assert len(open_dataset("garden", place).test) == 2

    @pytest.mark.parametrize(
        ("name", "place"),
        [("", "yard"), (".", "yard"), ("..", "yard/train"), ("inner/yard", "."), ("{root}/yard", ".")],
    )
    def test_a_path_is_no_name(self, root: Path, name: str, place: str) -> None:
        """What would lead to another folder than one in the root is not recognised."""
        (root / "inner").mkdir()
        (root / "inner" / "yard").symlink_to(root / "yard")
        with pytest.raises(StudyError, match="no layout"):
            open_dataset(name.format(root=root), root / place)


class TestRead:
    def test_labels_are_optional(self, root: Path) -> None:
        """Without label files the test videos have none."""
        dataset = open_dataset("yard", root)
        assert [v.labels for v in dataset.test] == [None, None]
        assert dataset.layout == "folders"

    def test_says_where_labels_come_from(self, root: Path) -> None:
        """Nowhere without label files, else from one file per video."""
        assert open_dataset("yard", root).labels_from == ""
        for video in "ab":
            (root / "yard/test" / f"{video}.txt").write_text("0\n1\n1\n")
        assert open_dataset("yard", root).labels_from == "one file per video"

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
