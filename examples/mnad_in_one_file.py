"""MNAD in one file: network, memory, losses, training and evaluation, as published (Park et al., CVPR 2020).

    python examples/mnad_in_one_file.py                 # generated circles and squares: a minute or two on a laptop
    python examples/mnad_in_one_file.py FOLDER          # your own videos, at the paper's size and length

FOLDER/train/VIDEO/*.jpg and FOLDER/test/VIDEO/*.jpg hold frames (PNG works too), FOLDER/test/VIDEO.txt a 0 or 1 per frame
of a test video. An autoencoder sees normal videos only. Its encoder's features (queries) are read from a memory of ten
items, which are averages of normal queries; the decoder has to rebuild the frame from query and read together. At test,
a frame is abnormal if it is rebuilt badly, and if its queries lie far from all items.

Everything is done the plain way: float32, every frame decoded again for every clip, one frame at a time at test. Tests hold
this file to the official code's numbers (tests/golden). The fast way, with the same numbers, is in mnad/ and benchmarks/.
Shapes: query (batch, channels, height, width), items (n, channels), frames in [-1, 1].
"""

import argparse
import math
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.nn import functional

Task = Literal["prediction", "reconstruction"]
Skips = tuple[Tensor, Tensor, Tensor]
LEARNING_RATE = 2e-4
EPOCHS = 60
ITEMS = 10
# Prediction sees four frames and predicts the fifth, with skip connections; reconstruction sees the frame, without.
LENGTH = {"prediction": 5, "reconstruction": 1}
LOSS_WEIGHT = {"prediction": 0.1, "reconstruction": 0.01}  # of compactness and of separateness
THRESHOLD = {"prediction": 0.01, "reconstruction": 0.015}  # frames with a lower error update the memory at test
ALPHA = {"prediction": 0.6, "reconstruction": 0.7}  # weight of PSNR in the score; the rest is the feature distance


# ---------------------------------------------------------------------------------------------------------------------
# Frames


def decode(path: Path, size: int, channels: int) -> NDArray[np.uint8]:
    """Read one image file and resize it: (size, size, channels) uint8, B, G, R or grey."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR)
    if image is None:
        raise OSError(f"An image was expected at {path}, but OpenCV cannot read it; restore the file.")
    resized = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.uint8).reshape(size, size, channels)


def scaled(frame: NDArray[np.uint8]) -> Tensor:
    """Return a frame (size, size, channels) as (channels, size, size) float32 in [-1, 1]."""
    return torch.from_numpy((frame.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1).copy())


def clips_of(files: Sequence[Path], length: int) -> list[tuple[Path, ...]]:
    """Return all clips of consecutive frames of one video, as their files."""
    return [tuple(files[first : first + length]) for first in range(len(files) - length + 1)]


def load_clip(files: Sequence[Path], size: int, channels: int) -> Tensor:
    """Decode every frame of a clip and stack them along channels: (frames * channels, size, size)."""
    return torch.cat([scaled(decode(path, size, channels)) for path in files], dim=0)


# ---------------------------------------------------------------------------------------------------------------------
# Memory: section 3.2 of the paper


def query_rows(query: Tensor) -> Tensor:
    """Return unit-length queries (batch * height * width, channels)."""
    normalised = functional.normalize(query, dim=1)
    return normalised.permute(0, 2, 3, 1).contiguous().view(-1, query.shape[1])


def read(query: Tensor, items: Tensor) -> Tensor:
    """Return query and read side by side (equations 1 and 2); the released code detaches the weights."""
    rows = query_rows(query)
    over_items = torch.softmax(torch.matmul(rows, items.t()), dim=1).detach()
    both = torch.cat((rows, torch.matmul(over_items, items)), dim=1)
    batch, _, height, width = query.shape
    return both.view(batch, height, width, both.shape[1]).permute(0, 3, 1, 2).contiguous()


def update(query: Tensor, items: Tensor) -> Tensor:
    """Return new items: each moves towards the queries that are nearest to it (equations 3 to 5)."""
    rows = query_rows(query)
    scores = torch.matmul(rows, items.t())
    over_queries = torch.softmax(scores, dim=0)
    nearest = torch.topk(scores, 1, dim=1).indices.squeeze(1)
    step = torch.zeros_like(items)
    for item in range(items.shape[0]):
        members = torch.nonzero(nearest == item).squeeze(1)
        if len(members) > 0:
            # The paper divides by the maximum over the item's own queries, the released code by that over all.
            weights = over_queries[members, item] / torch.max(over_queries[:, item])
            step[item] = torch.sum(weights.unsqueeze(1) * rows[members], dim=0)
    return functional.normalize(items + step, dim=1).detach()


def compactness_loss(query: Tensor, items: Tensor) -> Tensor:
    """Return the mean squared difference between queries and their nearest items (equation 9)."""
    rows = query_rows(query)
    nearest = torch.topk(torch.softmax(torch.matmul(rows, items.t()), dim=1), 1, dim=1).indices.squeeze(1)
    return functional.mse_loss(rows, items[nearest].detach())


def separateness_loss(query: Tensor, items: Tensor) -> Tensor:
    """Return the triplet margin loss between nearest and second nearest item (equation 10)."""
    rows = query_rows(query)
    first_two = torch.topk(torch.softmax(torch.matmul(rows, items.t()), dim=1), 2, dim=1).indices
    positive, negative = items[first_two[:, 0]].detach(), items[first_two[:, 1]].detach()
    return functional.triplet_margin_loss(rows, positive, negative, margin=1.0)


# ---------------------------------------------------------------------------------------------------------------------
# Network: a U-Net of four levels


def convolutions(inputs: int, outputs: int, *, bare: bool = False) -> nn.Sequential:
    """Two 3x3 convolutions with batch norm and ReLU; bare: neither after the second, so that queries take any sign."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    layers.append(nn.Conv2d(outputs, outputs, 3, padding=1))
    return nn.Sequential(*layers, *([] if bare else [nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]))


