"""All records as one table: benchmarks/report/read/frame.py."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.read.frame import COLUMNS, FILE, records_frame, write_frame
from benchmarks.report.read.records import load_records
from benchmarks.study.presets import resolve

ROOT = Path(__file__).parents[3]


@pytest.fixture
def results(tmp_path: Path, write_record: Callable[..., Path]) -> Path:
    """Two seeds of MNAD with memory, one without, and one run of PCA."""
    own = resolve(dataset="ped2", method="mnad", task="prediction", memory="own", profile="cpu")
    none = resolve(dataset="ped2", method="mnad", task="prediction", memory="none", profile="cpu")
    pca = resolve(dataset="synthetic", method="pca", task="reconstruction", profile="small")
    for settings, seed in ((own, 0), (own, 1), (none, 0), (pca, 0)):
        write_record(tmp_path, settings, seed)
    return tmp_path


class TestRecordsFrame:
    """The frame itself."""

    def test_holds_each_number_of_each_record_once(self, results: Path) -> None:
        """The rows are the records' numbers, each beside its record's settings."""
        records, frame = load_records(results), records_frame(results)
        keys = ["variant", "score", "normalisation", "quantity"]
        for record in records:
            own = frame[(frame["dataset"] == record.settings.dataset) & (frame["seed"] == record.seed)]
            own = own[own["record"].str.contains(record.settings.name)]
            assert dict(zip(own[keys].itertuples(index=False, name=None), own["value"], strict=True)) == record.numbers
            assert (own["method"] == record.settings.method).all()
            assert own["items"].isna().all() if record.settings.items is None else (own["items"] == 10).all()
        assert len(frame) == sum(len(record.numbers) for record in records)

    def test_one_row_per_run_is_the_published_auc(self, results: Path) -> None:
        """Selecting what is published and normalised per video gives each record's headline."""
        frame = records_frame(results)
        chosen = frame[
            frame["published"] & (frame["quantity"] == "micro_auc") & (frame["normalisation"] == "per_video")
        ]
        assert chosen["value"].tolist() == [record.metric("micro_auc") for record in load_records(results)]

    def test_is_empty_without_records(self, tmp_path: Path) -> None:
        """No record is no error, and the columns that hold numbers are there."""
        frame = records_frame(tmp_path)
        assert frame.empty
        assert {"record", "quantity", "value"} <= set(frame.columns)


class TestWriteFrame:
    """The file and back."""

    def test_reads_back_what_the_records_hold(self, results: Path) -> None:
        """The file has the frame to the last bit, whatever its text columns are stored as."""
        frame = records_frame(results)
        write_frame(frame, results)
        plain = dict.fromkeys(frame.select_dtypes("category").columns, "object")
        keys = ["variant", "score", "normalisation"]
        found = pd.read_csv(results / FILE, low_memory=False).fillna(dict.fromkeys(keys, ""))
        pd.testing.assert_frame_equal(found.astype(plain), frame.astype(plain), check_dtype=False)

    def test_is_what_pandas_would_write(self, results: Path) -> None:
        """Formatting each record's columns once changes nothing."""
        frame = records_frame(results)
        path = write_frame(frame, results)
        assert gzip.decompress(path.read_bytes()).decode() == frame.to_csv(index=False, lineterminator="\n")

    def test_gives_the_same_bytes_and_leaves_a_file_with_that_content(self, results: Path) -> None:
        """Twice the same bytes, and the same text packed otherwise stays as it is."""
        frame = records_frame(results)
        first = write_frame(frame, results).read_bytes()
        (results / FILE).unlink()
        assert write_frame(frame, results).read_bytes() == first
        otherwise = gzip.compress(gzip.decompress(first), compresslevel=1, mtime=0)
        (results / FILE).write_bytes(otherwise)
        assert write_frame(frame, results).read_bytes() == otherwise


class TestColumns:
    """The documentation of the file."""

    @pytest.mark.parametrize("document", ["docs/results.md", "results/README.md"])
    def test_documents_describe_each_column(self, document: str) -> None:
        """Each document has a line per column, in the words of COLUMNS."""
        text = re.sub(r"\s+", " ", (ROOT / document).read_text())
        assert all(f"| `{name}` | {what} |" in text for name, what in COLUMNS.items())

    def test_are_those_of_the_frame(self, results: Path) -> None:
        """No column is without a description, settings apart, which share one."""
        described = [name for name in COLUMNS if "…" not in name]
        frame = records_frame(results)
        settings = {name for record in load_records(results) for name in record.settings.to_dict()}
        assert [name for name in frame.columns if name not in settings] == described
