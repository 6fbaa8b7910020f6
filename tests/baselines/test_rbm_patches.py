"""The compressive RBM: what it learns, and how patches become maps."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.rbm_patches import PatchRBM, fit_rbm, rebuild, sample_patches

PATCH = 4


def stripes(count: int, *, across: bool, size: int = 16, seed: int = 0) -> torch.Tensor:
    """Images (count, 1, size, size) of stripes two pixels wide, each at a phase of its own."""
    phases = np.random.default_rng(seed).integers(0, 4, count)
    line = (np.arange(size) + phases[:, None]) // 2 % 2
    images = np.broadcast_to(line[:, None, :, None] if across else line[:, None, None, :], (count, 1, size, size))
    return torch.tensor(0.1 + 0.8 * images, dtype=torch.float32)


def trained(images: torch.Tensor, hidden: int = 8) -> PatchRBM:
    """A small machine on patches of the images."""
    patches = sample_patches(images, PATCH, 2000, np.random.default_rng(0))
    return fit_rbm(patches, hidden=hidden, iterations=30, learning_rate=0.1, batch=20, seed=0)


def blank(visible: int, level: float) -> PatchRBM:
    """A machine that rebuilds every patch as one level."""
    bias = torch.full((visible,), float(np.log(level / (1 - level))))
    return PatchRBM(torch.zeros(2, visible), torch.zeros(2), bias)


class TestFitRbm:
    def test_a_foreign_texture_has_the_higher_error(self) -> None:
        """A machine that knows stripes one way rebuilds them well, stripes the other way badly."""
        rbm = trained(stripes(20, across=True))
        known = rebuild(rbm, stripes(10, across=True, seed=1), PATCH, 2).patch_error
        foreign = rebuild(rbm, stripes(10, across=False, seed=1), PATCH, 2).patch_error
        assert float(known.mean()) < 0.5 * float(foreign.mean())
        assert float(known.mean()) < 0.05

    def test_repeats_itself(self) -> None:
        """Patches and seed fix the machine."""
        first, second = (trained(stripes(5, across=True)) for _ in range(2))
        assert torch.equal(first.weights, second.weights)

    @pytest.mark.parametrize("hidden", [0, 16, 20])
    def test_refuses_what_does_not_compress(self, hidden: int) -> None:
        """As many hidden units as pixels could copy every patch."""
        with pytest.raises(ValueError, match="fewer hidden units than the 16"):
            trained(stripes(2, across=True), hidden=hidden)


class TestSamplePatches:
    def test_takes_pieces_of_the_images_up_to_the_border(self) -> None:
        """Each patch is a piece of an image, and the last row and column occur."""
        images = torch.arange(2 * 36.0).reshape(2, 1, 6, 6)
        patches = sample_patches(images, 5, 40, np.random.default_rng(0))
        pieces = torch.nn.functional.unfold(images, 5).transpose(1, 2).reshape(-1, 25)
        assert {tuple(patch) for patch in patches.tolist()} == {tuple(piece) for piece in pieces.tolist()}


class TestRebuild:
    @given(st.integers(0, 2**16), st.sampled_from([(4, 1), (4, 2), (4, 4)]), st.sampled_from([1, 3]))
    def test_a_flat_machine_has_the_error_of_the_patches(
        self, seed: int, sizes: tuple[int, int], channels: int
    ) -> None:
        """Where every patch is rebuilt as one level, errors and images can be said without folding."""
        patch, stride = sizes
        images = torch.rand(2, channels, 12, 12, generator=torch.Generator().manual_seed(seed))
        found = rebuild(blank(channels * patch**2, 0.3), images, patch, stride)
        torch.testing.assert_close(found.images, torch.full_like(images, 0.3))
        expected = torch.nn.functional.avg_pool2d((images - 0.3).square().mean(dim=1), patch, stride)
        torch.testing.assert_close(found.patch_error, expected)

    def test_a_pixel_has_the_mean_error_of_its_patches(self) -> None:
        """One bright pixel raises the error of the patches over it, and of no pixel further off."""
        images = torch.full((1, 1, 12, 12), 0.5)
        images[0, 0, 5, 5] = 1.0
        found = rebuild(blank(16, 0.5), images, 4, 2)
        reached = (found.pixel_error[0] > 1e-9).nonzero()
        assert reached.min() == 2
        assert reached.max() == 7
        # Patches begin at 2 and 4 in each direction: all four of those over the pixel hold it.
        assert float(found.pixel_error[0, 5, 5]) == pytest.approx(0.25 / 16)

    @pytest.mark.parametrize(("patch", "stride"), [(4, 3), (5, 5), (16, 16)])
    def test_refuses_patches_that_leave_a_border(self, patch: int, stride: int) -> None:
        """A pixel that no patch covers would have no error."""
        with pytest.raises(ValueError, match="evenly"):
            rebuild(blank(patch**2, 0.5), torch.zeros(1, 1, 12, 12), patch, stride)
