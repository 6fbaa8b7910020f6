import numpy as np

from benchmarks.report.figures.overlay import THRESHOLD, error_map, heated, marked


def frames(difference: int, size: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A grey target and an output that differs from it in a 4×4 block."""
    target = np.full((size, size, 1), 100, np.uint8)
    output = target.copy()
    output[4:8, 4:8] += np.uint8(difference)
    return target, output


class TestErrorMap:
    def test_sum_over_a_window(self) -> None:
        """Each pixel has the sum of absolute differences over 4×4 pixels around it; a whole block gives 16 of them."""
        found = error_map(*frames(10))
        assert found.shape == (12, 12)
        assert found.max() == 160
        assert np.argwhere(found == 160).tolist() == [[6, 6]]
        assert found.sum() == 16 * 160

    def test_channels_are_averaged(self) -> None:
        """Three equal channels give what one gives."""
        target, output = frames(10)
        three = [np.repeat(image, 3, axis=-1) for image in (target, output)]
        assert np.array_equal(error_map(*three), error_map(target, output))


class TestMarked:
    def test_only_above_the_threshold(self) -> None:
        """Pixels are coloured where the sum exceeds four times 255, not where it equals it or is below."""
        assert THRESHOLD == 1020
        picture = marked(*frames(64))
        coloured = (picture.max(axis=-1) != picture.min(axis=-1)).nonzero()
        assert [axis.tolist() for axis in coloured] == [[6], [6]]
        assert (marked(*frames(63)) == 100).all()


class TestHeated:
    def test_no_error_leaves_the_frame(self) -> None:
        """Without error the frame stays grey, a little darker; the largest error hides it."""
        target, _ = frames(0)
        error = np.zeros((12, 12))
        error[3, 3] = 2.0
        picture = heated(target, error, 2.0)
        assert picture[0, 0].tolist() == [80, 80, 80]
        assert picture[3, 3].tolist() != [80, 80, 80]
        assert heated(target, np.zeros((12, 12)), 0.0)[0, 0].tolist() == [80, 80, 80]
