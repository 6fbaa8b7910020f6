"""Labels and masks that lie next to own videos."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad.footage import Source
from memory_vad.labels import find_labels, holds_masks, read_labels, read_masks

TIMES = np.arange(10) / 10


class TestFindLabels:
    def test_another_case_is_found(self, tmp_path: Path) -> None:
        """`Clip.TXT` belongs to `clip.mp4`; without a file there are no labels."""
        video = tmp_path / "clip.mp4"
        video.write_bytes(b"x")
        assert find_labels(Source(video, "cam")) is None
        (tmp_path / "Clip.TXT").write_text("0\n")
        assert find_labels(Source(video, "cam")) == tmp_path / "Clip.TXT"

    def test_two_files_are_refused(self, tmp_path: Path) -> None:
        """Which of two label files counts is not guessed."""
        for name in ("clip.mp4", "clip.txt", "clip.npy"):
            (tmp_path / name).write_bytes(b"x")
        with pytest.raises(StudyError, match=r"clip.npy and clip.txt"):
            find_labels(Source(tmp_path / "clip.mp4", "cam"))


class TestReadMasks:
    def masks(self, path: Path) -> np.ndarray:
        """Write ten masks, with a block in the fourth and fifth."""
        masks = np.zeros((10, 8, 8), np.uint8)
        masks[3:5, 2:6, 4:8] = 255
        if path.suffix == ".npy":
            np.save(path, masks)
        else:
            path.mkdir()
            for index, mask in enumerate(masks):
                cv2.imwrite(str(path / f"{index}.png"), mask)
        return masks > 0

    @pytest.mark.parametrize("name", ["clip.npy", "clip_gt"])
    def test_an_array_or_a_folder(self, tmp_path: Path, name: str) -> None:
        """Masks of one array or of a folder of images lie next to the video; their frames are the abnormal ones."""
        (tmp_path / "clip.mp4").write_bytes(b"x")
        masks = self.masks(tmp_path / name)
        path = find_labels(Source(tmp_path / "clip.mp4", "cam"))
        assert path == tmp_path / name
        assert holds_masks(path)
        assert np.flatnonzero(read_labels(path, TIMES, TIMES)).tolist() == [3, 4]
        np.testing.assert_array_equal(read_masks(path, TIMES, TIMES, None), masks)
        np.testing.assert_array_equal(read_masks(path, TIMES[3:5], TIMES, 4), masks[3:5, ::2, ::2])

    @pytest.mark.parametrize("name", ["clip.npy", "clip_gt"])
    def test_another_number(self, tmp_path: Path, name: str) -> None:
        """A mask is missing: one sentence with both numbers."""
        self.masks(tmp_path / name)
        with pytest.raises(StudyError, match=r"each of the 11 pictures .* holds 10"):
            read_masks(tmp_path / name, TIMES, np.arange(11) / 10, None)


class TestReadLabels:
    @pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.npy"])
    def test_one_value_a_picture(self, tmp_path: Path, name: str) -> None:
        """0 and 1 for each picture, in three forms, with or without a byte order mark."""
        values = np.array([0] * 4 + [1] * 3 + [0] * 3)
        path = tmp_path / name
        if name.endswith("npy"):
            np.save(path, values)
        else:
            path.write_text("\ufeff" + "\n".join(map(str, values)))
        assert read_labels(path, TIMES, TIMES).tolist() == values.astype(bool).tolist()

    def test_another_rate(self, tmp_path: Path) -> None:
        """Labels of a video's own pictures are read at the times that are scored."""
        path = tmp_path / "a.txt"
        path.write_text("\n".join("0" if i < 10 else "1" for i in range(20)))
        assert read_labels(path, TIMES, np.arange(20) / 20).tolist() == [False] * 5 + [True] * 5

    @pytest.mark.parametrize("text", ["0.3,0.55\n", "start,end\n0.3,0.55\n", "0.3 0.55\n"])
    def test_intervals_in_seconds(self, tmp_path: Path, text: str) -> None:
        """Start and end in seconds, with or without a heading."""
        path = tmp_path / "a.csv"
        path.write_text(text)
        assert np.flatnonzero(read_labels(path, TIMES, TIMES)).tolist() == [3, 4, 5]

    @pytest.mark.parametrize("text", ["0\n1\n", "0\n" * 9 + "2\n", "what\never\n", "5,3\n"])
    def test_anything_else_is_one_sentence(self, tmp_path: Path, text: str) -> None:
        """Another length, another value, words, and an interval that ends before it starts are refused."""
        path = tmp_path / "a.txt"
        path.write_text(text)
        with pytest.raises(StudyError, match=r"a.txt"):
            read_labels(path, TIMES, TIMES)

    def test_an_archive_called_npy(self, tmp_path: Path) -> None:
        """An .npz under the name .npy is named for what it is."""
        np.savez(tmp_path / "a.npz", labels=np.zeros(10))
        (tmp_path / "a.npz").rename(tmp_path / "a.npy")
        with pytest.raises(StudyError, match="archive"):
            read_labels(tmp_path / "a.npy", TIMES, TIMES)
