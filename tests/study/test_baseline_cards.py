"""What baselines fix, which settings they take, and how their cells are called."""

from typing import Any

import pytest

from baselines.convlstm_ae import TEMPORAL_STRIDES
from baselines.fcae import KERNELS
from baselines.target_corruption import KINDS
from benchmarks.errors import StudyError
from benchmarks.study.presets import resolve
from benchmarks.study.settings import BASELINES, LEVELS, METHODS, PROFILES, Settings


def settings_of(method: str, **factors: Any) -> Settings:
    """A baseline's cell on Ped2."""
    return resolve(dataset="ped2", method=method, task="reconstruction", **factors)


def refusal(method: str, **factors: Any) -> str:
    """The sentence with which a cell is refused."""
    with pytest.raises(StudyError) as caught:
        settings_of(method, **factors)
    return str(caught.value)


class TestBaselinePresets:
    def test_there_is_one_for_each_baseline_and_no_other(self) -> None:
        """The names of methods and their presets agree."""
        assert {name for name, card in METHODS.items() if card.kind == "baseline"} == set(BASELINES)

    @pytest.mark.parametrize("method", BASELINES)
    def test_have_the_same_settings_at_every_profile(self, method: str) -> None:
        """A profile changes values of size, width and length; what else a baseline has stays."""
        found = {profile: settings_of(method, profile=profile).to_dict() for profile in PROFILES}
        assert len({frozenset(one) for one in found.values()}) == 1
        scaled = {name for preset in METHODS[method].profiles.values() for name in preset}
        for one in found.values():
            differing = {name for name, value in one.items() if value != found["paper"][name]}
            assert differing <= scaled | {"profile"}

    def test_cae_is_the_notebooks(self) -> None:
        """Seed 001: 100x100, a bottleneck of 2000, batch 32, 30 epochs, Adam 1e-4 with weight decay 1e-5."""
        one = settings_of("cae", profile="paper")
        assert (one.size, one.channels, one.bottleneck, one.batch, one.epochs) == (100, 1, 2000, 32, 30)
        assert (one.learning_rate, one.weight_decay, one.schedule) == (1e-4, 1e-5, "constant")

    def test_the_clips_of_ten_frames_are_the_papers(self) -> None:
        """Hasan, Chong and Tay: 227x227; the ConvLSTM trains on strides 1 to 4 with Adam's default rate."""
        for name in ("stae", "convlstm_ae", "lstm_vector_ae"):
            assert settings_of(name, profile="paper").size == 227
        convlstm = settings_of("convlstm_ae", profile="paper")
        assert (convlstm.temporal_strides, convlstm.frames_as) == (4, "sequence")
        assert tuple(range(1, convlstm.temporal_strides + 1)) == TEMPORAL_STRIDES
        assert (convlstm.learning_rate, convlstm.batch, convlstm.epochs) == (1e-3, 64, 50)
        assert settings_of("lstm_vector_ae", profile="paper").bottleneck == 32


class TestBaseline:
    def test_is_what_resolve_gives(self) -> None:
        """A cell without overrides has the preset's values, and no memory, skip or supervision."""
        one = settings_of("cae", profile="small")
        assert {name: getattr(one, name) for name in METHODS["cae"].geometry("small")} == METHODS["cae"].geometry(
            "small"
        )
        assert (one.memory, one.skip, one.supervision, one.items) == ("none", False, "none", None)


class TestOwnSettings:
    def test_names_what_a_baseline_has(self) -> None:
        """The bottleneck is the convolutional autoencoder's; the number of items is no baseline's."""
        assert {"bottleneck", "weight_decay"} <= METHODS["cae"].setting_names()
        assert "items" not in METHODS["cae"].setting_names()


