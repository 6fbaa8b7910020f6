"""`cae`: single frames through two convolutions and a dense bottleneck (`baselines.cae`)."""

from torch import Tensor, nn

from baselines.cae import PAPER_WIDTH, ConvolutionalAutoencoder, initialise, l2_loss, marked_share
from benchmarks.run.frame_autoencoder import FrameAutoencoder


class Cae(FrameAutoencoder):
    """Scored by the loss it is trained with; the share of pixels that its error map marks is a score of its own."""

    def build(self) -> nn.Module:
        """Return the autoencoder, with or without its dense layers."""
        settings = self.settings
        width = round(PAPER_WIDTH * settings.width)
        return ConvolutionalAutoencoder(settings.channels, settings.size, width, settings.bottleneck or 0)

    def initialise(self, layer: nn.Module) -> None:
        """Draw weights as the notebook does."""
        initialise(layer)

    def reconstruct(self, clips: Tensor) -> Tensor:
        """Pass the one frame of each clip through the network."""
        output: Tensor = self.network(clips[:, 0])
        return output.unsqueeze(1)

    def loss_terms(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return gluon's L2 loss."""
        return {"pixel": l2_loss(output, target)}

    def errors(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Return the frame's errors and the share of marked pixels, on the mean over channels."""
        marked = marked_share(output[:, 0].mean(dim=1), target[:, 0].mean(dim=1))
        return {**super().errors(output, target), "marked_share": marked}

    def other_scores(self) -> dict[str, dict[str, float]]:
        """Add the share of marked pixels."""
        return {**super().other_scores(), "marked_share": {"marked_share": 1.0}}
