from collections.abc import Callable
from pathlib import Path

from benchmarks.report.tables.index import drawn_elsewhere, write_results_index
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell


class TestWriteResultsIndex:
    def test_a_study_that_others_began_is_not_called_empty(
        self,
        tmp_path: Path,
        core_cells: Callable[..., list[Cell]],
        core_results: Callable[..., Path],
    ) -> None:
        """Of a grid some of whose cells stand in a smaller study the number of those is reported, with the command."""
        cells = core_cells("ped2", (0,))
        core_results(cells[:2])
        text = write_results_index(tmp_path, {"ped2": cells[:2], "grid-ped2": cells, "lines-ped2": cells[4:]})
        told = text.read_text()
        assert "2 of 6 cells stand in other studies; the rest is not begun. Start with `make reproduce-grid" in told
        assert "### lines-ped2\n\nNot begun. Start with `make reproduce-lines-ped2" in told

    def test_views_of_no_study_are_linked_where_they_are(self, tmp_path: Path) -> None:
        """A line for each kind that exists, with the set's name before its files; the page is not committed, so no link."""
        assert "More views" not in write_results_index(tmp_path, {}).read_text()
        names = (
            "tables/latex/boxes_pool/main.tex",
            "tables/boxes_pool.md",
            "tables/boxes_ped2.md",
            "tables/ped2.md",
            "verdict.csv",
        )
        for name in (*names, "report/index.html", "statistics/coverage.md", "bench/README.md", "bench/scaling.png"):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        text = write_results_index(tmp_path, {}).read_text()
        assert [line for line in text.split("## More views")[1].splitlines() if line] == [
            "- Which claims hold: [csv](verdict.csv)",
            (
                "- Boxes from error maps: ped2 [md](tables/boxes_ped2.md); pool [md](tables/boxes_pool.md) "
                "[tex](tables/latex/boxes_pool/)"
            ),
            "- What the intervals are worth: [md](statistics/coverage.md)",
            "- Speed, and what memory costs: [md](bench/README.md)",
        ]


class TestDrawnElsewhere:
    def test_the_smallest_study_draws_a_setting(self) -> None:
        """A setting of several studies has its pages in the smallest of them, the first by name among equals."""
        one, two, three = (
            resolve(dataset="ped2", method="mnad", task="prediction", items=count) for count in (5, 10, 20)
        )
        studies = {
            "grid": [Cell(settings, 0) for settings in (one, two, three)],
            "small": [Cell(one, 0)],
            "equal": [Cell(one, 0)],
        }
        assert drawn_elsewhere("equal", studies) == frozenset()
        assert drawn_elsewhere("small", studies) == {one}
        assert drawn_elsewhere("grid", studies) == {one}
