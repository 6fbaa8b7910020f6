from collections.abc import Callable
from pathlib import Path

from benchmarks.report.page.explorer import explorer_table
from benchmarks.report.page.pictures import Pictures
from benchmarks.report.page.results_part import core_study, figures_part, results_part
from benchmarks.report.page.runs import run_id
from benchmarks.report.read.records import load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


class TestResultsPart:
    def test_a_table_per_set_with_what_is_missing(
        self, core_cells: Cells, core_results: Write, write_record: Write
    ) -> None:
        """Chart and main table of the set's own study, every other setting that was run, and the missing cells."""
        cells = core_cells("ped2", (0, 1))
        results = core_results([cell for cell in cells if cell.seed == 0])
        extra = resolve(dataset="ped2", method="mnad", task="prediction", memory="own", profile="cpu", items=50)
        write_record(results, extra, 0)
        write_record(results, core_cells("synthetic", (0,))[0].settings, 0)
        text = results_part(load_records(results), {"ped2": cells}, results / "work")
        assert text.index('id="set-ped2"') < text.index('id="set-synthetic"')
        assert '<td class="number">1/2</td>' in text
        assert "All 7 settings on UCSD Ped2" in text
        assert "items=50" in text
        assert "Missing: 6 of 12 cells" in text

    def test_a_smoke_test_is_no_result(self, tmp_path: Path, write_record: Write) -> None:
        """Runs whose figures mean nothing are in no table."""
        write_record(tmp_path, resolve(dataset="ped2", method="mnad", task="prediction", profile="smoke"), 0)
        assert "No records yet" in results_part(load_records(tmp_path), {}, tmp_path)


class TestCoreStudy:
    def test_its_own_before_the_smallest_begun(self, core_cells: Cells) -> None:
        """A set's own study shows it where it was begun, else the smallest that was; none where none was."""
        own, others = core_cells("ped2", (0,)), core_cells("ped2", (5,))
        studies = {"lines-ped2": [*others, *own], "more-ped2": others, "ped2": own}
        assert core_study("ped2", studies, own[:1]) == "ped2"
        assert core_study("ped2", studies, others[:1]) == "more-ped2"
        assert core_study("ped2", studies, []) is None


class TestFiguresPart:
    def test_says_what_draws_them(self) -> None:
        """Without figures the command is named, and what had no room is counted."""
        text = figures_part(Pictures({}, {}, {}, 4))
        assert "make figures" in text
        assert "4 more are in" in text


class TestExplorerTable:
    def test_a_row_per_run(self, core_cells: Cells, core_results: Write) -> None:
        """Factors as words, the AUC of this seed, the run's name; stale ones have a column."""
        records = load_records(core_results(core_cells("ped2", (0,))))
        text = explorer_table(records)
        for record in records:
            assert f'data-run="{run_id(record)}"' in text
            assert f'<td class="number">{100 * record.content["headline"]["micro_auc"]:.1f}</td>' in text
        assert ">Code<" not in text
        assert ">Code<" in explorer_table(records, {run_id(records[0])})
