"""Cards of the tasks, and of the supervisions that force all items into use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.study.cards import Card, Factors, OwnSettings, setting


@dataclass(frozen=True, kw_only=True)
class TaskCard(Card):
    """One task. variants: further ways to score a checkpoint, after the memory's own."""

    variants: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NoiseSettings(OwnSettings):
    """Salt-and-pepper noise on the input: the share of pixels, frames of a clip, what is hit, the range of the input."""

    noise: float = setting(0.25)
    noise_frames: int = setting()
    noise_unit: Literal["pixel", "element"] = setting("pixel")
    noise_range: Literal["scaled", "rc2020"] = setting("scaled")

    def invalid_reason(self) -> str | None:
        """Noise is a share."""
        if not 0 <= self.noise <= 1:
            return f"noise is a share of pixels between 0 and 1, but noise={self.noise:g}."
        return None


def _noise(factors: Factors) -> dict[str, Any]:
    """RC2020's loader distorts elements of stacks, and their range."""
    return {"noise_unit": "element", "noise_range": "rc2020"} if factors["preset"] == "rc2020" else {}


TASKS: Mapping[str, TaskCard] = {
    "reconstruction": TaskCard(printed="reconstruction"),
    "prediction": TaskCard(printed="prediction"),
    "denoising": TaskCard(printed="denoising", settings=NoiseSettings, values=_noise, variants=("clean_input",)),
}


@dataclass(frozen=True, kw_only=True)
class UniformSettings(OwnSettings):
    """Weight of the loss that forces all items into use (STUDY section 5)."""

    uniform_weight: float = setting(1.0, least=0)


@dataclass(frozen=True, kw_only=True)
class BalanceSettings(UniformSettings):
    """The same, of addresses at a temperature."""

    uniform_temperature: float = setting(0.1, least=0)


NO_SUPERVISION = "none"

SUPERVISIONS: Mapping[str, Card] = {
    NO_SUPERVISION: Card(printed="none"),
    "uniform_rc2020": Card(printed="uniform rc2020", settings=UniformSettings),
    "uniform_balance": Card(printed="uniform balance", settings=BalanceSettings),
}
