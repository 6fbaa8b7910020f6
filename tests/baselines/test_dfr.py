"""Deep feature reconstruction: regional features, the latent size, the autoencoder and its error."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional

from baselines.backbones import VGG19, Stages
from baselines.dfr import FeatureAutoencoder, heat_map, latent_size, region_error, region_weights, regional_features


def resized_and_averaged(each: torch.Tensor, size: int) -> torch.Tensor:
    """The paper's two steps, one after the other on the whole map."""
    return functional.avg_pool2d(functional.interpolate(each, size=size, mode="bilinear", align_corners=True), 4)


def uncorrelated(count: int, columns: int) -> NDArray[np.float64]:
    """Columns of mean zero, equal variance and no correlation at all, in the sample itself."""
    drawn = np.random.default_rng(0).normal(size=(count, columns))
    return np.linalg.qr(drawn - drawn.mean(axis=0))[0]


class TestRegionWeights:
    @given(st.integers(1, 20), st.sampled_from([16, 32, 64]))
    def test_each_region_is_a_mean(self, length: int, size: int) -> None:
        """The weights of a region are not negative and sum to one."""
        weights = region_weights(length, size)
        assert weights.shape == (size // 4, length)
        assert float(weights.min()) >= 0
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(size // 4))


class TestRegionalFeatures:
    @given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 99))
    def test_equals_resizing_then_averaging(self, height: int, width: int, seed: int) -> None:
        """Two matrix products give what the paper's two steps give, for maps of any shape."""
        each = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(seed))
        torch.testing.assert_close(regional_features([each], 16), resized_and_averaged(each, 16))

    def test_of_vgg19_has_the_papers_channels_in_the_order_of_the_layers(self) -> None:
        """Twelve layers make 3,456 channels on a grid of a quarter of the frame."""
        with torch.no_grad():
            maps = Stages(VGG19)(torch.rand(1, 3, 32, 32))
            features = regional_features(maps, 32)
        assert features.shape == (1, 3456, 8, 8)
        assert features.shape[1] == 2 * 64 + 2 * 128 + 4 * 256 + 4 * 512
        torch.testing.assert_close(features[:, :64], functional.avg_pool2d(maps[0], 4))
        torch.testing.assert_close(features[:, -512:], resized_and_averaged(maps[-1], 32))


class TestLatentSize:
    @pytest.mark.parametrize(("share", "expected"), [(0.49, 1), (0.51, 2), (0.79, 2), (0.9, 3), (0.96, 4)])
    def test_counts_components_until_the_share_is_held(self, share: float, expected: int) -> None:
        """With variances of 50, 30, 15 and 5 per cent in turned directions, the count follows the sum."""
        rng = np.random.default_rng(0)
        turned, _ = np.linalg.qr(rng.normal(size=(7, 7)))
        rows = uncorrelated(200, 4) * np.sqrt([50, 30, 15, 5]) @ turned[:4] + rng.uniform(size=7)
        assert latent_size(rows.astype(np.float32), share) == expected

    def test_is_that_of_the_paper_by_default(self) -> None:
        """Of fifteen equal directions fourteen are the first to hold 0.90 of the variance."""
        assert latent_size(uncorrelated(500, 15).astype(np.float32)) == 14

    def test_refuses_what_does_not_vary(self) -> None:
        """Frames that show nothing have no components."""
        with pytest.raises(ValueError, match="all 5 are equal"):
            latent_size(np.ones((5, 3), dtype=np.float32))


class TestFeatureAutoencoder:
    def test_has_the_released_codes_widths(self) -> None:
        """3,456 channels and a code of 100 pass 1,828 and 200 on the way in and out, norm and ReLU but at the ends."""
        network = FeatureAutoencoder(3456, 100)
        widths = [layer.out_channels for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
        assert widths == [1828, 200, 100, 200, 1828, 3456]
        kinds = [type(layer).__name__ for layer in (*network.encoder, *network.decoder)]
        assert kinds == [*(["Conv2d", "BatchNorm2d", "ReLU"] * 2), "Conv2d"] * 2
        weights = 2 * (3456 * 1828 + 1828 * 200 + 200 * 100)
        biases = 1828 + 200 + 100 + 200 + 1828 + 3456
        norms = 2 * (1828 + 200 + 200 + 1828)
        assert sum(parameter.numel() for parameter in network.parameters()) == weights + biases + norms

    def test_rebuilds_every_region_for_itself(self) -> None:
        """A region that changes changes its own reconstruction and no other."""
        torch.manual_seed(0)
        network = FeatureAutoencoder(40, 10).eval()
        features = torch.rand(1, 40, 4, 4)
        changed = features.clone()
        changed[0, :, 1, 2] += 1.0
        with torch.no_grad():
            moved = (network(changed) - network(features)).abs().amax(dim=1)[0]
        assert float(moved[1, 2]) > 0
        moved[1, 2] = 0
        assert float(moved.max()) == 0


class TestRegionError:
    def test_is_the_mean_over_channels(self) -> None:
        """One channel of four off by two costs one, where it is."""
        features, rebuilt = torch.zeros(1, 4, 2, 2), torch.zeros(1, 4, 2, 2)
        rebuilt[0, 3, 0, 1] = 2.0
        assert region_error(features, rebuilt).tolist() == [[[0.0, 1.0], [0.0, 0.0]]]


class TestHeatMap:
    def test_keeps_corners_and_range(self) -> None:
        """The map of the frame meets the regions' errors at its corners and invents no higher one."""
        error = torch.rand(2, 4, 4)
        found = heat_map(error, 16)
        assert found.shape == (2, 16, 16)
        torch.testing.assert_close(found[:, ::15, ::15], error[:, ::3, ::3])
        assert float(found.max()) <= float(error.max()) + 1e-6
