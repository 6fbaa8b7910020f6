import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.errors import StudyError
from benchmarks.report.read.records import load_records
from benchmarks.report.tables.index import begun, write_results_index
from benchmarks.report.tables.write import write_tables
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


def read_view(path: Path) -> str:
    """The text of a file, or of all files of a folder."""
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    return "\n".join(one.read_text() for one in paths)


class TestWriteTables:
    def test_numbers_are_those_of_the_records(self, core_cells: Cells, core_results: Write) -> None:
        """The CSV holds a row per setting with the mean over seeds, the published figure and their difference."""
        cells = core_cells("ped2", (0, 1))
        results = core_results(cells)
        frame = pd.read_csv(write_tables("ped2", cells, results).paths["csv"]).set_index("name")
        assert len(frame) == 6
        aucs: dict[str, list[float]] = {}
        for record in load_records(results):
            aucs.setdefault(record.settings.name, []).append(record.content["headline"]["micro_auc"])
        for name, values in aucs.items():
            assert frame.loc[name, "auc"] == pytest.approx(100 * sum(values) / 2, abs=2e-3)
            assert frame.loc[name, "difference"] == pytest.approx(
                frame.loc[name, "auc"] - frame.loc[name, "published"], abs=2e-3
            )
        assert set(frame["rc2020"].dropna()) == {88.36, 88.84, 96.34, 95.54}

    def test_all_forms_say_the_same(self, core_cells: Cells, core_results: Write) -> None:
        """Markdown and LaTeX hold the main row, and a second writing changes no byte."""
        cells = core_cells("ped2", (0,))
        results = core_results(cells)
        first = write_tables("ped2", cells, results)
        texts = {form: read_view(path) for form, path in first.paths.items()}
        for form in ("md", "tex"):
            for told in ("97.0 P", "Memory on against off", "Invented"):
                assert told in texts[form], (form, told)
        assert "Missing" not in texts["md"]
        assert "†" in first.main
        write_tables("ped2", cells, results)
        assert texts == {form: read_view(path) for form, path in first.paths.items()}

    def test_what_others_measured_has_a_table(self, tmp_path: Path, core_cells: Cells) -> None:
        """Reproductions and ablations stand in every form with their status; a set without any has no such table."""
        paths = write_tables("ped2", core_cells("ped2", (0,)), tmp_path).paths
        for form in ("md", "tex"):
            text = read_view(paths[form])
            assert all(told in text for told in ("What others measured", "lyn1874", "69.58", "86.63", "96.51"))
        heading = paths["md"].read_text().split("## What others measured")[1].splitlines()[2]
        assert [name.strip() for name in heading.split("|")[1:-1]] == [
            "Source",
            "Method",
            "Task",
            "Memory",
            "AUC",
            "Status",
            "Note",
        ]
        other = write_tables("synthetic", core_cells("synthetic", (0,)), tmp_path).paths["md"].read_text()
        assert "What others measured" not in other

    @pytest.mark.parametrize(
        ("dataset", "told"),
        [("ped2", False), ("avenue", True), ("avenue-mnad-labels", False), ("shanghaitech", True)],
    )
    def test_labels_that_are_not_the_published_ones_are_said(
        self, dataset: str, told: bool, tmp_path: Path, core_cells: Cells
    ) -> None:
        """A set with the release's labels says that MNAD's figures have others; one with MNAD's has nothing to say."""
        cells = core_cells(dataset, (0,))
        main = write_tables("one", cells, tmp_path).main
        assert " P |" in main
        assert ("measured under the labels of MNAD's own file" in main) is told
        assert (f"the set {dataset}-mnad-labels has" in main) is told
        without = [cell for cell in cells if cell.settings.method != "mnad"]
        assert "MNAD's own file" not in write_tables("one", without, tmp_path).main

    def test_thresholds_on_test_labels_are_called_oracles(self, core_cells: Cells, core_results: Write) -> None:
        """FPR at 95 % TPR needs the labels of the frames that it is measured on, and the note says so."""
        cells = core_cells("ped2", (0,))
        text = write_tables("ped2", cells, core_results(cells)).paths["md"].read_text()
        (note,) = [line for line in text.splitlines() if line.startswith("- FPR@95TPR:")]
        assert "found on the labels of the test frames" in note

    def test_missing_and_failed_cells_are_named(self, core_cells: Cells, core_results: Write) -> None:
        """Each cell without a record is named with its reason, and so is the command that continues."""
        cells = core_cells("ped2", (0, 1))
        results = core_results(cells[1:])
        folder = results / "work" / cells[0].slug
        folder.mkdir(parents=True)
        (folder / "progress.json").write_text(json.dumps({"phase": "failed", "error": "The disk is full."}))
        tables = write_tables("ped2", cells, results)
        assert f"{cells[0].settings.name}, seed 0: failed: The disk is full." in tables.main
        assert "1 of 12 cells, 1 of them failed" in tables.main
        assert "make reproduce-ped2 SEEDS=2 PROFILE=cpu" in tables.main
        assert [one.cell for one in tables.absent] == [cells[0]]

    def test_nothing_run_yet(self, tmp_path: Path, core_cells: Cells) -> None:
        """Without any record the tables exist and name every cell as missing."""
        tables = write_tables("ped2", core_cells("ped2"), tmp_path)
        assert "18 of 18 cells" in tables.paths["md"].read_text()

    def test_skips_are_told_of_networks_that_can_have_them(self, tmp_path: Path, write_record: Write) -> None:
        """Where a study varies skips, the clock has neither skips nor none."""
        settings = [
            resolve(dataset="ped2", method="mnad", task="prediction", skip=skip, profile="cpu")
            for skip in (True, False)
        ]
        settings.append(resolve(dataset="ped2", method="clock", task="reconstruction", memory="none", profile="cpu"))
        for one in settings:
            write_record(tmp_path, one, 0)
        written = write_tables("little", [Cell(one, 0) for one in settings], tmp_path)
        frame = [line.split("|") for line in written.main.splitlines() if line.startswith("|")]
        place = [name.strip() for name in frame[0]].index("Skip")
        assert [line[place].strip() for line in frame[2:]] == ["on", "off", ""]

    def test_costs_are_those_of_a_usual_seed(self, tmp_path: Path, write_record: Write) -> None:
        """The peak is the median over seeds of the highest phase; what memory costs is said to be measured elsewhere."""
        settings = [
            resolve(dataset="ped2", method="mnad", task="prediction", memory=memory, profile="cpu")
            for memory in ("own", "none")
        ]
        cells = [Cell(one, seed) for one in settings for seed in range(3)]
        for cell, peak in zip(cells, (1200.0, 9000.0, 1300.0, 800.0, 700.0, 900.0), strict=True):
            phases = {"train": {"seconds": 600.0, "peak_memory_mb": peak}, "evaluate": {"peak_memory_mb": 600.0}}
            write_record(tmp_path, cell.settings, cell.seed, 1.0, phases=phases)
        text = write_tables("little", cells, tmp_path).paths["md"].read_text().split("## Costs")[1].split("\n## ")[0]
        assert [row.split("|")[-2].strip() for row in text.splitlines() if row[:6] == "| MNAD"] == ["1,300", "800"]
        assert "median over seeds" in text
        assert "do not measure what the memory costs; `results/bench` does" in text
        alone = write_tables("alone", cells[3:], tmp_path).paths["md"].read_text()
        assert "results/bench" not in alone

    def test_dead_queries_of_a_memory_that_shrinks(self, tmp_path: Path, write_record: Write) -> None:
        """MemAE's share of dead queries is reported per cent, mean over seeds; MNAD's memory shrinks nothing."""
        memae, mnad = (
            resolve(dataset="ped2", method=method, task="reconstruction", profile="cpu") for method in ("memae", "mnad")
        )
        for seed, share in enumerate((0.5, 0.6, 0.7)):
            write_record(tmp_path, mnad, seed)
            path = write_record(tmp_path, memae, seed)
            content = json.loads(path.read_text())
            content["usage"]["plain"]["dead_queries"] = share
            path.write_text(json.dumps(content))
        cells = [Cell(one, seed) for one in (memae, mnad) for seed in range(3)]
        text = write_tables("little", cells, tmp_path).paths["md"].read_text()
        lines = text.split("## Variants at test time")[1].split("## ")[0].splitlines()
        headings, _, *rows = [[cell.strip() for cell in line.split("|")] for line in lines if line[:1] == "|"]
        method, variant, place = (headings.index(name) for name in ("Method", "Variant", "Dead queries"))
        told = {(row[method], row[variant]): row[place] for row in rows}
        assert told["MemAE", "plain (published)"].startswith("60.0 ±")
        assert {share for (name, _), share in told.items() if name == "MNAD"} == {""}
        assert sum(line.startswith("- Dead queries: ") for line in lines) == 1
        assert "Dead queries" not in write_tables("mnad", cells[3:], tmp_path).paths["md"].read_text()

    def test_kinds_of_anomaly(self, core_cells: Cells, core_results: Write) -> None:
        """The synthetic study has a column per kind of anomaly and none of published figures."""
        cells = core_cells("synthetic", (0,))
        main = write_tables("synthetic", cells, core_results(cells)).main
        assert all(heading in main for heading in ("| Spatial |", "Temporal |", "Spatio-temporal |"))
        assert "Published" not in main

    def test_another_stem_leaves_the_studys_own_tables_alone(self, tmp_path: Path, core_cells: Cells) -> None:
        """Tables of another profile go beside the study's own and still name the study."""
        own = write_tables("ped2", core_cells("ped2"), tmp_path).paths
        texts = {form: read_view(path) for form, path in own.items()}
        beside = write_tables("ped2", core_cells("ped2", (0,)), tmp_path, stem="ped2-paper").paths
        assert {path.name for path in beside.values()} == {"ped2-paper.md", "ped2-paper.csv", "ped2-paper"}
        assert {form: read_view(path) for form, path in own.items()} == texts
        assert "make reproduce-ped2 " in beside["md"].read_text()

    def test_refuses_a_study_without_cells(self, tmp_path: Path) -> None:
        """A study without cells is refused and nothing is written."""
        with pytest.raises(StudyError, match="cells"):
            write_tables("empty", [], tmp_path)
        assert list(tmp_path.iterdir()) == []


