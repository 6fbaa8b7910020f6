"""One training loop for all methods, and what every method has that trains one network."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from benchmarks.errors import StudyError
from benchmarks.run.contract import Method, Objective
from benchmarks.run.feed import Feed
from benchmarks.study.settings import Settings

# In bfloat16 cells weights, losses and scores are float32.
_DTYPES = {"bfloat16": torch.float32, "float32": torch.float32, "float64": torch.float64}

Report = Callable[[int, int, int, int, Mapping[str, float]], None]
"""Called now and then with epoch, epochs, batch, batches and the latest losses."""


def scheduled_adam(network: nn.Module, settings: Settings) -> Objective:
    """Return Adam over all parameters, weight decay added to the gradient, its schedule stepped once an epoch."""
    optimiser = torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay or 0.0, fused=True
    )
    schedule: torch.optim.lr_scheduler.LRScheduler
    if settings.schedule == "cosine":
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=settings.epochs)
    else:
        schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    return Objective("reconstruction error", optimiser, schedule)


class NetworkMethod(Method):
    """A method that trains one network: its optimiser, its state, its precision."""

    network: nn.Module

    def __init__(self, settings: Settings, seed: int, device: torch.device) -> None:
        self.settings = settings
        self.seed = seed
        self.device = device
        self.dtype = _DTYPES[settings.precision]

    def objectives(self) -> Sequence[Objective]:
        """Adam over all parameters, with the schedule of the settings."""
        return [scheduled_adam(self.network, self.settings)]

    def state(self) -> dict[str, torch.Tensor]:
        """Return parameters, running statistics and items."""
        return dict(self.network.state_dict())

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Restore what `state` returned."""
        self.network.load_state_dict(dict(state))

    def parameter_count(self) -> int:
        """Return the number of learned parameters."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    def autocast(self) -> AbstractContextManager[object]:
        """Run what is inside in bfloat16 where the cell has that precision; other cells run on devices without autocast too."""
        return (
            torch.autocast(self.device.type, torch.bfloat16) if self.settings.precision == "bfloat16" else nullcontext()
        )


def train_epoch(
    method: Method,
    objectives: Sequence[Objective],
    feed: Feed,
    settings: Settings,
    seed: int,
    epoch: int,
    report: Report,
) -> dict[str, Any]:
    """Train one epoch (counted from 1) and return its part of the record.

    The device is waited for once an epoch: losses of all steps stay on it until then. So ``report`` is called after each
    step on the CPU alone; on CUDA it is not called within an epoch.
    Raises StudyError for fewer clips than a batch, and for a loss that is not finite, naming step and term.
    """
    steps = len(feed.clips) // settings.batch
    if not steps:
        raise StudyError(
            f"Expected at least {settings.batch} training clips for one batch, but there are {len(feed.clips)}; "
            "choose a smaller batch or train_stride."
        )
    begun = time.perf_counter()
    learning_rate = objectives[0].optimiser.param_groups[0]["lr"]
    names: list[str] = []
    history: list[torch.Tensor] = []
    for step, batch in enumerate(feed.shuffled(seed, epoch, settings.batch), start=1):
        terms: dict[str, torch.Tensor] = {}
        for objective in objectives:
            losses = method.losses(batch, objective.name)
            objective.optimiser.zero_grad(set_to_none=True)
            losses.total.backward()
            objective.optimiser.step()
            terms |= losses.terms
        names = list(terms)
        history.append(torch.stack([term.float() for term in terms.values()]))
        if feed.device.type == "cpu":
            _refuse_non_finite(history[-1], names, epoch, step)
            report(epoch, settings.epochs, step, steps, dict(zip(names, history[-1].tolist(), strict=True)))
    stacked = torch.stack(history).cpu()
    for step, values in enumerate(stacked, start=1):
        _refuse_non_finite(values, names, epoch, step)
    for objective in objectives:
        objective.schedule.step()
    means = stacked.double().mean(dim=0).tolist()
    usage = method.take_usage().get("train")
    seconds = time.perf_counter() - begun
    return {
        "epoch": epoch,
        "losses": {name: float(f"{value:.7g}") for name, value in zip(names, means, strict=True)},
        "learning_rate": learning_rate,
        **({} if usage is None else {"usage": usage.tolist()}),
        "seconds": round(seconds, 2),
        "frames": steps * settings.batch,
    }


def _refuse_non_finite(values: torch.Tensor, names: Sequence[str], epoch: int, step: int) -> None:
    finite = values.isfinite()
    if not bool(finite.all()):
        term = names[int((~finite).nonzero()[0])]
        raise StudyError(
            f"Expected finite losses, but {term} is {values[names.index(term)].item()} in epoch {epoch}, step {step}; "
            "lower the learning rate or look at the input."
        )
