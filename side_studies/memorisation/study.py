"""A small study of memorisation on patches of the synthetic set (Arpit et al. 2017).

Two tasks. *Classification* is the paper's setting: circle or square, with none, half or all of the training labels drawn
at random. *Reconstruction* is the same for an autoencoder: patches to themselves, with none, half or all of the targets
replaced by noise. Each with nothing, dropout or weight decay against it. Followed over the epochs: the loss on noisy and
on clean targets, the loss and accuracy on clean patches of other videos, and there, for the classifiers, the critical
sample ratio. Autoencoders have no classes, so no such ratio: the loss on clean targets takes its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from benchmarks.run.streams import draw_weights, seed_of, torch_stream
from side_studies.memorisation.networks import (
    PatchAutoencoder,
    PatchClassifier,
    Search,
    critical_sample_ratio,
    noisy_part,
    with_noise_targets,
    with_random_labels,
)
from synthetic.dataset import render_video, video_plan
from synthetic.scene import SceneSettings
from synthetic.similarity import cut_patch

Task = Literal["classification", "reconstruction"]

SHARES = (0.0, 0.5, 1.0)
REGULARISERS: dict[str, dict[str, float]] = {
    "none": {"dropout": 0.0, "weight_decay": 0.0},
    "dropout": {"dropout": 0.5, "weight_decay": 0.0},
    "weight decay": {"dropout": 0.0, "weight_decay": 1.0},
}
CLASSES = 2
# Pixels on each side of an object's centre: the whole object and a little of what surrounds it.
REACH = 7
SIDE = 2 * REACH + 1
# Sensor noise, in grey levels: with it no two patches are alike, so that there is something to know by heart.
SENSOR_NOISE = 16.0
# The paper's box times ten: 3 of 255 grey levels, a fifth of the sensor noise's deviation.
_SEARCH = Search().scaled(10)


@dataclass(frozen=True)
class Extent:
    """How large the study is.

    train, validation: patches, half of them squares; epochs: at which the curves are read, the last ends the training
    """

    train: int = 500
    validation: int = 400
    videos: int = 30
    hidden: int = 256
    batch: int = 50
    learning_rate: float = 2e-3
    epochs: tuple[int, ...] = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 80, 100, 140, 200)
    search: Search = _SEARCH


@dataclass(frozen=True)
class Patches:
    """Patches (n, side, side) float32 in [0, 1] and their classes (n,) int64: 1 for squares."""

    pixels: Tensor
    classes: Tensor


def run_study(extent: Extent, seeds: range, report: Callable[[str], None] = lambda _: None) -> pd.DataFrame:
    """Train every condition with every seed; one row per condition, seed and epoch of ``extent.epochs``.

    Columns: task, noise, regulariser, seed, epoch; loss_noisy and loss_clean (training patches whose target is noise or
    is not; NaN where there are none), validation_loss; accuracy_noisy, accuracy_clean, validation_accuracy and
    critical_sample_ratio (NaN for reconstruction). Losses: cross-entropy in nats, or the squared error as a share of the
    targets' variance. Twice the same numbers from the same number of threads.
    """
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        train, validation = cut_patches(extent, seed)
        for task in ("classification", "reconstruction"):
            for share in SHARES:
                for name in REGULARISERS:
                    report(f"seed {seed}: {task}, noise {share:g}, {name}")
                    condition = {"task": task, "noise": share, "regulariser": name, "seed": seed}
                    curve = _train(task, share, name, train, validation, extent, seed)
                    rows += [condition | point for point in curve]
    return pd.DataFrame(rows)


def cut_patches(extent: Extent, seed: int) -> tuple[Patches, Patches]:
    """Patches for training and, from other videos, for validation: objects that stand alone and wholly in the frame.

    Raises ValueError if the videos hold too few of them.
    """
    scene = SceneSettings(test_videos=extent.videos, noise=SENSOR_NOISE, seed=seed)
    plans = video_plan(scene, "test")
    split = round(len(plans) * extent.train / (extent.train + extent.validation))
    chosen = []
    for name, part, count in (("train", plans[:split], extent.train), ("validation", plans[split:], extent.validation)):
        found: dict[int, list[np.ndarray[Any, Any]]] = {0: [], 1: []}
        for plan in part:
            video = render_video(plan)
            for square, frame, x, y in _alone(video.objects, scene.size):
                found[square].append(cut_patch(video.frames[frame], x, y, REACH)[0])
        generator = torch_stream(seed, "patches", name)
        of_each = [_some(patches, count // CLASSES, generator) for patches in found.values()]
        classes = torch.arange(CLASSES).repeat_interleave(count // CLASSES)
        chosen.append(Patches(torch.cat(of_each), classes))
    return chosen[0], chosen[1]


def _alone(objects: pd.DataFrame, size: int) -> Iterator[tuple[int, int, float, float]]:
    """Yield (1 for a square, frame, x, y) of the objects whose patch lies in the frame and meets no other object's."""
    for _, together in objects.groupby("frame"):
        places = together[["x", "y"]].to_numpy()
        apart = np.abs(places[:, None] - places[None]).max(axis=2) > 2 * REACH
        np.fill_diagonal(apart, val=True)
        inside = ((places >= REACH) & (places < size - REACH - 1)).all(axis=1)
        for row in np.flatnonzero(inside & apart.all(axis=1)):
            one = together.iloc[row]
            yield int(one["kind"] == "square"), int(one["frame"]), float(one["x"]), float(one["y"])


