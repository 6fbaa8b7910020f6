"""From factors to settings: profiles, presets, and the numbers of the papers."""

import itertools
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, LEARNING_FREE, METHODS, PRESETS, PROFILES, TASKS, Settings

# What a profile may set: geometry and length, never arithmetic.
GEOMETRY = {"profile", "size", "channels", "width", "epochs", "batch", "train_stride"}


def settings_of(**factors: Any) -> Settings:
    """A cell on Avenue, whose frames have colour, at the paper profile."""
    return resolve(**{"dataset": "avenue", "profile": "paper", **factors})


class TestPublished:
    def test_mnad_prediction(self) -> None:
        """Park et al. as their code has it: STUDY section 3."""
        settings = settings_of(method="mnad", task="prediction")
        assert (settings.size, settings.width, settings.epochs, settings.batch) == (256, 1.0, 60, 4)
        assert (settings.learning_rate, settings.schedule, settings.items) == (2e-4, "cosine", 10)
        assert (settings.compactness_weight, settings.separateness_weight) == (0.1, 0.1)
        assert (settings.alpha, settings.update_threshold) == (0.6, 0.01)
        assert (settings.skip, settings.memory, settings.channels) == (True, "mnad", 3)

    def test_mnad_reconstruction(self) -> None:
        """No skips, losses at 0.01, alpha 0.7, threshold 0.015, and an upsampling that keeps the width."""
        settings = settings_of(method="mnad", task="reconstruction")
        assert (settings.compactness_weight, settings.separateness_weight) == (0.01, 0.01)
        assert (settings.alpha, settings.update_threshold) == (0.7, 0.015)
        assert (settings.skip, settings.upsampling, settings.learning_rate) == (False, "keep", 2e-4)

    def test_memae(self) -> None:
        """Gong et al. as their code has it: STUDY section 4."""
        settings = settings_of(method="memae", task="reconstruction")
        assert (settings.items, settings.shrink_threshold, settings.entropy_weight) == (2000, 0.0025, 0.0002)
        assert (settings.learning_rate, settings.schedule, settings.batch, settings.epochs) == (
            1e-4,
            "constant",
            10,
            100,
        )
        assert (settings.channels, settings.address, settings.error) == (1, "inner_product", "mean_absolute_error")
        assert settings_of(method="memae", task="reconstruction", memory="none").error == "mse"

    def test_without_memory_pixels_alone_count(self) -> None:
        """A twin has alpha 1 and neither items nor losses on them."""
        settings = settings_of(method="mnad", task="prediction", memory="none")
        assert settings.alpha == 1.0
        assert (settings.items, settings.compactness_weight, settings.update_threshold) == (None, None, None)

    def test_presets_differ_where_the_sources_do(self) -> None:
        """STUDY section 6, row by row."""
        by_preset = {name: settings_of(method="mnad", task="reconstruction", preset=name) for name in PRESETS}
        paper, official, rc2020 = by_preset["paper"], by_preset["official"], by_preset["rc2020"]
        assert (paper.update_weight, official.update_weight, rc2020.update_weight) == ("own", "all", "all")
        assert (paper.compactness_reduction, official.compactness_reduction) == ("sum", "mean")
        assert (paper.read_gradient, official.read_gradient, rc2020.read_gradient) == (True, False, False)
        assert (paper.upsampling, official.upsampling, rc2020.upsampling) == ("halve", "keep", "halve")
        assert (paper.learning_rate, official.learning_rate, rc2020.learning_rate) == (2e-5, 2e-4, 2e-5)
        assert settings_of(method="memae", task="reconstruction", preset="paper").address == "cosine"

    @pytest.mark.parametrize("items", [None, 10, 50])
    def test_the_texts_shrinkage_follows_the_number_of_items(self, items: int | None) -> None:
        """The text's lambda lies in [1/N, 3/N]; of these the preset takes 1/N, at which a cosine address lives."""
        chosen = {} if items is None else {"items": items}
        paper = settings_of(method="memae", task="reconstruction", preset="paper", **chosen)
        assert paper.items == (items or 2000)
        assert paper.shrink_threshold == 1 / paper.items
        given = settings_of(method="memae", task="reconstruction", preset="paper", shrink_threshold=0.0006, **chosen)
        assert given.shrink_threshold == 0.0006

    def test_rc2020_supervision_shrinks_the_other_losses(self) -> None:
        """RC2020's loss has weight 1 and takes the other two down to 0.001."""
        settings = settings_of(method="mnad", task="prediction", supervision="uniform_rc2020")
        assert (settings.uniform_weight, settings.compactness_weight, settings.separateness_weight) == (
            1.0,
            0.001,
            0.001,
        )

    def test_denoising(self) -> None:
        """A quarter of the pixels; RC2020's stack of four with noise on each element in its own range."""
        plain = settings_of(method="mnad", task="denoising")
        assert (plain.noise, plain.noise_frames, plain.noise_unit, plain.noise_range) == (0.25, 1, "pixel", "scaled")
        stack = settings_of(method="mnad", task="denoising", preset="rc2020")
        assert (stack.noise, stack.noise_frames, stack.noise_unit, stack.noise_range) == (0.25, 4, "element", "rc2020")


