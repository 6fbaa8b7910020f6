"""The frame store: benchmarks/data/store.py, store_build.py and store_key.py."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.data import store_build
from benchmarks.data import store_key as store_key_module
from benchmarks.data.images import resize_square
from benchmarks.data.store import FrameStore, content_checksum, open_store
from benchmarks.data.store_key import made_by, store_key
from benchmarks.data.video import Dataset, ImageFrames, Video
from benchmarks.errors import StudyError


def make_video(folder: Path, length: int, seed: int) -> Video:
    """A video of random JPEGs."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for index in range(length):
        cv2.imwrite(str(folder / f"{index:03d}.jpg"), rng.integers(0, 255, (30, 40, 3), dtype=np.uint8))
    paths = tuple(sorted(folder.iterdir()))
    return Video(folder.name, length, ImageFrames(paths), sources=paths)


def make_dataset(root: Path) -> Dataset:
    """A training split of two videos, 5 and 7 frames long."""
    videos = tuple(make_video(root / name, length, seed) for seed, (name, length) in enumerate((("01", 5), ("02", 7))))
    return Dataset("tiny", "test", train=videos, test=())


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """The tiny set, in a folder of its own."""
    return make_dataset(tmp_path / "set")


def opened(dataset: Dataset, folder: Path, *, size: int = 16, channels: int = 3, workers: int = 1) -> FrameStore:
    """The set's training store, without a progress bar."""
    return open_store(dataset, "train", size=size, channels=channels, folder=folder, workers=workers, progress=False)


def left_in(folder: Path) -> list[str]:
    """Files that somebody could mistake for a store, or that are half-written."""
    return sorted(path.name for path in folder.glob("*") if path.suffix != ".lock") if folder.is_dir() else []


