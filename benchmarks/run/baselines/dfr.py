"""`dfr`: a frozen backbone describes the regions of a frame, an autoencoder learns to rebuild them (`baselines.dfr`).

The backbone is a setting, and none is put in another's place: ``vgg19`` (pretrained, the paper's), ``efficientnet_lite0``
(pretrained), ``random`` (VGG19's form at a share of its width, weights as drawn) or ``self_supervised`` (the same, then
trained to remove noise from training frames, for as many epochs as the autoencoder).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.backbones import (
    VGG19,
    EfficientNetLite0,
    Stages,
    draw_weights,
    find_efficientnet_weights,
    find_vgg19_weights,
    load_vgg19,
    narrowed,
    to_rgb,
    train_by_denoising,
)
from baselines.dfr import FeatureAutoencoder, heat_map, latent_size, region_error, regional_features
from benchmarks.errors import StudyError
from benchmarks.run.contract import PLAIN, Batch, Clips, Inspection, Losses, Method, Objective, Scored, ScoreRule
from benchmarks.run.streams import draw_weights as draw_layers
from benchmarks.run.streams import numpy_stream, torch_stream
from benchmarks.study.settings import Settings

# Frames that the latent size is found from, as in the released code, which takes the first ten images; neighbours in a
# video are alike, so here they are spread over all training clips.
_LATENT_FRAMES = 10
# The self-supervised task: pieces of a few frames at a time, with noise of a fifth of the range.
_PRETEXT_BATCH, _PRETEXT_CROP, _PRETEXT_NOISE, _PRETEXT_RATE = 8, 48, 0.2, 1e-3

# Backbone -> what finds its file of weights, and what loads it.
_PRETRAINED: dict[str, tuple[Callable[[], Path], Callable[[Path], Stages | EfficientNetLite0]]] = {
    "vgg19": (find_vgg19_weights, load_vgg19),
    "efficientnet_lite0": (find_efficientnet_weights, EfficientNetLite0),
}


class DeepFeatureReconstruction(Method):
    """Rebuilds features in place of pixels.

    A frame's score is the largest error of a region, before its map is stretched, as the released code scores an image;
    the mean is given too.
    """

    clip_length = 1
    scored_frame = 0
    evaluation_batch = 16
    rule = ScoreRule("map_peak", {"map_peak": 1.0}, PLAIN, {"map_mean": {"map_mean": 1.0}})

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        self.settings = settings
        self.seed = seed
        self.device = device
        self.weights_digest: str | None = None
        self.backbone = self._backbone().to(device).requires_grad_(requires_grad=False)
        self.autoencoder: FeatureAutoencoder | None = None

    def prepare(self, clips: Clips) -> None:
        """Train a self-supervised backbone, then find the latent size from a few frames."""
        if self.settings.backbone == "self_supervised":
            # Small enough for the CPU, where the gradient of a reflected border is deterministic.
            assert isinstance(self.backbone, Stages)
            self.backbone.cpu().requires_grad_()
            stream = torch_stream(self.seed, "pretext")
            train_by_denoising(
                self.backbone, self._crops(clips), stream, noise=_PRETEXT_NOISE, learning_rate=_PRETEXT_RATE
            )
            self.backbone.to(self.device).requires_grad_(requires_grad=False)
        picks = np.unique(np.linspace(0, len(clips) - 1, _LATENT_FRAMES).round().astype(np.int64))
        features = [self._features(torch.from_numpy(clips.take([pick])[:, 0]).to(self.device)) for pick in picks]
        descriptions = torch.cat([each.flatten(2)[0].T for each in features]).cpu().numpy()
        self._build(latent_size(descriptions))

    def objectives(self) -> Sequence[Objective]:
        """Adam over the autoencoder; the backbone is frozen."""
        optimiser = torch.optim.Adam(self._fitted().parameters(), lr=self.settings.learning_rate)
        return [Objective("features", optimiser, torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0))]

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Return the mean squared error of the rebuilt features."""
        del objective
        network = self._fitted().train()
        features = self._features(batch.frames[:, 0])
        loss = functional.mse_loss(self._rebuilt(network, features), features)
        return Losses(loss, {"features": loss.detach()})

    def begin_evaluation(self, variants: Sequence[str]) -> None:
        """Switch batch norm to its running statistics."""
        del variants
        self._fitted().eval()

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the largest and the mean error over a frame's regions."""
        error = self._error(batch)
        terms = {"map_peak": error.flatten(1).amax(dim=1), "map_mean": error.flatten(1).mean(dim=1)}
        error_map = None
        if map_size is not None:
            stretched = heat_map(error, self.settings.size).unsqueeze(1)
            error_map = functional.adaptive_avg_pool2d(stretched, map_size).squeeze(1)
        return Scored({PLAIN: terms}, error_map)

    def inspect(self, batch: Batch) -> Inspection:
        """Return the heat map at the frame's size. Features are rebuilt, no image is: the frame stands for the output."""
        training = self._fitted().training
        self._fitted().eval()
        error = heat_map(self._error(batch), self.settings.size)
        self._fitted().train(training)
        frame = batch.frames[:, 0] / 255
        return Inspection(frame, frame, frame, error, drawn=False)

    def state(self) -> dict[str, Tensor]:
        """Return autoencoder and backbone: a checkpoint needs no other file of weights to be the same method."""
        return dict(nn.ModuleDict({"autoencoder": self._fitted(), "backbone": self.backbone}).state_dict())

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `state` returned; the latent size is that of the state."""
        if self.autoencoder is None:
            self._build(len(state["autoencoder.encoder.6.bias"]))
        nn.ModuleDict({"autoencoder": self._fitted(), "backbone": self.backbone}).load_state_dict(dict(state))

    def parameter_count(self) -> int:
        """Return the number of the autoencoder's parameters; the backbone's stand among the facts."""
        return sum(parameter.numel() for parameter in self._fitted().parameters())

    def facts(self) -> Mapping[str, Any]:
        """Return the sizes, and the digest of the file that a pretrained backbone came from."""
        found = {
            **super().facts(),
            "channels": sum(self.backbone.widths),
            "latent_size": self._fitted().latent,
            "backbone_parameters": sum(parameter.numel() for parameter in self.backbone.parameters()),
        }
        return found if self.weights_digest is None else {**found, "weights_sha256": self.weights_digest}

    def _backbone(self) -> Stages | EfficientNetLite0:
        if self.settings.backbone in _PRETRAINED:
            find, load = _PRETRAINED[self.settings.backbone]
            try:
                path = find()
                pretrained = load(path)
            except (FileNotFoundError, ValueError) as error:
                raise StudyError(
                    f"{str(error)[0].upper()}{str(error)[1:]}, or choose backbone=random or backbone=self_supervised."
                ) from error
            with path.open("rb") as file:
                self.weights_digest = hashlib.file_digest(file, "sha256").hexdigest()
            return pretrained
        backbone = Stages(narrowed(VGG19, self.settings.width))
        draw_weights(backbone, torch_stream(self.seed, "backbone"))
        return backbone

    def _build(self, latent: int) -> None:
        self.autoencoder = FeatureAutoencoder(sum(self.backbone.widths), latent)
        draw_layers(self.autoencoder, self.seed, "autoencoder")
        self.autoencoder.to(self.device)

    def _crops(self, clips: Clips) -> Iterator[Tensor]:
        """Yield batches of square pieces of training frames, as many as a frame each in all epochs."""
        rng = numpy_stream(self.seed, "crops")
        crop = min(_PRETEXT_CROP, self.settings.size)
        for _ in range(max(1, self.settings.epochs * len(clips) // _PRETEXT_BATCH)):
            frames = clips.take(rng.integers(0, len(clips), _PRETEXT_BATCH))[:, 0]
            rows, columns = rng.integers(0, self.settings.size - crop + 1, (2, _PRETEXT_BATCH))
            pieces = [
                frame[row : row + crop, column : column + crop]
                for frame, row, column in zip(frames, rows, columns, strict=True)
            ]
            yield to_rgb(torch.from_numpy(np.stack(pieces)))

    @torch.no_grad()
    def _features(self, frames: Tensor) -> Tensor:
        """Return the regional features (batch, channels, rows, columns) float32 of frames as they come from the store."""
        with self._precision():
            maps = self.backbone(to_rgb(frames))
        return regional_features(maps, self.settings.size)

    def _rebuilt(self, network: FeatureAutoencoder, features: Tensor) -> Tensor:
        with self._precision():
            rebuilt: Tensor = network(features)
        return rebuilt.float()

    def _error(self, batch: Batch) -> Tensor:
        with torch.inference_mode():
            features = self._features(batch.frames[:, 0])
            return region_error(features, self._rebuilt(self._fitted(), features))

    def _precision(self) -> torch.autocast:
        """Convolutions in bfloat16 where the cell says so; features, losses and errors stay in float32."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bfloat16")

    def _fitted(self) -> FeatureAutoencoder:
        assert self.autoencoder is not None, "prepare or load comes first"
        return self.autoencoder
