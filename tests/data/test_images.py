"""Decoding and resizing: benchmarks/data/images.py."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data.images import read_image, resize_square
from benchmarks.errors import StudyError


def picture(height: int = 24, width: int = 36) -> np.ndarray:
    """A smooth random picture, (height, width, 3) uint8."""
    rng = np.random.default_rng(0)
    return cv2.GaussianBlur(rng.integers(0, 255, (height, width, 3), dtype=np.uint8), (0, 0), 2)


class TestReadImage:
    @pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
    def test_lossless_formats_come_back_exactly(self, tmp_path: Path, suffix: str) -> None:
        """A lossless file gives the pixels that were written, in B, G, R order."""
        path = tmp_path / f"a{suffix}"
        cv2.imwrite(str(path), picture())
        np.testing.assert_array_equal(read_image(path), picture())

    def test_grey_is_what_opencv_decodes_as_grey(self, tmp_path: Path) -> None:
        """With grey=True the frame is OpenCV's own grey decoding, (height, width)."""
        path = tmp_path / "a.jpg"
        cv2.imwrite(str(path), picture())
        np.testing.assert_array_equal(read_image(path, grey=True), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))

    @pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif"])
    @pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.97])
    def test_a_truncated_file_is_refused(self, tmp_path: Path, suffix: str, share: float) -> None:
        """A file cut off anywhere is an error that names it, never a partly grey frame."""
        path = tmp_path / f"cut{suffix}"
        cv2.imwrite(str(path), picture(240, 360))
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(StudyError, match=f"cut{suffix}"):
            read_image(path)

    def test_a_jpeg_whose_tail_was_never_written_is_refused(self, tmp_path: Path) -> None:
        """A file of full length that ends in zeros, as after a crash, is an error."""
        path = tmp_path / "a.jpg"
        cv2.imwrite(str(path), picture(240, 360))
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        with pytest.raises(StudyError, match="end marker"):
            read_image(path)

    def test_a_tiff_with_its_directory_in_front_is_refused_when_cut(self, tmp_path: Path) -> None:
        """A little-endian TIFF whose directory is whole but whose pixels are not is an error."""
        pixels = bytes(range(200))
        entries = [(256, 4, 20), (257, 4, 10), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 110), (277, 3, 1),
                   (279, 4, 200)]  # fmt: skip
        head = b"II*\0" + (8).to_bytes(4, "little") + len(entries).to_bytes(2, "little")
        for tag, kind, value in entries:
            head += tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
            head += value.to_bytes(4, "little")
        data = head.ljust(110, b"\0") + pixels
        path = tmp_path / "a.tif"
        path.write_bytes(data)
        assert read_image(path, grey=True).shape == (10, 20)
        path.write_bytes(data[:-50])
        with pytest.raises(StudyError, match=r"TIFF's pixels"):
            read_image(path, grey=True)

    def test_a_missing_file_and_a_text_file_are_refused(self, tmp_path: Path) -> None:
        """What is no image gives a sentence with the path."""
        with pytest.raises(StudyError, match=r"gone\.png"):
            read_image(tmp_path / "gone.png")
        (tmp_path / "text.png").write_text("no image")
        with pytest.raises(StudyError, match="none of JPEG"):
            read_image(tmp_path / "text.png")


class TestResizeSquare:
    def test_equals_opencv_bilinear(self) -> None:
        """Resizing is cv2.resize with INTER_LINEAR on uint8."""
        frame = picture()
        np.testing.assert_array_equal(
            resize_square(frame, 16, 3), cv2.resize(frame, (16, 16), interpolation=cv2.INTER_LINEAR)
        )

    def test_grey_frames_become_three_equal_channels_or_one(self) -> None:
        """A grey frame fills as many channels as are asked for."""
        grey = picture()[:, :, 0]
        three = resize_square(grey, 16, 3)
        np.testing.assert_array_equal(three, np.repeat(resize_square(grey, 16, 1), 3, axis=2))

    def test_colour_for_one_channel_is_refused(self) -> None:
        """A reader that ignores grey=True is found out."""
        with pytest.raises(StudyError, match="grey=True"):
            resize_square(picture(), 16, 1)


class TestRefusals:
    def test_a_jpeg_damaged_in_its_middle_is_refused(self, tmp_path: Path) -> None:
        """The decoder makes up the rest and warns; the warning is the sentence."""
        path = tmp_path / "a.jpg"
        cv2.imwrite(str(path), cv2.GaussianBlur(picture(240, 360), (0, 0), 4))
        data = bytearray(path.read_bytes())
        data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
        path.write_bytes(data)
        with pytest.raises(StudyError, match="Corrupt JPEG data"):
            read_image(path)

    @pytest.mark.parametrize("grey", [False, True])
    def test_16_bits_are_refused_with_their_range(self, tmp_path: Path, grey: bool) -> None:
        """Twelve bits in sixteen would come out black."""
        path = tmp_path / "a.png"
        cv2.imwrite(str(path), np.linspace(0, 4095, 100, dtype=np.uint16).reshape(10, 10))
        with pytest.raises(StudyError, match="16 bits a value, up to 4095"):
            read_image(path, grey=grey)

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp", ".pgm"])
    def test_more_pixels_than_the_limit_are_refused_before_decoding(
        self, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The header says how many there are."""
        path = tmp_path / f"a{suffix}"
        cv2.imwrite(str(path), picture(24, 36)[..., 0])
        monkeypatch.setattr("benchmarks.data.images.MOST_PIXELS", 24 * 36)
        assert read_image(path).shape == (24, 36, 3)
        monkeypatch.setattr("benchmarks.data.images.MOST_PIXELS", 24 * 36 - 1)
        with pytest.raises(StudyError, match="864 pixels, more than 863"):
            read_image(path)
