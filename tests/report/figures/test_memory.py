from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.report.figures import by_setting, by_x, usage
from benchmarks.report.read.rows import Row
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Rows = Callable[..., list[Row]]


def mnad(**overrides: Any) -> Settings:
    return resolve(dataset="ped2", method="mnad", **{"task": "prediction", **overrides})


def epoch(number: int, counts: list[int], **facts: float) -> dict[str, Any]:
    return {"epoch": number, "losses": {"total": 1.0}, "usage": counts, **facts}


class TestMemoryEpochs:
    def test_perplexity_and_dead_items(self, write_rows: Rows) -> None:
        """Both are shares of the items, by epoch; a column per task, a line per setting of the memory."""
        told = [epoch(1, [5] * 10, perplexity=10.0, dead=0), epoch(2, [5] * 10, perplexity=4.0, dead=3)]
        settings = [mnad(), mnad(supervision="uniform_balance"), mnad(task="reconstruction"), mnad(memory="none")]
        figure = by_x.memory_by_epoch([*write_rows(settings[:3], (0, 1), epochs=told), Row(settings[3], ())])
        assert figure is not None
        assert [axes.get_title() for axes in figure.axes[:2]] == ["MNAD, prediction", "MNAD, reconstruction"]
        effect, dead = (
            [line for line in figure.axes[place].lines if line.get_label() in ("as usual", "uniform balance")]
            for place in (0, 2)
        )
        assert [list(line.get_ydata()) for line in effect] == [[100.0, 40.0]] * 2
        assert [list(line.get_ydata()) for line in dead] == [[0.0, 30.0]] * 2

    def test_without_a_memory(self, write_rows: Rows) -> None:
        """Rows without a memory have no figure."""
        assert by_x.memory_by_epoch(write_rows([mnad(memory="none")], (0,))) is None


class TestMemoryTest:
    def test_a_panel_per_quantity_that_is_held(self, write_rows: Rows) -> None:
        """Quantities of the record's sections have a panel; those that no record holds have none."""
        sections = {
            "items": {"update": {"mean_cosine": 0.3, "update_size": 0.02}},
            "queries": {"update": {"silhouette": None, "largest_weight": 0.4}},
        }
        figure = by_setting.memory_at_test(write_rows([mnad(), mnad(items=20)], (0, 1), **sections))
        assert figure is not None
        titles = [axes.get_title().split("\n")[0] for axes in figure.axes]
        assert titles == [
            "items in effect",
            "dead items",
            "cosine of two items",
            "largest address",
            "size of an update",
        ]
        cosine = [line for line in figure.axes[2].lines if line.get_marker() == "o"]
        assert [float(line.get_xdata()[0]) for line in cosine] == pytest.approx([0.3, 0.3])
        assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [
            "MNAD · prediction · memory",
            "MNAD · prediction · memory · items 20",
        ]

    def test_without_a_memory(self, write_rows: Rows) -> None:
        """Rows without a memory have no figure."""
        assert by_setting.memory_at_test(write_rows([mnad(memory="none")], (0,))) is None


class TestUsageMap:
    def test_many_epochs_have_a_map(self, write_rows: Rows) -> None:
        """More epochs than histograms are shown whole, as shares by epoch and item."""
        told = [epoch(number, [number, 10 - number]) for number in range(1, 6)]
        (row,) = write_rows([mnad(items=2)], (0,), epochs=told)
        figure = usage.draw(row.records[0], "a")
        assert figure is not None
        (image,) = [image for axes in figure.axes for image in axes.images]
        assert image.get_array()[:, 0].tolist() == pytest.approx([10.0, 20.0, 30.0, 40.0, 50.0])
