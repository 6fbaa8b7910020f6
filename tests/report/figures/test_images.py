import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.errors import StudyError
from benchmarks.report.figures import animation, images, queries, write_figures
from benchmarks.report.read.inspected import inspected, not_inspected
from benchmarks.report.read.rows import Row
from benchmarks.run.inspect.file import InspectionFile, VideoFile
from tests.support.inspections import SIZE, inspection_file, leave, mnad

Rows = Callable[..., list[Row]]


def video_file(count: int = 30, size: int = SIZE) -> VideoFile:
    generator = np.random.default_rng(3)
    shape = (count, size, size)
    return VideoFile(
        frame=np.arange(4, 4 + count),
        label=(np.arange(count) >= count // 2).astype(np.uint8),
        **{name: generator.integers(0, 256, (*shape, 1), dtype=np.uint8) for name in ("input", "target", "output")},
        error=generator.integers(0, 256, shape, dtype=np.uint8),
        error_unit=np.array(0.01),
    )


class TestLooked:
    def test_lowest_seed_with_a_look(self, tmp_path: Path, write_rows: Rows) -> None:
        """A setting is shown by its lowest seed that has an inspection; the others are named as missing."""
        first, second, third = write_rows([mnad(), mnad("reconstruction"), mnad(memory="none")], (0, 1))
        leave(tmp_path, first, inspection_file(), seed=1)
        leave(tmp_path, second, inspection_file(), seed=0)
        found = inspected([first, second, third], tmp_path)
        assert [(one.row, one.record.seed) for one in found] == [(first, 1), (second, 0)]
        assert not_inspected([first, second, third], found) == [third]

    def test_damage_is_told(self, tmp_path: Path, write_rows: Rows) -> None:
        """A torn file is named, with the command that makes it again."""
        (row,) = write_rows([mnad()], (0,))
        (leave(tmp_path, row, inspection_file()) / InspectionFile.NAME).write_bytes(b"torn")
        with pytest.raises(StudyError, match="inspect"):
            inspected([row], tmp_path)


class TestLocations:
    def test_most_read_item_and_share(self, tmp_path: Path, write_rows: Rows) -> None:
        """Left the item of the largest count of each place, counted from one; right its share of the sampled frames."""
        (row,) = write_rows([mnad()], (0,))
        inspection = inspection_file()
        leave(tmp_path, row, inspection)
        figure = images.locations(inspected([row], tmp_path))
        assert figure is not None
        left, right = (axes.images[0].get_array() for axes in figure.axes[:2])
        assert inspection.usage is not None
        assert np.array_equal(left, inspection.usage.argmax(axis=0) + 1)
        assert np.allclose(right, inspection.usage.max(axis=0))

    def test_no_small_memory(self, tmp_path: Path, write_rows: Rows) -> None:
        """A memory of one item, or of thousands, has no map."""
        rows = write_rows([mnad(items=1, separateness_weight=0.0), mnad(items=2000)], (0,))
        for row in rows:
            leave(tmp_path, row, inspection_file())
        assert images.locations(inspected(rows, tmp_path)) is None


class TestQueries:
    def test_a_panel_per_setting_with_its_silhouette(self, tmp_path: Path, write_rows: Rows) -> None:
        """Native, without separateness and supervised stand side by side, the record's silhouette in the title."""
        settings = [mnad(), mnad(separateness_weight=0.0), mnad(supervision="uniform_balance"), mnad(skip=False)]
        facts = {"queries": {"update": {"silhouette": 0.25, "queries": 2000}}}
        rows = write_rows(settings, (0,), **facts)
        for row in rows:
            leave(tmp_path, row, inspection_file())
        figure = queries.draw(inspected(rows, tmp_path))
        assert figure is not None
        assert [axes.get_title().split("\n")[1:] for axes in figure.axes] == [
            ["as usual", "silhouette 0.25"],
            ["separateness weight 0", "silhouette 0.25"],
            ["uniform balance", "silhouette 0.25"],
        ]
        for axes in figure.axes:
            assert sum(len(points.get_offsets()) for points in axes.collections) == 60

    def test_lines_of_one_panel_share_a_row(self, tmp_path: Path, write_rows: Rows) -> None:
        """Two settings of prediction have a row, and two tasks with one setting each stand side by side below it."""
        rows = write_rows(
            [mnad(), mnad(separateness_weight=0.0), mnad("reconstruction"), mnad("denoising", noise=0.25)], (0,)
        )
        for row in rows:
            leave(tmp_path, row, inspection_file())
        figure = queries.draw(inspected(rows, tmp_path))
        assert figure is not None
        heights = [round(axes.get_position().y0, 3) for axes in figure.axes if axes.axison]
        assert len(heights) == 4
        assert len(set(heights[:2])) == len(set(heights[2:])) == 1
        assert heights[0] > heights[2]

    def test_the_same_picture_twice(self, tmp_path: Path, write_rows: Rows) -> None:
        """The random state is fixed, so places do not change from drawing to drawing."""
        (row,) = write_rows([mnad()], (0,))
        leave(tmp_path, row, inspection_file())
        one, other = (queries.draw(inspected([row], tmp_path)) for _ in range(2))
        assert one is not None
        assert other is not None
        for first, second in zip(one.axes[0].collections, other.axes[0].collections, strict=True):
            assert np.array_equal(first.get_offsets(), second.get_offsets())


class TestSeparateness:
    def test_three_panels_of_one_task(self, tmp_path: Path, write_rows: Rows) -> None:
        """As published, without the separateness loss, and forced, in this order; with one missing there is no figure."""
        settings = [mnad(supervision="uniform_rc2020"), mnad(), mnad(compactness_weight=0.0)]
        facts = {"queries": {"update": {"silhouette": 0.25, "queries": 2000, "items_nearest": 9}}}
        rows = write_rows(settings, (0,), **facts)
        for row in rows:
            leave(tmp_path, row, inspection_file())
        assert queries.separateness(inspected(rows, tmp_path)) is None
        rows += write_rows([mnad(separateness_weight=0.0)], (0,), **facts)[-1:]
        leave(tmp_path, rows[-1], inspection_file())
        figure = queries.separateness(inspected(rows, tmp_path))
        assert figure is not None
        assert [axes.get_title().split("\n")[0] for axes in figure.axes] == [
            "as published",
            "without separateness loss",
            "forced to use all items evenly",
        ]
        assert figure.axes[0].get_title().endswith("silhouette 0.25\nitems nearest: 9")


class TestShapes:
    def test_target_beside_outputs_with_the_similarity(self, tmp_path: Path, write_rows: Rows) -> None:
        """Each kind has the target, then the output with and without memory; the record's similarities stand below."""
        measured = {
            "to_circle": 0.9,
            "to_square": 0.75,
            "objects": 12,
            "matched": {"to_circle": 0.95, "to_square": 0.9},
        }
        shown = {"kinds": {"spatial": measured, "spatio_temporal": {"objects": 0}}}
        rows = write_rows([mnad(), mnad(memory="none")], (0,), shapes={"update": shown, "plain": shown})
        inspections = [inspection_file(0), inspection_file(1)]
        for row, inspection in zip(rows, inspections, strict=True):
            leave(tmp_path, row, inspection)
        figure = images.shapes(inspected(rows, tmp_path))
        assert figure is not None
        assert [axes.get_title(loc="left").split("\n")[1] for axes in figure.axes] == [
            "target",
            "memory",
            "no memory",
        ] * 2
        assert [axes.get_xlabel() for axes in figure.axes] == [
            *("", *["○ 0.900  □ 0.750\nblurred ○ 0.950  □ 0.900"] * 2),
            *("", "not measured", "not measured"),
        ]
        for kind in (0, 1):
            for inspection, axes in zip(inspections, figure.axes[3 * kind + 1 : 3 * kind + 3], strict=True):
                assert inspection.patch_output is not None
                assert np.array_equal(axes.images[0].get_array(), inspection.patch_output[kind])

    def test_other_sets_have_no_squares(self, tmp_path: Path, write_rows: Rows) -> None:
        """An inspection without patches has no figure."""
        (row,) = write_rows([mnad()], (0,))
        leave(tmp_path, row, replace(inspection_file(), patch_kind=None, patch_target=None, patch_output=None))
        assert images.shapes(inspected([row], tmp_path)) is None


class TestAnimation:
    def test_frames_in_order_below_the_limit(self, tmp_path: Path) -> None:
        """Every frame of a short video is there, the file is small, and drawing twice gives the same bytes."""
        path = animation.write(video_file(), "a video", tmp_path / "figures" / "a.gif")
        with Image.open(path) as moving:
            assert getattr(moving, "n_frames", 1) == 30
        assert path.stat().st_size < animation.LARGEST
        assert path.read_bytes() == animation.encode(video_file(), "a video", 192, 60)

    def test_abnormal_frames_are_marked(self) -> None:
        """The bar below is orange where a frame is abnormal and white where it is normal."""
        with Image.open(io.BytesIO(animation.encode(video_file(), "a", 192, 2))) as moving:
            colours = []
            for index in range(2):
                moving.seek(index)
                colours.append(moving.convert("RGB").getpixel((moving.width - 1, moving.height - 1)))
        for seen, wanted in zip(colours, [(255, 255, 255), (213, 94, 0)], strict=True):
            # a GIF's palette is near, not exact
            assert np.allclose(seen, wanted, atol=8)

    def test_a_large_video_is_cut_down(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Where the largest form is too large, fewer or smaller frames are taken until the file fits."""
        whole = len(animation.encode(video_file(80), "a", 192, 60))
        monkeypatch.setattr(animation, "LARGEST", whole - 1)
        path = animation.write(video_file(80), "a", tmp_path / "a.gif")
        assert path.stat().st_size < whole


class TestWriteFigures:
    def test_drawn_where_inspections_are(self, tmp_path: Path, write_rows: Rows) -> None:
        """Each kind of figure is written once, a video as a GIF, and what is missing is reported with its remedy."""
        rows = write_rows([mnad(), mnad(memory="none")], (0,))
        folder = leave(tmp_path / "work", rows[0], inspection_file())
        video_file().save(folder / VideoFile.name("01"))
        records = [record for row in rows for record in row.records]
        drawn = write_figures("synthetic", records, tmp_path, tmp_path / "work", each_setting=True)
        assert {"locations", "queries", "shapes", "stills", "video"} <= {
            path.name.split("-")[0] for path in drawn.paths
        }
        assert [row.settings.memory for row in drawn.missing] == ["none"]
        assert "1 of 2" in drawn.sentence("synthetic", tmp_path)
        assert "make inspect-synthetic" in drawn.sentence("synthetic", tmp_path)

    def test_a_single_setting_is_asked_for(self, tmp_path: Path, write_rows: Rows) -> None:
        """Stills of memory on and off compare two settings; those of one alone, and its video, are drawn if asked for."""
        rows = write_rows([mnad(), mnad(memory="none"), mnad("reconstruction")], (0,))
        for index, row in enumerate(rows):
            folder = leave(tmp_path / "work", row, inspection_file(index))
        video_file().save(folder / VideoFile.name("01"))
        records = [record for row in rows for record in row.records]
        paths = write_figures("synthetic", records, tmp_path, tmp_path / "work").paths
        shown = {path.stem for path in paths if path.name.startswith(("stills", "video"))}
        assert shown == {"stills-synthetic-mnad-prediction"}

    def test_a_committed_figure_loses_nothing(self, tmp_path: Path, write_rows: Rows) -> None:
        """While an inspection is missing, a figure that is there stays as it is; with all of them it is drawn again."""
        rows = write_rows([mnad(), mnad(memory="none")], (0,))
        records = [record for row in rows for record in row.records]
        leave(tmp_path / "work", rows[0], inspection_file())
        committed = tmp_path / "figures" / "synthetic" / "stills-synthetic-mnad-prediction.png"
        committed.parent.mkdir(parents=True)
        committed.write_bytes(b"as it was")
        assert committed in write_figures("synthetic", records, tmp_path, tmp_path / "work", each_setting=True).kept
        assert committed.read_bytes() == b"as it was"
        leave(tmp_path / "work", rows[1], inspection_file(1))
        assert committed in write_figures("synthetic", records, tmp_path, tmp_path / "work").paths
        assert committed.read_bytes() != b"as it was"

    def test_without_inspections(self, tmp_path: Path, write_rows: Rows) -> None:
        """A work folder without inspections, or none at all, leaves their figures alone."""
        records = write_rows([mnad()], (0,))[0].records
        drawn = write_figures("synthetic", records, tmp_path, tmp_path / "nowhere")
        assert not [path for path in drawn.paths if path.name.startswith(("stills", "locations", "queries"))]
        assert (drawn.kept, len(drawn.missing)) == ((), 1)