class TestOpenStore:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_holds_every_frame_decoded_and_resized(self, dataset: Dataset, tmp_path: Path, channels: int) -> None:
        """Row by row the store equals decoding each image, in order of the videos."""
        store = opened(dataset, tmp_path / "store", channels=channels)
        flag = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        expected = [
            cv2.resize(cv2.imread(str(path), flag), (16, 16), interpolation=cv2.INTER_LINEAR).reshape(16, 16, channels)
            for video in dataset.train
            for path in video.sources
        ]
        np.testing.assert_array_equal(store.frames, expected)
        assert store.lengths == (5, 7)
        assert store.names == ("01", "02")
        assert store.checksum == content_checksum(np.array(expected))

    def test_is_read_only_and_memory_mapped(self, dataset: Dataset, tmp_path: Path) -> None:
        """The array lies on disk and cannot be written to."""
        store = opened(dataset, tmp_path / "store")
        assert isinstance(store.frames, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            store.frames[0] = 0

    def test_processes_and_one_process_give_the_same(self, dataset: Dataset, tmp_path: Path) -> None:
        """The content does not depend on the number of workers."""
        one = opened(dataset, tmp_path / "one")
        two = opened(dataset, tmp_path / "two", workers=2)
        assert one.checksum == two.checksum
        assert one.path.read_bytes() == two.path.read_bytes()

    def test_is_built_once(self, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Opening again decodes nothing."""
        first = opened(dataset, tmp_path / "store")
        monkeypatch.setattr("benchmarks.data.store.build_array", None)
        assert opened(dataset, tmp_path / "store").checksum == first.checksum

    def test_another_size_or_number_of_channels_is_another_store(self, dataset: Dataset, tmp_path: Path) -> None:
        """Sizes and channels live side by side."""
        paths = {opened(dataset, tmp_path / "s", size=size, channels=c).path for size in (8, 16) for c in (1, 3)}
        assert len(paths) == 4

    def test_a_moved_set_finds_its_store(self, dataset: Dataset, tmp_path: Path) -> None:
        """The key depends on names and contents, not on where and when."""
        first = opened(dataset, tmp_path / "store")
        shutil.copytree(tmp_path / "set", tmp_path / "elsewhere")
        moved = [
            replace(video, sources=(paths := tuple(sorted((tmp_path / "elsewhere" / video.name).iterdir()))),
                    read=ImageFrames(paths))
            for video in dataset.train
        ]  # fmt: skip
        assert opened(replace(dataset, train=tuple(moved)), tmp_path / "store").path == first.path

    @pytest.mark.parametrize("damage", ["truncated", "no sidecar", "torn sidecar", "no array", "other shape"])
    def test_a_torn_store_is_rebuilt_and_says_so(
        self, dataset: Dataset, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Whatever half is missing or cut, opening ends with a whole store and a logged line."""
        first = opened(dataset, tmp_path / "store")
        sidecar = first.path.with_suffix(".json")
        if damage == "truncated":
            os.truncate(first.path, first.path.stat().st_size - 1000)
        elif damage == "no sidecar":
            sidecar.unlink()
        elif damage == "torn sidecar":
            sidecar.write_text(sidecar.read_text()[:40])
        elif damage == "no array":
            first.path.unlink()
        else:
            content = json.loads(sidecar.read_text())
            sidecar.write_text(json.dumps(content | {"size": 8}))
        with caplog.at_level(logging.WARNING):
            second = opened(dataset, tmp_path / "store")
        second.verify()
        assert second.checksum == first.checksum
        assert "Rebuilding" in caplog.text

    def test_a_truncated_image_leaves_nothing_behind(self, dataset: Dataset, tmp_path: Path) -> None:
        """The error names the file, and no store or temporary file stays, with one process or two."""
        victim = dataset.train[1].sources[3]
        victim.write_bytes(victim.read_bytes()[:-200])
        for workers in (1, 2):
            with pytest.raises(StudyError, match=r"02.003\.jpg"):
                opened(dataset, tmp_path / "store", workers=workers)
            assert left_in(tmp_path / "store") == []

    def test_a_folder_that_cannot_be_made_is_an_error(self, dataset: Dataset, tmp_path: Path) -> None:
        """A store inside a file gives a sentence, not a traceback."""
        (tmp_path / "file").write_text("")
        with pytest.raises(StudyError, match="another folder"):
            opened(dataset, tmp_path / "file" / "store")

    def test_a_full_disk_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """A file system that takes no more bytes (here a limit on file size) gives a sentence and no files."""
        make_dataset(tmp_path / "set")
        code = """
            import resource, sys
            from pathlib import Path
            from benchmarks.data.store import open_store
            from benchmarks.data.video import Dataset, ImageFrames, Video
            from benchmarks.errors import StudyError
            root = Path(sys.argv[1])
            paths = tuple(sorted((root / "set" / "01").iterdir()))
            dataset = Dataset("tiny", "test", (Video("01", 5, ImageFrames(paths), sources=paths),), ())
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
            try:
                open_store(dataset, "train", size=64, channels=3, folder=root / "store", progress=False)
            except StudyError as error:
                print(error)
        """
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert "free space" in done.stdout, done.stderr
        assert left_in(tmp_path / "store") == []

    def test_a_dead_worker_is_an_error(self, dataset: Dataset, tmp_path: Path) -> None:
        """A worker that is killed gives a sentence and leaves nothing."""
        deadly = tuple(replace(video, read=DeadlyFrames()) for video in dataset.train)
        with pytest.raises(StudyError, match="died"):
            opened(replace(dataset, train=deadly), tmp_path / "store", workers=2)
        assert left_in(tmp_path / "store") == []

    def test_two_processes_at_once_share_one_build(self, tmp_path: Path) -> None:
        """Of several processes that start together, one builds and all open the same content."""
        make_dataset(tmp_path / "set")
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(CONCURRENT))
        command = [sys.executable, str(script), str(tmp_path)]
        environment = os.environ | {"PYTHONPATH": str(Path(store_build.__file__).parents[2])}
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(3)]
        results = [process.communicate()[0].split() for process in running]
        assert all(process.returncode == 0 for process in running)
        assert len({checksum for _, checksum in results}) == 1
        assert sorted(built for built, _ in results) == ["0", "0", "1"]

    def test_a_killed_build_is_taken_over(self, tmp_path: Path, dataset: Dataset) -> None:
        """After SIGKILL in the midst of a build the next process builds a whole store, its lock being free."""
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(CONCURRENT))
        environment = os.environ | {"PYTHONPATH": str(Path(store_build.__file__).parents[2]), "SLOW": "60"}
        killed = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=environment)
        deadline = time.monotonic() + 60
        while not list((tmp_path / "store").glob("*.tmp")) and time.monotonic() < deadline:
            time.sleep(0.05)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert any(name.endswith(".tmp") for name in left_in(tmp_path / "store"))
        opened(dataset, tmp_path / "store").verify()
        assert not any(name.endswith(".tmp") for name in left_in(tmp_path / "store"))

    def test_an_unknown_split_and_an_empty_one_are_refused(self, dataset: Dataset, tmp_path: Path) -> None:
        """Splits are train and test, and must hold videos."""
        with pytest.raises(StudyError, match="train or test"):
            open_store(dataset, "valid", size=8, channels=1, folder=tmp_path)
        with pytest.raises(StudyError, match="no test videos"):
            open_store(dataset, "test", size=8, channels=1, folder=tmp_path)

    def test_other_channels_are_refused(self, dataset: Dataset, tmp_path: Path) -> None:
        """Two channels are neither grey nor colour."""
        with pytest.raises(StudyError, match="1 or 3 channels"):
            opened(dataset, tmp_path, channels=2)


