"""Decoding: every common container and codec, times rather than counts."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad.decode import Picture, pictures, resampled
from tests.support.moving_clips import scene, turn_in_header, write_clip

KINDS = [
    ("a.mp4", "libx264", "yuv420p"),
    ("a.mov", "libx264", "yuv420p"),
    ("a.mkv", "libx265", "yuv420p"),
    ("a.avi", "mpeg4", "yuv420p"),
    ("a.webm", "libvpx-vp9", "yuv420p"),
    ("a.mkv", "ffv1", "yuv420p"),
    ("a.mp4", "libx265", "yuv420p10le"),
]


class TestPictures:
    @pytest.mark.parametrize(("name", "codec", "pixels"), KINDS)
    def test_containers_and_codecs(self, tmp_path: Path, name: str, codec: str, pixels: str) -> None:
        """All frames come, at their times, and look like what was written; ten bits a channel become eight."""
        path = write_clip(tmp_path / name, 1, codec=codec, pixels=pixels)
        found = list(pictures(path))
        assert [round(picture.time, 3) for picture in found] == [i / 20 for i in range(20)]
        assert np.abs(found[7].image().astype(int) - scene(7)).mean() < 6
        assert found[7].image(grey=True).shape == (64, 96)

    def test_portrait_and_odd_sizes(self, tmp_path: Path) -> None:
        """Heights above the width and odd sides are kept."""
        path = write_clip(tmp_path / "a.mkv", 0.5, size=(51, 97), codec="ffv1", pixels="bgr0")
        assert next(pictures(path)).image().shape == (97, 51, 3)

    def test_rotation_flag(self, tmp_path: Path) -> None:
        """A phone's rotation flag is obeyed: pictures come upright."""
        path = write_clip(tmp_path / "a.mp4", 0.5)
        turn_in_header(path)
        expected = np.rot90(scene(0), -1)
        found = next(pictures(path)).image()
        assert found.shape == expected.shape
        assert np.abs(found.astype(int) - expected).mean() < 6

    def test_variable_rate_is_resampled_by_time(self, tmp_path: Path) -> None:
        """At each tick comes the picture that a player would show then, whatever the file's rate."""
        times = [0, 0.05, 0.1, 0.15, 0.6, 0.65, 1.0]
        path = write_clip(tmp_path / "a.mkv", times=times)
        found = list(pictures(path, 10))
        assert [round(picture.time, 3) for picture in found] == [i / 10 for i in range(11)]
        # From 0.15 to 0.6 s the fourth picture stands still.
        assert np.array_equal(found[2].image(), found[5].image())
        assert not np.array_equal(found[5].image(), found[6].image())

    def test_folder_of_frames(self, tmp_path: Path) -> None:
        """A folder of images is a video; numbers count in natural order."""
        for index in (1, 2, 10):
            cv2.imwrite(str(tmp_path / f"{index}.png"), scene(index))
        found = list(pictures(tmp_path, folder_fps=5))
        assert [picture.time for picture in found] == [0, 0.2, 0.4]
        assert np.array_equal(found[2].image(), scene(10))

    def test_a_size_that_changes(self, tmp_path: Path) -> None:
        """Frames of two sizes in one folder are refused, naming both."""
        cv2.imwrite(str(tmp_path / "1.png"), scene(1))
        cv2.imwrite(str(tmp_path / "2.png"), scene(2, (64, 48)))
        with pytest.raises(StudyError, match="64x48 after 96x64"):
            list(pictures(tmp_path))


class TestResampled:
    def test_a_long_gap_is_refused(self) -> None:
        """A gap of minutes would be filled with one standing picture: refused, with its place."""
        shown = (Picture(time, None) for time in (0.0, 0.1, 400.0))
        with pytest.raises(StudyError, match=r"between 0.1 s and 400.0 s"):
            list(resampled(shown, 10, "clip"))
