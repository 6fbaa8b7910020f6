"""Boxes found in error maps, with the threshold that normal frames set."""

from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.data.clips import Clips
from benchmarks.data.video import Video
from benchmarks.run.contract import Batch, Inspection
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.boxes import FALSE_PER_FRAME, BoxFinder, box_observer
from benchmarks.run.inspect.sample import observe
from benchmarks.run.inspect.stills import choose_stills
from tests.support.methods import CPU

SIZE, LENGTH = 64, 20
BOX = (20, 10, 36, 30)  # left, top, right, bottom in pixels


class Brightness:
    """A method whose error is how bright the frame is."""

    clip_length = 1
    scored_frame = 0
    evaluation_batch = 8

    def inspect(self, batch: Batch) -> Inspection | None:
        """The frame, black, and its brightness."""
        frames = batch.frames[:, 0].float() / 255
        return Inspection(frames, frames, torch.zeros_like(frames), frames.mean(dim=-1))


class Silent(Brightness):
    """A method that draws nothing."""

    def inspect(self, batch: Batch) -> Inspection | None:
        """Nothing."""
        del batch
        return None


def noise(count: int, seed: int = 0) -> np.ndarray:
    """Dark frames (count, SIZE, SIZE, 1) with grain."""
    return np.random.default_rng(seed).integers(0, 60, (count, SIZE, SIZE, 1), dtype=np.uint8)


def video_with(box: tuple[int, int, int, int] | None, name: str, *, masks: bool = True) -> tuple[Video, np.ndarray]:
    """A video whose second half shows a bright rectangle, and its frames; its mask is the rectangle, twice as large."""
    frames, labels = noise(LENGTH, seed=3), np.zeros(LENGTH, np.uint8)
    mask = np.zeros((LENGTH, 2 * SIZE, 2 * SIZE), bool)
    if box is not None:
        left, top, right, bottom = box
        frames[LENGTH // 2 :, top:bottom, left:right] = 200
        labels[LENGTH // 2 :] = 1
        mask[LENGTH // 2 :, 2 * top : 2 * bottom, 2 * left : 2 * right] = True

    def read(index: int, *, grey: bool = False) -> Any:
        return frames[index]

    return Video(name, LENGTH, read, labels, (lambda index: mask[index]) if masks else None), frames


def facts_of(method: Any, videos: list[tuple[Video, np.ndarray]], held_out: np.ndarray | None) -> Any:
    """What the record gets."""
    feed = Feed(Clips(np.concatenate([frames for _, frames in videos]), [LENGTH] * len(videos), length=1), CPU)
    normal = None if held_out is None else Feed(Clips(held_out, [len(held_out)], length=1), CPU)
    shown = [video for video, _ in videos]
    observer = box_observer(method, feed, normal, shown, choose_stills(feed.clips, shown, 0))
    return observer.facts() if observer is not None and observe(method, feed, [observer]) else None


class TestBoxFacts:
    def test_finds_what_is_there(self) -> None:
        """Each bright rectangle is found where its mask is, in its own frame; nothing is found in normal frames."""
        facts = facts_of(Brightness(), [video_with(BOX, "01"), video_with(None, "02")], noise(30))
        assert facts["frames"] == 2 * LENGTH
        for overlap in ("overlap_0.5", "overlap_0.25"):
            scores = facts[overlap]
            assert (scores["true"], scores["matched"], scores["found"]) == (LENGTH // 2,) * 3
            assert scores["f1"] == 1
        ((*found, heat),) = facts["stills"]["abnormal"]["found"]
        (true,) = facts["stills"]["abnormal"]["true"]
        np.testing.assert_allclose(true, np.array(BOX) / SIZE, atol=1e-6)
        np.testing.assert_allclose(found, true, atol=2 / SIZE)
        assert facts["threshold"] < heat <= 1
        assert facts["stills"]["normal"] == {"found": [], "true": []}

    def test_the_threshold_is_set_by_normal_frames_alone(self) -> None:
        """Test frames of any brightness leave peak and threshold as they are."""
        chosen = ("peak", "threshold", "quantile", "false_per_held_out_frame")
        first = facts_of(Brightness(), [video_with(BOX, "01")], noise(30))
        second = facts_of(Brightness(), [video_with(None, "01")], noise(30))
        assert {name: first[name] for name in chosen} == {name: second[name] for name in chosen}
        assert first["false_per_held_out_frame"] <= FALSE_PER_FRAME

    @pytest.mark.parametrize("case", ["no masks", "nothing held out", "draws nothing"])
    def test_says_nothing_where_there_is_nothing(self, case: str) -> None:
        """Without masks, without held-out frames or without a drawing there are no facts."""
        method = Silent() if case == "draws nothing" else Brightness()
        held_out = None if case == "nothing held out" else noise(30)
        assert facts_of(method, [video_with(BOX, "01", masks=case != "no masks")], held_out) is None


class TestBoxFinder:
    def test_takes_the_lowest_threshold_that_normal_frames_allow(self) -> None:
        """A brighter spot in every fifth normal frame keeps the threshold above it; one in fifty does not."""
        errors = np.full((50, SIZE, SIZE), 0.1, np.float32) + np.linspace(0, 0.05, 50, dtype=np.float32)[:, None, None]
        rare, frequent = errors.copy(), errors.copy()
        rare[:1, 10:20, 10:20] = frequent[::5, 10:20, 10:20] = 0.5
        low, high = (BoxFinder.of(list(one)).detector.threshold for one in (rare, frequent))
        assert low < (0.5 / 1.0) ** 1.5
        assert high >= (0.5 / 1.0) ** 1.5 - 1e-6

    def test_perfect_normal_frames(self) -> None:
        """Frames without any error set no threshold above 0, and the first error is found."""
        finder = BoxFinder.of([np.zeros((SIZE, SIZE), np.float32)] * 3)
        error = np.zeros((SIZE, SIZE), np.float32)
        assert len(finder.boxes(error)) == 0
        error[10:20, 10:20] = 0.1
        np.testing.assert_allclose(finder.boxes(error)[:, :4] * SIZE, [[10, 10, 20, 20]])
