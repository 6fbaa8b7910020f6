from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from benchmarks.report.figures import by_x
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.study_tables import micro
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Rows = Callable[..., list[Row]]


def mnad(task: str = "prediction", **overrides: object) -> Settings:
    return resolve(dataset="ped2", method="mnad", task=task, profile="small", **overrides)  # type: ignore[arg-type]


def drawn(axes: Axes, label: str) -> dict[float, float]:
    """Means that a labelled line shows, by x."""
    line = next(line for line in axes.lines if line.get_label() == label)
    return dict(zip(map(float, line.get_xdata()), map(float, line.get_ydata()), strict=True))


def mean(row: Row) -> float:
    values = row.by_seed(micro()).values()
    return 100 * sum(values) / len(values)


class TestEpochs:
    def test_after_each_epoch_and_by_length(self, write_rows: Rows) -> None:
        """Runs scored after each epoch have a panel, runs of different lengths another; neither shares a line."""
        watched = [{"epoch": e, "losses": {"total": 1.0}, "micro_auc": 0.6 + e / 100} for e in (1, 2, 3)]
        rows = write_rows([mnad(), mnad(epochs=5), mnad("reconstruction")], epochs=watched)
        figure = by_x.epochs(rows)
        assert figure is not None
        within, lengths = figure.axes
        assert within.get_title().startswith("after each epoch of one run")
        assert lengths.get_title().startswith("runs of this many epochs")
        texts = [text.get_text() for text in within.get_legend().get_texts()]  # type: ignore[union-attr]
        assert len(texts) == 3
        assert drawn(within, texts[0]) == pytest.approx({1: 61.0, 2: 62.0, 3: 63.0})
        (label,) = [text.get_text() for text in lengths.get_legend().get_texts()]  # type: ignore[union-attr]
        assert drawn(lengths, label) == pytest.approx({3: mean(rows[0]), 5: mean(rows[1])})

    def test_nothing_to_show(self, write_rows: Rows) -> None:
        """Runs of one length that were scored at their end alone have no figure."""
        assert by_x.epochs(write_rows([mnad()])) is None


class TestNoise:
    def test_reconstruction_is_no_noise(self, write_rows: Rows) -> None:
        """Denoising at each level joins reconstruction with the same skips at 0 %, on noisy and on clean input."""
        levels = [mnad("denoising", noise=share) for share in (0.05, 0.25)]
        others = [mnad("reconstruction", skip=True), mnad("reconstruction"), mnad()]
        rows = write_rows([*levels, *others])
        figure = by_x.noise(rows)
        assert figure is not None
        (axes,) = figure.axes
        assert axes.get_title() == "MNAD, with skips"
        assert drawn(axes, "memory, noisy input") == pytest.approx(
            {0: mean(rows[2]), 5: mean(rows[0]), 25: mean(rows[1])}
        )
        clean = [100 * np.mean(list(row.by_seed(micro(variant="clean_input")).values())) for row in rows[:2]]
        assert drawn(axes, "memory, clean input") == pytest.approx({0: mean(rows[2]), 5: clean[0], 25: clean[1]})
        assert drawn(axes, "prediction, with memory") == pytest.approx({0: mean(rows[4]), 1: mean(rows[4])})

    def test_supervision_and_skips_stay_apart(self, write_rows: Rows) -> None:
        """Another supervision is another line, another skip setting another panel."""
        settings = [
            mnad(task, skip=skip, supervision=supervision, **({"noise": 0.25} if task == "denoising" else {}))
            for task in ("reconstruction", "denoising")
            for skip in (True, False)
            for supervision in ("none", "uniform_balance")
        ]
        figure = by_x.noise(write_rows(settings, (0,)))
        assert figure is not None
        assert [axes.get_title() for axes in figure.axes] == ["MNAD, with skips", "MNAD, without skips"] or [
            axes.get_title() for axes in figure.axes
        ] == ["MNAD, without skips", "MNAD, with skips"]
        for axes in figure.axes:
            texts = [text.get_text() for text in axes.get_legend().get_texts()]  # type: ignore[union-attr]
            assert texts == [
                f"{name}, {shown} input" for name in ("as usual", "uniform balance") for shown in ("noisy", "clean")
            ]

    def test_one_level_is_no_sweep(self, write_rows: Rows) -> None:
        """Without two levels of the same setting there is no figure."""
        assert by_x.noise(write_rows([mnad("denoising", noise=0.25), mnad("reconstruction")], (0,))) is None


class TestItems:
    def test_a_line_for_rows_that_differ_in_items_alone(self, write_rows: Rows) -> None:
        """One item needs separateness off, so it is joined to its own twin; the row without memory is a level."""
        settings = [mnad(items=count) for count in (5, 10, 50)]
        settings += [mnad(items=count, separateness_weight=0.0) for count in (1, 10)]
        rows = write_rows([*settings, mnad(memory="none")])
        figure = by_x.items(rows)
        assert figure is not None
        (axes,) = figure.axes
        assert axes.get_title() == "MNAD, prediction"
        assert axes.get_xscale() == "log"
        assert drawn(axes, "as usual") == pytest.approx({5: mean(rows[0]), 10: mean(rows[1]), 50: mean(rows[2])})
        assert drawn(axes, "separateness weight 0") == pytest.approx({1: mean(rows[3]), 10: mean(rows[4])})
        assert drawn(axes, "no memory")[0] == pytest.approx(mean(rows[5]))

    def test_one_number_is_no_sweep(self, write_rows: Rows) -> None:
        """A study with a single number of items has no figure."""
        assert by_x.items(write_rows([mnad(), mnad(memory="none")], (0,))) is None


class TestBottleneckWidth:
    def test_a_point_per_width(self, write_rows: Rows) -> None:
        """Widths stand on the axis; the network without a dense bottleneck is a level."""
        common = {"dataset": "ped2", "method": "cae", "task": "reconstruction", "profile": "small"}
        settings = [resolve(**common, bottleneck=units) for units in (8, 32, 500, 0)]
        figure = by_x.bottleneck_width(write_rows(settings, (0,)))
        assert figure is not None
        axes = figure.axes[0]
        points = [line for line in axes.lines if len(line.get_xdata()) == 3]  # type: ignore[arg-type]
        assert [list(line.get_xdata()) for line in points] == [[8, 32, 500]]
        assert "no dense bottleneck" in [text.get_text() for text in figure.findobj(Text)]

    def test_one_width_has_no_figure(self, write_rows: Rows) -> None:
        """A study with a single width compares none."""
        settings = resolve(dataset="ped2", method="cae", task="reconstruction", profile="small")
        assert by_x.bottleneck_width(write_rows([settings], (0,))) is None
