"""Likeness of a patch to a circle and to a square."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.dataset import render_video, video_plan
from synthetic.render import circle_coverage, square_coverage
from synthetic.scene import SceneSettings
from synthetic.similarity import cut_patch, shape_similarity

RADIUS, HALF_SIDE = 5.0, 5.0 * np.sqrt(np.pi) / 2
place = st.tuples(st.floats(6, 10), st.floats(6, 10))


class TestShapeSimilarity:
    """Circle or square."""

    @given(place, st.floats(0.1, 100), st.floats(-50, 50))
    def test_ideal_shapes(self, centre: tuple[float, float], contrast: float, level: float) -> None:
        """The ideal shape gives 1 for itself and clearly less for the other, whatever brightness and contrast."""
        x, y = np.array([centre[0]]), np.array([centre[1]])
        circle = level + contrast * circle_coverage(x, y, RADIUS, 16)[0]
        square = level + contrast * square_coverage(x, y, HALF_SIDE, 16)[0]
        to_circle, to_square = shape_similarity(circle, RADIUS, HALF_SIDE, centre)
        assert to_circle == pytest.approx(1)
        assert to_square < 0.97
        to_circle, to_square = shape_similarity(square, RADIUS, HALF_SIDE, centre)
        assert to_square == pytest.approx(1)
        assert to_circle < 0.97

    def test_inverted_patch(self) -> None:
        """Dark on bright is unlike."""
        circle = circle_coverage(np.array([8.0]), np.array([8.0]), RADIUS, 16)[0]
        assert shape_similarity(-circle, RADIUS, HALF_SIDE, (8, 8))[0] == pytest.approx(-1)

    @pytest.mark.parametrize("level", [0.0, 0.1, 224.0])
    def test_flat_patch(self, level: float) -> None:
        """A flat patch is like neither."""
        assert shape_similarity(np.full((13, 13), level), RADIUS, HALF_SIDE, (6.5, 6.5)) == (0, 0)

    def test_patch_that_is_not_square(self) -> None:
        """A patch cut at the frame's edge is compared on what is left of it."""
        circle = circle_coverage(np.array([4.0]), np.array([8.0]), RADIUS, 16)[0][:, :9]
        assert shape_similarity(circle, RADIUS, HALF_SIDE, (4, 8))[0] == pytest.approx(1)

    @pytest.mark.parametrize("patch", [np.ones(5), np.full((4, 4), np.nan)])
    def test_refuses_what_is_no_patch(self, patch: np.ndarray) -> None:
        """One dimension, or values that are not finite, are refused."""
        with pytest.raises(ValueError, match="finite array"):
            shape_similarity(patch, RADIUS, HALF_SIDE, (2, 2))

    def test_refuses_a_shape_outside(self) -> None:
        """A place far from the patch is refused, not given a number."""
        with pytest.raises(ValueError, match="must lie partly in the patch"):
            shape_similarity(np.eye(8), RADIUS, HALF_SIDE, (100, 100))


class TestCutPatch:
    """Patches of frames."""

    def test_squares_of_the_set_are_squares(self) -> None:
        """At a square's place in a rendered frame the patch is more like a square, at a circle's more like a circle."""
        settings = SceneSettings(objects=1, test_videos=1)
        video = render_video(video_plan(settings, "test")[0])
        half = settings.pixel_half_side
        for _, row in video.objects.iloc[::5].iterrows():
            patch, centre = cut_patch(video.frames[int(row["frame"])], row["x"], row["y"], 7)
            to_circle, to_square = shape_similarity(patch, settings.pixel_radius, half, centre)
            assert max(to_circle, to_square) == pytest.approx(1, abs=1e-3)
            assert (to_square > to_circle) == (row["kind"] == "square")

    def test_at_the_edge(self) -> None:
        """At the image's edge the patch is smaller and the place moves with it."""
        image = np.arange(100.0).reshape(10, 10)
        patch, centre = cut_patch(image, 1.5, 9.25, 3)
        np.testing.assert_array_equal(patch, image[6:10, 0:5])
        assert centre == (1.5, 3.25)

    def test_outside(self) -> None:
        """A place outside the image is refused."""
        with pytest.raises(ValueError, match=r"10x10 pixels, got x=-1\.00"):
            cut_patch(np.zeros((10, 10)), -1, 5, 3)
