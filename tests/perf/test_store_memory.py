"""Memory while training from a large store: benchmarks/perf/store_memory.py and benchmarks/perf/sparse_store.py."""

import json
import mmap
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.data.clips import Clips
from benchmarks.errors import StudyError
from benchmarks.perf import store_memory
from benchmarks.perf.sparse_store import even_lengths, open_sparse_store
from benchmarks.perf.store_memory import Sample, rows_of, sample, slope

ONE = Sample(seconds=0.0, frames=0, resident=900_000_000, anonymous=300_000_000, files=600_000_000, held=300_000_000)


class TestOpenSparseStore:
    def test_is_a_store_of_black_frames_without_blocks_on_the_disk(self, tmp_path: Path) -> None:
        """It opens as any store, reads as zeros, and takes next to no room."""
        dataset, store = open_sparse_store((7, 9), size=512, folder=tmp_path)
        assert store.frames.shape == (16, 512, 512, 1)
        assert store.lengths == (7, 9)
        assert [video.length for video in dataset.train] == [7, 9]
        assert not Clips(store.frames, store.lengths, length=5).take([0, 3]).any()
        assert store.path.stat().st_blocks * 512 < 64 * 1024 < store.path.stat().st_size

    def test_frames_are_shared_out_whole(self) -> None:
        """No frame is lost and no video is longer than another by more than one."""
        lengths = even_lengths(274_515, 330)
        assert sum(lengths) == 274_515
        assert max(lengths) - min(lengths) == 1


class TestSample:
    def test_sees_anonymous_memory_grow(self) -> None:
        """Memory that is filled counts as anonymous and as held."""
        size = 64_000_000
        before = sample(0.0, 0)
        # Mapped by hand: an allocator may take what it has kept.
        with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as filled:
            filled.write(b"1" * size)
            after = sample(0.0, 0)
        assert after.anonymous - before.anonymous > 0.9 * size
        assert after.held - before.held > 0.9 * size

    def test_pages_of_the_store_are_files_and_not_held(self, tmp_path: Path) -> None:
        """Reading a store raises the pages of files alone."""
        _, store = open_sparse_store((64,), size=512, folder=tmp_path)
        before = sample(0.0, 0)
        assert int(store.frames.max()) == 0
        after = sample(0.0, 0)
        assert after.files - before.files > 0.9 * store.frames.nbytes
        assert after.held - before.held < 0.5 * store.frames.nbytes


class TestSlope:
    def test_is_of_the_second_half(self) -> None:
        """What warming up takes does not count, a leak does, and what a step takes and gives back is no leak."""
        warm = [replace(ONE, frames=n, held=min(n, 400) * 10**6) for n in range(0, 1001, 10)]
        leak = [replace(ONE, frames=n, held=10**9 + n * 2000 + (n % 50) * 10**6) for n in range(0, 1001, 10)]
        assert slope(warm) == pytest.approx(0.0, abs=1e-9)
        assert slope(leak) == pytest.approx(2.0)

    def test_needs_enough_samples(self) -> None:
        """One moment has no slope; the sentence says what to do."""
        with pytest.raises(StudyError, match="--steps"):
            slope([ONE])


class TestRowsOf:
    def test_held_is_judged_and_files_are_only_told(self) -> None:
        """Targets belong to what cannot be given back."""
        samples = [replace(ONE, frames=n) for n in range(40)]
        rows = rows_of(samples, ONE, "training")
        assert [row.target for row in rows] == [2.0, 1.0, None, None]
        assert rows[0].claim.median == pytest.approx(0.3)
        assert rows[0].reached is True
        assert rows[2].claim.median == pytest.approx(0.9)


class TestMain:
    def test_a_tiny_store(self, tmp_path: Path) -> None:
        """A child trains, samples go from the first to the last frame, and memory is plausible."""
        out = tmp_path / "memory.json"
        sizes = ["--frames", "200", "--size", "32", "--batch", "2", "--steps", "20", "--interval", "0.005"]
        assert (
            store_memory.main(["--data-root", str(tmp_path), *sizes, "--folder", str(tmp_path), "--out", str(out)]) == 0
        )
        report = json.loads(out.read_text())
        assert len(report["rows"]) == 4
        assert report["sampled"] > 3
        frames = [one["frames"] for one in report["samples"]]
        assert frames == sorted(frames)
        assert report["after"]["frames"] == 40
        assert all(0 < one["anonymous"] < one["resident"] for one in report["samples"])
        assert not list(tmp_path.glob("tmp*"))
