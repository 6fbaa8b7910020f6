"""Whether a method's output follows its input, and which of its units are dead."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from benchmarks.run.contract import Method
from benchmarks.run.evaluation import Pass
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.sample import spread

CLIPS = 128
OUTLIER = 10.0
"""A frame is an outlier if its error exceeds that of its video's median frame so many times."""
FLOOR = 0.2
"""Below this correlation the output hardly depends on the input."""
# Terms that are errors of the scored frame; the first that a method has counts.
_ERRORS = ("mse", "mean_absolute_error")


def response_facts(method: Method, train: Feed, held_out: Feed | None, scored: Pass) -> dict[str, Any] | None:
    """Return how the output responds to the input on held-out normal frames; None for a method that draws nothing.

    train, held_out: clips of training videos; without held-out ones the training clips serve. scored: the test frames.

    correlation: of output and target, each about its own mean image over the sampled frames; 0 for a constant output
    error, mean_frame_error: mean squared error of the output, and of the training frames' mean image in its place
    outliers: test frames whose error exceeds ten times its video's median; None without an error per frame
    dead_channels, channels: of all rectifiers; dead are those that no training frame activates
    dead_by_layer: [dead channels, channels] of each rectifier, in their order
    """
    with rectifiers() as active:
        trained = _outputs(method, train)
    if trained is None:
        return None
    mean_image = trained[1].mean(axis=0)
    seen = trained if held_out is None else _outputs(method, held_out)
    assert seen is not None, "the method has drawn training frames"
    output, target = seen
    by_layer = [[int((~channels).sum()), len(channels)] for channels in active.values()]
    return {
        "frames": len(target),
        "correlation": round(correlation(output, target), 4),
        "error": float(f"{np.square(output - target).mean():.5g}"),
        "mean_frame_error": float(f"{np.square(mean_image - target).mean():.5g}"),
        "outliers": outliers(scored, scored.terms[method.rule.variant]),
        "dead_channels": sum(dead for dead, _ in by_layer),
        "channels": sum(channels for _, channels in by_layer),
        "dead_by_layer": by_layer,
    }


def response_notes(sections: Mapping[str, Any]) -> list[str]:
    """Return the note of a record whose output hardly depends on its input; none of another."""
    low = any(found["correlation"] < FLOOR for found in sections.get("response", {}).values())
    return [f"output hardly depends on input: correlation on normal frames below {FLOOR}"] if low else []


def correlation(output: NDArray[np.floating], target: NDArray[np.floating]) -> float:
    """Return Pearson's correlation of arrays (frames, height, width, channels), each about its mean over frames.

    What is the same in all frames, such as the background, counts for nothing; 0 where either never changes.
    """
    one, other = (array - array.mean(axis=0, dtype=np.float64) for array in (output, target))
    scale = float(np.sqrt(np.square(one).sum() * np.square(other).sum()))
    # Below that, only rounding differs from frame to frame.
    constant = one.size * np.finfo(np.float32).eps ** 2
    return float((one * other).sum()) / scale if scale > constant else 0.0


def outliers(scored: Pass, terms: Mapping[str, NDArray[np.float64]]) -> int | None:
    """Return how many frames have an error above ten times their video's median; None without such a term."""
    term = next((name for name in _ERRORS if name in terms), None)
    if term is None:
        return None
    values = terms[term]
    return sum(
        int((values[own] > OUTLIER * np.nanmedian(values[own])).sum())
        for own in (scored.video == video for video in np.unique(scored.video))
    )


@contextmanager
def rectifiers() -> Iterator[dict[nn.Module, NDArray[np.bool_]]]:
    """Give which channels (n,) of each rectifier have been active so far, by module, in the order of their first use."""
    active: dict[nn.Module, NDArray[np.bool_]] = {}

    def watch(module: nn.Module, _: Sequence[Any], output: Any) -> None:
        if isinstance(module, nn.ReLU) and isinstance(output, Tensor):
            above = (output > 0).transpose(0, 1).flatten(1).any(dim=1).cpu().numpy()
            active[module] = active.get(module, False) | above

    handle = register_module_forward_hook(watch)
    try:
        yield active
    finally:
        handle.remove()


def _outputs(method: Method, feed: Feed) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return outputs and targets (clips, height, width, channels) of clips spread over the feed."""
    indices = spread(len(feed.clips), CLIPS)
    drawn: list[tuple[Tensor, Tensor]] = []
    for start in range(0, len(indices), method.evaluation_batch):
        inspection = method.inspect(feed.batch(indices[start : start + method.evaluation_batch]))
        if inspection is None or not inspection.drawn:
            return None
        drawn.append((inspection.output.cpu(), inspection.target.cpu()))
    output, target = (torch.cat(part).numpy() for part in zip(*drawn, strict=True))
    return output, target
