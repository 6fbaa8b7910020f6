"""Plans and rendered videos of the synthetic set."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.dataset import RenderedVideo, render_frame, render_video, video_plan
from synthetic.scene import Boundary, Kind, SceneSettings

SMALL = SceneSettings(size=64, train_videos=3, train_frames=20, test_videos=4, test_frames=40)


@cache
def default_test_videos() -> tuple[RenderedVideo, ...]:
    """Test split of the default set."""
    return tuple(render_video(plan) for plan in video_plan(SceneSettings(), "test"))


class TestVideoPlan:
    """What is planned."""

    def test_training_is_normal(self) -> None:
        """No training video has an abnormal range."""
        plans = video_plan(SceneSettings(), "train")
        assert len(plans) == 20
        assert all(plan.kind == "normal" and plan.ranges == () for plan in plans)

    def test_test_videos_take_turns(self) -> None:
        """Each type alone, then mixed; a mixed video has a range of each kind."""
        plans = video_plan(SceneSettings(), "test")
        assert [plan.kind for plan in plans] == ["spatial", "temporal", "spatio_temporal", "mixed"] * 5
        for plan in plans:
            kinds = {abnormal.kind for abnormal in plan.ranges}
            assert kinds == ({1, 2, 3} if plan.kind == "mixed" else {Kind[plan.kind.upper()]})

    @given(st.integers(0, 2**40), st.integers(16, 300))
    @settings(max_examples=50, deadline=None)
    def test_normal_frames_around_every_range(self, seed: int, length: int) -> None:
        """Ranges are in order, hold a frame at least, and have normal frames before and after."""
        for plan in video_plan(SceneSettings(seed=seed, test_frames=length), "test"):
            stop = 0
            for abnormal in plan.ranges:
                assert stop < abnormal.start < abnormal.stop
                stop = abnormal.stop
            assert stop < length

    def test_names_sort_in_order(self) -> None:
        """Names have digits enough for lexical order."""
        names = [plan.name for plan in video_plan(replace(SMALL, train_videos=120), "train")]
        assert names == sorted(names)
        assert names[0] == "001"

    def test_picklable_and_hashable(self) -> None:
        """A plan can go to another process and be a key."""
        plan = video_plan(SMALL, "test")[3]
        assert pickle.loads(pickle.dumps(plan)) == plan
        assert hash(plan) == hash(video_plan(SMALL, "test")[3])

    def test_unknown_split(self) -> None:
        """The valid splits are listed."""
        with pytest.raises(ValueError, match="train, test, got 'val'"):
            video_plan(SMALL, "val")  # type: ignore[arg-type]


class TestRenderVideo:
    """What is rendered."""

    @given(st.integers(0, 2**40), st.sampled_from([64, 96, 128, 200, 256]), st.sampled_from(["bounce", "cross"]))
    @settings(max_examples=12, deadline=None)
    def test_labels_masks_kinds_and_table_agree(self, seed: int, size: int, boundary: Boundary) -> None:
        """A frame is abnormal where its mask is not empty, its kind not 0, and an abnormal object is in the table."""
        scene = replace(SMALL, size=size, seed=seed, boundary=boundary)
        for plan in video_plan(scene, "test"):
            video = render_video(plan)
            assert video.frames.shape == video.masks.shape == (40, size, size)
            assert video.frames.dtype == video.labels.dtype == video.kinds.dtype == np.uint8
            np.testing.assert_array_equal(video.labels, video.masks.any(axis=(1, 2)))
            np.testing.assert_array_equal(video.labels, video.kinds > 0)
            under_way = video.objects[video.objects["anomaly"] > 0].set_index("frame")["anomaly"]
            seen = np.flatnonzero(video.labels)
            np.testing.assert_array_equal(under_way[seen], video.kinds[seen])
            if boundary == "bounce":
                planned = np.zeros(40)
                for abnormal in plan.ranges:
                    planned[abnormal.start : abnormal.stop] = abnormal.kind
                np.testing.assert_array_equal(video.kinds, planned)

    def test_training_frames_are_normal(self) -> None:
        """No training frame has a label, a mask or a square."""
        for plan in video_plan(SMALL, "train"):
            video = render_video(plan)
            assert not video.labels.any()
            assert not video.masks.any()
            assert (video.objects["kind"] == "circle").all()

    def test_masks_are_on_objects(self) -> None:
        """Under the mask the frame is nearer the foreground than the background; its area is the object's."""
        scene = SceneSettings()
        for video in default_test_videos()[:4]:
            assert (video.frames[video.masks] >= (scene.background + scene.foreground) / 2 - 1).all()
            area = video.masks.sum(axis=(1, 2))[video.labels == 1]
            # A square of 8.86 pixels may cover only 8 by half, in each direction.
            assert np.abs(area / (np.pi * scene.pixel_radius**2) - 1).max() < 0.2

    def test_brightness_does_not_betray_the_kind(self) -> None:
        """One object's summed brightness is the same for all kinds: within 0.2 % on average, 1 % in any frame."""
        scene = replace(SMALL, size=128, objects=1, test_videos=12)
        expected = np.pi * scene.pixel_radius**2 * (scene.foreground - scene.background)
        videos = [render_video(plan) for plan in video_plan(scene, "test")]
        kinds = np.concatenate([video.kinds for video in videos])
        bright = np.concatenate([(video.frames.astype(float) - scene.background).sum((1, 2)) for video in videos])
        assert np.abs(bright / expected - 1).max() < 0.01
        for kind in Kind:
            assert bright[kinds == kind].mean() == pytest.approx(expected, rel=2e-3)

    def test_brightness_of_the_default_set_does_not_betray_the_kind(self) -> None:
        """With three objects, which may overlap, the means over normal and abnormal frames agree within 0.5 %."""
        kinds = np.concatenate([video.kinds for video in default_test_videos()])
        bright = np.concatenate([video.frames.sum(axis=(1, 2), dtype=float) for video in default_test_videos()])
        for kind in Kind:
            assert bright[kinds == kind].mean() == pytest.approx(bright[kinds == 0].mean(), rel=5e-3)

    def test_equal_side_is_brighter(self) -> None:
        """Squares of the circle's diameter have 4/pi of its brightness, so the rule is seen in the frames."""
        scene = replace(SMALL, objects=1, square_rule="equal_side", background=0)
        video = render_video(video_plan(scene, "test")[0])
        bright = video.frames.sum(axis=(1, 2), dtype=float)
        assert bright[video.labels == 1].mean() / bright[video.labels == 0].mean() == pytest.approx(4 / np.pi, rel=0.01)

    def test_edges_do_not_betray_the_speed(self) -> None:
        """Grey levels of a circle's edge have the same distribution at both speeds (no aliasing, no blur)."""
        scene = replace(SMALL, size=128, objects=1, test_videos=32)
        slow, fast = [], []
        for plan in video_plan(scene, "test")[1::4]:
            video = render_video(plan)
            half_tones = ((video.frames > scene.background) & (video.frames < scene.foreground)).sum(axis=(1, 2))
            slow.append(half_tones[video.labels == 0])
            fast.append(half_tones[video.labels == 1])
        assert np.concatenate(fast).mean() == pytest.approx(np.concatenate(slow).mean(), rel=0.03)

    def test_centre_of_mass_is_the_place_in_the_table(self) -> None:
        """An object's place can be read back from the 8-bit frame to a fiftieth of a pixel."""
        scene = replace(SMALL, size=128, objects=1)
        video = render_video(video_plan(scene, "test")[2])
        weight = video.frames.astype(float) - scene.background
        pixels = np.arange(128) + 0.5
        total = weight.sum(axis=(1, 2))
        x, y = ((weight.sum(axis=axis) * pixels).sum(axis=1) / total for axis in (1, 2))
        assert np.abs(x - video.objects["x"]).max() < 0.02
        assert np.abs(y - video.objects["y"]).max() < 0.02

    def test_same_frames_in_one_and_two_processes(self) -> None:
        """Which process renders a video, and in what order, changes nothing."""
        plans = video_plan(replace(SMALL, noise=4.0, texture=4.0), "test")
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            others = list(pool.map(render_video, reversed(plans)))
        for ours, other in zip(map(render_video, plans), reversed(others), strict=True):
            np.testing.assert_array_equal(ours.frames, other.frames)
            np.testing.assert_array_equal(ours.masks, other.masks)

    def test_every_video_and_seed_differs(self) -> None:
        """Videos, splits and seeds have streams of their own."""
        plans = [*video_plan(SMALL, "train"), *video_plan(SMALL, "test"), *video_plan(replace(SMALL, seed=1), "train")]
        assert len({render_video(plan).frames[0].tobytes() for plan in plans}) == len(plans)

    def test_noise_and_texture(self) -> None:
        """Noise has its standard deviation and changes from frame to frame; texture stays, the same in every video."""
        scene = replace(SMALL, background=128)
        clean = render_video(video_plan(scene, "train")[0]).frames.astype(float)
        noisy = render_video(video_plan(replace(scene, noise=5.0), "train")[0]).frames - clean
        assert noisy.std() == pytest.approx(5, rel=0.05)
        assert np.abs(np.corrcoef(noisy[0].ravel(), noisy[1].ravel())[0, 1]) < 0.1
        # Objects are brighter than the background, so the darkest value over time is the background.
        backs = [render_video(plan).frames.min(axis=0) for plan in video_plan(replace(scene, texture=5.0), "train")[:2]]
        np.testing.assert_array_equal(backs[0], backs[1])
        assert backs[0].std() == pytest.approx(5, rel=0.1)

    def test_table_is_the_callers_own(self) -> None:
        """Changing a returned table does not change the next one."""
        plan = video_plan(SMALL, "train")[0]
        table = render_video(plan).objects
        table["x"] = 0.0
        assert (render_video(plan).objects["x"] > 0).all()


class TestRenderFrame:
    """Single frames."""

    @pytest.mark.parametrize("boundary", ["bounce", "cross"])
    def test_same_as_in_the_video(self, boundary: Boundary) -> None:
        """A frame rendered alone equals that of the whole video."""
        plan = video_plan(replace(SMALL, noise=3.0, texture=3.0, boundary=boundary), "test")[3]
        video = render_video(plan)
        for index in (0, 15, 39):
            frame, mask = render_frame(plan, index)
            np.testing.assert_array_equal(frame, video.frames[index])
            np.testing.assert_array_equal(mask, video.masks[index])

    @pytest.mark.parametrize("index", [-1, 20])
    def test_frame_out_of_range(self, index: int) -> None:
        """A frame that is not there is refused by number."""
        with pytest.raises(ValueError, match=f"from 0 to 19 in video 01, got {index}"):
            render_frame(video_plan(SMALL, "train")[0], index)
