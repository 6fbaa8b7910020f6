from collections.abc import Callable

import pytest

from benchmarks.report.figures import by_setting
from benchmarks.report.read.rows import Row
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Rows = Callable[..., list[Row]]


def settings(dataset: str, method: str, task: str, memory: str = "own") -> Settings:
    return resolve(dataset=dataset, method=method, task=task, memory=memory, profile="small")


class TestDraw:
    def test_a_panel_per_kind_memory_on_and_off(self, write_rows: Rows) -> None:
        """Each kind has a panel with chance at 50; a task has one line, with the mean of each memory setting on it."""
        wanted = [
            settings("synthetic", "mnad", task, memory)
            for task in ("reconstruction", "prediction")
            for memory in ("own", "none")
        ]
        rows = write_rows([*wanted, settings("synthetic", "mean_frame", "reconstruction")])
        figure = by_setting.by_kind(rows)
        assert figure is not None
        assert [axes.get_title() for axes in figure.axes] == ["Spatial", "Temporal", "Spatio-temporal"]
        assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == [
            "MNAD reconstruction",
            "MNAD prediction",
            "mean frame",
        ]
        for axes, kind in zip(figure.axes, ("spatial", "temporal", "spatio_temporal"), strict=True):
            means = [float(line.get_xdata()[0]) for line in axes.lines if line.get_label() == "_mark"]
            expected = [row.summary(lambda record, kind=kind: record.kind(kind)) for row in rows]  # type: ignore[misc]
            assert means == pytest.approx([100 * one.mean for one in expected if one is not None])
            assert any(list(line.get_xdata()) == [50, 50] for line in axes.lines)

    def test_on_and_off_differ_without_colour(self, write_rows: Rows) -> None:
        """With the memory the marker is filled, without it hollow."""
        rows = write_rows([settings("synthetic", "mnad", "prediction", memory) for memory in ("own", "none")], (0,))
        figure = by_setting.by_kind(rows)
        assert figure is not None
        faces = [line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_label() == "_mark"]
        assert faces[1] == "white" != faces[0]

    def test_a_set_without_kinds(self, write_rows: Rows) -> None:
        """Records that do not tell kinds apart have no figure."""
        assert by_setting.by_kind(write_rows([settings("ped2", "mnad", "prediction")], (0,))) is None
