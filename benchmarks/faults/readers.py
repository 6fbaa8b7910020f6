"""Every reader of an outside format, each with small valid files of its format: what the fuzzer starts from."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

FRAMES = 24


@dataclass(frozen=True)
class Reader:
    """A reader. read: given a file, returns or raises StudyError, all else is a fault. seeds: valid files as bytes.

    place: name of the file below the fuzzer's folder. others: other files that lie there, by name.
    """

    name: str
    place: str
    read: Callable[[Path], object]
    seeds: tuple[bytes, ...]
    others: tuple[tuple[str, bytes], ...] = ()


def readers() -> list[Reader]:
    """Return all readers; those that need torch are imported with it."""
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    labels = np.repeat(np.array([0, 1], dtype=np.uint8), FRAMES // 2)
    settings = resolve(dataset="synthetic", method="mnad", task="reconstruction", profile="smoke")
    record, table = _record(settings), _table()
    runs = f"runs/synthetic/smoke/{settings.name}"
    images = [
        Reader(f"image {suffix}", f"a{suffix}", _image, (_encoded(suffix, frame), _encoded(suffix, frame[..., 0])))
        for suffix in (".png", ".jpg", ".bmp", ".tif", ".webp", ".jp2", ".pgm")
    ]
    return [
        Reader("labels .npy", "a.npy", _labels, (_npy(labels), _npy(labels.astype(np.float64)), _npy(labels[None]))),
        Reader("labels .txt", "a.txt", _labels, (b"0\n1\n" * 12, b"0, 1\n" * 12 + b"# end\n")),
        Reader("masks .npy", "a.npy", _masks, (_npy(np.zeros((FRAMES, 4, 6), dtype=np.uint8)),)),
        Reader("ranges .m", "a.m", _ranges, (b"TestVideoFile{end+1}.gt_frame = [1:5, 9:24];\n",)),
        Reader("pairs .mat", "a.mat", _pairs, (_mat(), _mat(compressed=True))),
        *images,
        Reader("video .avi", "a.avi", _video, (_avi(frame),)),
        Reader("archive .tar.gz", "a.tar.gz", _archive, (_tar("w:gz"), _tar("w"))),
        Reader("archive .zip", "a.zip", _archive, (_zip(),)),
        Reader("study .toml", "a.toml", _study, (_STUDY,)),
        Reader("record .json", f"{runs}/seed-0.json", _read_record, (record,), ((f"{runs}/seed-0.csv.gz", table),)),
        Reader("terms .csv.gz", f"{runs}/seed-0.csv.gz", _terms, (table,), ((f"{runs}/seed-0.json", record),)),
        Reader("terms .csv", f"{runs}/seed-0.csv.gz", _packed_terms, (gzip.decompress(table),)),
        Reader("checkpoint", "checkpoint.safetensors", _checkpoint, (_tensors(),)),
        Reader("store", "store.npy", _store, (_npy(np.zeros((3, 4, 4, 1), dtype=np.uint8)),)),
        Reader(
            "store's sidecar", "store.json", _sidecar, (b'{"key": "k", "names": ["a"], "lengths": [3], "bytes": 128}',)
        ),
        Reader("inspection .npz", "look.npz", _inspection, (_npz(),)),
        Reader("settings .json", "settings.json", _settings, (json.dumps(settings.to_dict()).encode(),)),
        Reader(
            "names of files",
            "names.txt",
            _names,
            (b"001.png\nt0.25.png\nt0.5.png\n1_2.jpg\n", "1².png\n٣.png\n".encode()),
        ),
    ]


_STUDY = b"""[study]
name = "fuzz"
title = "Fuzz"
dataset = "synthetic"
seeds = 2
profile = "smoke"
[settings]
batch = 2
[settings.mnad]
learning_rate = 0.0002
[[cells]]
method = ["mnad", "memae"]
task = "reconstruction"
memory = ["own", "none"]
"""


def _labels(path: Path) -> object:
    from benchmarks.data.labels import read_one_per_frame

    return read_one_per_frame(path, FRAMES)


def _masks(path: Path) -> object:
    from benchmarks.data.array_masks import _array, array_masks

    _array.cache_clear()
    return array_masks(path, FRAMES)(FRAMES - 1)


def _ranges(path: Path) -> object:
    from benchmarks.data.labels import read_ranges

    return read_ranges(path, [FRAMES], ["01"])


def _pairs(path: Path) -> object:
    from benchmarks.data.labels import read_pairs

    return read_pairs(path, [FRAMES, FRAMES], ["01", "02"])


def _image(path: Path) -> object:
    from benchmarks.data.images import read_image

    return read_image(path)


def _video(path: Path) -> object:
    from benchmarks.data.video_files import VideoFrames, stated_length

    frames = VideoFrames(path, length := stated_length(path))
    return [frames(index) for index in range(min(length, 8))]


def _archive(path: Path) -> object:
    from benchmarks.data.archives import unpack

    return unpack(path, path.parent / "unpacked")


def _study(path: Path) -> object:
    from benchmarks.study.files import load_study

    return load_study(path)


def _read_record(path: Path) -> object:
    from benchmarks.report.read.records import read_record

    record = read_record(path)
    return (
        record.code,
        record.metric("micro_auc"),
        record.kind("spatial"),
        record.phase("train", "seconds"),
        record.cell,
    )


def _terms(path: Path) -> object:
    from benchmarks.measure.terms import read_terms
    from benchmarks.run.labelling import read_labelling

    return read_labelling(path, {"scored_frames": 6}), read_terms(path)


def _packed_terms(path: Path) -> object:
    # Damage inside: a flipped bit of a gzip file hardly ever gets past its checksum.
    path.write_bytes(gzip.compress(path.read_bytes(), 1, mtime=0))
    return _terms(path)


def _checkpoint(path: Path) -> object:
    from benchmarks.run.checkpoint import read_facts

    return read_facts(path)


def _store(path: Path) -> object:
    path.with_suffix(".json").write_text(f'{{"key": "k", "names": ["a"], "lengths": [3], "bytes": {path.stat().st_size}, '
                                         '"size": 4, "channels": 1, "checksum": "c"}')  # fmt: skip
    return _open_store(path)


def _sidecar(path: Path) -> object:
    np.save(path.with_suffix(".npy"), np.zeros((3, 4, 4, 1), dtype=np.uint8))
    return _open_store(path.with_suffix(".npy"))


def _open_store(path: Path) -> object:
    from benchmarks.data.store import _open_existing
    from benchmarks.data.video import ImageFrames, Video

    return _open_existing(path, "k", [Video("a", 3, ImageFrames(()))])


def _inspection(path: Path) -> object:
    from benchmarks.run.inspect.file import InspectionFile

    return InspectionFile.load(path)


def _settings(path: Path) -> object:
    from benchmarks.run.cell import _read_settings

    return _read_settings(path).name


def _names(path: Path) -> object:
    from benchmarks.data.listing import images_in

    folder = path.with_name("frames")
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name in path.read_bytes().decode("utf-8", errors="surrogateescape").split("\n"):
        if (
            name
            and "/" not in name
            and "\0" not in name
            and name not in (".", "..")
            and len(name.encode(errors="surrogateescape")) < 200
        ):
            (folder / name).touch()
    return images_in(folder)


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    packed = io.BytesIO()
    np.save(packed, array)
    return packed.getvalue()


def _npz() -> bytes:
    from benchmarks.run.inspect.file import InspectionFile

    names = ("input", "target", "output", "error")
    arrays = {f"still_{name}": np.zeros((1, 4, 4, 1), dtype=np.uint8) for name in names}
    packed = io.BytesIO()
    text = np.array(["normal"])
    np.savez_compressed(
        packed,
        allow_pickle=False,
        still_kind=text,
        still_video=text,
        still_frame=np.zeros(1, np.int64),
        frames=np.array(1),
        **arrays,
    )
    assert InspectionFile.NAME
    return packed.getvalue()


def _mat(*, compressed: bool = False) -> bytes:
    from scipy.io import savemat

    packed = io.BytesIO()
    cells = np.empty((1, 2), dtype=object)
    cells[0] = [np.array([[1, 9], [5, 12]]), np.array([[3], [7]])]
    savemat(packed, {"gt": cells}, do_compression=compressed)
    return packed.getvalue()


def _encoded(suffix: str, frame: np.ndarray[Any, Any]) -> bytes:
    return bytes(cv2.imencode(suffix if frame.ndim == 2 or suffix != ".pgm" else ".ppm", frame)[1].tobytes())


def _avi(frame: np.ndarray[Any, Any]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
        for _ in range(4):
            writer.write(frame)
        writer.release()
        return path.read_bytes()


def _tar(mode: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:  # type: ignore[call-overload]
        for name in ("set/train/a.txt", "set/b.txt"):
            member = tarfile.TarInfo(name)
            member.size = 5
            tar.addfile(member, io.BytesIO(b"hello"))
    return packed.getvalue()


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("set/a.txt", "hello" * 20)
        file.writestr("set/b/c.txt", "hello")
    return packed.getvalue()


def _tensors() -> bytes:
    import torch
    from safetensors.torch import save

    metadata = {"facts": '{"epochs": []}', "objectives": "[]"}
    return bytes(save({"method.a": torch.zeros(2, 3), "optimiser.0.0.step": torch.zeros(())}, metadata))


def _table() -> bytes:
    rows = [f"01,{frame},{int(frame > 6)},0.{frame}1" for frame in range(4, 10)]
    return gzip.compress(("video,frame,label,plain.mse\n" + "\n".join(rows) + "\n").encode(), mtime=0)


def _record(settings: Settings) -> bytes:
    metrics = {"plain": {"psnr": {"per_video": {"micro_auc": 0.5, "macro_auc": None}}}}
    content = {
        "schema": 1,
        "name": settings.name,
        "settings": settings.to_dict(),
        "settings_hash": settings.hash,
        "seed": 0,
        "commit": "0" * 40,
        "dirty": False,
        "fingerprint": {"digest": "0" * 16, "modules": {"a.py": "0" * 12}},
        "started": "2026-01-01T00:00:00+00:00",
        "hardware": {"processor": "some", "threads": 1},
        "data": {"scored_frames": 6},
        "epochs": [{"epoch": 1, "losses": {"total": 0.5}}],
        "phases": {"train": {"seconds": 1.0}},
        "parameters": 3,
        "metrics": metrics,
        "headline": {"variant": "plain", "score": "psnr", "micro_auc": 0.5},
        "kinds": {"plain": {"spatial": 0.5}},
        "notes": [],
    }
    return json.dumps(content, indent=1).encode()
