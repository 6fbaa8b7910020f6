"""Motion of the objects."""

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synthetic.motion import COLUMNS, fold, simulate
from synthetic.scene import AbnormalRange, Kind, SceneSettings

RANGES = (AbnormalRange(5, 20, Kind.SPATIO_TEMPORAL), AbnormalRange(25, 40, Kind.TEMPORAL))


def table(
    seed: int, size: int = 128, frames: int = 60, boundary: Literal["bounce", "cross"] = "bounce"
) -> pd.DataFrame:
    """Objects of a video with two abnormal ranges."""
    return simulate(SceneSettings(size=size, boundary=boundary), frames, RANGES, np.random.default_rng(seed))


class TestFold:
    """Reflection at walls."""

    @given(st.floats(-1e3, 1e3), st.floats(0, 50), st.floats(1, 100))
    def test_keeps_the_length_of_the_way(self, start: float, low: float, width: float) -> None:
        """The way walked between walls is as long as the straight way, through every bounce."""
        straight = start + np.linspace(0, 3 * width, 3001)
        place, _ = fold(straight, low, low + width)
        walls = low + width * np.arange(np.floor((start - low) / width), np.ceil((straight[-1] - low) / width) + 1)
        corners = np.sort(np.concatenate([straight, walls[(walls > start) & (walls < straight[-1])]]))
        walked = np.abs(np.diff(fold(corners, low, low + width)[0])).sum()
        assert walked == pytest.approx(3 * width, rel=1e-6)
        assert place.min() >= low - 1e-9
        assert place.max() <= low + width + 1e-9

    def test_sign_is_that_of_the_motion(self) -> None:
        """The sign turns at each wall."""
        place, sign = fold(np.array([1.0, 9.0, 11.0, 19.0, 21.0]), 0.0, 10.0)
        assert place.tolist() == pytest.approx([1, 9, 9, 1, 1])
        assert sign.tolist() == [1, 1, -1, -1, 1]


class TestSimulate:
    """The object table."""

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**32), st.integers(64, 256), st.sampled_from(["bounce", "cross"]))
    def test_step_equals_the_speed(self, seed: int, size: int, boundary: Literal["bounce", "cross"]) -> None:
        """An object moves by its velocity from frame to frame but where it bounced, and never further."""
        scene = SceneSettings(size=size, boundary=boundary)
        for _, way in table(seed, size, boundary=boundary).groupby("id"):
            speed = np.array([scene.pixel_speed(Kind(kind)) for kind in way["anomaly"]])
            np.testing.assert_allclose(np.hypot(way["vx"], way["vy"]), speed, atol=1e-9)
            step = way[["x", "y"]].diff().to_numpy()[1:]
            velocity = way[["vx", "vy"]].to_numpy()
            bounced = (np.sign(velocity[1:]) != np.sign(velocity[:-1])).any(axis=1)
            assert not (bounced.any() and boundary == "cross")
            length = np.hypot(*step.T)
            np.testing.assert_allclose(length[~bounced], speed[1:][~bounced], atol=1e-6)
            assert (length[bounced] < speed[1:][bounced] + 1e-6).all()

    @given(st.integers(0, 2**32))
    @settings(max_examples=20, deadline=None)
    def test_bouncing_objects_stay_wholly_in_the_frame(self, seed: int) -> None:
        """Under bounce every object is there in every frame, a radius off the walls."""
        scene, rows = SceneSettings(), table(seed)
        assert rows.groupby("frame").size().tolist() == [scene.objects] * 60
        assert rows[["x", "y"]].min().min() >= scene.pixel_radius - 1e-9
        assert rows[["x", "y"]].max().max() <= scene.size - scene.pixel_radius + 1e-9

    @given(st.integers(0, 2**32))
    @settings(max_examples=20, deadline=None)
    def test_one_abnormal_object_in_each_frame_of_a_range(self, seed: int) -> None:
        """Under bounce exactly one object has the range's kind in its frames, and none elsewhere."""
        rows = table(seed)
        expected = np.zeros(60)
        for abnormal in RANGES:
            expected[abnormal.start : abnormal.stop] = abnormal.kind
        abnormal_rows = rows[rows["anomaly"] > 0].set_index("frame")["anomaly"]
        assert abnormal_rows.index.is_unique
        np.testing.assert_array_equal(abnormal_rows.reindex(range(60), fill_value=0), expected)
        squares = rows["anomaly"].isin([Kind.SPATIAL, Kind.SPATIO_TEMPORAL])
        assert ((rows["kind"] == "square") == squares).all()

    @given(st.integers(0, 2**32))
    @settings(max_examples=30, deadline=None)
    def test_crossing_objects_keep_their_kind(self, seed: int) -> None:
        """Under cross an object is of one kind throughout, the first range is met, and no two abnormal ones meet."""
        rows = table(seed, boundary="cross")
        assert not rows[["id", "anomaly"]].drop_duplicates()["id"].duplicated().any()
        abnormal_rows = rows[rows["anomaly"] > 0]
        assert abnormal_rows["frame"].is_unique
        assert abnormal_rows.iloc[0]["frame"] == RANGES[0].start
        assert abnormal_rows.iloc[0]["anomaly"] == RANGES[0].kind

    @given(st.integers(0, 2**32))
    @settings(max_examples=20, deadline=None)
    def test_number_of_crossing_objects_is_constant(self, seed: int) -> None:
        """Under cross a place is taken again as soon as it is free."""
        assert (table(seed, boundary="cross").groupby("frame").size() == SceneSettings().objects).all()

    @pytest.mark.parametrize("kind", [Kind.NORMAL, Kind.SPATIAL, Kind.TEMPORAL, Kind.SPATIO_TEMPORAL])
    def test_place_does_not_betray_the_kind(self, kind: Kind) -> None:
        """Under bounce the place is uniform whatever the kind, so no wall is met more often by the fast ones."""
        scene, whole = SceneSettings(objects=1), (AbnormalRange(1, 40, kind),)
        last = [
            simulate(scene, 40, whole, np.random.default_rng(seed)).iloc[-1][["x", "y"]].to_numpy(dtype=float)
            for seed in range(400)
        ]
        width = scene.size - 2 * scene.pixel_radius
        for axis in np.array(last).T:
            assert stats.kstest((axis - scene.pixel_radius) / width, "uniform").pvalue > 0.001

    def test_columns(self) -> None:
        """The columns are those that are documented, for both boundaries."""
        assert tuple(table(0).columns) == tuple(table(0, boundary="cross").columns) == COLUMNS
