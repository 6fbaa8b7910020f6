"""A still's output with what the decoder sees below its skips replaced: by zeros, by ones, by noise."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.contract import Batch, Method
from benchmarks.run.feed import Feed
from benchmarks.run.scoring import Folded, VariantScorer

_PREFIX = "bottleneck_"
_VOLUME = 5


class _Replacing(VariantScorer):
    """The scorer, for outputs instead of scores."""

    def outputs(self, batch: Batch) -> dict[str, Tensor]:
        """Return the scored frame of each variant's output, (batch, height, width, channels) in [0, 1]."""
        inputs, target = self.parts.inputs_and_target(batch)
        query, skips = self._encode(inputs)
        task = self.parts.task
        found = {}
        for name in self.variants:
            output = self._decode(self._replaced_features(name, query), skips).expand_as(target)
            if output.ndim == _VOLUME:
                output = output[:, :, task.scored_frame - task.targets.start]
            found[name] = ((output + 1) / 2).clamp(0, 1).permute(0, 2, 3, 1).float()
        return found


def replaced_outputs(method: Method, feed: Feed, stills: Mapping[str, int]) -> dict[str, Any]:
    """Return the arrays of an `InspectionFile` that hold the first abnormal still's outputs, else the first still's.

    The replaced features are those of scoring (`benchmarks.run.scoring.variants_of`), with the items as trained. Nothing
    of a method that has no bottleneck to replace.

    stills: the clip of each still by its kind
    """
    if not isinstance(method, MemoryAutoencoder) or not stills:
        return {}
    number = min(1, len(stills) - 1)
    variants = tuple(name for name in method.variants() if name.startswith(_PREFIX))
    method.network.eval()
    with torch.inference_mode():
        scorer = _Replacing(method.parts, Folded.of(method.parts), variants)
        outputs = scorer.outputs(feed.batch(np.array([list(stills.values())[number]], dtype=np.int64)))
    images = np.stack([np.rint(255 * output[0].cpu().numpy()).astype(np.uint8) for output in outputs.values()])
    return {
        "replaced_still": np.array(number),
        "replaced_name": np.array(list(outputs), dtype=np.str_),
        "replaced_output": images,
    }
