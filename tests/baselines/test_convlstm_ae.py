"""The autoencoder with convolutional LSTMs: its layers, its recurrence, its variant."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from baselines.convlstm_ae import ConvLstm, ConvLstmAutoencoder, initialise


def count(module: nn.Module) -> int:
    """Number of parameters."""
    return sum(value.numel() for value in module.parameters())


class TestConvLstm:
    def test_on_a_single_pixel_is_an_lstm(self) -> None:
        """Where a kernel sees its middle alone, gates and states are those of torch's LSTM with the same weights."""
        torch.manual_seed(0)
        layer, reference = ConvLstm(3, 5), nn.LSTM(3, 5, batch_first=True)
        with torch.no_grad():
            layer.bias.normal_()
            reference.weight_ih_l0.copy_(layer.from_input.weight[:, :, 1, 1])
            reference.weight_hh_l0.copy_(layer.from_hidden.weight[:, :, 1, 1])
            reference.bias_ih_l0.copy_(layer.bias)
            reference.bias_hh_l0.zero_()
        sequence = torch.randn(2, 7, 3)
        expected, _ = reference(sequence)
        found = layer(sequence[..., None, None])
        assert_allclose(found[..., 0, 0].detach(), expected.detach(), rtol=1e-5, atol=1e-6)

    def test_sees_what_came_before_and_around_and_nothing_later(self) -> None:
        """A change in one place at one time reaches its neighbours, at that time and after it."""
        torch.manual_seed(0)
        layer = ConvLstm(2, 3)
        sequence = torch.randn(1, 5, 2, 7, 7)
        changed = sequence.clone()
        changed[0, 2, :, 3, 3] += 1.0
        difference = (layer(changed) - layer(sequence)).detach().abs().sum(dim=2)[0]
        assert not difference[:2].any()
        assert bool(difference[2, 2:5, 2:5].all())
        assert difference[2].count_nonzero() == 9
        assert bool(difference[3, 1:6, 1:6].all())

    @pytest.mark.parametrize(
        ("inputs", "hidden", "parameters"), [(64, 64, 295_168), (64, 32, 110_720), (32, 64, 221_440)]
    )
    def test_has_as_many_parameters_as_keras_layer(self, inputs: int, hidden: int, parameters: int) -> None:
        """4 hidden (9 (inputs + hidden) + 1): one bias, no peepholes."""
        assert count(ConvLstm(inputs, hidden)) == 4 * hidden * (9 * (inputs + hidden) + 1) == parameters

    def test_starts_with_open_forget_gates(self) -> None:
        """The forget gates' biases are 1, the others 0, also after they are drawn again."""
        layer = ConvLstm(2, 3)
        nn.init.normal_(layer.bias)
        layer.reset_parameters()
        assert layer.bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6


class TestConvLstmAutoencoder:
    def test_layers_have_the_papers_sizes(self) -> None:
        """At 227x227: 55 pixels of 128 channels, 26 of 64; ConvLSTMs of 64, 32, 64; back over 55 to 227."""
        with torch.device("meta"):
            network = ConvLstmAutoencoder()
            frames = torch.empty(10, 1, 227, 227)
            first = network.encoder[0](frames)
            encoded = network.encoder(frames)
            assert (first.shape[1:], encoded.shape[1:]) == ((128, 55, 55), (64, 26, 26))
            states = encoded.unflatten(0, (1, 10))
            for layer, channels in zip(network.temporal, (64, 32, 64), strict=True):
                states = layer(states)
                assert states.shape == (1, 10, channels, 26, 26)
            assert network.decoder[0](encoded).shape[1:] == (128, 55, 55)
            assert network.decoder(encoded).shape == frames.shape

    def test_has_as_many_parameters_as_its_layers(self) -> None:
        """Counted by hand, frame by frame and with ten frames for channels."""
        with torch.device("meta"):
            paper, notebook = ConvLstmAutoencoder(), ConvLstmAutoencoder(frames_as="channels")
        inner = (128 * 64 * 25 + 64) + (295_168 + 110_720 + 221_440) + (64 * 128 * 25 + 128)
        assert count(paper) == (121 * 128 + 128) + inner + (128 * 121 + 1) == 1_068_225
        assert count(notebook) == (10 * 121 * 128 + 128) + inner + (128 * 10 * 121 + 10) == 1_347_018

    @pytest.mark.parametrize("frames_as", ["sequence", "channels"])
    @pytest.mark.parametrize("size", [27, 43])
    def test_gives_back_the_shape(self, frames_as: str, size: int) -> None:
        """Sizes eight pixels apart fit, in both variants."""
        network = ConvLstmAutoencoder(3, size, 2, "channels" if frames_as == "channels" else "sequence")
        output = network(torch.rand(2, 10, 3, size, size))
        assert output.shape == (2, 10, 3, size, size)

    def test_a_frame_depends_on_those_before_it_alone(self) -> None:
        """The paper's variant runs forward in time; with frames for channels every frame sees all."""
        torch.manual_seed(0)
        clips = torch.rand(1, 10, 1, 27, 27)
        changed = clips.clone()
        changed[0, 5] = 0.0
        for frames_as, untouched in (("sequence", 5), ("channels", 0)):
            network = ConvLstmAutoencoder(1, 27, 2, "channels" if frames_as == "channels" else "sequence")
            network.apply(initialise)
            moved = (network(clips) - network(changed)).detach().abs().amax(dim=(0, 2, 3, 4)) > 0
            assert moved.tolist() == [False] * untouched + [True] * (10 - untouched)

    @pytest.mark.parametrize("size", [19, 28, 224, 256])
    def test_refuses_sizes_that_do_not_fit(self, size: int) -> None:
        """A size of which a stride would drop a row is refused."""
        with pytest.raises(ValueError, match=f"size={size}"):
            ConvLstmAutoencoder(size=size)


class TestInitialise:
    def test_is_xaviers_uniform(self) -> None:
        """Kernels lie within sqrt(6 / (inputs + outputs)), and fill it; biases are 0."""
        torch.manual_seed(0)
        layer = nn.Conv2d(20, 30, 5)
        initialise(layer)
        bound = (6 / (25 * (20 + 30))) ** 0.5
        assert 0.99 * bound < float(layer.weight.detach().abs().max()) <= bound
        assert layer.bias is not None
        assert not layer.bias.any()