def _some(patches: list[np.ndarray[Any, Any]], count: int, generator: torch.Generator) -> Tensor:
    if len(patches) < count:
        message = f"the study needs {count} patches of each shape, but the videos hold {len(patches)}: take more videos"
        raise ValueError(message)
    order = torch.randperm(len(patches), generator=generator)[:count]
    return torch.from_numpy(np.stack(patches)).float()[order] / 255


def _train(
    task: str, share: float, regulariser: str, train: Patches, validation: Patches, extent: Extent, seed: int
) -> Iterator[dict[str, float]]:
    """Train one network and yield its curve. Weights and order are the same whatever the noise and the regulariser."""
    strength = REGULARISERS[regulariser]
    classify = task == "classification"
    network: nn.Module
    if classify:
        network = PatchClassifier(SIDE, extent.hidden, CLASSES, strength["dropout"])
    else:
        network = PatchAutoencoder(SIDE, extent.hidden, strength["dropout"])
    draw_weights(network, seed, task)
    noisy = noisy_part(len(train.pixels), share, torch_stream(seed, "noisy part"))
    generator = torch_stream(seed, "noise", task)
    if classify:
        targets = with_random_labels(train.classes, noisy, CLASSES, generator)
    else:
        targets = with_noise_targets(train.pixels, noisy, generator)
    true_targets = validation.classes if classify else validation.pixels
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=extent.learning_rate, weight_decay=strength["weight_decay"], fused=True
    )
    variance = float(train.pixels.var())

    def losses(output: Tensor, target: Tensor) -> Tensor:
        if classify:
            return nn.functional.cross_entropy(output, target, reduction="none")
        return (output - target).square().mean(dim=(1, 2)) / variance

    for epoch in range(1, extent.epochs[-1] + 1):
        network.train()
        order = torch.randperm(len(train.pixels), generator=torch_stream(seed, "order", epoch))
        # Dropout draws from torch's own stream, which is given back as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(seed, "dropout", task, epoch))
            for some in order.split(extent.batch):
                loss = losses(network(train.pixels[some]), targets[some]).mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        if epoch not in extent.epochs:
            continue
        network.eval()
        with torch.no_grad():
            output, unseen = network(train.pixels), network(validation.pixels)
            fitted = losses(output, targets)
            point = {
                "epoch": epoch,
                "loss_noisy": _mean(fitted[noisy]),
                "loss_clean": _mean(fitted[~noisy]),
                "validation_loss": _mean(losses(unseen, true_targets)),
            }
        if classify:
            right = (output.argmax(dim=1) == targets).float()
            point |= {
                "accuracy_noisy": _mean(right[noisy]),
                "accuracy_clean": _mean(right[~noisy]),
                "validation_accuracy": _mean((unseen.argmax(dim=1) == true_targets).float()),
                "critical_sample_ratio": critical_sample_ratio(
                    network, validation.pixels, torch_stream(seed, "search", epoch), extent.search
                ),
            }
        yield point


def _mean(values: Tensor) -> float:
    """The mean, NaN of nothing."""
    return float(values.double().mean()) if len(values) else float("nan")
