"""Figures of stills."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.report.figures import stills
from benchmarks.report.read.inspected import inspected
from benchmarks.report.read.rows import Row
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.study.presets import resolve
from tests.support.inspections import SIZE, inspection_file, leave, mnad

Rows = Callable[..., list[Row]]


def cart(*, drawn: bool = True) -> InspectionFile:
    """A golf cart and a cyclist; the lower half of the cart's frame comes out black where a system draws."""
    target = np.full((2, SIZE, SIZE, 1), 200, np.uint8)
    output, mask = target - drawn, np.zeros((2, SIZE, SIZE), bool)
    mask[0, 4:12, 4:12] = True
    if drawn:
        output[0, 8:] = 0
    return replace(
        inspection_file(),
        still_kind=np.array(["golf_cart", "cyclist"]),
        still_video=np.array(["04", "08"]),
        still_target=target,
        still_output=output,
        still_mask=mask,
    )


class TestStills:
    def test_a_page_per_task_memory_on_and_off(self, tmp_path: Path, write_rows: Rows) -> None:
        """Five pictures a line: each still with the memory and without; only settings as published have a page."""
        rows = write_rows([mnad(), mnad(memory="none"), mnad("reconstruction"), mnad(skip=False)], (0,))
        for index, row in enumerate(rows):
            leave(tmp_path, row, inspection_file(index))
        pages = stills.stills(inspected(rows, tmp_path))
        assert list(pages) == ["mnad-prediction", "mnad-reconstruction"]
        axes = stills.still_page(pages["mnad-prediction"]).axes
        assert [one.get_title() for one in axes[:5]] == [
            "input",
            "output",
            "error as scored",
            "error over frame",
            "4×4 sum > 1020",
        ]
        assert [one.get_ylabel().split("\n")[:2] for one in axes[::5]] == [
            ["normal", "memory"],
            ["normal", "no memory"],
            ["spatial", "memory"],
            ["spatial", "no memory"],
        ]
        assert np.array_equal(axes[0].images[0].get_array(), inspection_file(0).still_input[0, ..., 0])

    def test_counts_what_the_map_marks(self, tmp_path: Path, write_rows: Rows) -> None:
        """Below the 4×4 map stand the marked pixels inside and outside the mask; nothing where there is no mask."""
        (row,) = write_rows([mnad()], (0,))
        leave(tmp_path, row, cart())
        page = inspected([row], tmp_path)
        axes = stills.still_page(page).axes
        # The lower four of the cart's eight lines: windows of the line above hold one black line alone, 4·200 < 1020.
        assert axes[4].get_xlabel().startswith("32 of 64 px, ")
        assert axes[9].get_xlabel() == "0 outside"
        without = [replace(one, inspection=replace(one.inspection, still_mask=None)) for one in page]
        assert stills.still_page(without).axes[4].get_xlabel() == ""


class TestMistakes:
    def test_what_was_missed_and_false_alarms(self, tmp_path: Path, write_rows: Rows) -> None:
        """A line per setting with four frames, named by video and number; an inspection without them has no line."""
        rows = write_rows([mnad(), mnad(memory="none")], (0,))
        noise = inspection_file()
        kinds = ("missed_1", "false_alarm_1")
        leave(tmp_path, rows[0], replace(noise, still_kind=np.array(kinds)))
        leave(tmp_path, rows[1], noise)
        figure = stills.mistakes(inspected(rows, tmp_path))
        assert figure is not None
        assert [one.get_xlabel() for one in figure.axes] == ["video 01, frame 7", "", "video 02, frame 9", ""]
        assert [one.get_title() for one in figure.axes] == ["missed", "missed", "false alarm", "false alarm"]
        assert stills.mistakes(inspected(rows[1:], tmp_path)) is None


class TestSystems:
    def test_a_line_per_system_with_the_named_stills(self, tmp_path: Path, write_rows: Rows) -> None:
        """Cart and cyclist stand side by side; a system that gives no image back shows input and error alone."""
        rows = write_rows(
            [resolve(dataset="ped2", method=name, task="reconstruction", profile="small") for name in ("cae", "dfr")],
            (0,),
        )
        for row, drawn in zip(rows, (True, False), strict=True):
            leave(tmp_path, row, cart(drawn=drawn))
        figure = stills.systems(inspected(rows, tmp_path))
        assert figure is not None
        assert [axes.get_title() for axes in figure.axes[:5:4]] == ["golf cart: input", "cyclist: input"]
        assert [[len(axes.images) for axes in figure.axes[line : line + 8]] for line in (0, 8)] == [
            [1] * 8,
            [1, 0, 1, 0] * 2,
        ]

    def test_other_sets_name_no_stills(self, tmp_path: Path, write_rows: Rows) -> None:
        """On circles and squares there is no such figure."""
        (row,) = write_rows([mnad()], (0,))
        leave(tmp_path, row, inspection_file())
        assert stills.systems(inspected([row], tmp_path)) is None
