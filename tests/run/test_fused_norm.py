"""Batch norm with its ReLU in one go: as near to the exact result as torch's two steps, and nothing else changed."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from benchmarks.run import fused_norm
from benchmarks.run.folding import fold_batch_norm
from benchmarks.run.fused_norm import RectifyingBatchNorm2d, fuse
from memae import network as memae_network
from mnad.network import Encoder

EPS = 2.0**-8  # half a unit in the last place of bfloat16, relative


def _block(channels: int, *, leaky: bool = False) -> nn.Sequential:
    layers = (
        (nn.BatchNorm3d(channels), nn.LeakyReLU(0.2, inplace=True))
        if leaky
        else (nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
    )
    block = nn.Sequential(*layers)
    with torch.no_grad():
        block[0].weight.uniform_(0.5, 2.0)
        block[0].bias.normal_()
    return block


def _values(batch: int, channels: int, *sizes: int) -> Tensor:
    """Draw values whose mean differs by channel, channels last, two-dimensional or three-dimensional."""
    values = torch.randn(batch, channels, *sizes) * 2 + torch.randn(channels, *[1] * len(sizes))
    last = torch.channels_last if len(sizes) == 2 else torch.channels_last_3d
    return values.bfloat16().contiguous(memory_format=last)


def _exact(block: nn.Sequential, values: Tensor, gradient: Tensor) -> dict[str, Tensor]:
    """Forward and backward of torch's modules in float64."""
    exact = copy.deepcopy(block).double().train()
    inputs = values.double().requires_grad_()
    output = exact(inputs)
    output.backward(gradient.double())
    return _results(exact, inputs, output)


def _results(block: nn.Sequential, inputs: Tensor, output: Tensor) -> dict[str, Tensor]:
    norm = block[0]
    named = {
        "output": output,
        "input gradient": inputs.grad,
        "weight gradient": norm.weight.grad,
        "bias gradient": norm.bias.grad,
        "running mean": norm.running_mean,
        "running variance": norm.running_var,
    }
    return {name: tensor.detach().double() for name, tensor in named.items()}


