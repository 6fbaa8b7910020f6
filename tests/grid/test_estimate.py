import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.grid.estimate import _START as START
from benchmarks.grid.estimate import Measured, estimate_seconds, measured, modelled_core_seconds, read_measured
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """MNAD prediction on Ped2 at the profile for CPUs."""
    return resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu")


class TestModelledCoreSeconds:
    def test_agrees_with_what_was_measured(self, settings: Settings) -> None:
        """Between one core alone under one variant (STUDY section 2) and two cells side by side under all variants."""
        seconds = modelled_core_seconds(settings)
        assert seconds is not None
        assert 3 * 225 + 50 <= seconds <= 3 * 340 + 280

    @pytest.mark.parametrize("change", [{"epochs": 6}, {"size": 512}, {"width": 0.5}])
    def test_grows_with_the_work(self, settings: Settings, change: dict[str, float]) -> None:
        """More epochs, pixels or channels take longer."""
        more, base = modelled_core_seconds(replace(settings, **change)), modelled_core_seconds(settings)  # type: ignore[arg-type]
        assert more is not None
        assert base is not None
        assert more > 1.5 * base

    def test_does_not_know_a_folder_of_the_users(self, settings: Settings) -> None:
        """A set of unknown size has no estimate."""
        assert modelled_core_seconds(replace(settings, dataset="mine")) is None


class TestEstimateSeconds:
    def test_prefers_the_closest_relatives(self, settings: Settings) -> None:
        """The same settings, then the same method, task and memory scaled, then the same method."""
        longer = replace(settings, epochs=6)
        twin = replace(settings, memory="none")
        known = [Measured(settings, "cpu", 1000.0), Measured(longer, "cpu", 3000.0), Measured(twin, "cpu", 1.0)]
        model, long_model = modelled_core_seconds(settings), modelled_core_seconds(longer)
        assert model is not None
        assert long_model is not None
        assert estimate_seconds(settings, known, device="cpu", threads=2) == 500.0 + START
        assert estimate_seconds(settings, known[1:], device="cpu", threads=1) == pytest.approx(
            START + 3000 * model / long_model
        )
        assert estimate_seconds(settings, known[2:], device="cpu", threads=1) == pytest.approx(START + 1, rel=0.01)

    def test_does_not_compare_devices(self, settings: Settings) -> None:
        """An accelerator's time is unknown until a record of one is there; a CPU's comes from the model."""
        known = [Measured(settings, "cpu", 1000.0)]
        assert estimate_seconds(settings, known, device="cuda", threads=1) is None
        assert estimate_seconds(settings, [Measured(settings, "cuda", 7.0)], device="cuda", threads=1) == 7 + START
        modelled = START + (modelled_core_seconds(settings) or 0)
        assert estimate_seconds(settings, [Measured(settings, "cuda", 7.0)], device="cpu", threads=1) == modelled


class TestReadMeasured:
    def test_reads_records_of_the_profiles_asked_for(self, settings: Settings, tmp_path: Path) -> None:
        """Records of all sets count, those of other profiles and torn ones do not."""
        record = {
            "settings": settings.to_dict(),
            "hardware": {"device": "cpu", "threads": 2},
            "phases": {"frames": {"seconds": 500}, "train": {"seconds": 30}, "evaluate": {"seconds": 20}},
        }
        for profile, name, text in (
            ("cpu", "a", json.dumps(record)),
            ("cpu", "b", "{"),
            ("cpu", "c", "{}"),
            ("paper", "d", json.dumps(record)),
        ):
            folder = tmp_path / "runs" / "ped2" / profile / name
            folder.mkdir(parents=True)
            (folder / "seed-0.json").write_text(text)
        assert read_measured(tmp_path, ["cpu"]) == [Measured(settings, "cpu", 100.0)]

    def test_a_record_without_times_is_passed_over(self) -> None:
        """Nothing can be learned from it."""
        assert measured({"settings": {}}) is None
