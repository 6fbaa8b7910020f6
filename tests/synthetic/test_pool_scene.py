"""Settings, camera and swimmers of the generated pool."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.pool.scene import Camera, PoolSettings, Swimmer

CAMERA = Camera(place=(12.0, -5.0, 10.0), target=(12.5, 5.0), roll=0.0, view=16.0)


def to_pixels(camera: Camera, x: float, y: float) -> np.ndarray:
    """Pixel (column, row) of a place on the water."""
    column, row, scale = camera.homography(320, 180) @ [x, y, 1.0]
    return np.array([column, row]) / scale


class TestPoolSettings:
    @pytest.mark.parametrize(
        ("name", "value"), [("width", 10), ("lanes", 0), ("test_frames", 5), ("noise", -1.0), ("length", float("nan"))]
    )
    def test_refuses_what_makes_no_pool(self, name: str, value: float) -> None:
        """A value out of range is refused, and named."""
        with pytest.raises(ValueError, match=f"^{name} must be"):
            PoolSettings(**{name: value})  # type: ignore[arg-type]


class TestHomography:
    @given(st.floats(8, 16), st.floats(-0.2, 0.2))
    def test_the_target_is_in_the_middle(self, x: float, roll: float) -> None:
        """Whatever the camera's roll, it looks at its target."""
        camera = Camera(CAMERA.place, (x, 5.0), roll, 16.0)
        np.testing.assert_allclose(to_pixels(camera, x, 5.0), [160, 90], atol=1e-6)

    def test_the_view_is_as_wide_as_said(self) -> None:
        """The middle row shows about as many metres as the view says; far means up, right means right."""
        straight = Camera((12.5, -5.0, 10.0), (12.5, 5.0), 0.0, 16.0)
        np.testing.assert_allclose(to_pixels(straight, 4.5, 5.0), [0, 90], atol=1e-6)
        np.testing.assert_allclose(to_pixels(straight, 20.5, 5.0), [320, 90], atol=1e-6)
        assert to_pixels(straight, 12.5, 9.0)[1] < 90 < to_pixels(straight, 12.5, 1.0)[1]


class TestSwimmer:
    @pytest.mark.parametrize("speed", [0.8, -0.8])
    def test_crosses_from_wall_to_wall_once(self, speed: float) -> None:
        """Before the start and after the far wall he is not there; between he moves evenly one way."""
        swimmer = Swimmer(0, 5, speed, 0.0, submerged=False, cap=(0, 0, 0), skin=(0, 0, 0))
        places = [swimmer.x(frame, 25.0) for frame in range(60)]
        there = [place for place in places if place is not None]
        assert places[:5] == [None] * 5
        assert places[-1] is None
        np.testing.assert_allclose(np.diff(there), speed)
        assert 1 < min(there) < 2
        assert 23 < max(there) < 24
