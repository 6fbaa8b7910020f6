"""Labels as people have them: benchmarks/data/labels.py."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from benchmarks.data.labels import ORDER, read_frame_labels, read_one_per_frame, read_pairs, read_ranges
from benchmarks.errors import StudyError


def write_cells(path: Path, *cells: object) -> Path:
    """A .mat file with the cell array `gt`."""
    array = np.empty((1, len(cells)), dtype=object)
    for place, cell in enumerate(cells):
        array[0, place] = cell
    savemat(path, {"gt": array})
    return path


def as_ranges(labels: np.ndarray) -> list[tuple[int, int]]:
    """First and last abnormal frames, one-based."""
    padded = np.concatenate([[0], labels, [0]]).astype(int)
    return list(zip(np.flatnonzero(np.diff(padded) == 1) + 1, np.flatnonzero(np.diff(padded) == -1), strict=True))


class TestReadPairs:
    @pytest.mark.parametrize(
        ("cell", "ranges"),
        [
            (np.array([[1, 5, 9], [2, 6, 10]]), [(1, 2), (5, 6), (9, 10)]),
            (np.array([[1, 2], [5, 6], [9, 10]]), [(1, 2), (5, 6), (9, 10)]),
            (np.array([[1, 5], [2, 6]]), [(1, 2), (5, 6)]),
            (np.array([[1, 2], [5, 6]]), [(1, 2), (5, 6)]),
            (np.array([[3], [7]]), [(3, 7)]),
            (np.array([[3, 7]]), [(3, 7)]),
            (np.empty((0, 0)), []),
        ],
    )
    def test_ranges_are_columns_or_rows(self, tmp_path: Path, cell: np.ndarray, ranges: list[tuple[int, int]]) -> None:
        """Where the shape or the order of numbers decides, both are read."""
        (labels,) = read_pairs(write_cells(tmp_path / "a.mat", cell), [12])
        assert as_ranges(labels) == ranges

    @pytest.mark.parametrize(
        ("cell", "said"),
        [
            (np.array([[1, 9], [9, 3]]), "either way"),
            (np.array([[1.5], [2]]), "cell 1"),
            (np.array([[np.nan], [2]]), "cell 1"),
            (np.array([[4]]), "cell 1"),
            ("text", "cell 1 of gt holds text"),
        ],
    )
    def test_other_cells_are_refused(self, tmp_path: Path, cell: object, said: str) -> None:
        """One sentence with the cell's number or the shape."""
        with pytest.raises(StudyError, match=said):
            read_pairs(write_cells(tmp_path / "a.mat", cell), [12])

    def test_columns_in_one_cell_and_rows_in_another_are_refused(self, tmp_path: Path) -> None:
        """A file has one convention."""
        path = write_cells(tmp_path / "a.mat", np.array([[1, 5, 9], [2, 6, 10]]), np.array([[1, 2], [5, 6], [9, 10]]))
        with pytest.raises(StudyError, match="neither way"):
            read_pairs(path, [12, 12])

    def test_a_damaged_file_is_a_sentence_even_where_scipy_crashes(self, tmp_path: Path) -> None:
        """Reading goes on with the next file."""
        path = write_cells(tmp_path / "a.mat", np.array([[1], [2]]))
        data = bytearray(path.read_bytes())
        said = []
        for place in range(128, len(data), 8):
            broken = bytes(data[:place]) + b"\xff\x7f\xff\x7f" + bytes(data[place + 4 :])
            (tmp_path / "b.mat").write_bytes(broken)
            try:
                read_pairs(tmp_path / "b.mat", [12])
            except StudyError as error:
                said.append(str(error))
        assert said
        assert all("b.mat" in sentence for sentence in said)
        assert as_ranges(read_pairs(path, [12])[0]) == [(1, 2)]

    def test_version_7_3_is_read_by_h5py(self, tmp_path: Path) -> None:
        """MATLAB's own default for large files."""
        h5py = pytest.importorskip("h5py")
        path = tmp_path / "a.mat"
        with h5py.File(path, "w", userblock_size=512) as file:
            cell = file.create_dataset("#refs#/a", data=np.array([[1, 5, 9], [2, 6, 10]]).T)
            file.create_dataset("gt", data=np.array([[cell.ref]], dtype=h5py.ref_dtype))
        with path.open("r+b") as raw:
            raw.write(b"MATLAB 7.3 MAT-file".ljust(128))
        assert as_ranges(read_pairs(path, [12])[0]) == [(1, 2), (5, 6), (9, 10)]


