"""MemAE in one file: network, memory, losses, training and evaluation, as published (Gong et al., ICCV 2019).

    python examples/memae_in_one_file.py                # generated circles and squares: a minute or two on a laptop
    python examples/memae_in_one_file.py FOLDER         # your own videos, at the paper's size

FOLDER has the layout that examples/mnad_in_one_file.py describes. A 3D autoencoder rebuilds clips of 16 frames of normal
videos. Its decoder sees nothing but a sparse mix of memory items, which are learned by gradient: what normal items cannot
express is rebuilt badly. At test, the error of a clip is the score of its middle frame.

Everything is done the plain way: float32, every frame decoded again for every clip, one clip at a time at test. Tests hold
this file to the official code's numbers (tests/golden). The fast way, with the same numbers, is in memae/ and benchmarks/.
Shapes: volume (batch, channels, time, height, width), items (n, channels), clips in [-1, 1].
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

if __name__ == "__main__":  # as a script, only this folder is on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from examples.mnad_in_one_file import (
    clips_of,
    decode,
    labels_of,
    scaled_within,
    videos_in,
    write_circles_and_squares,
)

LENGTH = 16
LEARNING_RATE = 1e-4
EPOCHS = 100
ITEMS = 2000
ENTROPY_WEIGHT = 0.0002
SHRINK_THRESHOLD = 0.0025
STRIDES = ((1, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2))
_EPSILON = 1e-12


# ---------------------------------------------------------------------------------------------------------------------
# Clips


def scaled(frame: NDArray[np.uint8]) -> Tensor:
    """Return a frame (size, size, channels) as (channels, size, size) float32 in [-1, 1]."""
    return torch.from_numpy(((frame.astype(np.float32) / 255.0 - 0.5) / 0.5).transpose(2, 0, 1).copy())


def load_clip(files: Sequence[Path], size: int, channels: int) -> Tensor:
    """Decode every frame of a clip and stack them in time: (channels, frames, size, size)."""
    return torch.stack([scaled(decode(path, size, channels)) for path in files], dim=1)


# ---------------------------------------------------------------------------------------------------------------------
# Memory: section 3.3 of the paper


def volume_rows(volume: Tensor) -> Tensor:
    """Return a volume as rows (batch * time * height * width, channels)."""
    return volume.permute(0, 2, 3, 4, 1).contiguous().view(-1, volume.shape[1])


def rows_volume(rows: Tensor, like: Tensor) -> Tensor:
    """Undo `volume_rows`, for any number of columns."""
    batch, _, time, height, width = like.shape
    return rows.view(batch, time, height, width, rows.shape[1]).permute(0, 4, 1, 2, 3).contiguous()


def address(rows: Tensor, items: Tensor, threshold: float) -> Tensor:
    """Return the attention over items: softmax of inner products, shrunk unless the threshold is 0 (equation 7).

    The paper's address is of cosine similarities; the released code takes inner products.
    """
    weights = torch.softmax(functional.linear(rows, items), dim=1)
    if threshold > 0:
        weights = functional.relu(weights - threshold) * weights / (torch.abs(weights - threshold) + _EPSILON)
        weights = functional.normalize(weights, p=1, dim=1)
    return weights


def read(attention: Tensor, items: Tensor) -> Tensor:
    """Return the sum of items under the attention (equation 3)."""
    return functional.linear(attention, items.t())


def entropy_loss(attention: Tensor) -> Tensor:
    """Return the mean entropy of rows of attention (equation 9)."""
    return torch.mean(-torch.sum(attention * torch.log(attention + _EPSILON), dim=1))


# ---------------------------------------------------------------------------------------------------------------------
# Network: four strided 3D convolutions and their mirror image, without skip connections


def level_widths(width: int) -> tuple[int, int, int, int]:
    """Return the channels of the four levels, in the paper's proportions 96 : 128 : 256 : 256."""
    return width, width * 4 // 3, width * 8 // 3, width * 8 // 3


def initialise(module: nn.Module) -> None:
    """Draw one module's weights as the released code does."""
    if isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm3d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def down(inputs: int, outputs: int, stride: tuple[int, int, int]) -> nn.Sequential:
    """A strided convolution with batch norm and LeakyReLU."""
    convolution = nn.Conv3d(inputs, outputs, 3, stride=stride, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm3d(outputs), nn.LeakyReLU(0.2, inplace=True))


def raised(inputs: int, outputs: int, stride: tuple[int, int, int]) -> nn.ConvTranspose3d:
    """A transposed convolution that undoes a stride."""
    padding = (stride[0] - 1, stride[1] - 1, stride[2] - 1)
    return nn.ConvTranspose3d(inputs, outputs, 3, stride=stride, padding=1, output_padding=padding)


def up(inputs: int, outputs: int, stride: tuple[int, int, int]) -> nn.Sequential:
    """A transposed convolution with batch norm and LeakyReLU."""
    return nn.Sequential(raised(inputs, outputs, stride), nn.BatchNorm3d(outputs), nn.LeakyReLU(0.2, inplace=True))


