"""Whether each setting's output follows its input, where its records say so (`benchmarks.run.inspect.response`)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.study_tables import factors_of

_COLUMNS: Final = ("n", "Correlation", "Error", "Mean frame's error", "Outliers", "Dead channels")


def response_table(rows: Sequence[Row]) -> Table:
    """A row per setting whose records measured it; none of them may."""
    factors = factors_of(rows)
    lines = []
    for row in rows:
        found = [section for record in row.records if (section := _response(record)) is not None]
        if found:
            lines.append((*(tell(row) for _, tell in factors), str(len(found)), *_cells(found)))
    columns = (*(name for name, _ in factors), *_COLUMNS)
    return Table(
        "Does the output follow the input?", columns, tuple(lines), frozenset(_COLUMNS), (note("response.columns"),)
    )


def _response(record: Record) -> dict[str, Any] | None:
    found: dict[str, Any] | None = record.content.get("response", {}).get(record.variant)
    return found


def _cells(found: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    def range_of(value: Callable[[dict[str, Any]], float | None], form: str) -> str:
        values = [one for section in found if (one := value(section)) is not None]
        shown = dict.fromkeys(format(one, form) for one in ((min(values), max(values)) if values else ()))
        return " to ".join(shown)

    return (
        range_of(lambda section: section["correlation"], ".2f"),
        range_of(lambda section: section["error"], ".5f"),
        range_of(lambda section: section["mean_frame_error"], ".5f"),
        range_of(lambda section: section["outliers"], "d"),
        range_of(lambda section: section["dead_channels"] if section["channels"] else None, "d"),
    )
