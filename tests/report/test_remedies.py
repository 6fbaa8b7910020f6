"""What a verdict lacks is made by commands that make just that."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.report.claims import read_claims
from benchmarks.report.records import load_records
from benchmarks.report.remedies import Remedy, remedies
from benchmarks.report.verdict import judge_all
from benchmarks.study.presets import resolve


class TestRemedies:
    def test_names_a_study(self) -> None:
        """Cells of a study file get its command, on each set of the claims about memory."""
        found = {
            (one.claim.id, one.group.dataset): remedies(one)
            for one in judge_all([claim for claim in read_claims() if claim.id in ("C2", "C3")], [])
        }
        assert found["C2", "ped2"] == [Remedy("`make reproduce-ped2 SEEDS=3`", ("fills missing cells",))]
        assert found["C3", "shanghaitech"] == [
            Remedy("`make reproduce-lines-shanghaitech SEEDS=3`", ("fills missing cells",))
        ]

    def test_names_cells_that_no_file_holds(self) -> None:
        """On a set without a study file each side's cells are named by their settings."""
        (claim,) = [claim for claim in read_claims() if claim.id == "C3"]
        contrasts = tuple(replace(one, sets=("ped1",)) for one in claim.contrasts)
        (found,) = judge_all([replace(claim, sets=("ped1",), contrasts=contrasts)], [])
        told = "cells that no study file holds yet (ped1: method=mnad, task=prediction, skip=on, memory=none)"
        assert told in [remedy.words for remedy in remedies(found)]
        assert {remedy.does for remedy in remedies(found)} == {("no command fills these",)}
        assert len(remedies(found)) == 6

    def test_of_a_contrast_the_lacking_side_alone(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """With reconstruction run, C5 lacks denoising; the study of the lines has fewer settings than the grid."""
        for task in ("reconstruction", "prediction"):
            for seed in range(3):
                write_record(tmp_path, resolve(dataset="ped2", method="mnad", task=task, profile="small"), seed)
        (claim,) = [claim for claim in read_claims() if claim.id == "C5"]
        found = [one for one in judge_all([claim], load_records(tmp_path)) if one.group.dataset == "ped2"]
        assert [list(map(str, remedies(one))) for one in found] == [
            ["`make reproduce-lines-ped2 SEEDS=3`: fills missing cells"]
        ]

    def test_a_command_may_fill_cells_and_add_seeds(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Where one method's twins were run once and the other's never, one command does both, and says so."""
        for memory in ("own", "none"):
            settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=memory, profile="cpu")
            write_record(tmp_path, settings, 0)
        (claim,) = [claim for claim in read_claims() if claim.id == "C2"]
        (found,) = [one for one in judge_all([claim], load_records(tmp_path)) if one.group.dataset == "ped2"]
        assert remedies(found) == [Remedy("`make reproduce-ped2 SEEDS=3`", ("fills missing cells", "adds seeds"))]

    def test_more_cells_do_not_make_happen_what_hardly_happens(
        self, tmp_path: Path, write_record: Callable[..., Path]
    ) -> None:
        """Where a mean says that an update hardly happens, no command is named."""
        for task in ("reconstruction", "prediction"):
            for seed in range(3):
                write_record(tmp_path, resolve(dataset="ped2", method="mnad", task=task, profile="cpu"), seed)
        (claim,) = [claim for claim in read_claims() if claim.id == "C9"]
        claim = replace(claim, contrasts=tuple(replace(one, only_if=("auc", 101)) for one in claim.contrasts))
        (found,) = [one for one in judge_all([claim], load_records(tmp_path)) if one.group.dataset == "ped2"]
        assert found.reasons == ("hardly happens",)
        assert remedies(found) == []
