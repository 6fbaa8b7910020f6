"""`cae` kept from reconstructing known anomalies (`benchmarks.run.negative_learning`)."""

from benchmarks.run.baselines.cae import Cae
from benchmarks.run.negative_learning import LimitedAutoencoder


class LimitedCae(LimitedAutoencoder, Cae):
    """Trained on both; scored as `cae` is."""
