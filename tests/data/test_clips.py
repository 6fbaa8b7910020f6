"""Clips cut from frames: benchmarks/data/clips.py."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError


def numbered(lengths: Sequence[int]) -> np.ndarray:
    """Frames whose pixels are (video, index in video)."""
    pairs = [(video, index) for video, length in enumerate(lengths) for index in range(length)]
    return np.array(pairs, dtype=np.uint8).reshape(-1, 1, 2, 1)


class TestClips:
    @given(
        lengths=st.lists(st.integers(13, 30), min_size=1, max_size=4),
        length=st.integers(1, 5),
        stride=st.integers(1, 4),
        temporal_stride=st.integers(1, 3),
    )
    def test_every_clip_stays_in_its_video_and_none_is_missing(
        self, lengths: list[int], length: int, stride: int, temporal_stride: int
    ) -> None:
        """Clips are exactly the windows of each video that a plain double loop finds, in order."""
        clips = Clips(numbered(lengths), lengths, length=length, stride=stride, temporal_stride=temporal_stride)
        span = (length - 1) * temporal_stride + 1
        expected = [(v, f) for v, n in enumerate(lengths) for f in range(0, n - span + 1, stride)]
        assert list(zip(clips.video.tolist(), clips.first.tolist(), strict=True)) == expected
        batch = clips.take(np.arange(len(clips)))
        for clip, (video, first) in zip(batch, expected, strict=True):
            assert clip[:, 0, 0, 0].tolist() == [video] * length
            assert clip[:, 0, 1, 0].tolist() == list(range(first, first + span, temporal_stride))

    def test_starts_index_the_frames(self) -> None:
        """`starts` counts over all videos, `first` within one."""
        clips = Clips(numbered([6, 7]), [6, 7], length=5)
        assert clips.starts.tolist() == [0, 1, 6, 7, 8]
        assert clips.starts.dtype == np.int64
        assert clips.first.tolist() == [0, 1, 0, 1, 2]

    def test_only_chosen_videos_are_cut(self) -> None:
        """`videos` leaves the others out, short ones too."""
        clips = Clips(numbered([2, 7, 6]), [2, 7, 6], length=5, videos=[2, 1])
        assert clips.video.tolist() == [2, 2, 1, 1, 1]
        assert clips.starts.tolist() == [9, 10, 2, 3, 4]

    def test_a_short_video_is_named(self) -> None:
        """A video shorter than a clip gives a sentence with its name and both lengths."""
        with pytest.raises(StudyError, match=r"5 frames.*at least 5.*video 07 has 4"):
            Clips(numbered([6, 4]), [6, 4], length=5, names=["06", "07"])

    @pytest.mark.parametrize("setting", ["length", "stride", "temporal_stride"])
    def test_settings_below_one_are_refused(self, setting: str) -> None:
        """Every setting must be at least 1."""
        with pytest.raises(StudyError, match=setting):
            Clips(numbered([6]), [6], **({"length": 2} | {setting: 0}))

    def test_frames_of_another_number_are_refused(self) -> None:
        """Frames and lengths must belong together."""
        with pytest.raises(StudyError, match="shape"):
            Clips(numbered([6]), [7], length=2)


class TestTake:
    def test_the_batch_is_a_copy(self) -> None:
        """Writing to a batch leaves the frames alone."""
        frames = numbered([6])
        batch = Clips(frames, [6], length=2).take([0])
        batch[:] = 99
        assert frames.max() == 5

    def test_fills_the_buffer_it_is_given(self) -> None:
        """With `out` nothing is allocated, and a wrong shape is refused."""
        clips = Clips(numbered([6]), [6], length=2)
        out = np.zeros((2, 2, 1, 2, 1), dtype=np.uint8)
        assert clips.take([3, 1], out=out) is out
        assert out[:, 0, 0, 1, 0].tolist() == [3, 1]
        with pytest.raises(ValueError, match="shape"):
            clips.take([0], out=out)

    def test_beyond_the_last_clip_is_an_index_error(self) -> None:
        """No clip is made up."""
        clips = Clips(numbered([6]), [6], length=2)
        with pytest.raises(IndexError):
            clips.take([len(clips)])


class TestSpansByVideo:
    def test_spans_cover_all_clips_video_by_video(self) -> None:
        """The ranges are in order and each holds one video's clips."""
        clips = Clips(numbered([6, 9, 5]), [6, 9, 5], length=4, stride=2)
        spans = list(clips.spans_by_video())
        assert [index for span in spans for index in span] == list(range(len(clips)))
        assert [set(clips.video[span.start : span.stop].tolist()) for span in spans] == [{0}, {1}, {2}]


class TestSeveralStrides:
    """An augmentation that shows the same scene at other speeds."""

    LENGTHS = (20, 25, 18)

    def part(self, step: int | range) -> Clips:
        """Clips of four frames so far apart, of the first and last video."""
        return Clips(numbered(self.LENGTHS), self.LENGTHS, length=4, temporal_stride=step, videos=(0, 2))

    def test_hold_every_clip_of_every_stride_once(self) -> None:
        """For a video of n frames, n - 3 s clips at each stride s; their frames lie s apart and within the video."""
        clips = self.part(range(1, 5))
        assert len(clips) == sum(n - 3 * step for n in (20, 18) for step in (1, 2, 3, 4))
        places = clips.positions(np.arange(len(clips)))
        assert len({tuple(row) for row in places}) == len(clips)
        assert np.array_equal(clips.take(np.arange(len(clips))), numbered(self.LENGTHS)[places])
        for row, step, video, first in zip(places, clips.steps, clips.video, clips.first, strict=True):
            begin = {0: 0, 2: 45}[int(video)]
            assert row.tolist() == [begin + first + step * place for place in range(4)]
            assert row[-1] < begin + self.LENGTHS[video]

    def test_are_those_of_each_stride_in_turn(self) -> None:
        """Stride 1 comes first, clip for clip as without the augmentation; a video's clips follow each other in each."""
        parts, clips = [self.part(step) for step in (1, 2, 3)], self.part(range(1, 4))
        for name in ("starts", "first", "video", "steps"):
            assert np.array_equal(getattr(clips, name), np.concatenate([getattr(part, name) for part in parts]))
        spans = [range(span.start, span.stop) for span in clips.spans_by_video()]
        assert [clips.video[span.start] for span in spans] == [0, 2] * 3
        assert [index for span in spans for index in span] == list(range(len(clips)))
