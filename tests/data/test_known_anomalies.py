"""Known anomalies: where they come from, and that no test frame gets among them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data.known_anomalies import KnownAnomalies, generate, read_folder, refuse_test_frames
from benchmarks.data.layouts.generated import read
from benchmarks.errors import StudyError


@pytest.fixture(scope="module")
def anomalies() -> KnownAnomalies:
    """A dozen generated ones at the set's own size."""
    return generate("synthetic", 12, size=128, channels=1)


def folder_with(tmp_path: Path, frames: list[np.ndarray], masks: list[np.ndarray] | None = None) -> Path:
    """A folder as a user makes it: images, and masks of the same names where given."""
    folder = tmp_path / "anomalies"
    (folder / "masks").mkdir(parents=True) if masks is not None else folder.mkdir()
    for index, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{index}.png"), frame)
    for index, mask in enumerate(masks or []):
        cv2.imwrite(str(folder / "masks" / f"{index}.png"), mask)
    return folder


def noise(seed: int, size: int = 20) -> np.ndarray:
    """An image like no other."""
    return np.random.default_rng(seed).integers(0, 256, (size, size), dtype=np.uint8)


class TestGenerate:
    def test_regions_hold_the_abnormal_object(self, anomalies: KnownAnomalies) -> None:
        """Each frame has one bright square of the expected area, much smaller than the frame."""
        assert anomalies.frames.shape == (12, 128, 128, 1)
        assert anomalies.regions is not None
        areas = anomalies.regions.sum(axis=(1, 2))
        np.testing.assert_allclose(areas, np.pi * 25, rtol=0.2)
        inside = anomalies.frames[..., 0][anomalies.regions]
        assert np.median(inside) == 224

    def test_no_test_frame_of_the_study_is_among_them(self, anomalies: KnownAnomalies) -> None:
        """None equals a frame of the synthetic set's test videos."""
        import synthetic

        dataset = read("synthetic", Path(synthetic.__path__[0]))
        test = [video.read(index) for video in dataset.test[:4] for index in range(video.length)]
        refuse_test_frames(anomalies, np.stack(test)[..., None])

    def test_is_twice_the_same(self, anomalies: KnownAnomalies) -> None:
        """The seed is fixed."""
        generate.cache_clear()
        assert generate("synthetic", 12, size=128, channels=1).checksum == anomalies.checksum

    def test_small_frames_keep_a_region(self) -> None:
        """At a quarter of the size no region has vanished."""
        small = generate("synthetic", 6, size=32, channels=3)
        assert small.frames.shape == (6, 32, 32, 3)
        assert small.regions is not None
        assert small.regions.any(axis=(1, 2)).all()

    def test_of_a_pool_are_its_swimmers(self) -> None:
        """Frames in colour and in grey of the same places, each with a swimmer that differs from the empty pool."""
        colour, grey = generate("pool", 3, size=64, channels=3), generate("pool", 3, size=64, channels=1)
        assert colour.frames.shape == (3, 64, 64, 3)
        assert colour.regions is not None
        assert grey.regions is not None
        np.testing.assert_array_equal(colour.regions, grey.regions)
        assert colour.regions.any(axis=(1, 2)).all()
        assert colour.regions.mean() < 0.2

    def test_refuses_a_set_that_is_not_generated(self) -> None:
        """A real set has no generator: its folder is to be named."""
        with pytest.raises(StudyError, match="negative_folder"):
            generate("ped2", 3, size=32, channels=1)

    def test_refuses_more_than_there_are(self) -> None:
        """The number there is stands in the sentence."""
        with pytest.raises(StudyError, match="negative_frames=100000"):
            generate("synthetic", 100_000, size=32, channels=1)


class TestReadFolder:
    def test_reads_images_in_natural_order_without_masks(self, tmp_path: Path) -> None:
        """Without masks the whole frame is meant."""
        frames = [noise(seed) for seed in range(11)]
        found = read_folder(folder_with(tmp_path, frames), size=20, channels=1)
        assert found.regions is None
        np.testing.assert_array_equal(found.frames[..., 0], np.stack(frames))

    def test_reads_masks_of_the_same_name(self, tmp_path: Path) -> None:
        """Bright pixels of the mask are the region."""
        mask = np.zeros((20, 20), dtype=np.uint8)
        mask[5:10, 3:6] = 255
        found = read_folder(folder_with(tmp_path, [noise(0)], [mask]), size=20, channels=1)
        assert found.regions is not None
        np.testing.assert_array_equal(found.regions[0], mask > 0)

    def test_refuses_a_missing_and_an_empty_mask(self, tmp_path: Path) -> None:
        """Each names the file."""
        folder = folder_with(tmp_path, [noise(0), noise(1)], [np.full((20, 20), 255, dtype=np.uint8)])
        with pytest.raises(StudyError, match="mask named 1"):
            read_folder(folder, size=20, channels=1)
        cv2.imwrite(str(folder / "masks" / "1.png"), np.zeros((20, 20), dtype=np.uint8))
        with pytest.raises(StudyError, match=r"1\.png, but all are dark"):
            read_folder(folder, size=20, channels=1)

    def test_refuses_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        """The setting to correct is named."""
        with pytest.raises(StudyError, match="negative_folder"):
            read_folder(tmp_path / "nowhere", size=20, channels=1)


class TestRefuseTestFrames:
    def test_finds_a_test_frame(self) -> None:
        """One frame of the test split among the anomalies is refused, naming which."""
        frames = np.stack([noise(seed)[..., None] for seed in range(3)])
        test = np.stack([noise(seed)[..., None] for seed in (7, 2, 9)])
        with pytest.raises(StudyError, match="image 3 of the folder is a test frame"):
            refuse_test_frames(KnownAnomalies(frames, None), test)
        refuse_test_frames(KnownAnomalies(frames, None), test[[0, 2]])
