"""An autoencoder of frame vectors over time: frames to 256 numbers, a clip of them to 32, and back.

Source: "Anomaly detection using Auto Encoders", which describes it in words: convolutions make a vector of 256 numbers of
each frame, an LSTM over time narrows it to a temporal code of 32, and a symmetric decoder gives the 256 back, then the
frame by transposed convolutions.

Where the document is vague or wrong: it names no layer sizes, so the convolutions are those of the paper that it retells
(Chong and Tay 2017: 128 kernels of 11x11 at stride 4, 64 of 5x5 at stride 2, tanh), with a dense layer to the vector.
"Over time down to the code" is read as its linked article does: the code is the LSTM's last state, repeated for each
frame for the LSTM that decodes. It says that the 256 numbers of the output are compared with the original image; numbers
of a vector cannot be, so it is the decoded frame that is compared. It says nothing of normalisation; frames go in and come
out as that paper's do, without the training frames' mean image and with unit variance, and the last layer is linear.
"""

from torch import Tensor, nn

PAPER_WIDTH = 64
"""Channels of the second convolution; the first has twice as many."""
PAPER_SIZE = 227
FRAMES = 10
VECTOR = 256
CODE = 32


class LstmVectorAutoencoder(nn.Module):
    """Frames to vectors, vectors to one code per clip, and the way back.

    channels: of a frame. size: pixels of the square frames, 27 or a multiple of 8 above. width: of the second convolution.
    code: width of the temporal code. Raises ValueError for a size that the layers do not fit.
    """

    def __init__(self, channels: int = 1, size: int = PAPER_SIZE, width: int = PAPER_WIDTH, code: int = CODE) -> None:
        super().__init__()
        if size < 27 or size % 8 != 3:
            message = f"frames of 27, 35, ... 227 pixels fit strides of 4 and 2, but size={size}"
            raise ValueError(message)
        inner = (size - 19) // 8
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, 2 * width, 11, stride=4),
            nn.Tanh(),
            nn.Conv2d(2 * width, width, 5, stride=2),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(width * inner**2, VECTOR),
            nn.Tanh(),
        )
        self.narrow = nn.LSTM(VECTOR, code, batch_first=True)
        self.widen = nn.LSTM(code, VECTOR, batch_first=True)
        self.decoder = nn.Sequential(
            nn.Linear(VECTOR, width * inner**2),
            nn.Tanh(),
            nn.Unflatten(1, (width, inner, inner)),
            nn.ConvTranspose2d(width, 2 * width, 5, stride=2),
            nn.Tanh(),
            nn.ConvTranspose2d(2 * width, channels, 11, stride=4),
        )

    def vectors(self, clips: Tensor) -> Tensor:
        """Return a vector for each frame of clips (batch, time, channels, size, size): (batch, time, VECTOR)."""
        found: Tensor = self.encoder(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        return found

    def code(self, vectors: Tensor) -> Tensor:
        """Return the temporal code (batch, code) of vectors (batch, time, VECTOR)."""
        states, _ = self.narrow(vectors)
        last: Tensor = states[:, -1]
        return last

    def forward(self, clips: Tensor) -> Tensor:
        """Reconstruct normalised clips (batch, time, channels, size, size); the shape is kept."""
        repeated = self.code(self.vectors(clips)).unsqueeze(1).expand(-1, clips.shape[1], -1)
        decoded, _ = self.widen(repeated)
        output: Tensor = self.decoder(decoded.flatten(0, 1)).unflatten(0, clips.shape[:2])
        return output


def initialise(layer: nn.Module) -> None:
    """Draw kernels and dense weights as Xavier's uniform, biases 0; LSTMs keep torch's own."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
