"""The spatio-temporal autoencoder of stacked frames: ten frames as the channels of one image.

Source: the notebook "Detecting Anomalies in Images" (N. Rauschmayr), section Spatio-Temporal Stacked Frame AutoEncoder,
after Hasan et al. 2016 (arXiv 1604.04574). The layers here are the notebook's: kernels 15, 4 and 3 without padding, ReLU
before each batch norm, a norm after each pooling and upsampling too, and a sigmoid at the end, where the paper has
kernels 11, 5 and 3 with padding, tanh, no norm, and unpooling. At 227x227: 54, 27, 24, 12, 10 pixels, and back.

Where the notebook is vague or wrong: it resizes its frames to n x n for n stacked frames, which its array of 227x227
contradicts, so 227 is meant; it cuts its clips without overlap and across the ends of videos, here they lie within one
video; it gives no loss, optimiser or initialisation, so those of its first autoencoder are taken (`baselines.cae`); it
gives no score, so the paper's is taken (`baselines.regularity.frame_errors`). Neither centres its frames. Raw grey values
leave four in ten filters of the first layer negative everywhere, for ever, and batch norm multiplies such a channel by
hundreds if a test frame wakes it; so the frames that go in have zero mean and unit variance, those that come out do not.
"""

from torch import Tensor, nn

PAPER_WIDTH = 128
"""Channels of the narrowest layer; the others have twice and four times as many."""
PAPER_SIZE = 227
FRAMES = 10


class StackedFramesAutoencoder(nn.Module):
    """Three convolutions and two poolings, mirrored by transposed convolutions and nearest-neighbour upsampling.

    frames: channels of input and output. width: channels of the innermost layer.
    size: pixels of the square frames, 83 or a multiple of 16 above. Raises ValueError for one that does not fit.
    """

    def __init__(self, frames: int = FRAMES, size: int = PAPER_SIZE, width: int = PAPER_WIDTH) -> None:
        super().__init__()
        if size < 83 or size % 16 != 3:
            message = f"frames of 83, 99, ... 227 pixels fit the strides and poolings, but size={size}"
            raise ValueError(message)
        self.encoder = nn.Sequential(
            nn.Conv2d(frames, 4 * width, 15, stride=4),
            nn.ReLU(),
            nn.BatchNorm2d(4 * width),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(4 * width),
            nn.Conv2d(4 * width, 2 * width, 4),
            nn.ReLU(),
            nn.BatchNorm2d(2 * width),
            nn.MaxPool2d(2),
            nn.BatchNorm2d(2 * width),
            nn.Conv2d(2 * width, width, 3),
            nn.ReLU(),
            nn.BatchNorm2d(width),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(width, 2 * width, 3),
            nn.ReLU(),
            nn.BatchNorm2d(2 * width),
            nn.Upsample(scale_factor=2),
            nn.BatchNorm2d(2 * width),
            nn.ConvTranspose2d(2 * width, 4 * width, 4),
            nn.ReLU(),
            nn.BatchNorm2d(4 * width),
            nn.Upsample(scale_factor=2),
            nn.BatchNorm2d(4 * width),
            nn.ConvTranspose2d(4 * width, frames, 15, stride=4),
            nn.Sigmoid(),
        )

    def forward(self, stacked: Tensor) -> Tensor:
        """Reconstruct stacked frames (batch, frames, size, size) of zero mean as frames in [0, 1]; the shape is kept."""
        output: Tensor = self.decoder(self.encoder(stacked))
        return output
