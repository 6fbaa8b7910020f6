"""Settings of the synthetic set."""

import math
from dataclasses import replace
from typing import Any

import pytest

from synthetic.scene import Kind, SceneSettings


class TestSceneSettings:
    """What settings mean in the frame, and which are refused."""

    @pytest.mark.parametrize("size", [64, 128, 256])
    def test_lengths_scale_with_the_frame(self, size: int) -> None:
        """Radius and speeds are pixels at 256x256, whatever the frame."""
        settings = SceneSettings(size=size)
        lengths = (settings.pixel_radius, settings.pixel_normal_speed, settings.pixel_fast_speed)
        assert lengths == pytest.approx((10 * size / 256, 5 * size / 256, 10 * size / 256))

    def test_square_rules(self) -> None:
        """Equal area gives the circle's area, equal side its diameter."""
        settings = SceneSettings()
        assert (2 * settings.pixel_half_side) ** 2 == pytest.approx(math.pi * settings.pixel_radius**2)
        assert replace(settings, square_rule="equal_side").pixel_half_side == settings.pixel_radius

    def test_speed_of_each_kind(self) -> None:
        """Temporal and spatio-temporal anomalies are fast, the others not."""
        settings = SceneSettings(size=256)
        assert [settings.pixel_speed(kind) for kind in Kind] == [5, 5, 10, 10]

    def test_default_size_of_the_set(self) -> None:
        """About 2,000 training and 2,000 test frames."""
        settings = SceneSettings()
        assert settings.train_videos * settings.train_frames == 2000
        assert settings.test_videos * settings.test_frames == 2000

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("size", 8),
            ("size", 128.0),
            ("objects", 0),
            ("boundary", "stop"),
            ("square_rule", "equal"),
            ("radius", 0.0),
            ("radius", "10"),
            ("fast_speed", math.nan),
            ("noise", -1.0),
            ("foreground", 256),
            ("test_frames", 15),
            ("seed", -1),
        ],
    )
    def test_refuses_by_name(self, name: str, value: object) -> None:
        """A value out of range is refused in a sentence that names the setting and the value."""
        wrong: dict[str, Any] = {name: value}
        with pytest.raises(ValueError, match=f"^{name} must be .*{value}.*\\.$"):
            SceneSettings(**wrong)

    @pytest.mark.parametrize("wrong", [{"radius": 125.0}, {"size": 16, "radius": 10.0}])
    def test_refuses_objects_that_do_not_fit(self, wrong: dict[str, Any]) -> None:
        """A radius that leaves no way, or vanishes in the frame, is refused."""
        with pytest.raises(ValueError, match="radius"):
            SceneSettings(**wrong)
