"""What memory costs: benchmarks/perf/memory_cost.py."""

import json
from pathlib import Path

import pytest

from benchmarks.perf import memory_cost
from benchmarks.study.presets import resolve

TINY = (
    "--dataset",
    "tiny",
    "--size",
    "32",
    "--memae-size",
    "16",
    "--width",
    "0.125",
    "--small-steps",
    "1",
    "--steps",
    "1",
)


class TestMain:
    def test_writes_both_rows_of_each_case_and_its_cost(self, tiny_images: Path, tmp_path: Path) -> None:
        """The claim is the time with memory over the time without, pair by pair; the costs repeat it for machines."""
        out = tmp_path / "memory_cost.json"
        arguments = ["--data-root", str(tiny_images), "--out", str(out), *TINY, "--repetitions", "2"]
        assert memory_cost.main(arguments) == 0
        content = json.loads(out.read_text())
        rows, costs = content["rows"], content["costs"]
        assert [(one["method"], one["task"], one["profile"]) for one in costs] == [
            (method, task, profile)
            for method, task in (("mnad", "reconstruction"), ("mnad", "prediction"), ("memae", "reconstruction"))
            for profile in ("paper", "small")
        ]
        assert len(rows) == 2 * len(costs)
        for row in rows:
            pairs = zip(row["ours"]["values"], row["theirs"]["values"], row["claim"]["values"], strict=True)
            assert len(row["claim"]["values"]) == 2
            assert all(claim == pytest.approx(none / own, rel=1e-3) for own, none, claim in pairs)
        for one, training, scoring in zip(costs, rows[::2], rows[1::2], strict=True):
            assert one["parameters"]["own"] > one["parameters"]["none"]
            assert one["training"] == training["claim"]
            assert one["scoring"] == scoring["claim"]
        assert {"commit", "machine", "versions", "threads"} <= set(content)

    def test_too_few_frames_are_a_sentence(
        self, tiny_images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Status 2, what was needed, and no file."""
        out = tmp_path / "memory_cost.json"
        arguments = ["--data-root", str(tiny_images), "--out", str(out), *TINY[:-1], "100", "--quick"]
        assert memory_cost.main(arguments) == 2
        assert "frames was expected" in capsys.readouterr().err
        assert not out.exists()


class TestWithoutMemory:
    @pytest.mark.parametrize(("method", "task"), [("mnad", "prediction"), ("memae", "reconstruction")])
    def test_geometry_stays(self, method: str, task: str) -> None:
        """Only the memory goes, and what belongs to it."""
        own = resolve(dataset="ped2", method=method, task=task, profile="paper", size=64, width=0.5, batch=3)
        none = memory_cost.without_memory(own)
        assert none.memory == "none"
        for name in ("method", "task", "skip", "channels", "size", "width", "batch", "epochs", "precision"):
            assert getattr(none, name) == getattr(own, name)