class Encoder(nn.Module):
    """Clips (batch, channels, time, height, width) -> query (batch, 8/3 w, time / 8, height / 16, width / 16)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = (channels, *level_widths(width))
        self.levels = nn.Sequential(*(down(widths[i], widths[i + 1], STRIDES[i]) for i in range(4)))

    def forward(self, clips: Tensor) -> Tensor:
        """Return the query."""
        query: Tensor = self.levels(clips)
        return query


class Decoder(nn.Module):
    """Read -> clip; the last layer is bare: no norm, no activation, no tanh."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        level1, level2, _, level4 = level_widths(width)
        self.levels = nn.Sequential(
            up(level4, level4, STRIDES[3]), up(level4, level2, STRIDES[2]), up(level2, level1, STRIDES[1])
        )
        self.output = raised(level1, channels, STRIDES[0])

    def forward(self, features: Tensor) -> Tensor:
        """Return the clip (batch, channels, time, height, width)."""
        decoded: Tensor = self.output(self.levels(features))
        return decoded


class Memae(nn.Module):
    """Encoder, items and decoder; the items are a parameter like any other."""

    def __init__(self, *, width: int, channels: int, n_items: int = ITEMS) -> None:
        super().__init__()
        query_channels = level_widths(width)[3]
        self.channels = channels
        self.encoder = Encoder(channels, width)
        self.decoder = Decoder(channels, width)
        bound = query_channels**-0.5
        self.items = nn.Parameter(torch.empty(n_items, query_channels).uniform_(-bound, bound))
        self.apply(initialise)

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output and the attention as a volume (batch, n_items, time, height, width)."""
        query = self.encoder(clips)
        attention = address(volume_rows(query), self.items, SHRINK_THRESHOLD)
        output = self.decoder(rows_volume(read(attention, self.items), query))
        return output, rows_volume(attention, query)


# ---------------------------------------------------------------------------------------------------------------------
# Training


class Training:
    """Adam on the squared error and the entropy of the attention."""

    def __init__(self, model: Memae, *, size: int = 256, batch: int = 10) -> None:
        self.model = model
        self.size = size
        self.batch = batch
        self.optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=False, fused=False)

    def step(self, clips: Tensor) -> dict[str, float]:
        """Train on a batch (batch, channels, time, size, size); return the losses."""
        self.model.train()
        output, attention = self.model(clips)
        pixel = functional.mse_loss(output, clips)
        spread = entropy_loss(volume_rows(attention))
        total = pixel + ENTROPY_WEIGHT * spread
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()
        return {"pixel": pixel.item(), "entropy": spread.item(), "total": total.item()}

    def epoch(self, *videos: Sequence[Path]) -> list[float]:
        """Train on all clips of videos in a random order, the last incomplete batch dropped; return the losses."""
        clips = [clip for files in videos for clip in clips_of(files, LENGTH)]
        random.shuffle(clips)
        losses = []
        for start in range(0, len(clips) - self.batch + 1, self.batch):
            loaded = [load_clip(clip, self.size, self.model.channels) for clip in clips[start : start + self.batch]]
            losses.append(self.step(torch.stack(loaded))["total"])
        return losses


# ---------------------------------------------------------------------------------------------------------------------
# Evaluation


def clip_error(output: Tensor, target: Tensor) -> float:
    """Return the mean over pixels and time of the norm over channels of the difference of one clip."""
    return torch.mean(torch.sqrt(torch.sum((output - target) ** 2, dim=1))).item()


def regularity(errors: Sequence[Sequence[float]]) -> list[float]:
    """Return the score of each clip, HIGH = NORMAL as published: one minus its error, scaled within its video."""
    return [1 - value for video_errors in errors for value in scaled_within(video_errors)]


def evaluate(
    model: Memae, videos: Sequence[Sequence[Path]], *, size: int = 256
) -> tuple[list[list[float]], list[float]]:
    """Score every clip of videos given as their files, one at a time; return errors by video, and regularity."""
    model.eval()
    errors: list[list[float]] = []
    for files in videos:
        errors.append([])
        for clip in clips_of(files, LENGTH):
            loaded = load_clip(clip, size, model.channels).unsqueeze(0)
            output, _ = model(loaded)
            errors[-1].append(clip_error(output, loaded))
    return errors, regularity(errors)


def main(arguments: Sequence[str] | None = None) -> float:
    """Train on FOLDER/train, evaluate on FOLDER/test, and return the AUC over the frames in the middle of clips."""
    parser = argparse.ArgumentParser(description="MemAE, trained and evaluated as published.")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="with train/ and test/; generated circles and squares without"
    )
    parser.add_argument("--epochs", type=int, help="100; 5 on the generated set")
    parser.add_argument("--size", type=int, help="pixels a side: 256; 64 on the generated set")
    parser.add_argument("--width", type=int, help="channels of the first level: 96; 12 on the generated set")
    chosen = parser.parse_args(arguments)
    own = chosen.folder is not None
    size, width = chosen.size or (256 if own else 64), chosen.width or (96 if own else 12)
    epochs = chosen.epochs or (EPOCHS if own else 5)
    random.seed(0)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        if not own:
            write_circles_and_squares(folder)
        train, test = videos_in(folder / "train"), videos_in(folder / "test")
        labels = np.concatenate([labels_of(files)[LENGTH // 2 : 1 - LENGTH // 2] for files in test])
        model = Memae(width=width, channels=1)
        training = Training(model, size=size, batch=10 if own else 4)
        for epoch in range(1, epochs + 1):
            print(f"epoch {epoch} of {epochs}: loss {np.mean(training.epoch(*train)):.4f}", flush=True)
        _, scores = evaluate(model, test, size=size)
    auc = float(roc_auc_score(1 - labels, scores))
    print(f"AUC {100 * auc:.1f} % over {labels.size} frames")
    return auc


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(str(error))
