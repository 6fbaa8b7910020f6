"""The generated pools as data sets: benchmarks/data/layouts/generated_pool.py."""

import pickle
from pathlib import Path

import numpy as np

from benchmarks.data.datasets import open_dataset
from benchmarks.data.facts import FACTS
from benchmarks.data.layouts import generated, generated_pool
from benchmarks.data.store import open_store
from benchmarks.study.settings import GENERATED_DATASETS
from synthetic.pool.dataset import render_frame, swimmer_mask, video_plan
from synthetic.pool.scene import PoolSettings

SMALL = PoolSettings(width=96, height=54, train_videos=2, train_frames=20, test_videos=4, test_frames=24)


def folder(name: str) -> Path:
    """The generator's folder."""
    path = generated_pool.find(name, None)
    assert path is not None
    return path


class TestFind:
    def test_generated_sets_are_found_without_a_root(self) -> None:
        """What the study calls generated is what the layouts generate."""
        for name in GENERATED_DATASETS:
            assert (generated.find(name, None) is None) != (generated_pool.find(name, None) is None)
        assert generated_pool.find("ped2", None) is None


class TestRead:
    def test_frames_labels_and_masks_are_the_generators(self) -> None:
        """The data set hands on what `render_frame` gives, in colour and in grey; labels follow the masks."""
        dataset = generated_pool.read("pool", folder("pool"), settings=SMALL)
        for split, videos in (("train", dataset.train), ("test", dataset.test)):
            for video, plan in zip(videos, video_plan(SMALL, split), strict=True):  # type: ignore[arg-type]
                reader = pickle.loads(pickle.dumps(video.read))
                frame = render_frame(plan, 15)
                np.testing.assert_array_equal(reader(15), frame.image)
                assert reader(15, grey=True).shape == (54, 96)
                if split == "train":
                    assert video.labels is None
                    assert video.masks is None
                else:
                    masks = [video.masks(index) for index in range(video.length)]
                    np.testing.assert_array_equal(masks[15], frame.mask)
                    np.testing.assert_array_equal(video.labels, [mask.any() for mask in masks])

    def test_inpainted_training_frames_are_free_of_swimmers(self) -> None:
        """`pool-inpainted` trains on frames whose swimmers are painted over: unlike both the annotated and the empty ones."""
        dataset = generated_pool.read("pool-inpainted", folder("pool-inpainted"), settings=SMALL)
        plain = generated_pool.read("pool", folder("pool"), settings=SMALL)
        compared = 0
        for video in dataset.train:
            plan = video.read.plan
            for index in range(video.length):
                if swimmer_mask(plan, index).any():
                    annotated, empty = render_frame(plan, index), render_frame(plan, index, swimmers=False)
                    frame = video.read(index)
                    distance = [
                        np.square(frame.astype(float) - other.image)[annotated.mask].mean()
                        for other in (annotated, empty)
                    ]
                    assert distance[0] > 0
                    compared += 1
        assert compared >= 5
        assert [video.identity for video in dataset.train] != [video.identity for video in plain.train]
        np.testing.assert_array_equal(dataset.test[0].read(20), plain.test[0].read(20))

    def test_the_store_holds_the_same_for_any_number_of_workers(self, tmp_path: Path) -> None:
        """One process or two: byte for byte the same store, in colour."""
        dataset = generated_pool.read("pool", folder("pool"), settings=SMALL)
        stores = [
            open_store(dataset, "train", size=32, channels=3, folder=tmp_path / str(n), workers=n, progress=False)
            for n in (1, 2)
        ]
        assert stores[0].checksum == stores[1].checksum
        assert stores[0].frames.shape == (40, 32, 32, 3)

    def test_the_default_set_has_its_facts_and_both_classes(self) -> None:
        """The set opens without a root, agrees with its facts, and has normal and abnormal frames."""
        dataset = open_dataset("pool", None)
        assert dataset.train[0].read(0).shape[1::-1] == FACTS["pool"].frame_size
        labels = np.concatenate([video.labels for video in dataset.test])
        assert 0.3 < labels.mean() < 0.7
        assert not dataset.test[3].labels.any()

    def test_a_conservative_region_loses_its_border(self) -> None:
        """`pool-conservative` shows the pool's inner part as it is and black elsewhere; masks and labels stay."""
        dataset = generated_pool.read("pool-conservative", folder("pool-conservative"), settings=SMALL)
        plain = generated_pool.read("pool", folder("pool"), settings=SMALL)
        for video, other in ((dataset.train[0], plain.train[0]), (dataset.test[0], plain.test[0])):
            frame, whole = video.read(12), other.read(12)
            rendered = render_frame(other.read.plan, 12)  # type: ignore[attr-defined]
            kept = frame.any(axis=-1)
            np.testing.assert_array_equal(frame[kept], whole[kept])
            assert not (kept & ~rendered.region).any()
            assert 0.5 < kept.sum() / rendered.region.sum() < 0.97
            assert video.identity != other.identity
        np.testing.assert_array_equal(dataset.test[0].labels, plain.test[0].labels)  # type: ignore[arg-type]
