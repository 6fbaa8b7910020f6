"""The methods without learning: what they are fitted to, what they score, and that they keep the contract."""

import inspect

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks.data.clips import Clips
from benchmarks.measure.terms import PSNR_CAP, orientation, psnr_from_mse
from benchmarks.run.contract import Method
from benchmarks.run.evaluation import Pass, evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import LEARNING_FREE

CPU = torch.device("cpu")
# More frames than `prepare` takes at once, in videos of unequal length.
LENGTHS = (50, 70, 9)


def method_of(name: str) -> Method:
    """A method as the harness builds it."""
    return build(resolve(dataset="synthetic", method=name, task="reconstruction", profile="smoke"), 0, CPU)


def noise(lengths: tuple[int, ...] = LENGTHS) -> NDArray[np.uint8]:
    """Frames without any structure (n_frames, 8, 6, 1)."""
    return np.random.default_rng(0).integers(0, 256, (sum(lengths), 8, 6, 1), dtype=np.uint8)


def scored(method: Method, frames: NDArray[np.uint8], lengths: tuple[int, ...] = LENGTHS) -> Pass:
    """The pass over all clips that the harness would make."""
    return evaluate(method, Feed(Clips(frames, lengths, length=method.clip_length), CPU), method.variants())


class TestMeanFrame:
    def test_is_the_mean_over_the_training_frames(self) -> None:
        """Frames that come in chunks, the last one smaller, count alike; videos that are held out do not count."""
        frames, method = noise(), method_of("mean_frame")
        method.prepare(Clips(frames, LENGTHS, length=method.clip_length, videos=(0, 1)))
        expected = frames[:120].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(method.mean, expected, rtol=1e-12)  # type: ignore[attr-defined]
        terms = scored(method, frames).terms["plain"]
        np.testing.assert_allclose(terms["mse"], (((frames - expected) / 255) ** 2).mean(axis=(1, 2, 3)), rtol=1e-12)

    def test_needs_a_frame(self) -> None:
        """A mean of nothing is refused."""
        method = method_of("mean_frame")
        with pytest.raises(ValueError, match="at least one frame"):
            method.prepare(Clips(noise(), LENGTHS, length=1, videos=()))


class TestFrameDifference:
    def test_of_a_still_video_is_zero_and_its_psnr_the_cap(self) -> None:
        """Nothing moves: no error, and a PSNR that is still a number."""
        still = np.repeat(noise((1,)), 12, axis=0)
        terms = scored(method_of("frame_difference"), still, (12,)).terms["plain"]
        np.testing.assert_array_equal(terms["mse"], np.zeros(11))
        np.testing.assert_array_equal(psnr_from_mse(terms["mse"]), np.full(11, PSNR_CAP))

    def test_is_between_neighbours_of_one_video_and_belongs_to_the_later(self) -> None:
        """Each video's first frame has no score; dark after bright is as far as bright after dark."""
        frames = np.zeros((8, 4, 4, 1), dtype=np.uint8)
        frames[[2, 5, 6, 7]] = 255
        found = scored(method_of("frame_difference"), frames, (5, 3))
        assert found.video.tolist() == [0, 0, 0, 0, 1, 1]
        assert found.frame.tolist() == [1, 2, 3, 4, 1, 2]
        assert found.terms["plain"]["mse"].tolist() == [0, 1, 1, 0, 0, 0]


class TestClock:
    def test_ranks_by_frame_number_whatever_is_seen(self) -> None:
        """The score is the frame's number in its video, and later is more abnormal."""
        method = method_of("clock")
        found = scored(method, noise())
        expected = np.concatenate([np.arange(length) for length in LENGTHS])
        np.testing.assert_array_equal(found.terms["plain"]["elapsed"], expected)
        np.testing.assert_array_equal(found.frame, expected)
        assert orientation(method.rule.name) == 1


@pytest.mark.parametrize("name", LEARNING_FREE)
class TestContract:
    def test_has_every_member_with_its_arguments(self, name: str) -> None:
        """Everything that the harness may ask is there and is asked in the same words."""
        method = method_of(name)
        assert not [member for member in Method.__annotations__ if not hasattr(method, member)]
        for member, asked in inspect.getmembers(Method, inspect.isfunction):
            if not member.startswith("_"):
                own = inspect.signature(getattr(type(method), member))
                assert list(own.parameters) == list(inspect.signature(asked).parameters), member

    def test_minimises_nothing_and_keeps_nothing(self, name: str) -> None:
        """No objective, no parameter, no item, nothing for a checkpoint."""
        method = method_of(name)
        assert not method.objectives()
        assert method.parameter_count() == 0
        assert not method.take_usage()
        assert not method.state()

    def test_scores_do_not_depend_on_the_batch(self, name: str) -> None:
        """Frames scored a few at a time get what they get together, under the one variant of the rule."""
        method, frames = method_of(name), noise()
        method.prepare(Clips(frames, LENGTHS, length=method.clip_length))
        assert method.variants() == (method.rule.variant,)
        together = scored(method, frames).terms["plain"]
        method.evaluation_batch = 7
        apart = scored(method, frames).terms["plain"]
        assert together.keys() == apart.keys()
        for term, values in together.items():
            np.testing.assert_array_equal(apart[term], values)

    def test_refuses_what_it_does_not_have(self, name: str) -> None:
        """Losses are refused, not made up."""
        method = method_of(name)
        clips = Clips(noise(), LENGTHS, length=method.clip_length)
        with pytest.raises(NotImplementedError):
            method.losses(Feed(clips, CPU).batch(np.arange(3)), "all")

    def test_error_map_is_that_of_its_look(self, name: str) -> None:
        """A map of one cell is the mean of what it draws wrong, which is its term; what draws nothing has none."""
        method, frames = method_of(name), noise()
        clips = Clips(frames, LENGTHS, length=method.clip_length)
        method.prepare(clips)
        scored = method.score(Feed(clips, CPU).batch(np.arange(3)), map_size=1)
        if name == "clock":
            assert scored.error_map is None
        else:
            assert scored.error_map is not None
            expected = scored.terms["plain"]["mse"].reshape(3, 1, 1)
            np.testing.assert_allclose(scored.error_map, expected, rtol=1e-5)
