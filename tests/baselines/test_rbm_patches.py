"""The compressive RBM: what it learns, and how patches become maps."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.rbm_patches import PatchRBM, fit_rbm, pixel_errors, rebuild, sample_patches

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


def blank(visible: int) -> PatchRBM:
    """A machine that rebuilds every patch as its own mean."""
    return PatchRBM(torch.zeros(2, visible), torch.zeros(2), torch.zeros(visible), torch.tensor(0.1))


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


class TestPatchRBM:
    def test_brightness_passes_as_it_is(self) -> None:
        """A patch that is brighter throughout comes out brighter throughout, with the same error."""
        rbm = trained(stripes(5, across=True))
        patches = sample_patches(stripes(2, across=True), PATCH, 10, np.random.default_rng(1))
        dark = torch.from_numpy(patches) * 0.5
        torch.testing.assert_close(rbm.reconstruct(dark + 0.3), rbm.reconstruct(dark) + 0.3)


class TestRebuild:
    @given(st.integers(0, 2**16), st.sampled_from([(4, 1), (4, 2), (4, 4)]), st.sampled_from([1, 3]))
    def test_a_blank_machine_has_the_variance_of_the_patches(
        self, seed: int, sizes: tuple[int, int], channels: int
    ) -> None:
        """Where every patch is rebuilt as its mean, the error of a patch is its variance."""
        patch, stride = sizes
        images = torch.rand(2, channels, 12, 12, generator=torch.Generator().manual_seed(seed))
        found = rebuild(blank(channels * patch**2), images, patch, stride)
        pieces = torch.nn.functional.unfold(images, patch, stride=stride)
        expected = pieces.var(dim=1, correction=0).unflatten(1, found.patch_error.shape[1:])
        torch.testing.assert_close(found.patch_error, expected)
        if patch == stride and channels == 1:
            means = torch.nn.functional.avg_pool2d(images, patch)
            torch.testing.assert_close(found.images, torch.nn.functional.interpolate(means, scale_factor=patch))

    @pytest.mark.parametrize(("patch", "stride"), [(4, 3), (5, 5), (16, 16)])
    def test_refuses_patches_that_leave_a_border(self, patch: int, stride: int) -> None:
        """A pixel that no patch covers would have no error."""
        with pytest.raises(ValueError, match="evenly"):
            rebuild(blank(patch**2), torch.zeros(1, 1, 12, 12), patch, stride)


class TestPixelErrors:
    def test_a_pixel_has_the_mean_error_of_its_patches(self) -> None:
        """One bad patch reaches the pixels that it covers, each by its share of the patches there."""
        errors = torch.zeros(1, 5, 5)
        errors[0, 1, 1] = 1.0
        pixels = pixel_errors(errors, 4, 2)[0]
        assert pixels.shape == (12, 12)
        reached = (pixels > 0).nonzero()
        assert reached.min() == 2
        assert reached.max() == 5
        # Four patches cover each pixel away from the border.
        assert float(pixels[3, 3]) == pytest.approx(0.25)
