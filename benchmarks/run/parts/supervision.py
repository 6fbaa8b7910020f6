"""Forced-uniform supervision of the items, for either memory (STUDY section 5)."""

from torch import Tensor

from benchmarks.study.settings import Settings
from mnad.supervision import uniform_balance_loss, uniform_rc2020_loss


def supervision_loss(settings: Settings, similarity: Tensor) -> dict[str, Tensor]:
    """Return ``{"uniform": loss}`` of the chosen supervision, or nothing without one.

    similarity: (batch, locations, n_items) scores before the softmax, differentiable in the query
    """
    if settings.supervision == "uniform_rc2020":
        return {"uniform": uniform_rc2020_loss(similarity.softmax(dim=-1))}
    if settings.supervision == "uniform_balance" and settings.uniform_temperature is not None:
        return {"uniform": uniform_balance_loss(similarity, settings.uniform_temperature)}
    return {}
