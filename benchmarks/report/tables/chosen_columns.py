"""A table of a study's settings with the columns that a paper wants, of all that its tables have."""

import re
from collections.abc import Sequence

from benchmarks.errors import StudyError
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.study_tables import cost_table, error_table, factors_of, main_table, score_table


def chosen_table(title: str, rows: Sequence[Row], columns: Sequence[str]) -> Table:
    """Return a row per setting that has a record with the columns named, in their order; all of them where none is named.

    columns: headings of the main table, scores, other metrics and costs as `column_name` writes them. Notes that explain
    other columns alone are left out. Raises StudyError for an unknown name, and where no setting has a record.
    """
    done = [row for row in rows if row.records]
    if not done:
        raise StudyError(f"Expected records of {title}, but there are none; run the study first.")
    tables = (main_table(title, done), score_table(done), error_table(done), cost_table(done))
    sources: dict[str, tuple[Table, int]] = {}
    for table in tables:
        for index, heading in enumerate(table.columns):
            sources.setdefault(column_name(heading), (table, index))
    wanted = [column_name(name) for name in columns if name.strip()] or list(sources)
    if unknown := [name for name in wanted if name not in sources]:
        raise StudyError(
            f"Expected columns among {', '.join(sources)}, but got {', '.join(unknown)}; correct the name (COLUMNS=...)."
        )
    found = [sources[name] for name in dict.fromkeys(wanted)]
    factors = {heading for heading, _ in factors_of(done)}
    quoted = [table for table in tables if any(table is one and one.columns[i] not in factors for one, i in found)]
    return Table(
        title,
        tuple(table.columns[index] for table, index in found),
        tuple(tuple(table.rows[number][index] for table, index in found) for number in range(len(done))),
        frozenset(table.columns[index] for table, index in found if table.columns[index] in table.numeric),
        tuple(note for table in quoted for note in table.notes if _says_something(note, table, found)),
    )


def _says_something(note: str, table: Table, found: Sequence[tuple[Table, int]]) -> bool:
    explained = {heading for heading in table.columns if f"{heading}: " in note}
    return not explained or any(one.columns[index] in explained for one, index in found)


def column_name(heading: str) -> str:
    """A heading as it is typed: in small letters, hyphens for all but letters and digits (``fpr-95tpr``, ``delta-s``)."""
    return re.sub(r"[^\w]+", "-", heading.replace("Δ", "delta ").lower()).strip("-")
