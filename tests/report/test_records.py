import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.records import load_records, read_record
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


class TestReadRecord:
    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"schema": 2}, "schema 1"),
            ({"settings_hash": "0" * 64}, "hash"),
            ({"settings": {"method": "mnad", "colour": 1}}, "colour"),
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
        with pytest.raises(StudyError, match="JSON"):
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
