"""The contract that a baseline's output follows its input: whoever draws the mean frame whatever it sees fails here."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.run.contract import Method
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.response import FLOOR, correlation, rectifiers
from benchmarks.run.methods import build
from benchmarks.run.streams import numpy_stream
from benchmarks.study.presets import resolve
from benchmarks.study.settings import BASELINES
from tests.support.methods import CPU

BATCH = 4
# Steps until a tiny network follows, at more than its usual rate; fitted ones need none.
STEPS = {
    "cae": 200,
    "stae": 60,
    "convlstm_ae": 60,
    "lstm_vector_ae": 60,
    "aae": 30,
    "fcae": 200,
    "pca": 0,
    "rbm_patches": 0,
}
FASTER: dict[str, Any] = {
    **{key: {"learning_rate": 0.003} for key in ("cae", "stae", "convlstm_ae", "lstm_vector_ae", "aae")},
    "fcae": {"width": 1.0, "kernels": "3-5-9", "learning_rate": 3e-3, "augmentation": False},
}


def walk(size: int, frames: int, seed: int) -> NDArray[np.uint8]:
    """A bright square that walks over a grey background (frames, size, size, 1), the same background for every seed."""
    draws = np.random.default_rng(seed)
    background = np.random.default_rng(99).integers(90, 140, (size, size))
    side = size // 3
    video = np.repeat(background[None], frames, axis=0)
    place, speed = draws.uniform(0, size - side, 2), np.zeros(2)
    for number in range(frames):
        if number % 10 == 0:
            speed = draws.normal(0, size / 30, 2)
        place = np.clip(place + speed, 0, size - side)
        row, column = place.astype(int)
        video[number, row : row + side, column : column + side] = 220
    return video[..., None].astype(np.uint8)


def clips_of(method: Method, size: int, frames: int, seed: int) -> Clips:
    """Clips of one such video."""
    return Clips(walk(size, frames, seed), [frames], length=method.clip_length)


def trained(name: str, **overrides: Any) -> tuple[Method, int]:
    """A tiny baseline after its steps on one video, and the size of its frames."""
    settings = resolve(dataset="synthetic", task="reconstruction", profile="smoke", method=name, **overrides)
    method = build(settings, 0, CPU)
    clips = clips_of(method, settings.size, 400, seed=1)
    method.prepare(clips)
    feed, order, objectives = Feed(clips, CPU), numpy_stream(0, "order"), method.objectives()
    for _ in range(STEPS[name]):
        batch = feed.batch(order.integers(0, len(clips), BATCH), epoch=1)
        for objective in objectives:
            losses = method.losses(batch, objective.name)
            objective.optimiser.zero_grad()
            losses.total.backward()
            objective.optimiser.step()
    return method, settings.size


def test_every_baseline_that_draws_is_here() -> None:
    """A new baseline has to say how it is trained to follow; deep features alone draw no frame."""
    assert set(STEPS) == set(BASELINES) - {"dfr"}


@pytest.mark.parametrize("name", STEPS)
class TestOutput:
    def test_follows_the_input(self, name: str) -> None:
        """On another video than that of the training the square comes out where it went in."""
        method, size = trained(name, **FASTER.get(name, {}))
        clips = clips_of(method, size, 40, seed=2)
        inspection = method.inspect(Feed(clips, CPU).batch(np.arange(len(clips), dtype=np.int64)))
        assert inspection is not None
        assert correlation(inspection.output.numpy(), inspection.target.numpy()) > FLOOR


class TestStae:
    def test_begins_with_live_channels(self) -> None:
        """At a quarter of the width, where raw grey values left four in ten channels of the first layer dead."""
        settings = resolve(dataset="synthetic", task="reconstruction", profile="smoke", method="stae", width=0.25)
        method = build(settings, 0, CPU)
        clips = clips_of(method, settings.size, 20, seed=1)
        method.prepare(clips)
        method.begin_evaluation(method.variants())
        with rectifiers() as active:
            method.inspect(Feed(clips, CPU).batch(np.arange(len(clips), dtype=np.int64)))
        assert next(iter(active.values())).all()