class TestFuse:
    """What `fuse` makes of a network."""

    @given(
        st.integers(1, 3),
        st.sampled_from([1, 3, 4, 16, 24, 100]),
        st.sampled_from([(1, 2), (9, 2), (3, 40), (2, 3, 5), (4, 8, 6)]),
        st.booleans(),
    )
    def test_training_agrees_with_float64(
        self, batch: int, channels: int, sizes: tuple[int, ...], sliced: bool
    ) -> None:
        """Output, gradients and running statistics are exact but for one rounding to bfloat16, slices included."""
        torch.manual_seed(batch + 7 * channels + 31 * sum(sizes))
        block, values = _block(channels, leaky=len(sizes) == 3), _values(batch, channels, *sizes)
        wide = _values(batch, 3 * channels, *sizes)
        gradient = wide[:, channels : 2 * channels] if sliced else wide[:, :channels].contiguous()
        exact = _exact(block, values, gradient)
        fused = fuse(copy.deepcopy(block)).train()
        inputs = values.clone().requires_grad_()
        output = fused(inputs)
        assert output.dtype == torch.bfloat16
        output.backward(gradient)
        found = _results(fused, inputs, output)
        # A value within float32 rounding of zero may fall on the other side of the ReLU: leave those out.
        norm = copy.deepcopy(block[0]).double()
        sure = norm.train()(values.double()).abs() > 1e-4
        for name, expected in exact.items():
            got, want = found[name], expected
            if name in {"output", "input gradient"}:
                got, want = got * sure, want * sure
            scale = want.abs().max() + 1e-3
            assert float((got - want).abs().max() / scale) < 2 * EPS, name

    def test_as_exact_as_torch(self) -> None:
        """Over a whole encoder the gradient is no further from float32's than with torch's own bfloat16 kernels."""
        torch.manual_seed(0)
        plain = Encoder(4, 16).to(memory_format=torch.channels_last).train()
        frames = nn.functional.interpolate(torch.randn(4, 4, 8, 8), size=(64, 64), mode="bilinear")
        frames = frames.contiguous(memory_format=torch.channels_last)
        weights = torch.randn(4, 128, 8, 8)

        def gradient(network: nn.Module, *, low: bool) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16, enabled=low):
                query, _ = network(frames)
            (query.float() * weights).mean().backward()
            return torch.cat([parameter.grad.flatten() for parameter in network.parameters()])

        exact = gradient(copy.deepcopy(plain), low=False)
        torch_error = (gradient(copy.deepcopy(plain), low=True) - exact).norm()
        fused_error = (gradient(fuse(copy.deepcopy(plain)), low=True) - exact).norm()
        assert float(fused_error) < 1.2 * float(torch_error)

    def test_every_norm_of_the_network_is_fused(self) -> None:
        """All batch norms of MNAD's encoder stand before a ReLU and are fused."""
        norms = [module for module in fuse(Encoder(1, 4)).modules() if isinstance(module, nn.BatchNorm2d)]
        assert len(norms) == 7
        assert all(type(norm) is RectifyingBatchNorm2d for norm in norms)

    def test_memae_s_norms_are_fused_with_their_slope(self) -> None:
        """All batch norms of MemAE's encoder stand before a LeakyReLU of slope 0.2 and are fused with it."""
        norms = [module for module in fuse(memae_network.Encoder(1, 6)).modules() if isinstance(module, nn.BatchNorm3d)]
        assert [norm.leak for norm in norms] == [0.2] * 4

    def test_names_and_weights_stay(self) -> None:
        """A checkpoint of a plain network fits a fused one, and the other way round."""
        plain = Encoder(1, 4)
        fused = fuse(copy.deepcopy(plain))
        assert list(fused.state_dict()) == list(plain.state_dict())
        plain.load_state_dict(fused.state_dict())

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_other_precisions_are_torch_s(self, dtype: torch.dtype) -> None:
        """In float32 and float64 a fused network gives torch's numbers, bit for bit."""
        plain = Encoder(1, 4).to(dtype).train()
        fused = fuse(copy.deepcopy(plain))
        frames = torch.randn(2, 1, 16, 16, dtype=dtype)
        assert torch.equal(plain(frames)[0], fused(frames)[0])

    def test_evaluation_is_torch_s(self) -> None:
        """In evaluation, folded or not, a fused network gives the plain network's numbers, bit for bit."""
        plain = Encoder(1, 4)
        fused = fuse(copy.deepcopy(plain))
        frames = torch.randn(2, 1, 16, 16)
        assert torch.equal(plain.eval()(frames)[0], fused.eval()(frames)[0])
        assert torch.equal(fold_batch_norm(plain)(frames)[0], fold_batch_norm(fused)(frames)[0])

    def test_without_numba_torch_s_modules_do_the_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where numba is not installed a bfloat16 step is torch's, bit for bit."""
        monkeypatch.setattr(fused_norm, "_HAS_KERNELS", False)
        block, values = _block(8), _values(2, 8, 5, 5)
        assert torch.equal(copy.deepcopy(block).train()(values.clone()), fuse(copy.deepcopy(block)).train()(values))

    def test_not_a_number_is_passed_on(self) -> None:
        """A value that is not finite makes its channel not finite, so that the loss tells of it."""
        block, values = fuse(_block(4)).train(), _values(1, 4, 4, 4)
        values[0, 2, 1, 1] = torch.nan
        output = block(values).float()
        assert not bool(output[0, 2].isfinite().any())
        assert bool(output[0, [0, 1, 3]].isfinite().all())

    def test_twice_the_same(self) -> None:
        """The same input gives the same bits."""
        block, values = fuse(_block(16)).train(), _values(4, 16, 33, 31)
        assert np.array_equal(block(values).float().detach().numpy(), block(values).float().detach().numpy())
