"""Folders as people leave them: benchmarks/data/listing.py."""

from pathlib import Path

import pytest

from benchmarks.data.listing import folders_in, images_in, natural_key
from benchmarks.errors import StudyError


def names_in_order(folder: Path, names: list[str]) -> list[str]:
    """The stems of images of these names, in the order in which they are read."""
    for name in names:
        (folder / f"{name}.png").touch()
    return [path.stem for path in images_in(folder)]


class TestNaturalKey:
    def test_superscripts_are_no_numbers(self) -> None:
        """`²` is a digit to Python, but no number."""
        assert natural_key("1²") != natural_key("12")


class TestImagesIn:
    @pytest.mark.parametrize(
        "names",
        [
            ["t0.0", "t0.25", "t0.5", "t0.75", "t1.0", "t1.25"],
            ["1.8", "1.9", "1.10", "1.11"],
            ["cam1.5_9", "cam1.5_10"],
            ["001", "002", "010", "frame001", "frame002"],
            ["12.9.1", "12.10.1", "12.10.2"],
        ],
    )
    def test_seconds_and_counters_are_told_apart(self, tmp_path: Path, names: list[str]) -> None:
        """What counts in equal steps is the order."""
        assert names_in_order(tmp_path, sorted(names)) == names

    @pytest.mark.parametrize("names", [["t0.25", "t0.5", "t0.9"], ["0f", "9a", "10"], ["b1", "b_9", "b_10"]])
    def test_an_order_that_is_not_certain_is_refused(self, tmp_path: Path, names: list[str]) -> None:
        """Uneven seconds, hexadecimal counters, two counters in one folder."""
        with pytest.raises(StudyError, match="rename them 0001"):
            names_in_order(tmp_path, names)

    def test_says_what_is_there_instead(self, tmp_path: Path) -> None:
        """A folder of other files."""
        (tmp_path / "a.gif").touch()
        with pytest.raises(StudyError, match=r"holds none but \.gif"):
            images_in(tmp_path)


class TestFoldersIn:
    def test_stray_folders_are_left_out(self, tmp_path: Path) -> None:
        """What macOS, NAS boxes and file systems leave."""
        for name in ("01", "__MACOSX", "@eaDir", "lost+found", ".cache"):
            (tmp_path / name).mkdir()
        assert [path.name for path in folders_in(tmp_path)] == ["01"]

    def test_a_folder_of_folders_called_frames_is_looked_into(self, tmp_path: Path) -> None:
        """train/frames/01, as the frame-prediction layout has it."""
        (tmp_path / "frames" / "01").mkdir(parents=True)
        assert [path.name for path in folders_in(tmp_path)] == ["01"]

    def test_images_side_by_side_are_named(self, tmp_path: Path) -> None:
        """Frames straight in train/: which video each belongs to is not known."""
        (tmp_path / "001.png").touch()
        with pytest.raises(StudyError, match="1 images side by side; put those of each video into a folder"):
            folders_in(tmp_path)
