"""PCA of whole frames: what a frame loses when only its main directions of variation are kept.

An autoencoder without activation functions, trained to the mean squared error, spans the same subspace (Baldi and
Hornik 1989; a test holds the two together): this is the autoencoder that every non-linear one has to beat.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import IncrementalPCA


@dataclass(frozen=True)
class Subspace:
    """An affine subspace of frames, as vectors.

    mean: (features,); components: (n_components, features), orthonormal rows, the main one first
    explained: (n_components,) share of the training frames' variance along each
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    explained: NDArray[np.float64]

    def reconstruct(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points (n, features) of the subspace that are nearest to the vectors."""
        codes = (vectors - self.mean) @ self.components.T
        nearest: NDArray[np.float64] = codes @ self.components + self.mean
        return nearest


def shrink(frames: NDArray[np.uint8], size: int) -> NDArray[np.float64]:
    """Scale frames to [0, 1] and shrink them to (n, size, size, channels), each pixel the mean of its area.

    frames: (n, height, width, channels) uint8
    """
    area = cv2.INTER_AREA
    shrunk = [cv2.resize(frame.astype(np.float64) / 255.0, (size, size), interpolation=area) for frame in frames]
    return np.asarray(shrunk, dtype=np.float64).reshape(len(frames), size, size, frames.shape[3])


def fit_subspace(chunks: Iterable[NDArray[np.float64]], n_components: int) -> Subspace:
    """Fit a subspace to vectors that come in chunks (n, features); no more than one chunk is held.

    Raises ValueError for no chunks, and for a first chunk with fewer vectors or features than components.
    """
    pca = IncrementalPCA(n_components=n_components)
    for number, chunk in enumerate(chunks):
        if number == 0 and min(chunk.shape) < n_components:
            message = (
                f"PCA with {n_components} components needs as many vectors in its first chunk, and features, "
                f"but a chunk of shape {chunk.shape} came"
            )
            raise ValueError(message)
        pca.partial_fit(chunk)
    if not hasattr(pca, "components_"):
        message = "PCA needs at least one chunk of vectors, but none came"
        raise ValueError(message)
    # A view with strides is what scikit-learn keeps; in rows, as a checkpoint gives it back, BLAS sums in one order only.
    return Subspace(pca.mean_, np.ascontiguousarray(pca.components_), pca.explained_variance_ratio_)