class TestWriteResultsIndex:
    def test_lists_studies_and_their_views(self, core_cells: Cells, core_results: Write) -> None:
        """The index counts done cells, names missing ones and links what was written."""
        cells = core_cells("ped2", (0,))
        results = core_results(cells[:-1])
        write_tables("ped2", cells, results)
        text = write_results_index(results, {"ped2": cells}).read_text()
        assert "[md](tables/ped2.md)" in text
        assert "|     6 |    5 |" in text
        assert f"{cells[-1].settings.name}, seed 0: not run yet" in text


class TestBegun:
    """Which studies count as begun where some hold the cells of others."""

    @pytest.mark.parametrize(
        ("recorded", "expected"),
        [
            ((), []),
            ((0,), ["small"]),
            ((0, 1), ["small"]),
            ((0, 2), ["large"]),
            ((0, 1, 2), ["large", "small"]),
            ((3,), ["large"]),
        ],
    )
    def test_a_record_begins_one_study(self, recorded: tuple[int, ...], expected: list[str]) -> None:
        """The large study holds the small one's two cells and two more; a complete one, else the one with more has them."""
        cells = [
            Cell(resolve(dataset="ped2", method="clock", task="reconstruction", profile="smoke"), n) for n in range(4)
        ]
        studies = {"large": cells, "small": cells[:2]}
        assert begun(studies, [cells[number] for number in recorded]) == expected
