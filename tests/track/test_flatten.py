from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.read.contrasts import memory_contrasts
from benchmarks.report.read.records import read_record
from benchmarks.report.read.rows import Row
from benchmarks.study.presets import resolve
from benchmarks.track.flatten import (
    AUC,
    EFFECT,
    contrast_points,
    epoch_points,
    final_points,
    parameters,
    record_tags,
    seed_summary,
    settings_tags,
    span,
)

SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")


class TestEpochPoints:
    def test_a_step_per_epoch(self) -> None:
        """Losses, learning rate and use of items carry the epoch as step, and add up in time."""
        epochs = [
            {"epoch": 1, "losses": {"pixel": 0.5}, "learning_rate": 1e-4, "usage": [2, 2], "seconds": 3.0},
            {"epoch": 2, "losses": {"pixel": 0.25}, "learning_rate": 1e-4, "usage": [4, 0], "seconds": 3.0},
        ]
        points = {(point.name, point.step): point for point in epoch_points(epochs, 1000)}
        assert points["loss/pixel", 2].value == 0.25
        assert points["memory/train_perplexity", 1].value == pytest.approx(2)
        assert points["memory/train_dead", 2].value == 1
        assert [points["loss/pixel", step].at for step in (1, 2)] == [4000, 7000]

    def test_described_usage_of_a_large_memory(self) -> None:
        """Where the counts were left out of the record their description is shown; without a memory there is none."""
        large = {"epoch": 1, "losses": {}, "entropy": 0.5, "perplexity": 1.6, "dead": 1998}
        assert {point.name for point in epoch_points([large])} == {
            f"memory/train_{name}" for name in ("entropy", "perplexity", "dead")
        }
        assert epoch_points([{"epoch": 1, "losses": {}, "usage": None}]) == []


class TestFinalPoints:
    def test_names(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Every metric stands in the section of its kind."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        values = {point.name: point.value for point in final_points(record)}
        assert values["auc/frame"] == record.metric("micro_auc")
        assert "auc/micro_per_video" not in values
        assert values["auc/micro_global"] == record.metric("micro_auc", normalisation="global")
        assert values["auc_by_variant/no_update"] == record.metric("micro_auc", variant="no_update")
        assert values["auc_by_variant/read_zeros"] == record.metric("micro_auc", variant="read_zeros", score="psnr")
        assert values["auc_by_score/psnr"] == record.metric("micro_auc", score="psnr")
        assert values["auc_by_kind/temporal"] == record.kind("temporal")
        assert {"errors/eer", "cost/seconds_train", "memory/test_perplexity"} <= set(values)

    def test_auc_comes_first(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """MLflow's views begin with the first name in the alphabet, or the first that was logged: both are the AUC."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        names = [point.name for point in [*final_points(record), *epoch_points(record.content["epochs"])]]
        assert names[0] == AUC == min(names)


class TestSeedSummary:
    def test_mean_and_spread(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A setting shows mean, interval and sample deviation of its seeds, and no deviation of a single one."""
        records = [read_record(write_record(tmp_path, SETTINGS, seed)) for seed in (0, 1)]
        low, high = sorted(record.content["headline"]["micro_auc"] for record in records)
        both = {point.name: point.value for point in seed_summary(Row(SETTINGS, tuple(records)))}
        assert both["seeds"] == 2
        assert both[AUC] == pytest.approx((low + high) / 2, abs=1e-6)
        assert both["auc_interval/low"] < low < high < both["auc_interval/high"]
        assert both["std/auc_frame"] == pytest.approx((high - low) / 2**0.5, abs=1e-6)
        assert not any(point.name.startswith("std/") for point in seed_summary(Row(SETTINGS, tuple(records[:1]))))


class TestContrastPoints:
    def test_difference_interval_and_pairs(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Memory minus none over the seeds that both have, under the published score and under the one that they share."""
        without = resolve(dataset="synthetic", method="mnad", task="prediction", memory="none", profile="smoke")
        rows = [
            Row(settings, tuple(read_record(write_record(tmp_path, settings, seed)) for seed in seeds))
            for settings, seeds in ((SETTINGS, (0, 1, 2)), (without, (0, 1)))
        ]
        points = {point.name: point.value for point in contrast_points(memory_contrasts(rows))}
        differences = [
            one.content["headline"]["micro_auc"] - other.content["headline"]["micro_auc"]
            for one, other in zip(rows[0].records, rows[1].records, strict=False)
        ]
        assert points[f"{EFFECT}/auc"] == pytest.approx(sum(differences) / 2, abs=1e-6)
        assert points[f"{EFFECT}/n"] == 2
        assert points[f"{EFFECT}/low"] < points[f"{EFFECT}/auc"] < points[f"{EFFECT}/high"]
        assert {f"{EFFECT}_psnr/{name}" for name in ("auc", "low", "high", "n")} <= set(points)


class TestSettingsTags:
    def test_factors_and_identity(self) -> None:
        """Every factor is a tag, and the hash ties a run to its setting."""
        tags = settings_tags(SETTINGS)
        assert (tags["method"], tags["skip"], tags["settings_hash"]) == ("mnad", "true", SETTINGS.hash)


class TestRecordTags:
    def test_the_commit_stands_where_mlflow_expects_it(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """MLflow shows commit and source of a run from tags of its own."""
        record = read_record(write_record(tmp_path, SETTINGS, 0))
        tags = record_tags(record)
        assert tags["mlflow.source.git.commit"] == record.content["commit"]
        assert (tags["mlflow.source.name"], tags["mlflow.source.type"]) == ("benchmarks/run/cell.py", "LOCAL")


class TestParameters:
    def test_only_what_runs_differ_in(self) -> None:
        """Factors, items, epochs, seed and departures; what method and profile give is left to settings.json."""
        names = {"method", "memory", "task", "skip", "supervision", "items", "epochs"}
        assert set(parameters(SETTINGS)) == names
        assert parameters(SETTINGS, 3)["seed"] == "3"
        departing = resolve(
            dataset="synthetic", method="mnad", task="prediction", profile="smoke", separateness_weight=0.0
        )
        assert parameters(departing)["separateness_weight"] == "0.0"
        denoising = resolve(dataset="synthetic", method="mnad", task="denoising", noise=0.25, profile="smoke")
        assert parameters(denoising)["noise"] == "0.25"


class TestSpan:
    def test_seconds_of_all_phases(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A cell ends its phases' seconds after its start."""
        start, end = span(read_record(write_record(tmp_path, SETTINGS, 0)))
        assert end - start == 653_000
