import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.report.read.records import Record, by_cell, load_records
from benchmarks.report.tables.reproduction import (
    Comparison,
    FirstDifference,
    closing_lines,
    compare_all,
    prediction_half_width,
    reference_of,
    reproduction_table,
)
from benchmarks.study.files import at_precision
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Write = Callable[..., Path]
SETTINGS = resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu")


@pytest.fixture
def folders(tmp_path: Path, write_record: Write) -> tuple[Path, Path]:
    """Reference with three seeds, own runs with a copy of seed 0."""
    reference, own = tmp_path / "reference", tmp_path / "own"
    for seed in range(3):
        write_record(reference, SETTINGS, seed, 1.0)
    write_record(own, SETTINGS, 0, 1.0)
    return reference, own


def compared(folders: tuple[Path, Path]) -> list[Comparison]:
    """Every own run beside its reference."""
    reference, own = (by_cell(load_records(folder)) for folder in folders)
    return compare_all(own, reference)


def edit_terms(own: Path, row: int, column: str, value: str) -> None:
    """Write another number into a table of terms."""
    path = next(own.rglob("seed-0.csv.gz"))
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    fields = lines[row].split(",")
    fields[lines[0].split(",").index(column)] = value
    lines[row] = ",".join(fields)
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))


class TestCompareAll:
    def test_a_run_with_equal_terms_is_identical(self, folders: tuple[Path, Path]) -> None:
        """No difference, and the sentence that says so."""
        (one,) = compared(folders)
        assert (one.identical, one.reproduced, one.difference) == (True, True, 0.0)
        assert closing_lines([one], 0) == ["1 of 1 runs reproduced: 1 identical to the last digit."]

    def test_one_changed_digit_is_named(self, folders: tuple[Path, Path]) -> None:
        """Run, term, video and frame of the first number that differs."""
        edit_terms(folders[1], 3, "update.mse", "0.5")
        (one,) = compared(folders)
        assert not one.identical
        assert isinstance(one.first, FirstDifference)
        assert (one.first.term, one.first.video, one.first.own) == ("update.mse", "01", 0.5)
        said = "\n".join(closing_lines([one], 0))
        assert f"{SETTINGS.name} seed 0" in said
        assert f"update.mse of frame {one.first.frame} in video 01: 0.5, reference" in said

    def test_an_edited_auc_is_not_reproduced_by_equal_terms(self, folders: tuple[Path, Path]) -> None:
        """A reference whose record no longer follows from its terms is no reference."""
        path = next(folders[0].rglob("seed-0.json"))
        content = json.loads(path.read_text())
        content["metrics"]["update"]["fused"]["per_video"]["micro_auc"] = 0.1234
        path.write_text(json.dumps(content))
        (one,) = compared(folders)
        assert (one.identical, one.reproduced, one.words) == (False, False, "another AUC from equal terms")

    def test_another_precision_is_held_to_the_spread_of_seeds(
        self, folders: tuple[Path, Path], write_record: Write
    ) -> None:
        """A run in float32 has the reference in bfloat16, and counts while another seed would lie as far away."""
        shutil.rmtree(folders[1])
        write_record(folders[1], at_precision(SETTINGS, "float32"), 0, 1.0)
        (one,) = compared(folders)
        assert one.reference.settings == SETTINGS
        assert one.tolerance is not None
        assert one.deviation is not None
        assert one.reproduced == (abs(one.deviation) <= one.tolerance)

    def test_far_from_all_seeds_is_not_reproduced(self, folders: tuple[Path, Path], write_record: Write) -> None:
        """Abnormal frames that no longer stand out."""
        shutil.rmtree(folders[1])
        write_record(folders[1], SETTINGS, 0, 0.0)
        (one,) = compared(folders)
        assert not one.reproduced
        assert closing_lines([one], 0)[0].startswith("0 of 1 runs reproduced")

    def test_runs_without_a_reference_are_counted(self, folders: tuple[Path, Path], write_record: Write) -> None:
        """They are left out of the comparison."""
        write_record(folders[1], replace(SETTINGS, items=20), 0, 1.0)
        assert len(compared(folders)) == 1
        assert closing_lines([], 1) == ["1 of your runs have no reference to compare with."]


class TestReferenceOf:
    def test_is_the_cells_own_before_another_precision(self, folders: tuple[Path, Path], write_record: Write) -> None:
        """Where the reference has the run in both precisions, the equal one counts."""
        float32 = at_precision(SETTINGS, "float32")
        write_record(folders[0], float32, 0, 1.0)
        records = by_cell(load_records(folders[0]))
        found = reference_of(Cell(float32, 0), records)
        assert isinstance(found, Record)
        assert found.settings == float32

    def test_is_none_for_another_seed(self, folders: tuple[Path, Path]) -> None:
        """Seeds are compared with themselves."""
        assert reference_of(Cell(SETTINGS, 9), by_cell(load_records(folders[0]))) is None


class TestPredictionHalfWidth:
    def test_is_students_t_for_one_more_run(self) -> None:
        """t(0.975, 2) · sd · sqrt(1 + 1/3) for three runs, whose standard deviation is 1."""
        assert prediction_half_width([90.0, 91.0, 92.0]) == pytest.approx(4.302653 * (4 / 3) ** 0.5, rel=1e-6)

    def test_two_runs_give_none(self) -> None:
        """Their spread is little more than a guess."""
        assert prediction_half_width([90.0, 91.0]) is None


class TestReproductionTable:
    def test_has_published_reference_and_own(self, folders: tuple[Path, Path]) -> None:
        """One row a run, with the published figure and the reference's seeds."""
        found = reproduction_table("Mine", compared(folders), by_cell(load_records(folders[0])))
        ((setting, seed, published, _, count, same, own, difference, agreement),) = found.rows
        assert setting.startswith("MNAD · prediction")
        assert (seed, published, count, difference, agreement) == ("0", "97.0 P", "3", "+0.00", "identical")
        assert same == own
