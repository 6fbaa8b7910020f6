"""What a verdict lacks is made by commands that make just that."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.report.claims.claims import Condition, read_claims
from benchmarks.report.claims.remedies import Remedy, remedies
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.read.records import load_records
from benchmarks.study.presets import resolve


class TestRemedies:
    def test_names_the_study_that_trains_long_enough(self) -> None:
        """Missing runs of MNAD and MemAE on Ped2 come from the studies of the plan; out of scope nothing is missing."""
        found = {
            (one.claim.id, one.group.dataset): remedies(one)
            for one in judge_all([claim for claim in read_claims() if claim.id in ("C2a", "C2b", "C3")], [])
        }
        assert found["C2a", "ped2"] == [Remedy("`make reproduce-long-ped2 SEEDS=3`", ("makes missing runs",))]
        assert found["C2b", "ped2"] == [Remedy("`make reproduce-memae-ped2 SEEDS=3`", ("makes missing runs",))]
        assert found["C3", "shanghaitech"] == []

    def test_names_runs_that_no_file_holds(self) -> None:
        """On a set without a study file each side's runs are named by their settings."""
        (claim,) = [claim for claim in read_claims() if claim.id == "C2a"]
        contrasts = tuple(replace(one, sets=("ped1",)) for one in claim.contrasts)
        (found,) = judge_all([replace(claim, sets=("ped1",), contrasts=contrasts)], [])
        told = "runs that no study file holds yet (UCSD Ped1: method=mnad, task=prediction, skip=on, memory=none)"
        assert told in [remedy.words for remedy in remedies(found)]
        assert {remedy.does for remedy in remedies(found)} == {("no command makes these",)}
        assert len(remedies(found)) == 4

    def test_of_a_contrast_the_lacking_side_alone(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """With short reconstruction run, C5 lacks denoising; the study of the claims has fewer settings than the grid."""
        for task in ("reconstruction", "prediction"):
            for seed in range(3):
                write_record(tmp_path, resolve(dataset="ped2", method="mnad", task=task, profile="small"), seed)
        (claim,) = [claim for claim in read_claims() if claim.id == "C5"]
        found = [one for one in judge_all([claim], load_records(tmp_path)) if one.group.dataset == "ped2"]
        assert [list(map(str, remedies(one))) for one in found] == [
            ["`make reproduce-lines-ped2 SEEDS=3`: makes missing runs"]
        ]

    def test_short_runs_need_longer_ones(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Ped2 has a study at the published length; on circles and squares the length study goes first."""
        for dataset, chosen in (("ped2", {}), ("synthetic", {"size": 64, "epochs": 5})):
            for memory in ("own", "none"):
                for seed in range(3):
                    settings = resolve(
                        dataset=dataset,
                        method="mnad",
                        task="reconstruction",
                        memory=memory,
                        profile="small",
                        **chosen,
                    )
                    write_record(tmp_path, settings, seed)
        (claim,) = [claim for claim in read_claims() if claim.id == "C1a"]
        found = {one.group.dataset: remedies(one) for one in judge_all([claim], load_records(tmp_path))}
        assert found["ped2"] == [Remedy("`make reproduce-long-ped2 SEEDS=3`", ("trains long enough",))]
        assert found["synthetic"] == [Remedy("`make reproduce-length-synthetic SEEDS=3`", ("trains long enough",))]

    def test_more_runs_do_not_make_a_condition_hold(self, trained_pairs: Callable[..., Path]) -> None:
        """Where a mean says that an update hardly happens, no command is named."""
        results = trained_pairs(3)
        (claim,) = [claim for claim in read_claims() if claim.id == "C9"]
        never = Condition("auc", "hardly any update", at_least=101.0)
        claim = replace(claim, contrasts=tuple(replace(one, only_if=never) for one in claim.contrasts))
        (found,) = [one for one in judge_all([claim], load_records(results)) if one.group.dataset == "ped2"]
        assert (found.word, found.reasons) == ("", ("hardly any update",))
        assert remedies(found) == []