class TestProfiles:
    @pytest.mark.parametrize(
        ("method", "task"),
        [*itertools.product(AUTOENCODERS, TASKS), *((method, "reconstruction") for method in LEARNING_FREE)],
    )
    def test_change_geometry_and_length_only(self, method: str, task: str) -> None:
        """Between profiles nothing differs but size, channels, width, epochs, batch and stride."""
        reference = settings_of(method=method, task=task).to_dict()
        for profile in PROFILES:
            other = settings_of(method=method, task=task, profile=profile).to_dict()
            assert {name for name in reference if reference[name] != other[name]} <= GEOMETRY
            assert reference.keys() == other.keys()

    def test_grey_sets_are_read_as_grey_but_at_the_paper_profile(self) -> None:
        """Ped2's three channels are equal; MemAE is grey everywhere, and methods without learning go by the data set."""
        channels = {
            (dataset, method, profile): settings_of(dataset=dataset, method=method, task="reconstruction", profile=profile).channels
            for dataset, method, profile in itertools.product(("ped2", "avenue"), (*AUTOENCODERS, "clock"), ("cpu", "paper"))
        }  # fmt: skip
        assert {key for key, value in channels.items() if value == 3} == {
            ("avenue", "mnad", "cpu"),
            ("avenue", "mnad", "paper"),
            ("ped2", "mnad", "paper"),
            ("avenue", "clock", "cpu"),
            ("avenue", "clock", "paper"),
            ("ped2", "clock", "paper"),
        }


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "listed"),
        [
            ({"method": "transformer"}, ", ".join(METHODS)),
            ({"task": "colouring"}, "reconstruction, prediction, denoising"),
            ({"memory": "hopfield"}, "own, mnad, memae, none"),
            ({"supervision": "strict"}, "none, uniform_rc2020, uniform_balance"),
            ({"preset": "mine"}, "official, paper, rc2020"),
            ({"profile": "huge"}, "paper, cpu, small, smoke"),
            ({"precision": "int8"}, "bfloat16, float32, float64"),
            ({"leaning_rate": 1}, "learning_rate"),
        ],
    )
    def test_unknown_names_list_the_valid_ones(self, change: dict[str, Any], listed: str) -> None:
        """A wrong level or setting is answered with what there is, and what came."""
        with pytest.raises(StudyError) as caught:
            settings_of(**{"method": "mnad", "task": "prediction", **change})
        assert listed in str(caught.value)
        ((name, value),) = change.items()
        assert str(value) in str(caught.value) or name in str(caught.value)

    def test_any_setting_can_be_overridden(self) -> None:
        """An override wins over preset and profile."""
        settings = settings_of(method="mnad", task="prediction", items=7, alpha=0.5, epochs=2, size=64)
        assert (settings.items, settings.alpha, settings.epochs, settings.size) == (7, 0.5, 2, 64)

    def test_a_whole_number_is_the_same_cell_as_its_real(self) -> None:
        """TOML tells 0 from 0.0; the identity of a cell does not."""
        whole, real = (settings_of(method="mnad", task="prediction", separateness_weight=value) for value in (0, 0.0))
        assert whole.hash == real.hash
        assert type(settings_of(method="mnad", task="prediction", items=7).items) is int