class TestOrder:
    NAMES = ("1", "2", "10")

    def test_two_orders_are_refused_with_both(self, tmp_path: Path) -> None:
        """Joined labels of videos 1, 2, ..., 10: most loaders join them as 1, 10, 2."""
        np.save(tmp_path / "a.npy", np.zeros(6))
        with pytest.raises(StudyError, match=r"natural \(1, 2, 10, .*sorted \(1, 10, 2.*label_order.txt"):
            read_frame_labels(tmp_path / "a.npy", [1, 2, 3], self.NAMES)

    @pytest.mark.parametrize(("word", "third"), [("natural", [0, 1, 1]), ("sorted\n", [1, 0, 0])])
    def test_a_named_order_is_followed(self, tmp_path: Path, word: str, third: list[int]) -> None:
        """A file beside the labels names it; every reader of joined labels follows."""
        (tmp_path / ORDER).write_text(word)
        np.save(tmp_path / "a.npy", np.array([1, 1, 0, 0, 1, 1]))
        labels = read_frame_labels(tmp_path / "a.npy", [1, 2, 3], self.NAMES)
        assert [len(one) for one in labels] == [1, 2, 3]
        assert labels[2].tolist() == third
        (tmp_path / "a.m").write_text("x.gt_frame = [1];\n" * 2 + "x.gt_frame = [2];\n")
        by_ranges = read_ranges(tmp_path / "a.m", [1, 2, 3] if word == "natural" else [1, 3, 2], self.NAMES)
        assert [one.sum() for one in by_ranges] == [1, 1, 1]

    def test_names_with_zeros_have_one_order(self, tmp_path: Path) -> None:
        """Nothing is asked where nothing is open."""
        np.save(tmp_path / "a.npy", np.array([0, 1]))
        assert [one.tolist() for one in read_frame_labels(tmp_path / "a.npy", [1, 1], ["02", "10"])] == [[0], [1]]


class TestReadOnePerFrame:
    @pytest.mark.parametrize("text", ["0\n1\n", "0 1", "0,1\n", "\ufeff0\n1\n", "0 # first\n1\n"])
    def test_text_in_the_forms_people_have(self, tmp_path: Path, text: str) -> None:
        """Lines, spaces, commas, a byte order mark, comments."""
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        assert read_one_per_frame(tmp_path / "a.txt", 2).tolist() == [0, 1]

    @pytest.mark.parametrize(
        ("array", "said"),
        [
            (np.array(["0", "1"]), "its values are text"),
            (np.zeros(2, dtype=[("a", "u1")]), "its values are records"),
            (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"), "its values are dates"),
            (np.array([0.0, np.nan]), "2 values"),
        ],
    )
    def test_arrays_of_other_kinds_are_refused(self, tmp_path: Path, array: np.ndarray, said: str) -> None:
        """One sentence: what came."""
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(StudyError, match=said):
            read_one_per_frame(tmp_path / "a.npy", 2)

    def test_an_archive_under_the_name_of_an_array_is_refused(self, tmp_path: Path) -> None:
        """.npz renamed .npy."""
        np.savez(tmp_path / "a.npz", np.zeros(2))
        (tmp_path / "a.npz").rename(tmp_path / "a.npy")
        with pytest.raises(StudyError, match=r"it is a \.npz archive"):
            read_one_per_frame(tmp_path / "a.npy", 2)

    def test_a_header_that_claims_terabytes_takes_no_memory(self, tmp_path: Path) -> None:
        """The file is mapped, and is too short for that."""
        np.save(tmp_path / "a.npy", np.zeros(2, dtype=np.uint8))
        data = (tmp_path / "a.npy").read_bytes()
        (tmp_path / "a.npy").write_bytes(data.replace(b"(2,), }         ", b"(99999999999,), }"[:16]))
        with pytest.raises(StudyError, match=r"a\.npy"):
            read_one_per_frame(tmp_path / "a.npy", 2)
