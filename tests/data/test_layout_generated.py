"""The synthetic set as a data set: benchmarks/data/layouts/generated.py."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.data.datasets import open_dataset
from benchmarks.data.layouts import generated
from benchmarks.data.store import open_store
from synthetic.dataset import render_video, video_plan
from synthetic.scene import SceneSettings

SMALL = SceneSettings(size=32, train_videos=2, train_frames=6, test_videos=4, test_frames=24)


class TestRead:
    def test_frames_labels_kinds_and_masks_are_the_generators(self) -> None:
        """The data set hands on what `render_video` gives."""
        path = generated.find("synthetic", None)
        assert path is not None
        dataset = generated.read("synthetic", path, settings=SMALL)
        for split, videos in (("train", dataset.train), ("test", dataset.test)):
            for video, plan in zip(videos, video_plan(SMALL, split), strict=True):
                truth = render_video(plan)
                reader = pickle.loads(pickle.dumps(video.read))
                np.testing.assert_array_equal([reader(i) for i in range(video.length)], truth.frames)
                if split == "test":
                    np.testing.assert_array_equal(video.labels, truth.labels)
                    np.testing.assert_array_equal(video.kinds, truth.kinds)
                    np.testing.assert_array_equal([video.masks(i) for i in range(video.length)], truth.masks)
                else:
                    assert video.labels is None

    def test_the_store_holds_the_frames_for_any_number_of_workers(self, tmp_path: Path) -> None:
        """At the generator's own size the store is the rendered frames, byte for byte."""
        path = generated.find("synthetic", None)
        assert path is not None
        dataset = generated.read("synthetic", path, settings=SMALL)
        stores = [
            open_store(dataset, "test", size=32, channels=1, folder=tmp_path / str(n), workers=n, progress=False)
            for n in (1, 2)
        ]
        assert stores[0].checksum == stores[1].checksum
        frames = np.concatenate([render_video(plan).frames for plan in video_plan(SMALL, "test")])
        np.testing.assert_array_equal(stores[0].frames[..., 0], frames)

    def test_other_settings_are_other_identities(self) -> None:
        """A seed or a size makes another video; the same settings the same."""
        path = generated.find("synthetic", None)
        assert path is not None
        first = generated.read("synthetic", path, settings=SMALL).train
        again = generated.read("synthetic", path, settings=SMALL).train
        other = generated.read("synthetic", path, settings=SceneSettings(**(SMALL.__dict__ | {"seed": 1}))).train
        assert [v.identity for v in first] == [v.identity for v in again]
        assert len({v.identity for v in (*first, *other)}) == 4

    def test_opens_without_a_root(self) -> None:
        """The default set has about 2,000 frames a split, both classes, and needs no folder."""
        dataset = open_dataset("synthetic", None)
        assert sum(v.length for v in dataset.train) == 2000
        assert sum(v.length for v in dataset.test) == 2000
        assert set(np.concatenate([v.kinds for v in dataset.test]).tolist()) == {0, 1, 2, 3}

    def test_objects_cross_where_the_name_says_so(self) -> None:
        """`synthetic-cross` is the scene of `synthetic` with another boundary, and its frames have another identity."""
        assert generated.SCENES["synthetic-cross"] == replace(generated.SCENES["synthetic"], boundary="cross")
        path = generated.find("synthetic-cross", None)
        assert path is not None
        bounce, cross = (
            generated.read("synthetic-cross", path, settings=replace(SMALL, boundary=boundary))
            for boundary in ("bounce", "cross")
        )
        assert bounce.train[0].identity != cross.train[0].identity
