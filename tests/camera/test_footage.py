"""Finding videos and labels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad.footage import Source, find_labels, find_sources, read_labels
from tests.support.moving_clips import scene

TIMES = np.arange(10) / 10


class TestFindSources:
    def test_any_mix(self, tmp_path: Path) -> None:
        """Files and folders of frames lie side by side; labels, hidden files and system folders are passed over."""
        for name in ("b.MP4", "a.mkv", "a.txt", ".hidden.mp4"):
            (tmp_path / "cam" / name).parent.mkdir(exist_ok=True)
            (tmp_path / "cam" / name).write_bytes(b"x")
        for folder in ("frames", "__MACOSX"):
            (tmp_path / "cam" / folder).mkdir()
            cv2.imwrite(str(tmp_path / "cam" / folder / "1.png"), scene(0))
        assert [source.name for source in find_sources([tmp_path / "cam"])] == ["a.mkv", "b.MP4", "frames"]
        assert {source.camera for source in find_sources([tmp_path / "cam"])} == {"cam"}

    def test_a_folder_without_videos(self, tmp_path: Path) -> None:
        """The sentence says what was found instead."""
        (tmp_path / "notes.docx").write_bytes(b"x")
        with pytest.raises(StudyError, match=r"holds notes.docx"):
            find_sources([tmp_path])

    def test_a_path_that_is_not_there(self, tmp_path: Path) -> None:
        """A misspelt path is named."""
        with pytest.raises(StudyError, match="absent"):
            find_sources([tmp_path / "absent.mp4"])


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
