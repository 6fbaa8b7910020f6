"""The spatio-temporal autoencoder with convolutional LSTMs.

Source: Chong and Tay 2017 (arXiv 1701.01546), which three documents retell: "Anomaly detection using Auto Encoders", the
notebook "Detecting Anomalies in Images", and "Video Anomaly Detection with LSTM auto encoder". Ten grey frames at
227x227, each through two convolutions (55, then 26 pixels), three ConvLSTM layers of 64, 32 and 64 channels over time, and
each back through two transposed convolutions.

Two variants, as ``frames_as``:
- "sequence", the paper: frame by frame, tanh in the convolutions.
- "channels", the notebook's code: ten frames as channels of one image, ReLU. Its recurrent layers take one single step from
  an empty state, so that nothing recurs and their recurrent weights never learn: no temporal model, whatever its name.

Frames go in and come out as the paper normalises them: without the training frames' mean image, with unit variance. The
last layer is linear in both variants. The paper's tanh would cut at one standard deviation what it has just normalised, and
people differ from the mean image by several; the notebook's sigmoid belongs to frames in [0, 1].

No document's text has layer normalisation (code that circulates under the paper's name does), nor has the paper, so it is
left out. The gates are those of Keras' ConvLSTM2D and mxnet's Conv2DLSTMCell: no peepholes, one bias, sigmoid (not the
hard sigmoid of older Keras), tanh; the forget gate's bias starts at 1 as in Keras, kernels as Xavier's uniform.
"""

from typing import Literal

import torch
from torch import Tensor, nn

PAPER_WIDTH = 32
"""Channels of the narrowest layer, the middle ConvLSTM; the others have 2, 4 times as many."""
PAPER_SIZE = 227
FRAMES = 10
TEMPORAL_STRIDES = (1, 2, 3, 4)
"""Steps between a clip's frames that the third document trains on together; the paper has 1 to 3."""

FramesAs = Literal["sequence", "channels"]


class ConvLstm(nn.Module):
    """A convolutional LSTM layer over a sequence (Shi et al. 2015, without peepholes): 3x3 kernels that keep the size."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.from_input = nn.Conv2d(inputs, 4 * hidden, 3, padding=1, bias=False)
        self.from_hidden = nn.Conv2d(hidden, 4 * hidden, 3, padding=1, bias=False)
        self.bias = nn.Parameter(torch.empty(4 * hidden))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the forget gates' biases to 1 and the others to 0; kernels are the convolutions' own."""
        with torch.no_grad():
            self.bias.zero_()
            self.bias[self.hidden : 2 * self.hidden] = 1.0

    def forward(self, sequence: Tensor) -> Tensor:
        """Return the hidden states (batch, time, hidden, height, width) of a sequence (batch, time, inputs, height, width)."""
        batch, time = sequence.shape[:2]
        driven = self.from_input(sequence.flatten(0, 1)) + self.bias[:, None, None]
        driven = driven.unflatten(0, (batch, time))
        state = cell = driven.new_zeros((batch, self.hidden, *sequence.shape[3:]))
        states = []
        for step in range(time):
            gates = driven[:, step] + self.from_hidden(state)
            enter, forget, candidate, leave = gates.chunk(4, dim=1)
            cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(candidate)
            state = torch.sigmoid(leave) * torch.tanh(cell)
            states.append(state)
        return torch.stack(states, dim=1)


class ConvLstmAutoencoder(nn.Module):
    """Convolutions per image, three ConvLSTM layers over time, transposed convolutions per image.

    channels: of a frame. size: pixels of the square frames, 27 or a multiple of 8 above. width: channels of the middle
    ConvLSTM. frames_as: see above. Raises ValueError for a size that the layers do not fit.
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = PAPER_SIZE,
        width: int = PAPER_WIDTH,
        frames_as: FramesAs = "sequence",
    ) -> None:
        super().__init__()
        if size < 27 or size % 8 != 3:
            message = f"frames of 27, 35, ... 227 pixels fit strides of 4 and 2, but size={size}"
            raise ValueError(message)
        self.frames_as = frames_as
        images = channels * FRAMES if frames_as == "channels" else channels
        activation = nn.ReLU if frames_as == "channels" else nn.Tanh
        self.encoder = nn.Sequential(
            nn.Conv2d(images, 4 * width, 11, stride=4),
            activation(),
            nn.Conv2d(4 * width, 2 * width, 5, stride=2),
            activation(),
        )
        self.temporal = nn.Sequential(
            ConvLstm(2 * width, 2 * width), ConvLstm(2 * width, width), ConvLstm(width, 2 * width)
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(2 * width, 4 * width, 5, stride=2),
            activation(),
            nn.ConvTranspose2d(4 * width, images, 11, stride=4),
        )

    def forward(self, clips: Tensor) -> Tensor:
        """Reconstruct normalised clips (batch, FRAMES, channels, size, size); the shape is kept."""
        images = clips.flatten(1, 2).unsqueeze(1) if self.frames_as == "channels" else clips
        batch, time = images.shape[:2]
        encoded = self.encoder(images.flatten(0, 1)).unflatten(0, (batch, time))
        output: Tensor = self.decoder(self.temporal(encoded).flatten(0, 1)).reshape(clips.shape)
        return output


def initialise(layer: nn.Module) -> None:
    """Draw kernels as Xavier's uniform, and biases of convolutions 0."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
