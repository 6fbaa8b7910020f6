from pathlib import Path

import pytest

from benchmarks.grid import machine
from benchmarks.grid.machine import available_mebibytes, jobs_that_fit, memory_kills, native_precision


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable keeps torch from instructions that the processor has."""
    for name in ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)


class TestNativePrecision:
    @pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16", "bf16"])
    def test_is_bfloat16_where_an_instruction_multiplies_it(self, flag: str) -> None:
        """Intel, AMD and Arm name theirs differently."""
        assert native_precision(flags=frozenset({"avx2", flag})) == "bfloat16"

    def test_is_float32_elsewhere(self) -> None:
        """AVX-512 alone is not enough."""
        assert native_precision(flags=frozenset({"avx2", "avx512f"})) == "float32"

    @pytest.mark.parametrize(("name", "value"), [("ATEN_CPU_CAPABILITY", "avx2"), ("ONEDNN_MAX_CPU_ISA", "AVX2")])
    def test_follows_what_keeps_torch_from_the_instructions(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A machine that is asked to do without them computes as one without."""
        monkeypatch.setenv(name, value)
        assert native_precision(flags=frozenset({"avx512_bf16"})) == "float32"


class TestAvailableMebibytes:
    def test_a_container_grants_less_than_the_machine_has(self, tmp_path: Path) -> None:
        """Its limit less what it uses, where that is less than what is free."""
        (tmp_path / "memory.max").write_text(f"{300 * 2**20}\n")
        (tmp_path / "memory.current").write_text(f"{100 * 2**20}\n")
        assert available_mebibytes(tmp_path) == 200

    def test_without_a_limit_it_is_what_is_free(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`max` is no limit, and a missing file none either."""
        (tmp_path / "memory.max").write_text("max\n")
        free = type("Memory", (), {"available": 512 * 2**20})
        monkeypatch.setattr(machine.psutil, "virtual_memory", free)
        assert available_mebibytes(tmp_path) == 512


class TestJobsThatFit:
    @pytest.mark.parametrize(
        ("wanted", "peak", "available", "expected"), [(16, 1500, 14000, 9), (2, 1500, 14000, 2), (4, 3000, 1000, 1)]
    )
    def test_is_bounded_by_both(self, wanted: int, peak: float, available: float, expected: int) -> None:
        """By memory on a machine of many cores, by cores on a small one, and one run always starts."""
        assert jobs_that_fit(wanted, peak, available) == expected


class TestMemoryKills:
    def test_adds_the_machine_and_the_container(self, tmp_path: Path) -> None:
        """Each keeps a count of its own; a file that is not there counts nothing."""
        vmstat, events = tmp_path / "vmstat", tmp_path / "events"
        vmstat.write_text("nr_free_pages 7\noom_kill 2\n")
        events.write_text("oom 5\noom_kill 3\noom_group_kill 1\n")
        assert memory_kills(vmstat, events) == 5
        assert memory_kills(vmstat, tmp_path / "none") == 2
