import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grid.cards import card_of
from benchmarks.grid.estimate import _START as START
from benchmarks.grid.estimate import CoreSeconds, Measured, estimate_seconds, measured, modelled, read_measured
from benchmarks.study.files import load_study, study_names
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """MNAD prediction on Ped2 at the profile for CPUs."""
    return resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu")


def cost(settings: Settings, evaluate_every: int = 0) -> CoreSeconds:
    """What the table of costs says of a set that it knows."""
    seconds = modelled(settings, evaluate_every)
    assert seconds is not None
    return seconds


def taken(settings: Settings, pace: float, evaluate_pace: float | None = None) -> Measured:
    """A record that took so many times what the table says."""
    model = cost(settings)
    seconds = CoreSeconds(pace * model.train, (evaluate_pace or pace) * model.evaluate)
    return Measured(settings, "cpu", seconds)


def estimate(settings: Settings, known: list[Measured]) -> float:
    """The estimate on one thread of a CPU, without the start."""
    seconds = estimate_seconds(settings, known, device="cpu", threads=1)
    assert seconds is not None
    return seconds - START


class TestModelled:
    def test_agrees_with_what_was_measured(self, settings: Settings) -> None:
        """Between one core alone under one variant (STUDY section 2) and two cells side by side under all variants."""
        assert 3 * 225 + 50 <= cost(settings).total <= 3 * 340 + 280

    @pytest.mark.parametrize("change", [{"epochs": 6}, {"size": 512}, {"width": 0.5}, {"dataset": "ped1"}])
    def test_grows_with_the_work(self, settings: Settings, change: dict[str, Any]) -> None:
        """More epochs, pixels, channels or frames take longer."""
        assert cost(replace(settings, **change)).total > 1.5 * cost(settings).total

    def test_a_stride_saves_training_alone(self, settings: Settings) -> None:
        """Every fourth clip is a quarter of the training; all test frames are scored."""
        strided, plain = cost(replace(settings, train_stride=4)), cost(settings)
        assert strided.train == pytest.approx(plain.train / 4)
        assert strided.evaluate == plain.evaluate

    def test_memory_costs_at_evaluation(self, settings: Settings) -> None:
        """A cell without memory has fewer variants to score."""
        without = resolve(dataset="ped2", method="mnad", task="prediction", memory="none")
        assert cost(without).train == cost(settings).train
        assert 0.4 < cost(without).evaluate / cost(settings).evaluate < 0.7

    def test_looks_between_epochs_cost(self, settings: Settings) -> None:
        """Each look but the last epoch's is a pass under one variant."""
        looks = cost(settings, evaluate_every=1).train - cost(settings).train
        assert 0 < looks < 2 * cost(settings).evaluate
        assert cost(settings, evaluate_every=2).train - cost(settings).train == pytest.approx(looks / 2)

    def test_knows_every_set_of_the_studies(self) -> None:
        """Each data set of a study file has an estimate before any record; a folder of the user's has none."""
        for name in study_names():
            first = load_study(name).cells[0].settings
            assert modelled(first) is not None, name
        assert modelled(replace(first, dataset="mine")) is None


