"""Outputs with the bottleneck replaced."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.run.contract import Batch
from benchmarks.run.inspect.replaced import replaced_outputs
from tests.support.methods import batch_of, made_up_clips, method_of, trained_a_little

NAMES = ["bottleneck_zeros", "bottleneck_ones", "bottleneck_noise", "bottleneck_matched_noise"]


class OneClip:
    """Stands in for a feed: remembers which clip was asked for."""

    def __init__(self, clip: NDArray[np.uint8]) -> None:
        self.clip = clip
        self.asked: list[int] = []

    def batch(self, indices: NDArray[np.int64]) -> Batch:
        """The one clip."""
        self.asked += indices.tolist()
        return batch_of(self.clip)


class TestReplacedOutputs:
    @pytest.mark.parametrize(
        "factors", [{"method": "mnad", "task": "prediction"}, {"method": "memae", "memory": "none"}]
    )
    def test_change_as_scoring_says(self, factors: dict[str, Any]) -> None:
        """The outputs of the first abnormal still differ from the trained one by the change that scoring measures."""
        method = trained_a_little(method_of(**{"task": "reconstruction", **factors}))
        clip = made_up_clips(method, 1)
        feed = OneClip(clip)
        found = replaced_outputs(method, feed, {"normal": 3, "spatial": 8})  # type: ignore[arg-type]
        assert feed.asked == [8]
        assert (int(found["replaced_still"]), found["replaced_name"].tolist()) == (1, NAMES)
        batch = batch_of(clip)
        # Scored is every fourth frame of a video.
        batch.first[:] = -method.scored_frame % 4
        method.begin_evaluation(method.variants())
        method.begin_video(0)
        terms = method.score(batch).terms
        trained = method.inspect(batch).output[0].numpy()
        for name, output in zip(NAMES, found["replaced_output"], strict=True):
            change = float(np.square(output / 255 - trained).mean())
            if trained.ndim == 3 and method.task.targets.stop - method.task.targets.start == 1:
                assert change == pytest.approx(float(terms[name]["output_mse"][0]), rel=0.02, abs=2e-5)
            assert output.shape == trained.shape
            assert output.dtype == np.uint8

    def test_of_other_methods_there_are_none(self) -> None:
        """A method without a bottleneck of this kind, or a set without stills, has no such arrays."""
        assert replaced_outputs(object(), OneClip(np.zeros(1, np.uint8)), {"normal": 0}) == {}  # type: ignore[arg-type]
        assert replaced_outputs(method_of(method="mnad", task="prediction"), OneClip(np.zeros(1, np.uint8)), {}) == {}  # type: ignore[arg-type]