def upsampling(inputs: int, outputs: int) -> nn.Sequential:
    """A transposed convolution that doubles height and width, with batch norm and ReLU."""
    raised = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(raised, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Encoder(nn.Module):
    """Frames (batch, channels, height, width) -> query (batch, 8 w, height / 8, width / 8) and three skips."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.level1 = convolutions(channels, width)
        self.level2 = convolutions(width, 2 * width)
        self.level3 = convolutions(2 * width, 4 * width)
        self.level4 = convolutions(4 * width, 8 * width, bare=True)

    def forward(self, frames: Tensor) -> tuple[Tensor, Skips]:
        """Return the query and the levels before pooling."""
        skip1 = self.level1(frames)
        skip2 = self.level2(functional.max_pool2d(skip1, 2))
        skip3 = self.level3(functional.max_pool2d(skip2, 2))
        return self.level4(functional.max_pool2d(skip3, 2)), (skip1, skip2, skip3)


class Decoder(nn.Module):
    """Query and read (batch, 16 w, height / 8, width / 8) -> frame; prediction takes the encoder's skips, too."""

    def __init__(self, channels: int, width: int, *, skip: bool) -> None:
        super().__init__()
        self.skip = skip
        self.bottleneck = convolutions(16 * width, 8 * width)

        def level(low: int, high: int) -> tuple[nn.Sequential, nn.Sequential]:
            raised = high if skip else low  # without skips the released code leaves the width to the block after
            return upsampling(low, raised), convolutions(2 * high if skip else raised, high)

        self.upsample3, self.level3 = level(8 * width, 4 * width)
        self.upsample2, self.level2 = level(4 * width, 2 * width)
        self.upsample1, self.level1 = level(2 * width, width)
        self.output = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, features: Tensor, skips: Skips) -> Tensor:
        """Return the frame (batch, channels, height, width) in [-1, 1]."""
        decoded = self.bottleneck(features)
        stages = ((self.upsample3, self.level3), (self.upsample2, self.level2), (self.upsample1, self.level1))
        for (upsample, level), skip in zip(stages, reversed(skips), strict=True):
            decoded = upsample(decoded)
            decoded = level(torch.cat([skip, decoded], dim=1) if self.skip else decoded)
        return torch.tanh(self.output(decoded))


