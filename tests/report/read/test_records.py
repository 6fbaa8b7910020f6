import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.terms import read_terms, round_terms, write_terms
from benchmarks.report.read.records import compared_with, load_records, read_record
from benchmarks.run.labelling import Difference
from benchmarks.study.presets import resolve

SETTINGS = resolve(dataset="ped2", method="mnad", task="prediction", profile="smoke")


class TestLoadRecords:
    def test_reads_what_lies_there(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Every record comes back with its settings and seed, sorted."""
        for seed in (1, 0):
            write_record(tmp_path, SETTINGS, seed)
        assert [(one.settings, one.seed) for one in load_records(tmp_path)] == [(SETTINGS, 0), (SETTINGS, 1)]

    def test_chooses_by_dataset_and_profile(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Data set and profile choose among the records."""
        write_record(tmp_path, SETTINGS, 0)
        assert len(load_records(tmp_path, "ped2", "smoke")) == 1
        assert load_records(tmp_path, "avenue") == load_records(tmp_path, "ped2", "paper") == []

    def test_nothing_is_no_error(self, tmp_path: Path) -> None:
        """A folder without records gives none."""
        assert load_records(tmp_path) == []


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed for the user; each sentence is said once, so a test reads it where it is first said."""
    return capsys.readouterr().err


def relabel(path: Path) -> None:
    """Invert the labels of a record's table."""
    table = read_terms(path.with_suffix(".csv.gz"))
    write_terms(round_terms(table.assign(label=1 - table["label"])), path.with_suffix(".csv.gz"))


class TestLeftOut:
    """What is left out of every view, with one line that names the file and the remedy."""

    @pytest.mark.parametrize("damaged", ["record", "table", "lost table"])
    def test_a_damaged_record_takes_only_its_own_cell(
        self, tmp_path: Path, write_record: Callable[..., Path], capsys: pytest.CaptureFixture[str], damaged: str
    ) -> None:
        """The other records stand; the line comes once, however often views ask."""
        kept, bad = (write_record(tmp_path, SETTINGS, seed) for seed in (0, 1))
        file = bad if damaged == "record" else bad.with_suffix(".csv.gz")
        if damaged == "lost table":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:100])
        for _ in range(2):
            assert [record.path for record in load_records(tmp_path)] == [kept]
        (line,) = said(capsys).splitlines()
        assert str(file) in line
        assert "run" in line
        assert "the cell again" in line

    @pytest.mark.parametrize(
        "change", [{"metrics": []}, {"headline": {}}, {"epochs": None}, {"fingerprint": None}, {"data": 1}]
    )
    def test_a_record_of_odd_parts_is_damaged(
        self, tmp_path: Path, write_record: Callable[..., Path], change: dict[str, object]
    ) -> None:
        """A part of another kind than a cell writes ends in no traceback."""
        write_record(tmp_path, SETTINGS, 0, **change)
        assert load_records(tmp_path) == []

    def test_a_copy_under_another_name_is_no_record(
        self, tmp_path: Path, write_record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What a synchronising tool calls a conflict does not replace a seed."""
        path = write_record(tmp_path, SETTINGS, 0)
        copy = path.with_name("seed-x.json")
        copy.write_bytes(path.read_bytes())
        assert [record.path for record in load_records(tmp_path)] == [path]
        assert str(copy) in said(capsys)

    def test_no_two_labellings(
        self, tmp_path: Path, write_record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Without data, the records that most others contradict are left out, and the remedy is named."""
        paths = [write_record(tmp_path, SETTINGS, seed) for seed in (0, 1, 2)]
        relabel(paths[1])
        assert [record.seed for record in load_records(tmp_path)] == [0, 2]
        line = said(capsys)
        assert "seed1" in line
        assert "make measure" in line
        paths[2].unlink()
        with pytest.raises(StudyError, match=r"same labels.*make measure"):
            load_records(tmp_path)

    @pytest.mark.parametrize(
        ("difference", "remedy"),
        [
            (Difference(labels=("01",)), "make measure"),
            (Difference("test frames differ from those it was made on"), "reproduce"),
        ],
        ids=["labels", "frames"],
    )
    def test_what_differs_from_the_data_here(
        self,
        tmp_path: Path,
        write_record: Callable[..., Path],
        capsys: pytest.CaptureFixture[str],
        difference: Difference,
        remedy: str,
    ) -> None:
        """A command that knows the data leaves out what was made or measured on other data."""
        write_record(tmp_path, SETTINGS, 0)
        write_record(tmp_path, SETTINGS, 1)
        with compared_with(lambda _, content, __: difference if content["seed"] == 1 else Difference()):
            assert [record.seed for record in load_records(tmp_path)] == [0]
        line = said(capsys)
        assert remedy in line
        assert "seed1" in line
        assert len(load_records(tmp_path)) == 2


class TestReadRecord:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"schema": 2}, "schema 1"),
            ({"settings_hash": "0" * 64}, "hash"),
            ({"settings": {"method": "mnad", "colour": 1}}, "colour is no setting"),
        ],
    )
    def test_refuses_what_is_no_record(
        self, tmp_path: Path, write_record: Callable[..., Path], change: dict[str, object], named: str
    ) -> None:
        """Another schema, another hash or an unknown setting is refused, and the file is named."""
        path = write_record(tmp_path, SETTINGS, 0, **change)
        with pytest.raises(StudyError, match=named) as raised:
            read_record(path)
        assert str(path) in str(raised.value)

    def test_refuses_a_torn_file(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Half a file is refused by name."""
        path = write_record(tmp_path, SETTINGS, 0)
        path.write_text(path.read_text()[:100])
        with pytest.raises(StudyError, match="whole record"):
            read_record(path)

    def test_names_what_is_missing(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A record without metrics is incomplete."""
        path = write_record(tmp_path, SETTINGS, 0)
        content = json.loads(path.read_text())
        del content["metrics"]
        path.write_text(json.dumps(content))
        with pytest.raises(StudyError, match="metrics is missing"):
            read_record(path)


class TestRecord:
    def test_metric_defaults_to_the_published_one(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Without arguments a metric is the headline's; an unknown variant has none."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        assert record.metric("micro_auc") == record.content["metrics"]["update"]["fused"]["per_video"]["micro_auc"]
        assert record.metric("micro_auc", variant="unheard_of") is None

    def test_variant_without_the_published_score(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A variant without feature distance is compared by its PSNR."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        assert (record.variant_score("no_update"), record.variant_score("read_zeros")) == ("fused", "psnr")
        assert record.variant_score("unheard_of") is None

    def test_frames(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """The table of terms beside the record is read on demand, and refused by name where it is gone."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        assert {"video", "frame", "label", "update.mse"} <= set(record.frames().columns)
        record.path.with_name("seed-0.csv.gz").unlink()
        with pytest.raises(StudyError, match=r"seed-0\.csv\.gz"):
            record.frames()
