"""The figure of cost curves: benchmarks/report/figures/scaling.py."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.report.figures.scaling import draw, write_scaling_figure


def curve(what: str, exponent: float, points: tuple[int, ...] = (10, 100, 1000)) -> dict[str, Any]:
    seconds = [{"median": x**exponent, "low": 0.9 * x**exponent, "high": 1.2 * x**exponent} for x in points]
    shown = {"what": what, "x_label": "frames", "x": list(points), "seconds": seconds}
    return {**shown, "exponent": exponent, "expected": 1}


class TestDraw:
    def test_a_panel_a_curve_with_its_exponent(self) -> None:
        """Titles hold name and exponent, both axes are logarithmic, and spare panels are empty."""
        figure = draw([curve("a", 1.0), curve("b", 2.25), curve("c", 0.5), curve("d", 1.0), curve("e", 1.0)])
        panels = [axes for axes in figure.axes if axes.axison]
        assert len(panels) == 5
        assert len(figure.axes) == 8
        assert "exponent 2.25 (expected 1)" in panels[1].get_title()
        assert all((axes.get_xscale(), axes.get_yscale()) == ("log", "log") for axes in panels)

    def test_medians_are_drawn_at_their_sizes(self) -> None:
        """The line goes through the medians, the expected one through the last of them."""
        (panel,) = [axes for axes in draw([curve("a", 2.0)]).axes if axes.axison]
        expected, medians = (line.get_xydata() for line in panel.get_lines())
        assert medians.tolist() == [[10, 100], [100, 10_000], [1000, 1_000_000]]
        assert expected[-1].tolist() == [1000, 1_000_000]
        assert expected[0][1] == pytest.approx(10_000)


class TestWriteScalingFigure:
    def test_from_the_file_alone(self, tmp_path: Path) -> None:
        """The picture lies beside the JSON under its name."""
        source = tmp_path / "scaling.json"
        source.write_text(json.dumps({"curves": [curve("a", 1.0)]}))
        path = write_scaling_figure(source)
        assert path == tmp_path / "scaling.png"
        assert path.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"curves": []}', '{"curves": [{"what": "a"}]}'])
    def test_a_file_without_curves_is_a_sentence(self, tmp_path: Path, text: str) -> None:
        """The sentence names the file."""
        source = tmp_path / "scaling.json"
        source.write_text(text)
        with pytest.raises(StudyError, match=r"scaling\.json"):
            write_scaling_figure(source)
