"""Small methods on made-up clips, and the harness's own class under golden weights."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.contract import Batch
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from tests.support.official_names import renamed

CPU = torch.device("cpu")


class Clipped(Protocol):
    """A method that says of what geometry its clips are."""

    settings: Settings
    clip_length: int


def method_of(seed: int = 0, **factors: Any) -> MemoryAutoencoder:
    """A tiny autoencoder: frames of 32 pixels, an eighth of the width, float32; ``factors`` as in a study file."""
    chosen = {"dataset": "synthetic", "profile": "smoke", "precision": "float32", **factors}
    if chosen.get("memory", "own") in ("own", "memae") and chosen["method"] == "memae":
        chosen = {"items": 20, "shrink_threshold": 0.02, **chosen}
    if chosen["method"] == "mnad" and chosen.get("memory") == "memae":
        chosen = {"items": 20, "shrink_threshold": 0.02, **chosen}
    return MemoryAutoencoder(resolve(**chosen), seed, CPU)


def batch_of(frames: np.ndarray[Any, Any] | Tensor, *, video: int = 0, epoch: int | None = None) -> Batch:
    """Consecutive clips of one video as a batch; frames: (batch, time, height, width, channels) uint8."""
    index = np.arange(len(frames), dtype=np.int64)
    return Batch(torch.as_tensor(frames), np.full_like(index, video), index, index, epoch)


def made_up_clips(method: Clipped, count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Smooth moving patterns (count, clip length, size, size, channels) uint8, each clip one frame after the last."""
    settings = method.settings
    rng = np.random.default_rng(seed)
    frames = count + method.clip_length - 1
    rows, columns = np.mgrid[: settings.size, : settings.size] / settings.size
    phase = np.arange(frames)[:, None, None] / 5
    waves = [
        np.sin(6 * rows + 2 * columns + phase + rng.uniform(0, 6)) + np.cos(5 * columns - phase * rng.uniform(0.5, 2))
        for _ in range(settings.channels)
    ]
    video = np.stack(waves, axis=-1)
    video = video * np.linspace(0.4, 1.0, frames)[:, None, None, None] + rng.normal(0, 0.1, video.shape)
    pixels = np.clip(127.5 + 60 * video, 0, 255).astype(np.uint8)
    return np.stack([pixels[start : start + method.clip_length] for start in range(count)])


def trained_a_little(method: MemoryAutoencoder, steps: int = 2) -> MemoryAutoencoder:
    """The method after a few steps on made-up clips, so that running statistics and items have moved."""
    (objective,) = method.objectives()
    for step in range(steps):
        losses = method.losses(batch_of(made_up_clips(method, 4, seed=step), epoch=1), objective.name)
        objective.optimiser.zero_grad()
        losses.total.backward()
        objective.optimiser.step()
    method.take_usage()
    return method


def memae_difference(method: MemoryAutoencoder, clips: np.ndarray[Any, Any]) -> Tensor:
    """Half the difference of the scored frame's output and target, (batch, channels, height, width), for frames in [0, 1].

    Of MemAE's reconstruction and prediction with the unfolded network, its frame written out: of the sixteen that come out,
    the ninth in reconstruction, and in prediction the last, which stands for the clip's seventeenth frame.
    """
    encoder, decoder = method.backbone.encoder.eval(), method.backbone.decoder.eval()
    seen, out, wanted = clips[:, :16], *((15, 16) if method.settings.task == "prediction" else (8, 8))
    with torch.no_grad():
        encoded, skips = encoder(torch.from_numpy(seen / 127.5 - 1).permute(0, 4, 1, 2, 3))
        query = method.backbone.as_map(encoded)
        read = method.backbone.from_map(method.memory.read(query, None).features)
        output: Tensor = decoder(read, skips if method.settings.skip else ())[:, :, out]
    target = torch.from_numpy(clips[:, wanted] / 127.5 - 1).permute(0, 3, 1, 2)
    return (output - target) / 2


def golden_mnad(
    kind: str, weights: Mapping[str, Any], items: Any, precision: str, **overrides: Any
) -> MemoryAutoencoder:
    """MNAD's ``pred`` or ``recon`` at an eighth of the width with golden weights and items, built by the harness."""
    factors = {"dataset": "golden", "profile": "smoke", "size": 64, "channels": 3, "width": 0.125, "batch": 2}
    task = {"pred": "prediction", "recon": "reconstruction"}[kind]
    settings = resolve(method="mnad", task=task, precision=precision, **{**factors, **overrides})
    return _loaded(
        MemoryAutoencoder(settings, 0, CPU), renamed(weights, "mnad") | {"memory.items": torch.as_tensor(items)}
    )


def golden_memae(weights: Mapping[str, Any], precision: str) -> MemoryAutoencoder:
    """MemAE's narrow network with golden weights, built by the harness."""
    factors = {"dataset": "golden", "profile": "smoke", "size": 32, "width": 0.125, "batch": 1, "items": 20}
    settings = resolve(method="memae", task="reconstruction", precision=precision, **factors)
    return _loaded(MemoryAutoencoder(settings, 0, CPU), renamed(weights, "memae"))


def stacked_clips(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Frames stacked along channels (batch, 3 time, height, width) as clips (batch, time, height, width, 3)."""
    batch, channels, height, width = images.shape
    return images.reshape(batch, channels // 3, 3, height, width).transpose(0, 1, 3, 4, 2).copy()


def _loaded(method: MemoryAutoencoder, state: Mapping[str, Tensor]) -> MemoryAutoencoder:
    own = method.state()
    absent = {name for name in own if name not in state and not name.endswith("num_batches_tracked")}
    assert not absent, f"golden weights name every parameter, but not {absent}"
    method.load(own | dict(state))
    return method