class TestVerify:
    def test_finds_a_changed_byte(self, dataset: Dataset, tmp_path: Path) -> None:
        """One byte that differs from what was built is an error that names the file."""
        store = opened(dataset, tmp_path / "store")
        store.verify()
        with store.path.open("r+b") as file:
            file.seek(-1, 2)
            last = file.read(1)
            file.seek(-1, 2)
            file.write(bytes([last[0] ^ 1]))
        with pytest.raises(StudyError, match="checksum"):
            opened(dataset, tmp_path / "store").verify()


class TestBuildArray:
    def test_content_that_reads_back_differently_is_refused(
        self, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A disk that does not keep what was written is found out right after the build."""
        fill = store_build._fill

        def careless(part: store_build._Slice, advance: object = None) -> str:
            digest = fill(part)
            with part.path.open("r+b") as file:
                file.seek(part.begin)
                file.write(bytes(64))
            return digest

        monkeypatch.setattr(store_build, "_fill", careless)
        with pytest.raises(StudyError, match="read back differently"):
            opened(dataset, tmp_path / "store")
        assert left_in(tmp_path / "store") == []


class TestStoreKey:
    def test_changes_with_what_determines_the_frames(self, dataset: Dataset) -> None:
        """Size, channels, names, lengths, identity and contents each change the key; opening again does not."""
        videos = dataset.train
        base = store_key(videos, size=8, channels=1)
        assert store_key(videos, size=8, channels=1) == base
        others = {
            store_key(videos, size=9, channels=1),
            store_key(videos, size=8, channels=3),
            store_key(videos[:1], size=8, channels=1),
            store_key(videos[::-1], size=8, channels=1),
            store_key((replace(videos[0], name="x"), videos[1]), size=8, channels=1),
            store_key((replace(videos[0], identity="x"), videos[1]), size=8, channels=1),
        }
        data = bytearray(videos[0].sources[0].read_bytes())
        data[len(data) // 2] ^= 1
        videos[0].sources[0].write_bytes(data)
        others.add(store_key(videos, size=8, channels=1))
        assert len(others | {base}) == 8

    def test_a_video_that_states_no_origin_is_refused(self, dataset: Dataset) -> None:
        """Without sources or identity two sets could share a store."""
        with pytest.raises(StudyError, match="identity"):
            store_key((replace(dataset.train[0], sources=()),), size=8, channels=1)

    def test_a_missing_source_is_named(self, dataset: Dataset) -> None:
        """A file that has gone is an error with its path."""
        dataset.train[0].sources[2].unlink()
        with pytest.raises(StudyError, match=r"002\.jpg"):
            store_key(dataset.train, size=8, channels=1)

    @pytest.mark.parametrize("what", ["_OPENCV", "_RESIZE"])
    def test_changes_with_decoder_and_resize(
        self, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        """Frames of another decoder or resize are others: their store is made anew."""
        before = store_key(dataset.train, size=8, channels=1)
        monkeypatch.setattr(store_key_module, what, "another")
        assert store_key(dataset.train, size=8, channels=1) != before


class TestMadeBy:
    def test_names_the_decoder_of_files_and_the_resize(self, dataset: Dataset) -> None:
        """The library with its version, and how it interpolates."""
        library = f"opencv {cv2.__version__}"
        assert made_by(dataset.train) == {"decoder": library, "resize": f"{library} INTER_LINEAR"}

    def test_names_no_decoder_of_generated_frames(self, dataset: Dataset) -> None:
        """What is rendered is not decoded, but resized all the same."""
        generated = [replace(video, sources=(), identity="a plan") for video in dataset.train]
        assert made_by(generated) == {**made_by(dataset.train), "decoder": None}


class DeadlyFrames:
    """A reader that kills its process, as the kernel does when memory runs out."""

    def __call__(self, index: int, *, grey: bool = False) -> np.ndarray:
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)
        return resize_square(np.zeros((4, 4), dtype=np.uint8), 4, 1)


CONCURRENT = """
    import os, sys, time
    from pathlib import Path
    from benchmarks.data import store
    from benchmarks.data.video import Dataset, ImageFrames, Video

    class Slow(ImageFrames):
        def __call__(self, index, *, grey=False):
            time.sleep(float(os.environ.get("SLOW", "0.05")))
            return super().__call__(index, grey=grey)

    root, builds, original = Path(sys.argv[1]), [], store.build_array

    def counted(*args, **kwargs):
        builds.append(1)
        return original(*args, **kwargs)

    store.build_array = counted
    folders = sorted((root / "set").iterdir())
    paths = [tuple(sorted(folder.iterdir())) for folder in folders]
    videos = tuple(Video(f.name, len(p), Slow(p), sources=p) for f, p in zip(folders, paths))
    opened = store.open_store(Dataset("tiny", "test", videos, ()), "train", size=16, channels=3,
                              folder=root / "store", progress=False)
    opened.verify()
    print(len(builds), opened.checksum)
"""
