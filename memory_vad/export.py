"""The scoring network as ONNX: clips in, score terms out; checked by onnxruntime against torch."""

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.errors import StudyError
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.folding import fold_batch_norm
from benchmarks.writing import replaced_whole
from memory_vad.model import Model

TOLERANCE = 1e-4


class ScoringNetwork(nn.Module):
    """Clips (batch, time, size, size, channels) uint8 to terms (batch,) each, in the order of `terms`; no test-time update."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        method = model.method
        if not isinstance(method, MemoryAutoencoder):
            raise StudyError(f"Expected MNAD or MemAE to export, but the weights are {model.settings.method}'s.")
        self.task, self.backbone = method.task, method.backbone
        self.encoder = fold_batch_norm(method.backbone.encoder)
        self.decoder = fold_batch_norm(method.backbone.decoder)
        self.memory = method.memory
        self.skip = model.settings.skip
        self.terms: tuple[str, ...] = ("mse", "mean_absolute_error") if model.settings.method == "memae" else ("mse",)
        self.terms += model.settings.memory_card.own_scores

    def forward(self, clips: Tensor) -> tuple[Tensor, ...]:
        """Return the terms."""
        encoded, skips = self.encoder(self.backbone.to_inputs(clips[:, self.task.inputs]))
        read = self.memory.read(self.backbone.as_map(encoded), None)
        output = self.decoder(self.backbone.from_map(read.features), skips if self.skip else ())
        target = self.backbone.to_targets(clips[:, self.task.targets])
        found = {**self.backbone.errors(output, target, last_only=self.task.scores_last_only), **read.terms}
        return tuple(found[name] for name in self.terms)


def export_onnx(model: Model, path: Path, clips: NDArray[np.uint8], *, dynamic: bool = True) -> float:
    """Write the network as ONNX and return the largest relative difference from torch on `clips`, at most 1e-4.

    clips: (batch, time, size, size, channels) uint8, real ones to check on; their number is the batch where not `dynamic`.
    Raises StudyError without the packages of the extra `export`, or where the two differ.
    """
    try:
        import onnx  # noqa: F401 - the exporter needs it
        import onnxruntime
        import onnxscript  # noqa: F401 - likewise
    except ImportError as error:
        raise StudyError(
            f"Expected the extra `export` (pip install .[export]), but {error.name} is missing."
        ) from error
    network = ScoringNetwork(model).eval()
    given = torch.from_numpy(np.ascontiguousarray(clips))
    shapes: Any = ({0: torch.export.Dim("batch", min=1, max=1024)},) if dynamic else None
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with replaced_whole(path) as temporary, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        expected = [value.numpy() for value in network(given)]
        torch.onnx.export(
            network,
            (given,),
            str(temporary),
            input_names=["clips"],
            output_names=list(network.terms),
            dynamic_shapes=shapes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        session = onnxruntime.InferenceSession(str(temporary), providers=["CPUExecutionProvider"])
        worst = _difference(session.run(None, {"clips": given.numpy()}), expected)
        if dynamic and len(given) > 1:
            worst = max(worst, _difference(session.run(None, {"clips": given.numpy()[:1]}), [e[:1] for e in expected]))
        if worst > TOLERANCE:
            raise StudyError(
                f"Expected ONNX and torch to agree to {TOLERANCE:g}, but they differ by {worst:.2g}; nothing was written."
            )
    return worst


def _difference(found: Any, expected: Any) -> float:
    return max(float(np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-6))) for a, b in zip(found, expected, strict=True))
