"""The clips of a comparison: benchmarks/perf/workload.py."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.data.datasets import open_dataset
from benchmarks.errors import StudyError
from benchmarks.perf.workload import name_of, open_workload, recipe_of
from benchmarks.study.presets import resolve
from examples import mnad_in_one_file as published_mnad
from examples.memae_in_one_file import Memae
from examples.mnad_in_one_file import Mnad
from tests.support.methods import made_up_clips, method_of


class TestOpenWorkload:
    @pytest.mark.parametrize("split", ["train", "test"])
    def test_both_sides_see_the_same_frames(self, tiny_images: Path, tmp_path: Path, split: str) -> None:
        """The store's first clip is what the recipe decodes from the first files."""
        settings = resolve(dataset="tiny", method="mnad", task="prediction", profile="smoke")
        dataset = open_dataset("tiny", tiny_images)
        work = open_workload(
            dataset, "train" if split == "train" else "test", settings, length=5, clips=3, folder=tmp_path
        )
        assert len(work.files) == 7
        assert len(work.feed.clips) == 3
        decoded = published_mnad.load_clip(work.files[:5], settings.size, settings.channels)
        stored = work.feed.batch(np.array([0])).frames[0].permute(0, 3, 1, 2).flatten(0, 1)
        assert torch.equal(decoded, stored.float() / 127.5 - 1)

    def test_refuses_a_set_without_image_files(self, tmp_path: Path) -> None:
        """Generated frames cannot be decoded, and the sentence says so."""
        settings = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke")
        with pytest.raises(StudyError, match="image file for each frame"):
            open_workload(open_dataset("synthetic", None), "test", settings, length=5, clips=3, folder=tmp_path)


class TestRecipeOf:
    @pytest.mark.parametrize("task", ["prediction", "reconstruction"])
    def test_mnad_has_our_weights(self, task: str) -> None:
        """With the same weights and items, the recipe's first loss is ours."""
        method = method_of(method="mnad", task=task)
        recipe = recipe_of(method)
        assert isinstance(recipe, Mnad)
        assert torch.equal(recipe.items, method.state()["memory.items"])
        state = method.state()
        assert all(torch.equal(value, state[name]) for name, value in recipe.state_dict().items())

    def test_memae_has_our_weights(self) -> None:
        """The output for a clip is ours."""
        method = method_of(method="memae", task="reconstruction", shrink_threshold=0.0025)
        recipe = recipe_of(method)
        assert isinstance(recipe, Memae)
        clip = torch.from_numpy(made_up_clips(method, 1))
        inputs = method.backbone.to_inputs(clip)
        method.network.eval()
        query, _ = method.backbone.encoder(inputs)
        features = method.memory.read(method.backbone.as_map(query), None).features
        ours = method.backbone.decoder(method.backbone.from_map(features))
        assert torch.allclose(recipe.eval()(inputs.contiguous())[0], ours, atol=1e-5)


class TestNameOf:
    def test_says_the_geometry(self) -> None:
        """Method, task, size, channels, width and batch."""
        settings = resolve(dataset="ped2", method="memae", task="reconstruction", profile="small")
        assert name_of(settings) == "MemAE reconstruction, 128x128x1, clips of 16, width x 0.25, batch 4"
        assert name_of(settings, batch=False).endswith("width x 0.25")
