"""PCA of frames: its subspace, and that a linear autoencoder finds the same one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import subspace_angles
from torch import nn

from baselines.pca import fit_subspace, shrink


def vectors(count: int, features: int, seed: int = 0) -> NDArray[np.float64]:
    """Correlated vectors with clearly unequal variances and a mean that is not zero."""
    rng = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(rng.normal(size=(features, features)))
    drawn: NDArray[np.float64] = rng.normal(size=(count, features)) * 0.5 ** np.arange(features)
    return np.asarray(drawn @ turned + rng.uniform(size=features))


class TestShrink:
    def test_is_the_mean_of_each_area_on_the_scale_of_one(self) -> None:
        """A pixel of the small frame is the mean of the pixels that it covers, whatever the channels."""
        frames = np.random.default_rng(0).integers(0, 256, (3, 12, 12, 3), dtype=np.uint8)
        expected = frames.reshape(3, 4, 3, 4, 3, 3).mean(axis=(2, 4)) / 255
        np.testing.assert_allclose(shrink(frames, 4), expected, rtol=1e-6)

    def test_keeps_one_channel_and_a_frame_of_that_size(self) -> None:
        """A grey frame keeps its channel, and one of the wanted size is only scaled."""
        frames = np.random.default_rng(0).integers(0, 256, (2, 5, 5, 1), dtype=np.uint8)
        np.testing.assert_allclose(shrink(frames, 5), frames / 255)


class TestFitSubspace:
    @settings(max_examples=25)
    @given(st.integers(0, 2**16), st.integers(2, 6))
    def test_with_all_components_nothing_is_lost(self, seed: int, features: int) -> None:
        """As many components as features reconstruct every vector, seen or not."""
        subspace = fit_subspace([vectors(20, features, seed)], features)
        unseen = np.random.default_rng(seed).normal(size=(5, features))
        np.testing.assert_allclose(subspace.reconstruct(unseen), unseen, atol=1e-10)

    def test_does_not_depend_on_the_chunks(self) -> None:
        """Chunks of any size span what all vectors at once span, a last small one included."""
        rows = vectors(90, 8)
        whole = fit_subspace([rows], 3)
        parts = fit_subspace([rows[:40], rows[40:85], rows[85:]], 3)
        assert np.max(subspace_angles(whole.components.T, parts.components.T)) < 0.05
        np.testing.assert_allclose(parts.mean, whole.mean)
        np.testing.assert_allclose(parts.explained, whole.explained, rtol=0.02)

    def test_leaves_the_vectors_alone(self) -> None:
        """Centring happens on a copy."""
        rows = vectors(20, 5)
        before = rows.copy()
        fit_subspace([rows], 2)
        np.testing.assert_array_equal(rows, before)

    def test_is_the_best_subspace(self) -> None:
        """No other subspace of its size through the mean reconstructs the training vectors better."""
        rows = vectors(200, 8)
        subspace = fit_subspace([rows], 3)
        lost = np.square(rows - subspace.reconstruct(rows)).sum()
        values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
        assert lost == pytest.approx(np.square(values[3:]).sum())

    def test_a_reconstruction_lies_in_the_subspace(self) -> None:
        """Reconstructing twice changes nothing more."""
        subspace = fit_subspace([vectors(50, 8)], 3)
        once = subspace.reconstruct(np.random.default_rng(1).normal(size=(4, 8)))
        np.testing.assert_allclose(subspace.reconstruct(once), once, atol=1e-12)

    @pytest.mark.parametrize(("chunks", "reason"), [([], "none came"), ([np.zeros((2, 8))], r"shape \(2, 8\)")])
    def test_refuses_too_little(self, chunks: list[NDArray[np.float64]], reason: str) -> None:
        """No vectors, or fewer than components in the first chunk, are refused with what came."""
        with pytest.raises(ValueError, match=reason):
            fit_subspace(chunks, 3)

    def test_a_linear_autoencoder_spans_the_same(self) -> None:
        """Trained to convergence, an encoder and a decoder without activations span PCA's subspace and lose as much."""
        rng = np.random.default_rng(0)
        # A clear gap after the third direction, so that both converge soon.
        turned, _ = np.linalg.qr(rng.normal(size=(6, 6)))
        rows = rng.normal(size=(60, 6)) * [3.0, 2.5, 2.0, 0.5, 0.3, 0.1] @ turned + rng.uniform(size=6)
        subspace = fit_subspace([rows], 3)
        torch.manual_seed(0)
        encoder, decoder = nn.Linear(6, 3).double(), nn.Linear(3, 6).double()
        network = nn.Sequential(encoder, decoder)
        inputs = torch.from_numpy(rows)
        optimiser = torch.optim.LBFGS(
            network.parameters(), max_iter=500, tolerance_grad=1e-9, tolerance_change=0, line_search_fn="strong_wolfe"
        )

        def loss() -> torch.Tensor:
            optimiser.zero_grad()
            error = nn.functional.mse_loss(network(inputs), inputs)
            error.backward()
            return error

        optimiser.step(loss)
        spanned = decoder.weight.detach().numpy()
        assert np.max(subspace_angles(spanned, subspace.components.T)) < 1e-4
        lost = np.square(rows - subspace.reconstruct(rows)).mean()
        assert loss().item() == pytest.approx(lost, rel=1e-6)