class Mnad(nn.Module):
    """Encoder and decoder; the items are kept apart, since no gradient moves them."""

    def __init__(self, task: Task, *, width: int, channels: int) -> None:
        super().__init__()
        self.task: Task = task
        self.channels = channels
        self.seen = (4 if task == "prediction" else 1) * channels
        self.encoder = Encoder(self.seen, width)
        self.decoder = Decoder(channels, width, skip=task == "prediction")
        self.items = functional.normalize(torch.rand(ITEMS, 8 * width), dim=1)

    def split(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """Return input and target of clips (batch, frames * channels, size, size)."""
        return clip[:, : self.seen], clip[:, -self.channels :]


# ---------------------------------------------------------------------------------------------------------------------
# Training


@dataclass
class Training:
    """Adam with a cosine schedule; the memory is updated by every batch."""

    model: Mnad
    size: int = 256
    batch: int = 4
    epochs: int = EPOCHS
    optimiser: torch.optim.Adam = field(init=False)
    schedule: torch.optim.lr_scheduler.CosineAnnealingLR = field(init=False)

    def __post_init__(self) -> None:
        parameters = [*self.model.encoder.parameters(), *self.model.decoder.parameters()]
        self.optimiser = torch.optim.Adam(parameters, lr=LEARNING_RATE, foreach=False, fused=False)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, T_max=self.epochs)

    def step(self, clips: Tensor) -> dict[str, float]:
        """Train on a batch (batch, frames * channels, size, size); return the losses."""
        model = self.model
        model.train()
        inputs, target = model.split(clips)
        query, skips = model.encoder(inputs)
        compact, separate = compactness_loss(query, model.items), separateness_loss(query, model.items)
        features = read(query, model.items)
        model.items = update(query, model.items)
        output = model.decoder(features, skips)
        self.optimiser.zero_grad()
        pixel = torch.mean((output - target) ** 2)
        weight = LOSS_WEIGHT[model.task]
        total = pixel + weight * compact + weight * separate
        total.backward()
        self.optimiser.step()
        losses = {"pixel": pixel, "compactness": compact, "separateness": separate, "total": total}
        return {name: loss.item() for name, loss in losses.items()}

    def epoch(self, *videos: Sequence[Path]) -> list[float]:
        """Train on all clips of videos in a random order, the last incomplete batch dropped; return the losses."""
        clips = [clip for files in videos for clip in clips_of(files, LENGTH[self.model.task])]
        random.shuffle(clips)
        losses = []
        for start in range(0, len(clips) - self.batch + 1, self.batch):
            loaded = [load_clip(clip, self.size, self.model.channels) for clip in clips[start : start + self.batch]]
            losses.append(self.step(torch.stack(loaded))["total"])
        self.schedule.step()
        return losses


# ---------------------------------------------------------------------------------------------------------------------
# Evaluation: section 3.4 of the paper


def point_score(output: Tensor, target: Tensor) -> float:
    """Return the weighted mean error of a frame, which decides whether the memory is updated by it."""
    error = ((output + 1) / 2 - (target + 1) / 2) ** 2
    weight = 1 - torch.exp(-error)
    return (torch.sum(weight * error) / torch.sum(weight)).item()


def normality(psnr: Sequence[Sequence[float]], distance: Sequence[Sequence[float]], alpha: float) -> list[float]:
    """Return the score of each frame, HIGH = NORMAL as published: both terms scaled to [0, 1] within each video."""
    scores: list[float] = []
    for video_psnr, video_distance in zip(psnr, distance, strict=True):
        terms = zip(scaled_within(video_psnr), scaled_within(video_distance), strict=True)
        scores += [alpha * first + (1 - alpha) * (1 - second) for first, second in terms]
    return scores


def scaled_within(values: Sequence[float]) -> list[float]:
    """Return the values of one video scaled to [0, 1]; a constant term says nothing."""
    least, span = min(values), max(values) - min(values)
    return [(value - least) / span if span > 0 else 0.0 for value in values]


@dataclass
class Scores:
    """What the evaluation collects, frame by frame; psnr and distance by video."""

    mse: list[float] = field(default_factory=list)
    psnr: list[list[float]] = field(default_factory=list)
    distance: list[list[float]] = field(default_factory=list)
    point_score: list[float] = field(default_factory=list)
    updated: list[bool] = field(default_factory=list)
    normality: list[float] = field(default_factory=list)


class Evaluation:
    """One frame at a time; the items go on from video to video.

    threshold: frames whose point score lies below update the items; None leaves the items alone.
    """

    def __init__(self, model: Mnad, *, threshold: float | None, size: int = 256, alpha: float | None = None) -> None:
        self.model = model.eval()
        self.items = model.items.clone()
        self.threshold = threshold
        self.size = size
        self.alpha = ALPHA[model.task] if alpha is None else alpha
        self.scores = Scores()

    def begin_video(self) -> None:
        """Open the lists of another video."""
        self.scores.psnr.append([])
        self.scores.distance.append([])

    def frame(self, clip: Tensor) -> Tensor:
        """Score one clip (1, frames * channels, size, size), then update the items; return the output."""
        inputs, target = self.model.split(clip)
        query, skips = self.model.encoder(inputs)
        distance = compactness_loss(query, self.items)
        output: Tensor = self.model.decoder(read(query, self.items), skips)
        mse = functional.mse_loss((output[0] + 1) / 2, (target[0] + 1) / 2).item()
        self.scores.mse.append(mse)
        self.scores.psnr[-1].append(10 * math.log10(1 / mse))
        self.scores.distance[-1].append(distance.item())
        points = point_score(output, target)
        self.scores.point_score.append(points)
        updates = self.threshold is not None and points < self.threshold
        self.scores.updated.append(updates)
        if updates:
            self.items = update(query, self.items)
        return output

    def finish(self) -> Scores:
        """Normalise within each video, and return all scores."""
        self.scores.normality = normality(self.scores.psnr, self.scores.distance, self.alpha)
        return self.scores

    def run(self, videos: Sequence[Sequence[Path]]) -> Scores:
        """Evaluate videos given as their files."""
        for files in videos:
            self.begin_video()
            for clip in clips_of(files, LENGTH[self.model.task]):
                self.frame(load_clip(clip, self.size, self.model.channels).unsqueeze(0))
        return self.finish()


