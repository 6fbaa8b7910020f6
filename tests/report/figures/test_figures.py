from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from benchmarks.errors import StudyError
from benchmarks.measure.fusion import fuse
from benchmarks.measure.metrics import frame_metrics
from benchmarks.report.figures import by_x, timeline, usage, write_figures
from benchmarks.report.figures.style import house_style, save
from benchmarks.report.read.frame_scores import moments, score_of, variant_frames
from benchmarks.report.read.records import load_records
from benchmarks.report.read.rows import Row
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


class TestWriteFigures:
    def test_one_per_setting_and_kind(self, core_cells: Cells, core_results: Write, tmp_path: Path) -> None:
        """Figures of the study, and per setting curves, scores over time and (with a memory) usage, all small PNGs."""
        cells = [cell for cell in core_cells("ped2", (0, 1)) if cell.settings.task == "prediction"]
        results = core_results(cells)
        before = dict(mpl.rcParams)
        paths = write_figures("ped2", load_records(results), results, tmp_path, each_setting=True).paths
        assert sorted(path.name.split("-")[0] for path in paths) == sorted(
            ["comparison", "bottleneck", *["memory"] * 3, "curves", "curves", "timeline", "timeline", "usage"]
        )
        for path in paths:
            assert path.parent == results / "figures" / "ped2"
            assert path.read_bytes().startswith(b"\x89PNG")
            assert path.stat().st_size < 150_000
        assert dict(mpl.rcParams) == before

    def test_pages_of_published_settings_alone(self, write_record: Callable[..., Path], tmp_path: Path) -> None:
        """A setting that departs has no page of its own; it is in the study's figures."""
        native = resolve(dataset="ped2", method="mnad", task="prediction")
        for settings in (native, replace(native, items=20)):
            write_record(tmp_path, settings, 0)
        paths = write_figures("ped2", load_records(tmp_path), tmp_path, tmp_path, each_setting=True).paths
        assert [path.name for path in paths if native.name in path.name] == [
            f"{kind}-ped2-cpu-{native.name}.png" for kind in ("curves", "usage", "timeline")
        ]
        assert "auc-by-items-ped2.png" in {path.name for path in paths}
        assert not [path for path in paths if "items=20" in path.name or replace(native, items=20).name in path.name]

    def test_pages_that_another_study_has(self, write_record: Callable[..., Path], tmp_path: Path) -> None:
        """A setting whose pages are elsewhere is in the study's figures alone."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction")
        write_record(tmp_path, settings, 0)
        paths = write_figures("ped2", load_records(tmp_path), tmp_path, tmp_path, {settings}, each_setting=True).paths
        assert "comparison-ped2.png" in {path.name for path in paths}
        assert not [path for path in paths if settings.name in path.name]

    def test_comparisons_alone(self, write_record: Callable[..., Path], tmp_path: Path) -> None:
        """Unless they are asked for, no picture of a single setting is drawn."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction")
        write_record(tmp_path, settings, 0)
        paths = write_figures("ped2", load_records(tmp_path), tmp_path, tmp_path).paths
        assert "comparison-ped2.png" in {path.name for path in paths}
        assert not [path for path in paths if settings.name in path.name]

    def test_twice_the_same_bytes(self, write_record: Callable[..., Path], tmp_path: Path) -> None:
        """Drawing again gives the same files, in whatever order the seeds of a setting come."""
        for seed in (0, 1):
            write_record(tmp_path, resolve(dataset="ped2", method="mnad", task="prediction"), seed)
        records = load_records(tmp_path)
        drawn = {path: path.read_bytes() for path in write_figures("ped2", records, tmp_path, tmp_path).paths}
        assert set(write_figures("ped2", records[::-1], tmp_path, tmp_path).paths) == set(drawn)
        assert {path: path.read_bytes() for path in drawn} == drawn


class TestTimeline:
    def test_score_is_the_one_of_the_record(self, core_cells: Cells, core_results: Write) -> None:
        """The curve that is drawn gives the record's AUC again, under every normalisation."""
        cells = core_cells("ped2", (0,))
        for record in load_records(core_results(cells)):
            terms = variant_frames(record, record.variant)
            for how in ("per_video", "global", "train"):
                scores = fuse(terms, score_of(record, record.score), how, moments(record, record.variant))
                again = frame_metrics(scores.values, terms["label"], terms["video"]).micro_auc
                assert again == pytest.approx(record.metric("micro_auc", normalisation=how), abs=1e-6)

    def test_a_long_set_goes_on_below(self) -> None:
        """Strips hold as many whole videos as fit, and a video that is longer than a strip has one to itself."""
        assert timeline.split([0, 1000, 2000, 2500]) == [(0, 3)]
        assert timeline.split([0, 1000, 2000, 3000, 9000, 9100]) == [(0, 2), (2, 3), (3, 4), (4, 5)]

    def test_a_panel_per_normalisation_and_strip(
        self, core_cells: Cells, core_results: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With two strips each normalisation has two panels, videos in their order, the AUC in the first."""
        monkeypatch.setattr(timeline, "_STRIP", 80)
        figure = timeline.draw(load_records(core_results(core_cells("ped2", (0,))[:1]))[0], "a")
        assert [axes.get_title(loc="left").split(":")[0] for axes in figure.axes] == [
            *("per video (published)", "global", "train"),
            *("", "", ""),
        ]
        assert [tick.get_text() for axes in figure.axes for tick in axes.get_xticklabels()] == ["01", "02", "03"]
        assert [len(axes.patches) for axes in figure.axes] == [2, 2, 2, 1, 1, 1]

    def test_abnormal_ranges_end_with_their_video(self) -> None:
        """A range that reaches the end of a video does not run into the next one."""
        abnormal = np.array([0, 1, 1, 1, 1, 0], dtype=bool)
        assert list(timeline.abnormal_ranges(abnormal, [0, 3, 6])) == [(1, 3), (3, 5)]


class TestUsage:
    def test_panels(self, core_cells: Cells, core_results: Write) -> None:
        """Three epochs and the test for a memory, no figure without one."""
        cells = core_cells("ped2", (0,))
        drawn = {one.settings: usage.draw(one, "a") for one in load_records(core_results(cells))}
        for settings, figure in drawn.items():
            assert (figure is None) == (settings.memory == "none")
            assert figure is None or len(figure.axes) == 4


class TestCurves:
    def test_a_line_per_seed(self, core_cells: Cells, core_results: Write) -> None:
        """Each loss term has a panel with a line per seed; a setting without epochs has no figure."""
        cells = core_cells("ped2", (0, 1))[:2]
        row = Row(cells[0].settings, tuple(load_records(core_results(cells))))
        figure = by_x.losses(row)
        assert figure is not None
        assert [axes.get_title() for axes in figure.axes] == ["pixel", "total"]
        assert [len(axes.lines) for axes in figure.axes] == [2, 2]
        assert by_x.losses(Row(cells[0].settings, ())) is None


class TestSave:
    def test_says_what_the_disk_refuses(self, tmp_path: Path, core_cells: Cells, core_results: Write) -> None:
        """A folder that is a file cannot hold a figure, and its name is reported."""
        cells = core_cells("ped2", (0,))[:1]
        with house_style():
            figure = timeline.draw(load_records(core_results(cells))[0], "a")
        (tmp_path / "taken").write_text("")
        with pytest.raises(StudyError, match="taken"):
            save(figure, tmp_path / "taken" / "figure.png")
