"""`fcae` kept from reconstructing known anomalies (`benchmarks.run.negative_learning`)."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.run.baselines.fcae import Fcae, Regions
from benchmarks.run.contract import Batch
from benchmarks.run.negative_learning import LimitedAutoencoder, are_known


class LimitedFcae(LimitedAutoencoder, Fcae):
    """Trained on both; scored as `fcae` is. Known anomalies are not augmented: their pixels would have to move along."""

    def _augmented(
        self, batch: Batch, frames: NDArray[np.uint8], regions: Regions | None
    ) -> tuple[NDArray[np.uint8], Regions | None]:
        return (frames, regions) if are_known(batch) else super()._augmented(batch, frames, regions)
