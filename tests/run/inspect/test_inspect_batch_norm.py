"""Batch norm's running statistics measured anew: benchmarks/run/inspect/batch_norm.py."""

from dataclasses import replace

import pytest
import torch

from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.cell_data import CellData, Places, open_data
from benchmarks.run.fast import speed_up
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.batch_norm import recalibrated
from benchmarks.run.methods import build
from benchmarks.run.training import train_epoch
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from tests.support.cells import write_blob_videos

CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("settings_of_torch")


def small(method: str, memory: str = "own") -> Settings:
    """A cell of seconds."""
    chosen = {"precision": "float32", "channels": 1, "epochs": 1, "train_stride": 3}
    return resolve(dataset="garden", method=method, task="reconstruction", memory=memory, profile="smoke", **chosen)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Where a set of moving blobs lies."""
    root = tmp_path_factory.mktemp("garden")
    write_blob_videos(root / "data" / "garden", train=4, test=2, length=24, abnormal=lambda video: slice(12, 18))
    return Places(root / "data", root / "results", root / "work")


def trained(settings: Settings, data: CellData, *, fast: bool = False) -> MemoryAutoencoder:
    """A method after its one epoch."""
    method = MemoryAutoencoder(settings, 0, CPU)
    if fast:
        speed_up(method, CPU)
    feed = Feed(data.training_clips(settings, method.clip_length), CPU)
    train_epoch(method, method.objectives(), feed, settings, 0, 1, lambda *facts: None)
    return method


class TestMeasuredAnew:
    @pytest.mark.parametrize(("method", "memory"), [("mnad", "own"), ("mnad", "none"), ("memae", "own")])
    @pytest.mark.parametrize("fast", [False, True], ids=["record", "fast"])
    def test_does_not_depend_on_the_statistics_it_replaces(
        self, places: Places, method: str, memory: str, *, fast: bool
    ) -> None:
        """Statistics of another range ruin the published score and change nothing here, but for the ratio that tells."""
        settings = small(method, memory)
        data = open_data(settings, places)
        cell = trained(settings, data, fast=fast)
        found = recalibrated(cell, data, CPU)
        cell.load({name: 100 * value if "running_var" in name else value for name, value in cell.state().items()})
        spoilt = recalibrated(cell, data, CPU)
        assert found is not None
        assert spoilt is not None
        assert spoilt["micro_auc"] == found["micro_auc"]
        assert spoilt["variance_ratio"] > 10 * found["variance_ratio"] >= 10

    def test_a_channel_that_becomes_constant_has_no_ratio(self, places: Places) -> None:
        """A memory from which nothing is read leaves the decoder's first norm without variance (STUDY trap 10)."""
        settings = small("memae")
        data = open_data(settings, places)
        cell = trained(settings, data)
        cell.load({name: 0 * value if name.endswith("items") else value for name, value in cell.state().items()})
        found = recalibrated(cell, data, CPU)
        assert found is not None
        assert found["variance_ratio"] is None
        assert found["micro_auc"] is not None

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_puts_everything_back(self, places: Places, method: str) -> None:
        """Weights, items, statistics, momenta and counts of use are as before."""
        settings = small(method)
        data = open_data(settings, places)
        cell = trained(settings, data)
        cell.take_usage()
        before = {name: value.clone() for name, value in cell.state().items()}
        momenta = [module.momentum for module in cell.network.modules() if hasattr(module, "momentum")]
        recalibrated(cell, data, CPU)
        assert all(torch.equal(value, before[name]) for name, value in cell.state().items())
        assert [module.momentum for module in cell.network.modules() if hasattr(module, "momentum")] == momenta

    def test_a_method_of_another_kind_has_none(self, places: Places) -> None:
        """Nothing is said of what has no running statistics."""
        settings = resolve(dataset="garden", method="clock", task="reconstruction", memory="none", profile="smoke")
        data = open_data(settings, places)
        assert recalibrated(build(settings, 0, CPU), data, CPU) is None

    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_compiled_halves_are_measured_as_written(self, places: Places, method: str) -> None:
        """On a GPU the mode `fast` compiles: a new momentum at each batch would end at torch's limit of recompilations."""
        settings = replace(small(method), train_stride=1)
        data = open_data(settings, places)
        plain, compiled = MemoryAutoencoder(settings, 0, CPU), MemoryAutoencoder(settings, 0, CPU)
        # As on an accelerator, with torch's own kernels behind the traced graph.
        speed_up(compiled, torch.device("meta"), backend="eager")
        found = []
        for made in (plain, compiled):
            feed = Feed(data.training_clips(settings, made.clip_length), CPU)
            train_epoch(made, made.objectives(), feed, settings, 0, 1, lambda *facts: None)
            found.append(recalibrated(made, data, CPU))
        torch.compiler.reset()
        assert found[1] is not None
        assert found[1]["batches"] > torch._dynamo.config.recompile_limit or method == "memae"
        assert found[1]["micro_auc"] == pytest.approx(found[0]["micro_auc"], abs=1e-3)  # type: ignore[index]
