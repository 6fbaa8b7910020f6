"""Pixel masks in arrays: benchmarks/data/array_masks.py."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.data.array_masks import array_masks
from benchmarks.errors import StudyError


class TestArrayMasks:
    def test_gives_the_mask_of_a_frame(self, tmp_path: Path) -> None:
        """Any value but 0 is abnormal."""
        values = np.zeros((3, 4, 5), dtype=np.uint8)
        values[1, 2, 3] = 255
        np.save(tmp_path / "a.npy", values)
        masks = array_masks(tmp_path / "a.npy", 3)
        np.testing.assert_array_equal(masks(1), values[1] != 0)
        assert masks(0).dtype == np.bool_
        assert not masks(2).any()

    @pytest.mark.parametrize("shape", [(2, 4, 5), (3, 4), (3,)])
    def test_another_number_or_shape_is_refused(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        """The sentence names the file and what it holds."""
        np.save(tmp_path / "a.npy", np.zeros(shape))
        with pytest.raises(StudyError, match=r"3 masks, one per frame.*a\.npy, but it holds an array of shape"):
            array_masks(tmp_path / "a.npy", 3)

    def test_a_damaged_file_is_refused(self, tmp_path: Path) -> None:
        """What NumPy cannot read names itself."""
        (tmp_path / "a.npy").write_bytes(b"no array")
        with pytest.raises(StudyError, match=r"a\.npy, but it is another file"):
            array_masks(tmp_path / "a.npy", 3)
