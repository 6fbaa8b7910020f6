"""Finding videos."""

from pathlib import Path

import cv2
import pytest

from benchmarks.errors import StudyError
from memory_vad.footage import find_sources
from tests.support.moving_clips import scene


class TestFindSources:
    def test_any_mix(self, tmp_path: Path) -> None:
        """Files and folders of frames lie side by side; labels, masks, hidden files and system folders are passed over."""
        for name in ("b.MP4", "a.mkv", "a.txt", ".hidden.mp4"):
            (tmp_path / "cam" / name).parent.mkdir(exist_ok=True)
            (tmp_path / "cam" / name).write_bytes(b"x")
        for folder in ("frames", "__MACOSX", "a_gt"):
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
