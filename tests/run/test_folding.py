"""Batch norm folded into convolutions gives the same network."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from benchmarks.run.folding import fold_batch_norm

CONVOLUTIONS = {
    "2d": (nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), (2, 3, 9, 9)),
    "2d transposed": (
        nn.ConvTranspose2d(3, 5, 3, stride=2, padding=1, output_padding=1),
        nn.BatchNorm2d(5),
        (2, 3, 6, 6),
    ),
    "3d": (nn.Conv3d(3, 5, 3, stride=(1, 2, 2)), nn.BatchNorm3d(5), (2, 3, 5, 7, 7)),
    "3d transposed": (nn.ConvTranspose3d(3, 5, 3, stride=2), nn.BatchNorm3d(5), (2, 3, 2, 3, 3)),
}


def used(kind: str) -> tuple[nn.Sequential, torch.Tensor]:
    """Two blocks in training mode whose norms have seen data, with an input."""
    torch.manual_seed(0)
    convolution, norm, shape = CONVOLUTIONS[kind]
    nn.init.uniform_(norm.weight, 0.5, 2)
    nn.init.normal_(norm.bias)
    network = nn.Sequential(nn.Sequential(convolution, norm, nn.LeakyReLU(0.2, inplace=True)), nn.Identity())
    network.train()
    for _ in range(3):
        network(3 * torch.randn(shape) + 1)
    return network, torch.randn(shape)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
class TestFoldBatchNorm:
    def test_outputs_equal_unfolded(self, kind: str) -> None:
        """The folded network gives the outputs of the one in evaluation mode, to 1e-5."""
        network, inputs = used(kind)
        folded = fold_batch_norm(network)
        network.eval()
        with torch.no_grad():
            assert_allclose(folded(inputs.clone()), network(inputs.clone()), rtol=1e-5, atol=1e-5)

    def test_no_norm_is_left_and_the_original_is_untouched(self, kind: str) -> None:
        """The copy holds no batch norm; the network keeps its weights, statistics and mode."""
        network, _ = used(kind)
        before = {name: value.clone() for name, value in network.state_dict().items()}
        folded = fold_batch_norm(network)
        norms = (nn.BatchNorm2d, nn.BatchNorm3d)
        assert not any(isinstance(module, norms) for module in folded.modules())
        assert not folded.training
        assert network.training
        assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
