"""`stae`: ten stacked frames through a convolutional autoencoder (`baselines.stae`)."""

from torch import Tensor, nn

from baselines.cae import initialise, l2_loss
from baselines.stae import FRAMES, PAPER_WIDTH, StackedFramesAutoencoder
from benchmarks.run.standardised import StandardisedAutoencoder


class Stae(StandardisedAutoencoder):
    """The frame in the middle of a clip is scored, by Hasan's error: of a grey frame the mean absolute difference.

    Neither source says which of the ten clips that hold a frame gives its error; the middle one sees as much of what
    comes before as of what comes after. The published score of a video is (cost - min) / max
    (`baselines.regularity.anomaly_score`); the harness divides by max - min, as for every method.
    """

    clip_length = FRAMES
    scored_frame = FRAMES // 2

    def build(self) -> nn.Module:
        """Return the autoencoder over stacked frames."""
        settings = self.settings
        width = round(PAPER_WIDTH * settings.width)
        return StackedFramesAutoencoder(FRAMES * settings.channels, settings.size, width)

    def initialise(self, layer: nn.Module) -> None:
        """Draw weights as the notebook does for its first autoencoder."""
        initialise(layer)

    def loss_terms(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return gluon's L2 loss, as for the notebook's first autoencoder."""
        return {"pixel": l2_loss(output, target)}

    def reconstruct(self, clips: Tensor) -> Tensor:
        """Stack the frames along channels, and take them apart again."""
        output: Tensor = self.network(self.standardised(clips).flatten(1, 2))
        return output.reshape(clips.shape)

    def centre_of(self, frames: Tensor) -> Tensor:
        """Return the mean grey value: the sigmoid at the end draws whole frames, so the background has to go in."""
        return frames.mean()
