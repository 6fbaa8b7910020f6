import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.errors import StudyError
from benchmarks.measure.terms import (
    ORIENTATION,
    PSNR_CAP,
    orientation,
    psnr_from_mse,
    read_terms,
    round_terms,
    select_variant,
    write_terms,
)

Golden = Callable[[str], dict[str, np.ndarray]]
finite = st.floats(allow_nan=False, allow_infinity=False)


def table(**columns: object) -> pd.DataFrame:
    """Three frames of two videos with the given terms."""
    keys = {"video": ["01", "01", "NA"], "frame": [4, 5, 4], "label": [0, 1, 1], "kind": [0, 2, 3]}
    return pd.DataFrame(keys | columns)


class TestOrientation:
    def test_only_psnr_falls_with_abnormality(self) -> None:
        """Errors and distances are high for abnormal frames, PSNR is low."""
        assert {term for term in ORIENTATION if orientation(term) < 0} == {"psnr"}

    def test_refuses_an_unknown_term(self) -> None:
        """A term without an orientation is named together with the known ones."""
        with pytest.raises(StudyError, match=r"'sharpness'.*feature_distance"):
            orientation("sharpness")


class TestPsnrFromMse:
    def test_golden(self, golden: Golden) -> None:
        """PSNR agrees with MNAD's on its own mean squared errors."""
        scores = golden("mnad_scores")
        np.testing.assert_allclose(psnr_from_mse(scores["mse"]), scores["psnr"], rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize("task", ["pred", "recon"])
    def test_golden_trace(self, golden: Golden, task: str) -> None:
        """PSNR agrees with the evaluation traces to 1e-4 dB."""
        trace = golden(f"mnad_eval_trace_{task}")
        np.testing.assert_allclose(psnr_from_mse(trace["mse"]), trace["psnr"], rtol=0, atol=1e-4)

    def test_perfect_frame_gets_the_cap(self) -> None:
        """A mean squared error of 0 gives the cap, not infinity, and nothing lies above it."""
        np.testing.assert_array_equal(psnr_from_mse([0.0, 1e-300, 1e-10, 1.0]), [PSNR_CAP, PSNR_CAP, PSNR_CAP, 0.0])

    @pytest.mark.parametrize("bad", [-1e-9, np.nan, np.inf])
    def test_refuses_what_is_no_error(self, bad: float) -> None:
        """Negative and non-finite errors are refused."""
        with pytest.raises(StudyError, match="finite mean squared errors"):
            psnr_from_mse([0.1, bad])


class TestRoundTerms:
    def test_keeps_seven_significant_digits(self) -> None:
        """Float columns keep seven significant digits whatever their size."""
        rounded = round_terms(table(mse=[1.23456789e-5, 123456789.0, -0.1]))
        assert rounded["mse"].tolist() == [1.234568e-5, 123456800.0, -0.1]

    def test_widens_types(self) -> None:
        """float32 becomes float64, integers int64, keys their fixed types."""
        rounded = round_terms(
            table(mse=np.float32([0.1, 0.2, 0.3]), nearest=np.uint8([1, 2, 3]), updated=[True, False, True])
        )
        assert rounded["mse"].tolist() == [0.1, 0.2, 0.3]
        kinds = {name: str(kind) for name, kind in rounded.dtypes.items()}
        assert kinds == {
            "video": "str",
            "frame": "int64",
            "label": "uint8",
            "kind": "uint8",
            "mse": "float64",
            "nearest": "int64",
            "updated": "bool",
        }

    @given(st.lists(finite, min_size=3, max_size=3))
    def test_twice_is_once(self, values: list[float]) -> None:
        """Rounding a rounded table changes nothing."""
        once = round_terms(table(mse=values))
        pd.testing.assert_frame_equal(round_terms(once), once, check_exact=True)


class TestSelectVariant:
    def test_takes_one_variant(self) -> None:
        """The keys stay, the variant's prefix goes, other variants go."""
        taken = select_variant(table(**{"update.psnr": [1.0] * 3, "no_update.psnr": [2.0] * 3}), "update")
        assert list(taken.columns) == ["video", "frame", "label", "kind", "psnr"]
        assert taken["psnr"].tolist() == [1.0] * 3

    def test_names_the_variants_there_are(self) -> None:
        """An unknown variant is refused with the list of the table's own."""
        with pytest.raises(StudyError, match=r"'plain'.*update"):
            select_variant(table(**{"update.psnr": [1.0] * 3}), "plain")


class TestWriteAndReadTerms:
    @settings(max_examples=40)
    @given(st.lists(finite, min_size=3, max_size=3))
    def test_round_trip_is_exact(self, tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
        """What is read is what was written, bit for bit, types and video names like 01 and NA included."""
        path = tmp_path_factory.mktemp("terms") / "seed-0.csv.gz"
        written = round_terms(table(mse=values, updated=[True, False, True]))
        write_terms(written, path)
        back = read_terms(path)
        pd.testing.assert_frame_equal(back, written, check_exact=True)
        assert back["mse"].to_numpy().tobytes() == written["mse"].to_numpy().tobytes()

    def test_bytes_depend_on_the_content_alone(self, tmp_path: Path) -> None:
        """Two files of one table are equal byte by byte, whatever they are called."""
        written = round_terms(table(mse=[0.1, 0.2, 0.3]))
        write_terms(written, tmp_path / "a.csv.gz")
        write_terms(written, tmp_path / "another.csv.gz")
        first, second = (tmp_path / "a.csv.gz").read_bytes(), (tmp_path / "another.csv.gz").read_bytes()
        assert first == second
        assert first[4:8] == b"\0\0\0\0"

    def test_leaves_nothing_else_in_the_folder(self, tmp_path: Path) -> None:
        """The temporary file is gone when the table is there, also when it replaced an older one."""
        for value in (0.1, 0.2):
            write_terms(round_terms(table(mse=[value] * 3)), tmp_path / "seed-0.csv.gz")
        assert [path.name for path in tmp_path.iterdir()] == ["seed-0.csv.gz"]
        assert read_terms(tmp_path / "seed-0.csv.gz")["mse"].tolist() == [0.2] * 3

    def test_is_plain_csv(self, tmp_path: Path) -> None:
        """The table can be read without the project."""
        write_terms(round_terms(table(mse=[0.1, 0.2, 0.3])), tmp_path / "t.csv.gz")
        lines = gzip.decompress((tmp_path / "t.csv.gz").read_bytes()).decode().splitlines()
        assert lines[:2] == ["video,frame,label,kind,mse", "01,4,0,0,0.1"]

    def test_refuses_a_table_that_was_not_rounded(self, tmp_path: Path) -> None:
        """More digits than are kept would make the record's metrics differ from the table's."""
        with pytest.raises(StudyError, match="round_terms"):
            write_terms(table(mse=[0.123456789, 0.2, 0.3]), tmp_path / "t.csv.gz")
        assert not list(tmp_path.iterdir())

    def test_refuses_a_term_that_is_not_finite(self, tmp_path: Path) -> None:
        """A NaN is refused with its column and row."""
        with pytest.raises(StudyError, match=r"nan in mse, row 1"):
            write_terms(round_terms(table(mse=[0.1, np.nan, 0.3])), tmp_path / "t.csv.gz")

    def test_says_where_it_cannot_write(self, tmp_path: Path) -> None:
        """A folder that cannot be made gives a sentence with the path."""
        (tmp_path / "taken").write_text("a file where a folder is wanted")
        with pytest.raises(StudyError, match=r"Expected to write .*taken"):
            write_terms(round_terms(table(mse=[0.1] * 3)), tmp_path / "taken" / "t.csv.gz")

    def test_a_failed_move_keeps_the_old_table(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the disk gives up at the last step the old file stays whole and no temporary file is left."""
        path = tmp_path / "t.csv.gz"
        write_terms(round_terms(table(mse=[0.1] * 3)), path)

        def fail(self: Path, target: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", fail)
        with pytest.raises(StudyError, match="No space left on device"):
            write_terms(round_terms(table(mse=[0.2] * 3)), path)
        assert read_terms(path)["mse"].tolist() == [0.1] * 3
        assert [file.name for file in tmp_path.iterdir()] == ["t.csv.gz"]

    @pytest.mark.parametrize("keep", [0, 10, -5])
    def test_refuses_a_file_that_is_cut_off(self, tmp_path: Path, keep: int) -> None:
        """A torn file gives a sentence, not half a table."""
        path = tmp_path / "t.csv.gz"
        write_terms(round_terms(table(mse=[0.1] * 3)), path)
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(StudyError, match="gzipped table of score terms"):
            read_terms(path)

    def test_refuses_a_missing_file(self, tmp_path: Path) -> None:
        """A missing file gives a sentence with its path."""
        with pytest.raises(StudyError, match=r"nowhere\.csv\.gz"):
            read_terms(tmp_path / "nowhere.csv.gz")
