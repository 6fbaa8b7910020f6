"""What batch norm's running statistics do to the AUC: they are recalibrated on training frames, and the test frames scored.

Training averages them as it goes, over steps whose weights still move and batches of four; scoring rests on them (STUDY
trap 4). Here the trained weights stay, the statistics become the plain mean over batches of the last epoch, and the
published variant is scored once more. Everything is put back.
"""

from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any, Final

import torch
from torch import nn

from benchmarks.run import record as records
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.cell_data import CellData
from benchmarks.run.contract import Method
from benchmarks.run.evaluation import evaluate
from benchmarks.run.feed import Feed

BATCHES: Final = 100
_NORMS: Final = (nn.BatchNorm2d, nn.BatchNorm3d)
# A constant channel keeps rounding's variance, some 1e-18 of what it was, where a processor sums in another order.
_CONSTANT = 1e12


def recalibrated(method: Method, data: CellData, device: torch.device) -> dict[str, Any] | None:
    """Return ``micro_auc`` with recalibrated statistics, of how many ``batches``, and the ``variance_ratio``.

    variance_ratio: of new to running variances, the channel that changed most, as 1 or more; None where a channel has
    lost all its variance, or had none before. micro_auc: None where it is undefined. None for a method without batch
    norm, or with fewer training clips than a batch.
    """
    if not isinstance(method, MemoryAutoencoder):
        return None
    norms = [module for module in method.network.modules() if isinstance(module, _NORMS)]
    trained = {name: value.clone() for name, value in method.state().items()}
    before = [norm.running_var.clone() for norm in norms if norm.running_var is not None]
    batches = _measure(method, norms, data, device)
    if not batches or not before:
        return None
    after = [norm.running_var for norm in norms if norm.running_var is not None]
    ratio = max(_ratio(new, old) for new, old in zip(after, before, strict=True))
    # The memory learned in passing: its items are those of training again.
    method.load(trained | {name: value for name, value in method.state().items() if "running_" in name})
    scored = evaluate(method, Feed(data.clips("test", method.clip_length), device), [method.rule.variant])
    method.load(trained)
    area = records.published_micro_auc(records.terms_table(scored, data.dataset.test), method.rule)
    return {"micro_auc": area, "batches": batches, "variance_ratio": round(ratio, 4) if ratio < _CONSTANT else None}


def _ratio(new: torch.Tensor, old: torch.Tensor) -> float:
    """Return that of the channel that changed most; a channel without variance on both sides has not changed."""
    # Where shrinkage leaves a query nothing to read, the decoder's first channels become constant.
    ratios = torch.where((new == 0) & (old == 0), 1.0, new / old)
    return float(ratios.log().abs().max().exp())


def _uncompiled(network: nn.Module) -> AbstractContextManager[Any]:
    """Run what is compiled as it was written: a new momentum at each batch would compile it again, up to torch's limit."""
    compiled = any(getattr(module, "_compiled_call_impl", None) is not None for module in network.modules())
    return torch.compiler.set_stance("force_eager") if compiled else nullcontext()


def _measure(method: MemoryAutoencoder, norms: list[Any], data: CellData, device: torch.device) -> int:
    """Set running statistics to their mean over batches, each normalised by its own; return the number of batches."""
    settings = method.settings
    feed = Feed(data.training_clips(settings, method.clip_length), device)
    momenta = [norm.momentum for norm in norms]
    done = 0
    with torch.no_grad(), _uncompiled(method.network):
        for done, batch in enumerate(islice(feed.shuffled(method.seed, settings.epochs, settings.batch), BATCHES), 1):
            for norm in norms:
                norm.momentum = 1 / done
            method.losses(batch, "")
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    method.take_usage()
    return done