class TestLegality:
    @pytest.mark.parametrize("method", BASELINES)
    @pytest.mark.parametrize(
        "factors", [{"task": "prediction"}, {"skip": True}, {"memory": "mnad"}, {"task": "denoising"}]
    )
    def test_takes_reconstruction_alone(self, method: str, factors: dict[str, Any]) -> None:
        """No task but reconstruction, no memory, no skips."""
        with pytest.raises(StudyError, match=r"task=reconstruction, memory=none and skip=false"):
            resolve(**{"dataset": "ped2", "method": method, "task": "reconstruction", **factors})

    @pytest.mark.parametrize("method", BASELINES)
    def test_takes_no_supervision_and_no_other_preset(self, method: str) -> None:
        """There are no items to supervise, and no second published version."""
        assert "supervision=uniform_balance" in refusal(method, supervision="uniform_balance")
        assert "preset=rc2020" in refusal(method, preset="rc2020")

    def test_refuses_settings_of_others(self) -> None:
        """A setting that means nothing to a method is refused by name, not passed over."""
        assert "items is a setting of memory=mnad or memory=memae, but method=cae" in refusal("cae", items=10)
        with pytest.raises(StudyError, match=r"bottleneck is a setting of method=cae .*, but method=mnad"):
            resolve(dataset="ped2", method="mnad", task="prediction", bottleneck=10)

    def test_refuses_sizes_that_the_layers_do_not_fit(self) -> None:
        """The next sizes that would do are named."""
        sentence = refusal("cae", size=102)
        assert "size=102" in sentence
        assert "100 and 104 would do" in sentence
        assert "size=12" in refusal("cae", size=12)

    def test_refuses_part_of_a_channel_and_a_negative_bottleneck(self) -> None:
        """Widths leave whole channels; a bottleneck is a width or 0."""
        assert "width=0.01" in refusal("cae", width=0.01)
        assert "bottleneck" in refusal("cae", bottleneck=-1)
        assert "channels=2" in refusal("cae", channels=2)
        assert "epochs" in refusal("cae", epochs=0)
        assert "bottleneck" in refusal("lstm_vector_ae", bottleneck=0)

    def test_refuses_a_score_or_a_stride_that_cannot_be(self) -> None:
        """The cost of a sequence needs a sequence's network; strides begin at 1."""
        assert "error=sequence_cost" in refusal("cae", error="sequence_cost")
        with pytest.raises(StudyError, match="error=sequence_cost"):
            resolve(dataset="ped2", method="memae", task="reconstruction", error="sequence_cost")
        assert "temporal_strides" in refusal("convlstm_ae", temporal_strides=0)


class TestName:
    def test_is_the_method_and_what_differs(self) -> None:
        """The variant without dense layers says so; the hash tells the rest."""
        plain, without = settings_of("cae"), settings_of("cae", bottleneck=0)
        assert plain.name == f"cae-{plain.hash[:8]}"
        assert without.name == f"cae-no_dense-{without.hash[:8]}"
        stacked = settings_of("convlstm_ae", frames_as="channels")
        assert stacked.name == f"convlstm_ae-stacked-{stacked.hash[:8]}"


class TestFcae:
    @pytest.mark.parametrize(
        ("factors", "reason"),
        [
            ({"region": "pool"}, "region=pool is found by its colour"),
            ({"target_corruption": "inverted"}, "done outside the region, but there is none"),
            ({"dropout": 1.0}, "dropout is a share of channels"),
            ({"bright_spots": 0.0}, "bright_spots is a number of deviations"),
            ({"luminosity": 1.5}, "luminosity is a share of the range"),
            ({"kernels": "3-5"}, "Expected kernels to be one of 3-5-7-9, 3-5-9"),
            ({"target_corruption": "salt"}, "Expected target_corruption to be one of"),
            ({"size": 100}, "the layers of fcae fit"),
        ],
    )
    def test_refuses_what_means_nothing(self, factors: dict[str, Any], reason: str) -> None:
        """Each refusal names the setting."""
        assert reason in refusal("fcae", **factors)

    def test_levels_are_those_of_the_leaf(self) -> None:
        """What a study file may ask for is what the leaf has."""
        assert set(LEVELS["kernels"]) == set(KERNELS)
        assert set(LEVELS["target_corruption"]) == set(KINDS)

    def test_names_say_what_the_document_calls_apart(self) -> None:
        """The shallow network and a corrupted target are in a cell's name."""
        one = settings_of("fcae", kernels="3-5-9", channels=3, region="pool", target_corruption="inverted")
        assert one.name.startswith("fcae-three_layers-inverted-")
        assert settings_of("fcae").name == f"fcae-{settings_of('fcae').hash[:8]}"
