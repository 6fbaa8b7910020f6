"""The files that an inspection leaves."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import StudyError
from benchmarks.run.inspect.file import InspectionFile


def made_up() -> InspectionFile:
    """An inspection of a network without memory."""
    return InspectionFile(
        still_kind=np.array(["normal"]),
        still_video=np.array(["01"]),
        still_frame=np.array([3]),
        still_input=np.zeros((1, 4, 4, 1), np.uint8),
        still_target=np.ones((1, 4, 4, 1), np.uint8),
        still_output=np.ones((1, 4, 4, 1), np.uint8),
        still_error=np.zeros((1, 4, 4), np.float16),
        frames=np.array(7),
        query=np.ones((2, 3), np.float16),
    )


class TestInspectionFile:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        """Arrays keep values and types, what is absent stays absent, and no other file is left."""
        look = made_up()
        look.save(tmp_path / InspectionFile.NAME)
        assert [path.name for path in tmp_path.iterdir()] == ["look.npz"]
        again = InspectionFile.load(tmp_path / InspectionFile.NAME)
        for name, value in vars(look).items():
            found = getattr(again, name)
            if value is None:
                assert found is None
                continue
            np.testing.assert_array_equal(found, value)
            assert found.dtype == value.dtype

    @pytest.mark.parametrize("spoil", ["missing", "cut", "other", "another run's"])
    def test_one_that_cannot_be_read_gets_a_sentence(self, tmp_path: Path, spoil: str) -> None:
        """A file that is not there, cut off, of other arrays or of another run is named with what to do."""
        path = tmp_path / InspectionFile.NAME
        if spoil == "cut":
            made_up().save(path)
            path.write_bytes(path.read_bytes()[:100])
        elif spoil == "other":
            np.savez(path, colour=np.zeros(3))
        elif spoil == "another run's":
            made_up().save(tmp_path / "seed1" / InspectionFile.NAME)
            (tmp_path / "seed1" / InspectionFile.NAME).rename(path)
        with pytest.raises(StudyError, match="run make inspect-STUDY") as raised:
            InspectionFile.load(path)
        assert str(path) in str(raised.value)

    def test_a_folder_that_refuses_gets_a_sentence(self, tmp_path: Path) -> None:
        """What cannot be written is named."""
        (tmp_path / "taken").write_text("a file where a folder is wanted")
        with pytest.raises(StudyError, match="Expected to write"):
            made_up().save(tmp_path / "taken" / InspectionFile.NAME)
