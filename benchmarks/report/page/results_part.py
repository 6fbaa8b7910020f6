"""The page's middle: per data set a chart and the main table, what else was compared, and the figures."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.report.claims.factorial import factorial_tables
from benchmarks.report.page.charts import auc_chart
from benchmarks.report.page.markup import blocks, details, escape, table
from benchmarks.report.page.pictures import Pictures
from benchmarks.report.read.groups import common_label
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record, by_cell
from benchmarks.report.read.rows import Row, absent_cells, make_rows
from benchmarks.report.tables.index import begun
from benchmarks.report.tables.paired_tables import contrast_table, variant_table
from benchmarks.report.tables.study_tables import main_table
from benchmarks.report.tables.write import missing_lines
from benchmarks.study.settings import GENERATED_DATASETS, UNTOLD, Cell

"""The profile whose figures mean nothing: its runs are in the explorer and in no table."""
_NOTHING: Final = (
    "<p>No records yet: <code>make reproduce-ped2</code> or <code>make reproduce-synthetic</code> make some.</p>\n"
)


def results_part(records: Sequence[Record], studies: Mapping[str, Sequence[Cell]], work: Path) -> str:
    """Chart, main table and more for each data set; then which factor moves the AUC.

    studies: the cells of each study, by its name. work: folder of the cells' progress files, which say why a cell has no
    record.
    """
    told = [record for record in records if record.settings.profile != UNTOLD]
    if not told:
        return _NOTHING
    counts: dict[str, int] = {}
    for record in told:
        counts[record.settings.dataset] = counts.get(record.settings.dataset, 0) + 1
    # real footage before generated, then the set with most runs
    order = sorted(counts, key=lambda name: (name in GENERATED_DATASETS, -counts[name], name))
    parts = [_data_set(name, [one for one in told if one.settings.dataset == name], studies, work) for name in order]
    factors = factorial_tables(told)
    if factors:
        parts.append("<h3>Which factor moves the AUC</h3>\n" + "".join(map(table, factors)))
    return "".join(parts)


def core_study(dataset: str, studies: Mapping[str, Sequence[Cell]], recorded: Collection[Cell]) -> str | None:
    """The study that shows a set best: the one of its name, else the smallest that somebody has begun."""
    own = {name: cells for name, cells in studies.items() if cells and cells[0].settings.dataset == dataset}
    if dataset in own and set(own[dataset]) & set(recorded):
        return dataset
    running = [name for name in begun(own, recorded) if own[name][0].settings.profile != UNTOLD]
    return min(running, key=lambda name: len(own[name]), default=None)


def _data_set(name: str, records: Sequence[Record], studies: Mapping[str, Sequence[Cell]], work: Path) -> str:
    known = by_cell(list(records))
    core = core_study(name, studies, known)
    everything = _all_rows(known, studies)
    rows = everything if core is None else make_rows(studies[core], known)
    done = [row for row in rows if row.records]
    identity = f"set-{name}"
    title = common_label(row.settings for row in rows)
    parts = [
        f'<h3 id="{escape(identity)}">{escape(set_name(name))}</h3>\n',
        auc_chart(title, done, escape(f"{identity}-chart")),
        table(main_table(title, rows)),
    ]
    contrasts = contrast_table(rows)
    if contrasts.rows:
        parts.append(
            details(f"Memory on against off <span class=hidden>({escape(set_name(name))})</span>", table(contrasts))
        )
    variants = variant_table(done)
    if variants.rows:
        summary = f"What changes at test time do <span class=hidden>({escape(set_name(name))})</span>"
        parts.append(details(summary, table(variants)))
    if len(everything) > len(done):
        all_of_them = table(main_table(f"{set_name(name)}: every setting that was run", everything))
        parts.append(details(f"All {len(everything)} settings on {escape(set_name(name))}", all_of_them))
    parts.append(_missing(name, known, studies, work))
    return "".join(parts)


def _all_rows(known: Mapping[Cell, Record], studies: Mapping[str, Sequence[Cell]]) -> list[Row]:
    """Every setting with a record, in the order of the studies that were begun, with the seeds that they want."""
    settings = {cell.settings for cell in known}
    wanted = [cell for name in begun(studies, known) for cell in studies[name] if cell.settings in settings]
    return make_rows([*wanted, *known], known)


def _missing(name: str, known: Mapping[Cell, Record], studies: Mapping[str, Sequence[Cell]], work: Path) -> str:
    """Cells without a record, of the studies of this set that were begun."""
    parts = []
    for study in begun(studies, known):
        cells = studies[study]
        if cells[0].settings.profile == UNTOLD:
            continue
        lines = missing_lines(study, cells, absent_cells(make_rows(cells, known), work))
        if lines:
            parts.append(f"<h4>Study {escape(study)}</h4>\n" + blocks("\n".join(lines)))
    return details(f"What is missing on {escape(set_name(name))}", "".join(parts), printed=False)


def figures_part(pictures: Pictures) -> str:
    """Figures of whole studies in the order of the question; where there are none, the command that draws them."""
    parts = []
    for question, found in pictures.of_questions.items():
        parts.append(f"<h3>{escape(question)}</h3>\n")
        parts += [
            f'<figure><img src="data:{picture.mime};base64,{picture.data}" width="{picture.width}" height="{picture.height}" '
            f'alt="{escape(picture.caption)}" loading="lazy"><figcaption>{escape(picture.caption)}</figcaption></figure>\n'
            for picture in found
        ]
    if not parts:
        parts.append("<p>No figures yet: <code>make figures</code> draws them.</p>\n")
    if pictures.left_out:
        parts.append(
            f"<p>{pictures.left_out} more are in <code>results/figures</code>: the page has no room for them.</p>\n"
        )
    return "".join(parts)
