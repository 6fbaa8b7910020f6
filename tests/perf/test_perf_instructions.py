"""Precisions under sets of instructions: benchmarks/perf/instructions.py."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.perf import instructions
from benchmarks.perf.separate_process import Subprocess


def of_variable(name: str) -> Callable[[], float]:
    """Read a number from a variable; 0 where it is not set."""
    return lambda: float(os.environ.get(name, "0"))


class TestInstructionSets:
    @pytest.mark.parametrize(
        ("capability", "names"),
        [("AVX512_BF16", ["AVX-512_BF16", "AVX2"]), ("AVX2", ["AVX2"]), ("DEFAULT", ["DEFAULT"])],
    )
    def test_what_a_processor_has_and_avx2_alone(self, capability: str, names: list[str]) -> None:
        """Only a processor with more than AVX2 has a second set; the variables restrict torch and oneDNN."""
        found = instructions.instruction_sets(capability)
        assert list(found) == names
        assert not found[names[0]]
        if len(names) > 1:
            assert set(found["AVX2"]) == {"ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"}

    def test_the_other_process_has_the_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And this one has them no more once it runs."""
        monkeypatch.delenv("RESTRICTED_TO", raising=False)
        with Subprocess(of_variable, "RESTRICTED_TO", environment={"RESTRICTED_TO": "7"}) as other:
            assert other() == 7
        assert of_variable("RESTRICTED_TO")() == 0


class TestMain:
    def test_a_row_per_phase(self, tiny_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """float32 against bfloat16 in training and in scoring, under each set of instructions."""
        monkeypatch.setattr(instructions, "instruction_sets", lambda _: {"all": {}})
        out = tmp_path / "instructions.json"
        tiny = ["--dataset", "tiny", "--size", "32", "--width", "0.125", "--clips", "4", "--quick"]
        assert instructions.main(["--data-root", str(tiny_images), "--out", str(out), *tiny]) == 0
        rows = json.loads(out.read_text())["rows"]
        assert [row["what"].split(",")[0] for row in rows] == [
            "training in float32 (compared with: bfloat16)",
            "scoring in float32 (compared with: bfloat16)",
        ]
        assert all(row["claim"]["median"] > 0 for row in rows)
