from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.read.contrasts import memory_contrasts, memory_pairs, variant_difference, variants_of
from benchmarks.report.read.records import by_cell, load_records
from benchmarks.report.read.rows import Row, make_rows
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell


def rows_of(cells: list[Cell], results: Path) -> list[Row]:
    return make_rows(cells, by_cell(load_records(results)))


class TestMemoryPairs:
    def test_pairs_differ_in_the_memory_alone(self, core_cells: Callable[..., list[Cell]]) -> None:
        """Each core setting with a memory finds its twin; another skip or supervision finds none."""
        lonely = [
            resolve(dataset="ped2", method="mnad", task="prediction", skip=False),
            resolve(dataset="ped2", method="mnad", task="prediction", supervision="uniform_balance"),
        ]
        rows = make_rows([*core_cells("ped2"), *(Cell(settings, 0) for settings in lonely)], {})
        pairs = memory_pairs(rows)
        assert len(pairs) == 3
        for with_memory, without in pairs:
            assert without.settings.memory == "none"
            assert (with_memory.settings.method, with_memory.settings.task) == (
                without.settings.method,
                without.settings.task,
            )
            assert with_memory.settings not in lonely


class TestMemoryContrasts:
    def test_paired_by_seed(self, core_cells: Callable[..., list[Cell]], core_results: Callable[..., Path]) -> None:
        """The difference is the mean over shared seeds, under the published and every shared score."""
        cells = [cell for cell in core_cells("ped2") if cell.settings.method == "memae"]
        kept = [cell for cell in cells if (cell.settings.memory, cell.seed) != ("none", 2)]
        rows = rows_of(cells, core_results(kept))
        contrasts = {one.score: one for one in memory_contrasts(rows)}
        assert set(contrasts) == {"published", "mse", "mean_absolute_error"}
        own, none = (row.by_seed(lambda record: record.metric("micro_auc")) for row in rows)
        published = contrasts["published"]
        assert published.auc.mean == pytest.approx(sum(own[seed] - none[seed] for seed in (0, 1)) / 2)
        assert (published.auc.seeds, published.auc.unpaired) == ((0, 1), (2,))
        assert published.holm_p == published.auc.p_value
        assert contrasts["mse"].holm_p is None


class TestVariantDifference:
    def test_under_the_score_that_both_have(
        self, core_cells: Callable[..., list[Cell]], core_results: Callable[..., Path]
    ) -> None:
        """A variant without the published score is held against the published variant under its own."""
        cells = [cell for cell in core_cells("ped2", (0,)) if cell.settings.memory == "mnad"][:1]
        (row,) = rows_of(cells, core_results(cells))
        assert variants_of(row)[0] == "update"
        difference = variant_difference(row, "read_zeros")
        record = row.records[0]
        psnr = [record.metric("micro_auc", variant=name, score="psnr") for name in ("read_zeros", "update")]
        assert difference is not None
        assert psnr[0] is not None
        assert psnr[1] is not None
        assert difference.mean == pytest.approx(psnr[0] - psnr[1])
        assert variant_difference(row, "unheard_of") is None
