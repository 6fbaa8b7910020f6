"""`convlstm_ae`: ten frames through convolutions and convolutional LSTMs (`baselines.convlstm_ae`)."""

from torch import Tensor, nn

from baselines.convlstm_ae import FRAMES, PAPER_WIDTH, ConvLstmAutoencoder, initialise
from baselines.regularity import frame_distances, frame_errors
from benchmarks.run.standardised import StandardisedAutoencoder


class ConvLstmAe(StandardisedAutoencoder):
    """Scored by the cost of the whole sequence (SRC), which is given to the frame in its middle.

    The documents give it to the sequence's first frame; the middle is nearer to what the sum is about, and where MemAE's
    clips have it too. Chong and Tay's distance, and the middle frame's own error, are further scores. The published score
    of a video is (cost - min) / max (`baselines.regularity.anomaly_score`); the harness divides by max - min, as for every
    method.
    """

    clip_length = FRAMES
    scored_frame = FRAMES // 2

    def build(self) -> nn.Module:
        """Return the autoencoder in its variant."""
        settings = self.settings
        return ConvLstmAutoencoder(
            settings.channels,
            settings.size,
            round(PAPER_WIDTH * settings.width),
            "channels" if settings.frames_as == "channels" else "sequence",
        )

    def initialise(self, layer: nn.Module) -> None:
        """Draw weights by Xavier."""
        initialise(layer)

    def errors(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the middle frame's errors and the two costs of the sequence."""
        return {
            **super().errors(output, target),
            "sequence_cost": frame_errors(output, target).sum(dim=1),
            "sequence_distance": frame_distances(output, target).sum(dim=1),
        }

    def other_scores(self) -> dict[str, dict[str, float]]:
        """Add Chong and Tay's distance."""
        return {**super().other_scores(), "sequence_distance": {"sequence_distance": 1.0}}