class TestEstimateSeconds:
    def test_the_same_settings_count_as_they_are(self, settings: Settings) -> None:
        """Another seed's time, shared by the threads."""
        known = [taken(settings, 3.0), taken(replace(settings, epochs=6), 9.0)]
        seconds = estimate_seconds(settings, known, device="cpu", threads=2)
        assert seconds == pytest.approx(START + 3 * cost(settings).total / 2)

    @pytest.mark.parametrize(
        "change",
        [
            {"epochs": 20},
            {"size": 128, "profile": "small"},
            {"width": 0.5},
            {"dataset": "avenue-partial"},
            {"supervision": "uniform_rc2020"},
        ],
    )
    def test_a_relative_is_scaled_by_the_work(self, settings: Settings, change: dict[str, Any]) -> None:
        """Whatever the profile or set, the pace of the nearest record holds for frames, size, width and epochs."""
        other = replace(settings, **change)
        expected = 2.0 * cost(other).train + 5.0 * cost(other).evaluate
        assert estimate(other, [taken(settings, 2.0, 5.0)]) == pytest.approx(expected)

    def test_the_nearest_relatives_decide(self, settings: Settings) -> None:
        """The same geometry and memory go before other sizes and twins; several equally near give their lower quartile."""
        other = replace(settings, task="reconstruction")
        far = [
            taken(replace(settings, size=64), 50.0),
            taken(resolve(dataset="ped2", method="mnad", task="prediction", memory="none"), 70.0),
        ]
        near = [
            taken(replace(settings, epochs=n), pace) for n, pace in ((4, 1.0), (5, 2.0), (6, 2.0), (7, 3.0), (8, 9.0))
        ]
        assert estimate(other, [*far, *near]) == pytest.approx(2.0 * cost(other).total)

    def test_a_record_of_the_same_mode_goes_first(self, settings: Settings) -> None:
        """A relative in the mode `fast` says more of a fast cell than the cell itself in the mode `record`."""
        relative = replace(taken(replace(settings, epochs=20), 0.5), mode="fast")
        known = [taken(settings, 1.0), relative]
        fast = estimate_seconds(settings, known, device="cpu", threads=1, mode="fast")
        assert fast == pytest.approx(START + 0.5 * cost(settings).total)
        assert estimate(settings, known) == pytest.approx(cost(settings).total)
        assert estimate(settings, [relative]) == pytest.approx(0.5 * cost(settings).total)

    def test_another_method_says_nothing(self, settings: Settings) -> None:
        """MemAE's pace is not MNAD's: the table stands in."""
        memae = resolve(dataset="ped2", method="memae", task="reconstruction", profile="cpu")
        assert estimate(settings, [taken(memae, 9.0)]) == pytest.approx(cost(settings).total)

    def test_looks_make_the_same_settings_longer(self, settings: Settings) -> None:
        """A record without looks is scaled, not taken as it is."""
        seconds = estimate_seconds(settings, [taken(settings, 1.0)], device="cpu", threads=1, evaluate_every=1)
        assert seconds == pytest.approx(START + cost(settings, evaluate_every=1).total)

    def test_does_not_compare_devices(self, settings: Settings) -> None:
        """An accelerator's time is unknown until a record of one is there; a CPU's comes from the model."""
        on_cuda = replace(taken(settings, 0.01), device="cuda")
        assert estimate_seconds(settings, [taken(settings, 1.0)], device="cuda", threads=1) is None
        seconds = estimate_seconds(settings, [on_cuda], device="cuda", threads=1)
        assert seconds == pytest.approx(START + 0.01 * cost(settings).total)
        assert estimate(settings, [on_cuda]) == pytest.approx(cost(settings).total)

    def test_records_of_another_card_say_nothing(self, settings: Settings) -> None:
        """An H100's time is not an A100's; operations stand in, where the card is known, and threads do not matter."""
        record = replace(taken(settings, 0.01), device="cuda", accelerator="NVIDIA H100 80GB HBM3")
        here = estimate_seconds(settings, [record], device="cuda", threads=8, accelerator="NVIDIA H100 80GB HBM3")
        assert here == pytest.approx(START + record.seconds.total)
        elsewhere = estimate_seconds(settings, [record], device="cuda", threads=8, accelerator="NVIDIA A100-PCIE-40GB")
        model = modelled(settings, card=card_of("A100"))
        assert model is not None
        assert elsewhere == pytest.approx(START + model.total)
        assert estimate_seconds(settings, [record], device="cuda", threads=1, accelerator="NVIDIA L40S") is None

    def test_on_a_card_the_operations_scale_a_record(self, settings: Settings) -> None:
        """What was measured corrects the throughput that was assumed."""
        card = card_of("A100")
        other, model = replace(settings, epochs=60), modelled(settings, card=card)
        assert model is not None
        record = Measured(
            settings, "cuda", CoreSeconds(2 * model.train, 3 * model.evaluate), accelerator="NVIDIA A100-PCIE-40GB"
        )
        longer = modelled(other, card=card)
        assert longer is not None
        found = estimate_seconds(other, [record], device="cuda", threads=1, accelerator="NVIDIA A100-PCIE-40GB")
        assert found == pytest.approx(START + 2 * longer.train + 3 * longer.evaluate)

    def test_a_set_of_unknown_size_is_known_by_its_own_records_alone(self, settings: Settings) -> None:
        """A folder of the user's has no estimate before the first record of a cell."""
        mine = replace(settings, dataset="mine")
        assert estimate_seconds(mine, [taken(settings, 1.0)], device="cpu", threads=1) is None
        own = Measured(mine, "cpu", CoreSeconds(30, 20))
        assert estimate_seconds(mine, [own], device="cpu", threads=1) == START + 50


class TestReadMeasured:
    def test_reads_records_of_all_profiles(self, settings: Settings, tmp_path: Path) -> None:
        """Records of all sets and profiles count, torn ones do not; core-seconds are seconds times threads."""
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
        assert read_measured(tmp_path) == [Measured(settings, "cpu", CoreSeconds(60, 40), "record")] * 2

    def test_reads_the_timing_of_first_steps(self, settings: Settings, tmp_path: Path) -> None:
        """It stands in the work folder and says what a record says; a GPU's seconds are not those of cores."""
        timing = {
            "settings": settings.to_dict(),
            "hardware": {"device": "cuda", "threads": 16, "accelerator": "NVIDIA L4"},
            "phases": {"train": {"seconds": 30}, "evaluate": {"seconds": 20}},
        }
        (tmp_path / "work" / "cell").mkdir(parents=True)
        (tmp_path / "work" / "cell" / "timing.json").write_text(json.dumps(timing))
        found = read_measured(tmp_path, tmp_path / "work")
        assert found == [Measured(settings, "cuda", CoreSeconds(30, 20), "record", "NVIDIA L4")]
        assert read_measured(tmp_path) == []

    def test_the_look_counts_as_evaluation(self, settings: Settings) -> None:
        """What follows the scores takes time too; a record without this phase is good all the same."""
        phases = {"train": {"seconds": 30}, "evaluate": {"seconds": 20}}
        record = {"settings": settings.to_dict(), "hardware": {"device": "cpu", "threads": 2}, "phases": phases}
        looked = record | {"phases": phases | {"look": {"seconds": 5}}}
        assert measured(record) == Measured(settings, "cpu", CoreSeconds(60, 40), "record")
        assert measured(looked) == Measured(settings, "cpu", CoreSeconds(60, 50), "record")

    def test_a_record_without_times_is_passed_over(self) -> None:
        """Nothing can be learned from it."""
        assert measured({"settings": {}}) is None
