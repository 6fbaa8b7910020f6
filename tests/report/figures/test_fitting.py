import re
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks import cli
from benchmarks.report.figures import write_figures
from benchmarks.report.figures.fitting import keep_headings_inside
from benchmarks.report.figures.style import ON_SCREEN, Medium, house_style, line_style, save
from benchmarks.report.read.records import load_records
from benchmarks.study.presets import resolve

LONG = "mean and 95 % interval over the seeds of each setting, cut at the frame where it reaches beyond " * 2
ROWS = ("MNAD · reconstruction · no memory · recalibrated", "clock")


def invented(panels: int = 1) -> Figure:
    """A figure with rows of long names and a legend."""
    figure = Figure(figsize=(7.5, 2.5), layout="constrained")
    for number, axes in enumerate(figure.subplots(1, panels, squeeze=False, sharey=True)[0]):
        axes.plot([1, 2], [0, 1], label=f"a seed, per video, and its interval {number}", **line_style(number))
        axes.set_yticks([0, 1], ROWS)
        axes.set_title("frame AUC in per cent")
    figure.suptitle("A study")
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def outside(figure: Figure) -> list[str]:
    """Texts that reach beyond the edges of a figure."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    texts += [text for axes in figure.axes for text in (axes.title, *axes.get_yticklabels(), axes.xaxis.label)]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts if text.get_text()]
    width = figure.get_figwidth() * figure.dpi
    return [text for text, box in boxes if box.x0 < -1 or box.x1 > width + 1]


class TestSave:
    """One figure as PNG, PDF and SVG."""

    @pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
    def test_twice_the_same_bytes(self, ending: str, tmp_path: Path) -> None:
        """No file holds the time at which it was drawn, nor a number that is drawn by lot."""
        with house_style():
            paths = [save(invented(), tmp_path / f"{name}.{ending}", width=3.4) for name in "ab"]
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert not re.search(rb"CreationDate|<dc:date>", paths[0].read_bytes())

    def test_fonts_are_in_the_file(self, tmp_path: Path) -> None:
        """A PDF has them as TrueType, an SVG as outlines: neither depends on what a reader has installed."""
        with house_style():
            pdf, svg = (save(invented(), tmp_path / f"figure.{ending}").read_bytes() for ending in ("pdf", "svg"))
        assert b"/FontFile2" in pdf
        assert b"/Type3" not in pdf
        assert b"<text" not in svg

    def test_a_width_in_inches(self, tmp_path: Path) -> None:
        """The page of a PDF is as wide as was asked for; a figure without a width keeps its own."""
        with house_style():
            narrow, own = (
                save(invented(), tmp_path / f"{width}.pdf", width=width).read_bytes() for width in (3.4, None)
            )
        widths = [float(re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf)[0]) for pdf in (narrow, own)]
        assert widths == pytest.approx([3.4 * 72, 7.5 * 72], abs=0.1)

    @pytest.mark.parametrize(("panels", "width"), [(1, 3.4), (3, 3.4), (4, 2 * 3.4 + 0.25)])
    def test_nothing_is_clipped_in_a_column(self, panels: int, width: float, tmp_path: Path) -> None:
        """Names of rows, titles and legends stay inside; many panels take two columns."""
        figure = invented(panels)
        with house_style():
            save(figure, tmp_path / "figure.pdf", width=3.4)
        assert figure.get_figwidth() == pytest.approx(width)
        assert outside(figure) == []

    def test_letters_stay_legible(self, tmp_path: Path) -> None:
        """They shrink by a quarter at most, however narrow the column."""
        figure = invented()
        before = figure.axes[0].title.get_fontsize()
        save(figure, tmp_path / "figure.pdf", width=2.0)
        assert figure.axes[0].title.get_fontsize() == pytest.approx(0.75 * before)


class TestHeadings:
    def test_a_long_heading_wraps(self) -> None:
        """A heading that is wider than the figure is broken into lines, and says the same."""
        figure = invented()
        figure.suptitle(LONG)
        assert outside(figure) == [LONG]
        keep_headings_inside(figure)
        assert outside(figure) == []
        assert figure.get_suptitle().split() == LONG.split()

    def test_titles_of_panels_do_not_meet(self) -> None:
        """Beside each other they are no wider than their panels."""
        figure = invented(3)
        for axes in figure.axes:
            axes.set_title("change of the frame AUC in points, replaced minus as trained")
        keep_headings_inside(figure)
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [axes.title.get_window_extent(renderer) for axes in figure.axes]
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))


class TestMedium:
    def test_papers_do_not_replace_the_pages_figures(self, tmp_path: Path, write_record: Callable[..., Path]) -> None:
        """Another format or width goes to a folder of its own, which neither page nor MLflow reads."""
        write_record(tmp_path, resolve(dataset="ped2", method="mnad", task="prediction"), 0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # as matplotlib's, that there is no room for the axes
            paths = write_figures("ped2", load_records(tmp_path), tmp_path, tmp_path, medium=Medium("svg", 3.4)).paths
        assert {path.parent for path in paths} == {tmp_path / "paper" / "ped2"}
        assert {path.suffix for path in paths} == {".svg"}
        assert ON_SCREEN.folder(tmp_path, "ped2") == tmp_path / "figures" / "ped2"

    @pytest.mark.parametrize("given", ["0", "wide", "nan", "41"])
    def test_a_width_that_is_none(self, given: str, capsys: pytest.CaptureFixture[str]) -> None:
        """One sentence, and nothing is drawn."""
        assert cli.main(["figures", "--width", given]) == 2
        assert "Expected --width to be 1 to 40 inches" in capsys.readouterr().err
