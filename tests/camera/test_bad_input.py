"""What is no video to score, typed as a user would: one sentence, exit status 2, and nothing half-written."""

import errno
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from memory_vad import cli
from memory_vad.calibration import Calibration
from memory_vad.model import Model, settings_for
from memory_vad.overlay import Overlay
from tests.support.moving_clips import scene, write_clip

Make = Callable[[Path], Path]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calibrated weights of a method that needs no training."""
    model = Model.build(settings_for("frame_difference", "reconstruction", size=32, channels=1, epochs=0), 5)
    frames = np.stack([model.prepared(scene(4 * index)[..., 0]) for index in range(120)])
    model.calibration = Calibration.of([dict(model.score_clips(frames).terms)], model.method.rule.weights, 5)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    model.save(path)
    return path


def named(name: str, content: bytes) -> Make:
    """A file of these bytes."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def half(name: str, codec: str = "libx264") -> Make:
    """The first half of a clip's file."""

    def make(folder: Path) -> Path:
        path = write_clip(folder / name, 8, codec=codec)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    return make


def still(folder: Path) -> Path:
    """One picture."""
    cv2.imwrite(str(folder / "still.png"), scene(0))
    return folder / "still.png"


def audio_only(folder: Path) -> Path:
    """A second of silence in an mp4."""
    with av.open(str(folder / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return folder / "sound.mp4"


def hdr(folder: Path) -> Path:
    """Ten bits a channel with the transfer curve of HDR10."""
    path = folder / "hdr.mp4"
    with av.open(str(path), "w") as container:
        options = {"preset": "ultrafast", "x265-params": "log-level=none:transfer=smpte2084"}
        stream = container.add_stream("libx265", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p10le"
        stream.codec_context.color_trc = 16
        for index in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(index), format="bgr24")))
        container.mux(stream.encode())
    return path


def unknown_codec(folder: Path) -> Path:
    """An avi whose codec's name nobody knows."""
    path = write_clip(folder / "odd.avi", 1, codec="mpeg4")
    path.write_bytes(path.read_bytes().replace(b"FMP4", b"ZZZZ"))
    return path


def no_videos(folder: Path) -> Path:
    """A folder of documents."""
    (folder / "docs").mkdir()
    (folder / "docs" / "notes.txt").write_text("x")
    return folder / "docs"


def two_sizes(folder: Path) -> Path:
    """A folder of frames of two sizes."""
    (folder / "frames").mkdir()
    cv2.imwrite(str(folder / "frames" / "1.png"), scene(0))
    cv2.imwrite(str(folder / "frames" / "2.png"), scene(0, (64, 48)))
    return folder / "frames"


BAD: dict[str, tuple[Make, str]] = {
    "half an mp4": (half("half.mp4"), "damaged, cut off"),
    "half an mkv": (half("half.mkv"), "cut off"),
    "half an avi": (half("half.avi", "mpeg4"), "copy it again"),
    "zero length": (named("zero.mp4", b""), "empty"),
    "encrypted": (named("secret.mp4", np.random.default_rng(0).bytes(5000)), "encrypted"),
    "text": (named("text.mkv", b"this is no video\n" * 50), "cannot be opened"),
    "an HLS list": (named("list.m3u8", b"#EXTM3U\nhttp://127.0.0.1/1.ts\n"), "playlist"),
    "an HLS list called mp4": (named("list.mp4", b"#EXTM3U\nhttp://127.0.0.1/1.ts\n"), "playlist"),
    "audio only": (audio_only, "audio only"),
    "a still image": (still, "still image"),
    "HDR": (hdr, "HDR"),
    "a codec that nobody knows": (unknown_codec, "codec"),
    "a folder without videos": (no_videos, "holds notes.txt"),
    "two sizes": (two_sizes, "64x48 after 96x64"),
    "a clip of one frame": (lambda folder: write_clip(folder / "one.mp4", 0.05), "1 frame"),
}


class TestScore:
    @pytest.mark.parametrize("kind", BAD)
    def test_is_refused(self, weights: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Footage that cannot be scored is named with what is wrong and what to do."""
        make, said = BAD[kind]
        path, out = make(tmp_path), tmp_path / "out"
        assert cli.main(["score", str(path), "--weights", str(weights), "--out", str(out)]) == 2
        lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("Warning: ")]
        assert len(lines) == 1
        assert lines[0].startswith("Expected ")
        assert path.name in lines[0]
        assert said in lines[0]
        assert not [one for one in out.rglob("*") if one.is_file()]

    def test_no_disk_left(
        self, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A disk that fills up during the overlay leaves no part of a file."""
        path, out, real, calls = write_clip(tmp_path / "a.mp4", 3), tmp_path / "out", Overlay._write, []

        def write(overlay: Overlay, shown: np.ndarray) -> None:
            calls.append(1)
            if len(calls) > 5:
                raise OSError(errno.ENOSPC, "No space left on device")
            real(overlay, shown)

        monkeypatch.setattr(Overlay, "_write", write)
        assert cli.main(["score", str(path), "--weights", str(weights), "--out", str(out)]) == 2
        assert "no space is left" in capsys.readouterr().err.splitlines()[-1]
        assert not [one for one in out.rglob("*") if one.is_file()]

    @pytest.mark.parametrize("share", [0.0, 0.5])
    def test_damaged_weights(
        self, weights: Path, tmp_path: Path, share: float, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Weights that are cut off, or empty, are one sentence."""
        content = weights.read_bytes()
        (tmp_path / "w.safetensors").write_bytes(content[: int(share * len(content))])
        write_clip(tmp_path / "a.mp4", 1)
        assert cli.main(["score", str(tmp_path), "--weights", str(tmp_path / "w.safetensors")]) == 2
        assert "w.safetensors" in capsys.readouterr().err.splitlines()[-1]
