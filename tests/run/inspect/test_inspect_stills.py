"""Frames to show are chosen by label alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.data.clips import Clips
from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.run.contract import Batch, Inspection
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.sample import observe
from benchmarks.run.inspect.stills import Stills, choose_stills, whole_video

FRAMES = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), dtype=np.uint8)


def videos(*labels: str, kinds: bool = False) -> list[Video]:
    """Videos whose frames have these labels, a digit each; as kinds if asked."""
    made = []
    for index, text in enumerate(labels):
        values = np.array([int(digit) for digit in text], dtype=np.uint8)
        labelled = (values > 0).astype(np.uint8)
        made.append(
            Video(
                f"{index + 1:02d}",
                len(text),
                read=lambda index, *, grey=False: FRAMES[index],
                labels=labelled,
                kinds=values if kinds else None,
            )
        )
    return made


def clips_of(chosen: list[Video], length: int = 1) -> Clips:
    """Clips of these videos."""
    lengths = [video.length for video in chosen]
    return Clips(FRAMES[: sum(lengths)], lengths, length=length)


class Blurrer:
    """Stands in for a method: half the brightness of the second of two frames."""

    clip_length = 2
    scored_frame = 1
    evaluation_batch = 3

    def inspect(self, batch: Batch) -> Inspection:
        """Return both frames and what is drawn."""
        before, frame = (batch.frames / 255).unbind(dim=1)
        return Inspection(before, frame, frame / 2, (frame / 2).square().mean(dim=-1))


class TestChooseStills:
    def test_takes_the_middle_of_the_longest_stretch(self) -> None:
        """A normal frame, an abnormal one, and one of another video."""
        chosen = videos("0001110", "00000", "1111")
        assert choose_stills(clips_of(chosen), chosen, 0) == {"normal": 9, "abnormal": 14, "other_abnormal": 4}

    def test_takes_one_of_each_kind_where_kinds_are_known(self) -> None:
        """On the synthetic set normal, spatial, temporal and both."""
        chosen = videos("0011100", "0222003", kinds=True)
        assert choose_stills(clips_of(chosen), chosen, 0) == {
            "normal": 1,
            "spatial": 3,
            "temporal": 9,
            "spatio_temporal": 13,
        }

    def test_goes_by_the_scored_frame(self) -> None:
        """The label is that of the frame that a clip is scored on."""
        chosen = videos("00001")
        assert choose_stills(clips_of(chosen, 2), chosen, 1)["abnormal"] == 3

    def test_shows_the_same_frame_whatever_the_clip(self) -> None:
        """Clips of one frame and of two, scored on the second, show one frame; the nearest where it is not scored."""
        chosen = videos("0000011", "01")
        for length in (1, 2):
            clips = clips_of(chosen, length)
            found = choose_stills(clips, chosen, length - 1)
            shown = {
                name: int(clips.video[clip] * 100 + clips.first[clip] + length - 1) for name, clip in found.items()
            }
            assert shown == {"normal": 2, "abnormal": 6, "other_abnormal": 101}
        late = choose_stills(clips_of(chosen[:1], 5), chosen[:1], 3)
        assert late == {"normal": 0, "abnormal": 2}

    def test_leaves_out_what_there_is_none_of(self) -> None:
        """A set with one abnormal video shows no other, a normal set none at all."""
        one, none = videos("0110"), videos("0000")
        assert set(choose_stills(clips_of(one), one, 0)) == {"normal", "abnormal"}
        assert set(choose_stills(clips_of(none), none, 0)) == {"normal"}

    def test_takes_the_named_ones(self) -> None:
        """A set that names stills shows these, by the number that ends a video's name, and a normal one."""
        chosen = videos("0001110", "0000", "0111")
        named = {"cart": (1, 4), "bicycle": (3, 3), "elsewhere": (7, 0), "late": (2, 4)}
        assert choose_stills(clips_of(chosen), chosen, 0, named) == {"normal": 9, "cart": 4, "bicycle": 14}
        assert set(choose_stills(clips_of(chosen), chosen, 0, {"elsewhere": (7, 0)})) == {
            "normal",
            "abnormal",
            "other_abnormal",
        }


class TestStills:
    def test_hold_what_was_drawn(self) -> None:
        """Images as bytes, errors as they are, with the names to find them by."""
        chosen = videos("00000", "01110")
        method, feed = Blurrer(), Feed(clips_of(chosen, 2), torch.device("cpu"))
        stills = Stills(feed, chosen, method.scored_frame, choose_stills(feed.clips, chosen, method.scored_frame))
        assert observe(method, feed, [stills])  # type: ignore[arg-type]
        found = stills.arrays()
        assert found["still_kind"].tolist() == ["normal", "abnormal"]
        assert found["still_video"].tolist() == ["01", "02"]
        assert found["still_frame"].tolist() == [2, 2]
        assert found["still_mask"] is None
        np.testing.assert_array_equal(found["still_target"], FRAMES[[2, 7]])
        np.testing.assert_array_equal(found["still_input"], FRAMES[[1, 6]])
        np.testing.assert_allclose(found["still_error"], (FRAMES[[2, 7], :, :, 0] / 510.0) ** 2, rtol=1e-3, atol=1e-7)

    def test_hold_where_the_anomalies_are(self) -> None:
        """Masks come at the frames' size: a pixel is of an anomaly if half of it is."""
        chosen = [replace(video, masks=lambda index: np.arange(64).reshape(8, 8) % 8 < 3) for video in videos("0011")]
        method, feed = Blurrer(), Feed(clips_of(chosen, 2), torch.device("cpu"))
        stills = Stills(feed, chosen, method.scored_frame, {"abnormal": 1})
        assert observe(method, feed, [stills])  # type: ignore[arg-type]
        np.testing.assert_array_equal(stills.arrays()["still_mask"][0], np.tile([True, True, False, False], (4, 1)))


class TestWholeVideo:
    def test_holds_every_scored_frame_of_it(self) -> None:
        """One row a scored frame, its label, and errors that come back with their unit."""
        chosen = videos("00000", "01110")
        found = whole_video(Blurrer(), Feed(clips_of(chosen, 2), torch.device("cpu")), chosen, "02")  # type: ignore[arg-type]
        assert found is not None
        assert found.frame.tolist() == [1, 2, 3, 4]
        assert found.label.tolist() == [1, 1, 1, 0]
        np.testing.assert_array_equal(found.target, FRAMES[6:10])
        assert found.error.max() == 255
        expected = (FRAMES[6:10, :, :, 0] / 510.0) ** 2
        np.testing.assert_allclose(found.error * found.error_unit, expected, atol=float(found.error_unit))

    def test_of_another_name_is_refused(self) -> None:
        """The sentence lists the names there are."""
        chosen = videos("00000", "01110")
        with pytest.raises(StudyError, match="one of the test videos 01, 02, but got '7'"):
            whole_video(Blurrer(), Feed(clips_of(chosen, 2), torch.device("cpu")), chosen, "7")  # type: ignore[arg-type]
