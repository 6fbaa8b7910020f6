"""`lstm_vector_ae`: vectors of ten frames through an LSTM (`baselines.lstm_vector_ae`)."""

from torch import nn

from baselines.lstm_vector_ae import CODE, FRAMES, PAPER_WIDTH, LstmVectorAutoencoder, initialise
from benchmarks.run.standardised import StandardisedAutoencoder


class LstmVectorAe(StandardisedAutoencoder):
    """Scored by the error of the frame in the middle of a clip."""

    clip_length = FRAMES
    scored_frame = FRAMES // 2

    def build(self) -> nn.Module:
        """Return the autoencoder with a temporal code of the cell's width."""
        settings = self.settings
        width = round(PAPER_WIDTH * settings.width)
        return LstmVectorAutoencoder(settings.channels, settings.size, width, settings.bottleneck or CODE)

    def initialise(self, layer: nn.Module) -> None:
        """Draw weights by Xavier."""
        initialise(layer)
