"""Records are what was written, or named: benchmarks/run/record_file.py, verify_records.py and repair.py."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.faults.readers import readers
from benchmarks.reading import DIGEST
from benchmarks.run.record import add_sections
from benchmarks.run.record_file import MANIFEST, read_content, write_manifest
from benchmarks.run.repair import repair
from benchmarks.run.verify_records import strays


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A small record of the first kind, without a digest, beside its table."""
    reader = next(one for one in readers() if one.name == "record .json")
    path = tmp_path / "results" / reader.place
    path.parent.mkdir(parents=True)
    path.write_bytes(reader.seeds[0])
    for name, content in reader.others:
        (tmp_path / "results" / name).write_bytes(content)
    return path


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a record's values in its file."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


class TestReadContent:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda one: one["headline"].update(micro_auc=123.45), "headline.micro_auc is 123.45, not 0 to 1"),
            (lambda one: one.update(metrics=[]), "metrics is list"),
            (lambda one: one.update(seed=7), "record of seed 7 under another name"),
            (lambda one: one.update(seed=True), "seed is bool"),
            (lambda one: one["settings"].update(dataset="../../elsewhere"), "none that a study can have"),
            (lambda one: one["settings"].update(dataset="other"), "its settings give the hash"),
            (lambda one: one.update(commit="a\n\\input{/etc/passwd}"), "control character"),
            (lambda one: one.update(commit="\\input"), "commit is"),
            (lambda one: one["hardware"].update(processor="\x1b[31m"), "control character"),
            (lambda one: one["hardware"].update(processor="\u202egnp"), "control character"),
            (lambda one: one.update(started="x"), "started is"),
            (lambda one: one.update(fingerprint=None), "fingerprint is NoneType"),
            (lambda one: one["phases"].update(train=1), "phases.train is int"),
        ],
    )
    def test_what_no_cell_writes_is_refused(
        self, record: Path, change: Callable[[dict[str, Any]], object], said: str
    ) -> None:
        """Form, place, and text that a terminal or LaTeX would obey; the file is named."""
        read_content(record)
        edit(record, change)
        with pytest.raises(StudyError, match=said) as raised:
            read_content(record)
        assert str(record) in str(raised.value)

    def test_any_change_of_a_record_with_a_digest_is_found(self, record: Path) -> None:
        """One digit of a metric; layout alone does not count."""
        add_sections(record, {"notes": []})
        assert DIGEST in read_content(record)
        edit(record, lambda one: one)
        read_content(record)
        edit(record, lambda one: one["metrics"]["plain"]["psnr"]["per_video"].update(micro_auc=0.51))
        with pytest.raises(StudyError, match="not what was written"):
            read_content(record)

    def test_a_record_in_anothers_place_is_refused(self, record: Path) -> None:
        """A folder of another name, profile or data set."""
        for depth in (1, 2, 3):
            parts = list(record.parts)
            parts[-1 - depth] = "other"
            other = Path(*parts)
            other.parent.mkdir(parents=True)
            other.write_bytes(record.read_bytes())
            with pytest.raises(StudyError, match="another run's place"):
                read_content(other)


class TestWriteManifest:
    def test_lists_records_without_a_digest_and_their_tables(self, record: Path) -> None:
        """What is listed once is held to it; sha256sum reads the list."""
        runs = record.parents[3]
        assert write_manifest(runs) == 1
        lines = (runs / MANIFEST).read_text().splitlines()
        name = record.relative_to(runs).as_posix()
        assert f"{hashlib.sha256(record.read_bytes()).hexdigest()}  {name}" in lines
        assert len(lines) == 2
        edit(record, lambda one: one["headline"].update(micro_auc=0.51))
        with pytest.raises(StudyError, match=MANIFEST):
            read_content(record)
        with pytest.raises(StudyError, match=MANIFEST):
            write_manifest(runs)


class TestStrays:
    def test_names_copies_and_what_nothing_wrote(self, record: Path) -> None:
        """A sync tool's copies, and a table without its record."""
        for name in ("seed-0 (2).json", "seed-x.json", "seed-1.csv.gz", "notes.txt"):
            (record.parent / name).write_text("{}")
        assert [path.name for path in strays(record.parents[3])] == [
            "notes.txt",
            "seed-0 (2).json",
            "seed-1.csv.gz",
            "seed-x.json",
        ]


class TestRepair:
    def test_sets_damaged_records_aside_and_removes_what_can_be_made_again(self, record: Path, tmp_path: Path) -> None:
        """A whole record stays; a checkpoint that cannot be read goes."""
        results, work = tmp_path / "results", tmp_path / "work"
        assert repair(results, work) == []
        checkpoint = work / "cell" / "checkpoint.safetensors"
        checkpoint.parent.mkdir(parents=True)
        checkpoint.write_bytes(b"half")
        table = record.with_suffix(".csv.gz")
        table.write_bytes(gzip.compress(b"video,frame\n"))
        said = repair(results, work)
        assert not record.exists()
        assert not table.exists()
        assert not checkpoint.exists()
        assert sorted(path.name for path in (results / "damaged").rglob("seed-0*")) == ["seed-0.csv.gz", "seed-0.json"]
        assert len(said) == 4
