"""How wide a network must be, and how long it must train, to fit patterns, noise labels and noise inputs (Arpit et al. 2017).

The paper's section 3.2 to 3.4: noise in the inputs (randX) is easier to fit than noise in the labels (randY), and both need
more capacity and more epochs than patterns. Here the classifier of `study` is trained at several widths until it gives back
nearly all labels, without regularisation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from benchmarks.run.streams import draw_weights, torch_stream
from side_studies.memorisation.networks import (
    PatchClassifier,
    critical_sample_ratio,
    noisy_part,
    with_noise_targets,
    with_random_labels,
)
from side_studies.memorisation.study import CLASSES, SIDE, Extent, Patches, cut_patches

KINDS = ("patterns", "noise inputs", "noise labels")
FITTED = 0.95
"""Share of the training labels that counts as fitted."""


@dataclass(frozen=True)
class Capacity:
    """Which widths of both hidden layers are tried, and after how many epochs a network is given up."""

    widths: tuple[int, ...] = (8, 16, 32, 64, 128, 256, 512)
    epochs: int = 200


def run_capacity(
    extent: Extent, capacity: Capacity, seeds: range, report: Callable[[str], None] = lambda _: None
) -> pd.DataFrame:
    """Train a classifier of each width on patterns, on noise inputs and on noise labels; one row each and per seed.

    Columns: kind, width, seed; epochs, at which `FITTED` of the labels are given back (NaN: never); fitted, the largest
    share of labels given back after an epoch; validation_accuracy, on clean patches; critical_sample_ratio, of the
    training patches. The last two are those at the end, which is where the labels are fitted.
    """
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        train, validation = cut_patches(extent, seed)
        for kind in KINDS:
            for width in capacity.widths:
                report(f"seed {seed}: {kind}, {width} units")
                found = _fit(kind, width, train, validation, extent, capacity.epochs, seed)
                rows.append({"kind": kind, "width": width, "seed": seed} | found)
    return pd.DataFrame(rows)


def noise_of(kind: str, train: Patches, seed: int) -> tuple[Tensor, Tensor]:
    """Return training patches and labels with all of one or the other replaced by noise, drawn once."""
    everything = noisy_part(len(train.pixels), 1.0, torch_stream(seed, "noisy part"))
    generator = torch_stream(seed, "noise", kind)
    if kind == "noise labels":
        return train.pixels, with_random_labels(train.classes, everything, CLASSES, generator)
    if kind == "noise inputs":
        return with_noise_targets(train.pixels, everything, generator), train.classes
    return train.pixels, train.classes


def _fit(
    kind: str, width: int, train: Patches, validation: Patches, extent: Extent, epochs: int, seed: int
) -> dict[str, float]:
    network = PatchClassifier(SIDE, width, CLASSES, 0.0)
    draw_weights(network, seed, "capacity")
    pixels, labels = noise_of(kind, train, seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=extent.learning_rate, weight_decay=0.0, fused=True)
    needed, best = np.nan, 0.0
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(pixels), generator=torch_stream(seed, "order", epoch))
        for some in order.split(extent.batch):
            loss = nn.functional.cross_entropy(network(pixels[some]), labels[some])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        best = max(best, _accuracy(network, pixels, labels))
        if best >= FITTED:
            needed = float(epoch)
            break
    generator = torch_stream(seed, "capacity search", kind, width)
    return {
        "epochs": needed,
        "fitted": best,
        "validation_accuracy": _accuracy(network, validation.pixels, validation.classes),
        "critical_sample_ratio": critical_sample_ratio(network, pixels, generator, extent.search),
    }


def _accuracy(network: nn.Module, pixels: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float((network(pixels).argmax(dim=1) == labels).double().mean())
