"""Augmentation moves frame and region alike."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.augmentation import LARGEST_TURN, SMALLEST_CROP, Augmentation, augment, draw_augmentation

GEOMETRY = st.builds(
    Augmentation,
    crop=st.floats(SMALLEST_CROP, 1),
    centre=st.tuples(st.floats(0.4, 0.6), st.floats(0.4, 0.6)),
    turn=st.floats(-LARGEST_TURN, LARGEST_TURN),
    mirror=st.booleans(),
    upside_down=st.booleans(),
)


def frame_and_region(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A region with a ragged edge, and a frame in which it is painted white on black."""
    rng = np.random.default_rng(seed)
    region = np.zeros((40, 60), bool)
    for _ in range(4):
        top, left = rng.integers(0, 30), rng.integers(0, 45)
        region[top : top + rng.integers(3, 15), left : left + rng.integers(3, 20)] = True
    return np.repeat(region[..., None], 3, axis=2).astype(np.uint8) * np.uint8(255), region


class TestAugment:
    @given(GEOMETRY, st.integers(0, 1000))
    @settings(max_examples=60)
    def test_the_region_moves_with_the_frame(self, how: Augmentation, seed: int) -> None:
        """A region painted into the frame still coincides with it after any crop, turn and flip."""
        frame, region = frame_and_region(seed)
        moved, moved_region = augment(frame, region, how)
        assert moved_region is not None
        np.testing.assert_array_equal(moved[..., 0] >= 128, moved_region)

    @given(st.floats(0.6, 1.4), st.floats(0.7, 1.3), st.floats(0.5, 1.2))
    @settings(max_examples=20)
    def test_light_leaves_the_region_alone(self, saturation: float, brightness: float, blur: float) -> None:
        """Saturation, brightness and blur change the frame and not the region."""
        frame, region = frame_and_region(0)
        how = Augmentation(saturation=saturation, brightness=brightness, blur=blur)
        moved, moved_region = augment(frame, region, how)
        np.testing.assert_array_equal(moved_region, region)
        assert moved.shape == frame.shape
        assert moved.dtype == np.uint8

    def test_nothing_changes_nothing(self) -> None:
        """The default leaves every pixel as it was."""
        frame = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
        region = frame[..., 0] > 100
        moved, moved_region = augment(frame, region, Augmentation())
        np.testing.assert_array_equal(moved, frame)
        np.testing.assert_array_equal(moved_region, region)

    def test_flips_are_exact(self) -> None:
        """Mirrored and turned upside down, the frame is the array reversed; a grey frame keeps its one channel."""
        frame = np.random.default_rng(0).integers(0, 256, (32, 48, 1), dtype=np.uint8)
        np.testing.assert_array_equal(augment(frame, None, Augmentation(mirror=True))[0], frame[:, ::-1])
        np.testing.assert_array_equal(augment(frame, None, Augmentation(upside_down=True))[0], frame[::-1])

    def test_light_does_what_it_says(self) -> None:
        """More saturation parts the channels, brightness scales them, blur smooths."""
        frame = np.random.default_rng(0).integers(60, 160, (32, 48, 3), dtype=np.uint8)

        def changed(**how: float) -> np.ndarray:
            return augment(frame, None, Augmentation(**how))[0].astype(float)  # type: ignore[arg-type]

        assert np.ptp(changed(saturation=1.4), axis=2).mean() > np.ptp(frame.astype(float), axis=2).mean()
        np.testing.assert_allclose(changed(brightness=1.2), 1.2 * frame, atol=0.51)
        assert changed(blur=1.0).std() < 0.7 * frame.std()


class TestDrawAugmentation:
    def test_draws_each_kind_half_of_the_time_within_its_range(self) -> None:
        """Over many draws each kind comes about every other time, and crops stay within the frame."""
        rng = np.random.default_rng(0)
        drawn = [draw_augmentation(rng) for _ in range(600)]
        plain = Augmentation()
        for name in ("crop", "turn", "mirror", "upside_down", "saturation", "brightness", "blur"):
            share = np.mean([getattr(how, name) != getattr(plain, name) for how in drawn])
            assert 0.4 < share < 0.6, name
        for how in drawn:
            assert SMALLEST_CROP <= how.crop <= 1
            for place in how.centre:
                assert how.crop / 2 - 1e-9 <= place <= 1 - how.crop / 2 + 1e-9

    def test_repeats_itself(self) -> None:
        """The same stream draws the same."""
        assert draw_augmentation(np.random.default_rng(3)) == draw_augmentation(np.random.default_rng(3))
