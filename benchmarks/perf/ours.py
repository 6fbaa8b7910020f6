"""The harness's own side of a comparison: an epoch in the mode `fast`, and a pass under one variant, each timed."""

import time
from collections.abc import Callable, Mapping

from benchmarks.perf.workload import CPU
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.evaluation import evaluate
from benchmarks.run.fast import speed_up
from benchmarks.run.feed import Feed
from benchmarks.run.training import train_epoch
from benchmarks.study.settings import Settings


def silent(epoch: int, epochs: int, batch: int, batches: int, losses: Mapping[str, float]) -> None:
    """Take a report of progress and say nothing."""
    del epoch, epochs, batch, batches, losses


def training(settings: Settings, seed: int, feed: Feed) -> Callable[[], float]:
    """Return a measurement of clips trained on a second; the network is built before, and goes on training."""
    method = MemoryAutoencoder(settings, seed, CPU)
    speed_up(method, CPU)
    objectives = method.objectives()

    def run() -> float:
        begun = time.perf_counter()
        train_epoch(method, objectives, feed, settings, seed, 1, silent)
        return len(feed.clips) / (time.perf_counter() - begun)

    return run


def scoring(settings: Settings, seed: int, feed: Feed, variant: str | None = None) -> Callable[[], float]:
    """Return a measurement of frames scored a second, under the published variant or another; the network is built before."""
    method = MemoryAutoencoder(settings, seed, CPU)
    asked = variant or method.rule.variant

    def run() -> float:
        begun = time.perf_counter()
        scored = evaluate(method, feed, [asked])
        return len(scored.frame) / (time.perf_counter() - begun)

    return run
