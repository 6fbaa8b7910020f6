"""Frames a second of scoring: `python -m memory_vad.speed`. One thread, a generated H.264 clip, decoding included or not."""

import argparse
import itertools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import torch

from memory_vad.calibration import Calibration
from memory_vad.decode import pictures
from memory_vad.model import Model, settings_for
from memory_vad.overlay import MAP_SIDE, Overlay
from memory_vad.scoring import score_video


def main(arguments: Sequence[str] | None = None) -> None:
    """Print frames a second of the network alone, with decoding, and with the overlay, the best of three each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--size", type=int, default=256)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    model = Model.build(settings_for("mnad", "prediction", size=options.size, channels=1), 25)
    with tempfile.TemporaryDirectory() as name:
        clip = moving_clip(Path(name) / "clip.mp4", options.frames)
        shown = [model.prepared(picture.image(grey=True)) for picture in pictures(clip)]
        frames = np.stack(shown)
        run = dict(model.score_clips(frames[:20]).terms)
        model.calibration = Calibration.of([run], model.method.rule.weights, model.fps)
        overlay = itertools.count()

        def with_overlay() -> None:
            path = Path(name) / f"{next(overlay)}.mp4"
            with Overlay(path, model.fps, scale=0.1, alarm_above=float("inf")) as written:
                score_video(model, clip, map_side=MAP_SIDE, drawn=written.draw)

        for what, act in (
            ("network alone", lambda: model.score_clips(frames)),
            ("with decoding", lambda: score_video(model, clip)),
            ("with decoding and overlay", with_overlay),
        ):
            seconds = min(_timed(act) for _ in range(3))
            print(f"{what}: {len(frames) / seconds:.1f} frames/s ({options.size}x{options.size}, one thread)")


def _timed(act: object) -> float:
    assert callable(act)
    begun = time.process_time()  # of this process alone: other work on the machine does not count
    act()
    return time.process_time() - begun


def moving_clip(path: Path, frames: int, *, rate: int = 25, size: tuple[int, int] = (640, 360)) -> Path:
    """Write noise that moves, H.264, and return its path. size: width and height."""
    width, height = size
    coarse = np.random.default_rng(0).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8)
    still = np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1)[:height, :width]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.roll(still, 2 * index, axis=1), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


if __name__ == "__main__":
    main()