# ---------------------------------------------------------------------------------------------------------------------
# Videos: a folder's, or generated ones


def videos_in(folder: Path) -> list[list[Path]]:
    """Return the frames of each video in a folder, sorted by name."""
    videos = [sorted(path for path in one.iterdir() if path.is_file()) for one in sorted(folder.glob("*/"))]
    if not videos:
        raise OSError(
            f"Videos were expected as folders of frames in {folder}, but there are none; see the top of this file."
        )
    return videos


def labels_of(files: Sequence[Path]) -> NDArray[np.int64]:
    """Return the label of each frame of a test video, 1 = abnormal."""
    path = files[0].parent.with_suffix(".txt")
    labels = np.loadtxt(path, dtype=np.int64, ndmin=1)
    if labels.shape != (len(files),):
        raise OSError(f"A label was expected in {path} for each of {len(files)} frames, but it has {labels.size}.")
    return labels


def write_circles_and_squares(folder: Path, *, size: int = 64, videos: int = 4, frames: int = 60) -> None:
    """Write a set whose normal videos show a circle on its way; in test videos it is a square for a while."""
    for split in ("train", "test"):
        for video in range(videos):
            target = folder / split / f"{video:02d}"
            target.mkdir(parents=True)
            abnormal = range(frames // 3, 2 * frames // 3) if split == "test" else range(0)
            place, step = (
                np.random.default_rng((video, split == "test")).uniform((12, 12, 1, 1), (52, 52, 3, 3)).reshape(2, 2)
            )
            for frame in range(frames):
                x, y = (
                    int(10 + abs((one + frame * pace) % (2 * (size - 20)) - (size - 20)))
                    for one, pace in zip(place, step, strict=True)
                )
                image = np.full((size, size), 32, np.uint8)
                if frame in abnormal:
                    cv2.rectangle(image, (x - 5, y - 5), (x + 5, y + 5), 224, -1)
                else:
                    cv2.circle(image, (x, y), 6, 224, -1)
                cv2.imwrite(str(target / f"{frame:03d}.png"), image)
            if split == "test":
                np.savetxt(target.with_suffix(".txt"), [int(frame in abnormal) for frame in range(frames)], fmt="%d")


def main(arguments: Sequence[str] | None = None) -> float:
    """Train on FOLDER/train, evaluate on FOLDER/test, and return the AUC over all frames."""
    parser = argparse.ArgumentParser(description="MNAD, trained and evaluated as published.")
    parser.add_argument(
        "folder", type=Path, nargs="?", help="with train/ and test/; generated circles and squares without"
    )
    parser.add_argument("--task", choices=tuple(LENGTH), default="prediction")
    parser.add_argument("--epochs", type=int, help="60; 5 on the generated set")
    parser.add_argument("--size", type=int, help="pixels a side: 256; 64 on the generated set")
    parser.add_argument("--width", type=int, help="channels of the first level: 64; 8 on the generated set")
    chosen = parser.parse_args(arguments)
    own = chosen.folder is not None
    size, width = chosen.size or (256 if own else 64), chosen.width or (64 if own else 8)
    epochs = chosen.epochs or (EPOCHS if own else 5)
    random.seed(0)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        if not own:
            write_circles_and_squares(folder)
        train, test = videos_in(folder / "train"), videos_in(folder / "test")
        labels = np.concatenate([labels_of(files)[LENGTH[chosen.task] - 1 :] for files in test])
        model = Mnad(chosen.task, width=width, channels=3 if own else 1)
        training = Training(model, size=size, epochs=epochs)
        for epoch in range(1, epochs + 1):
            print(f"epoch {epoch} of {epochs}: loss {np.mean(training.epoch(*train)):.4f}", flush=True)
        scores = Evaluation(model, threshold=THRESHOLD[model.task], size=size).run(test)
    auc = float(roc_auc_score(1 - labels, scores.normality))
    print(f"AUC {100 * auc:.1f} % over {labels.size} frames; the memory was updated by {sum(scores.updated)} of them")
    return auc


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(str(error))
