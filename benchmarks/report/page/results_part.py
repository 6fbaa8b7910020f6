"""The page's middle: per data set a chart and the main table, what else was compared, and the figures."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from benchmarks.report.claims.factorial import factorial_tables
from benchmarks.report.page.charts import auc_chart
from benchmarks.report.page.markup import part
from benchmarks.report.page.pictures import Pictures
from benchmarks.report.read.groups import common_label
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record, by_cell, reported
from benchmarks.report.read.rows import Row, absent_cells, make_rows
from benchmarks.report.tables.index import begun
from benchmarks.report.tables.paired_tables import contrast_table, variant_table
from benchmarks.report.tables.study_tables import main_table
from benchmarks.report.tables.write import missing_lines
from benchmarks.study.settings import GENERATED_DATASETS, UNREPORTED, Cell


def results_part(records: Sequence[Record], studies: Mapping[str, Sequence[Cell]], work: Path) -> Markup:
    """Chart, main table and more for each data set; then which factor moves the AUC.

    studies: the cells of each study, by its name. work: folder of the cells' progress files, which say why a cell has no
    record. Runs of the profile whose figures mean nothing are in the explorer and in no table.
    """
    shown = reported(records)
    counts = Counter(record.settings.dataset for record in shown)
    # real footage before generated, then the set with most runs
    order = sorted(counts, key=lambda name: (name in GENERATED_DATASETS, -counts[name], name))
    sets = [_data_set(name, [one for one in shown if one.settings.dataset == name], studies, work) for name in order]
    return part("results", "results", sets, factorial_tables(shown) if shown else [])


def core_study(dataset: str, studies: Mapping[str, Sequence[Cell]], recorded: Collection[Cell]) -> str | None:
    """The study that shows a set best: the one of its name, else the smallest that somebody has begun."""
    own = {name: cells for name, cells in studies.items() if cells and cells[0].settings.dataset == dataset}
    if dataset in own and set(own[dataset]) & set(recorded):
        return dataset
    running = [name for name in begun(own, recorded) if own[name][0].settings.profile != UNREPORTED]
    return min(running, key=lambda name: len(own[name]), default=None)


def _data_set(
    name: str, records: Sequence[Record], studies: Mapping[str, Sequence[Cell]], work: Path
) -> dict[str, object]:
    """What results.html.j2 shows of one data set."""
    known = by_cell(list(records))
    core = core_study(name, studies, known)
    everything = _all_rows(known, studies)
    rows = everything if core is None else make_rows(studies[core], known)
    done = [row for row in rows if row.records]
    title, printed = common_label(row.settings for row in rows), set_name(name)
    return {
        "id": f"set-{name}",
        "name": printed,
        "chart": auc_chart(title, done, f"set-{name}-chart"),
        "main": main_table(title, rows),
        "contrasts": contrast_table(rows),
        "variants": variant_table(done),
        "settings": len(everything),
        "all": main_table(f"{printed}: every setting that was run", everything)
        if len(everything) > len(done)
        else None,
        "missing": _missing(known, studies, work),
    }


def _all_rows(known: Mapping[Cell, Record], studies: Mapping[str, Sequence[Cell]]) -> list[Row]:
    """Every setting with a record, in the order of the studies that were begun, with the seeds that they want."""
    settings = {cell.settings for cell in known}
    wanted = [cell for name in begun(studies, known) for cell in studies[name] if cell.settings in settings]
    return make_rows([*wanted, *known], known)


def _missing(known: Mapping[Cell, Record], studies: Mapping[str, Sequence[Cell]], work: Path) -> dict[str, str]:
    """Cells without a record, as Markdown by study, of the studies of this set that were begun."""
    found = {}
    for study in begun(studies, known):
        cells = studies[study]
        lines = missing_lines(study, cells, absent_cells(make_rows(cells, known), work))
        if lines and cells[0].settings.profile != UNREPORTED:
            found[study] = "\n".join(lines)
    return found


def figures_part(pictures: Pictures) -> Markup:
    """Figures of whole studies in the order of the question; where there are none, the command that draws them."""
    return part("results", "figures", pictures)
