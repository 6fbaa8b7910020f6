from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.records import read_record
from benchmarks.study.presets import resolve
from benchmarks.track.flatten import epoch_points, final_points, parameters, seed_summary, settings_tags, span

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
        assert values["auc/micro_per_video"] == record.metric("micro_auc")
        assert values["auc/micro_global"] == record.metric("micro_auc", normalisation="global")
        assert values["auc_by_variant/no_update"] == record.metric("micro_auc", variant="no_update")
        assert values["auc_by_variant/read_zeros"] == record.metric("micro_auc", variant="read_zeros", score="psnr")
        assert values["auc_by_score/psnr"] == record.metric("micro_auc", score="psnr")
        assert values["auc_by_kind/temporal"] == record.kind("temporal")
        assert {"errors/eer", "cost/seconds_train", "memory/test_perplexity"} <= set(values)


class TestSeedSummary:
    def test_mean_and_spread(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A setting shows mean and sample deviation of its seeds, and no deviation of a single one."""
        records = [read_record(write_record(tmp_path, SETTINGS, seed)) for seed in (0, 1)]
        low, high = sorted(record.content["headline"]["micro_auc"] for record in records)
        both = {point.name: point.value for point in seed_summary(records)}
        assert both["seeds"] == 2
        assert both["auc/micro_per_video_mean"] == pytest.approx((low + high) / 2)
        assert both["std/auc_micro_per_video"] == pytest.approx((high - low) / 2**0.5)
        assert not any(point.name.startswith("std/") for point in seed_summary(records[:1]))


class TestSettingsTags:
    def test_factors_and_identity(self) -> None:
        """Every factor is a tag, and the hash ties a run to its setting."""
        tags = settings_tags(SETTINGS)
        assert (tags["method"], tags["skip"], tags["settings_hash"]) == ("mnad", "true", SETTINGS.hash)
        assert parameters(SETTINGS, 3)["seed"] == "3"
        assert "seed" not in parameters(SETTINGS)


class TestSpan:
    def test_seconds_of_all_phases(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """A cell ends its phases' seconds after its start."""
        start, end = span(read_record(write_record(tmp_path, SETTINGS, 0)))
        assert end - start == 653_000
