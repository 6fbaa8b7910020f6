from pathlib import Path

import pytest
import torch

from benchmarks.errors import StudyError
from benchmarks.report.read.frame_scores import score_of
from benchmarks.report.read.records import Record
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve


class TestScoreOf:
    @pytest.mark.parametrize(
        ("method", "task"), [("mnad", "prediction"), ("memae", "reconstruction"), ("aae", "reconstruction")]
    )
    def test_is_the_rule_that_the_record_holds(self, method: str, task: str) -> None:
        """The views weigh the terms of the published score as the method itself does, and so each term alone."""
        settings = resolve(dataset="ped2", method=method, task=task, profile="smoke")
        rule = build(settings, 0, torch.device("cpu")).rule
        headline = {"variant": rule.variant, "score": rule.name, "weights": dict(rule.weights)}
        record = Record(Path("seed-0.json"), {"seed": 0, "headline": headline}, settings)
        assert dict(score_of(record, rule.name).weights) == dict(rule.weights)
        for name, weights in rule.others.items():
            assert dict(score_of(record, name).weights) == dict(weights)

    @pytest.mark.parametrize(("method", "task"), [("mnad", "prediction"), ("memae", "reconstruction")])
    def test_a_record_older_than_the_weights(self, method: str, task: str) -> None:
        """Without weights in the record, alpha of the settings gives MNAD's, and other published scores are one term."""
        settings = resolve(dataset="ped2", method=method, task=task, profile="smoke")
        rule = build(settings, 0, torch.device("cpu")).rule
        headline = {"variant": rule.variant, "score": rule.name}
        record = Record(Path("seed-0.json"), {"seed": 0, "headline": headline}, settings)
        assert dict(score_of(record, rule.name).weights) == pytest.approx(dict(rule.weights))

    def test_refuses_a_fused_score_without_its_weight(self) -> None:
        """A method without alpha has no fused score to weigh."""
        settings = resolve(dataset="ped2", method="cae", task="reconstruction")
        record = Record(Path("seed-0.json"), {"seed": 0, "headline": {"variant": "plain", "score": "mse"}}, settings)
        with pytest.raises(StudyError, match="weight alpha"):
            score_of(record, "fused")
