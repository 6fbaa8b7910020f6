"""The run explorer's table: a row per run, complete without any script; page.js filters, sorts and opens it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from markupsafe import Markup

from benchmarks.report.page.markup import part
from benchmarks.report.page.runs import auc_words, run_id
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import Row
from benchmarks.study.settings import AUTOENCODERS, GENERATED_DATASETS, METHODS, PROFILES

# Heading, name in the page's address (empty: no filter), whether it sorts as a number, and the text of a run.
_Column = tuple[str, str, bool, Callable[[Row, Record], str]]
_COLUMNS: Final[tuple[_Column, ...]] = (
    ("Method", "method", False, lambda row, _: row.method),
    ("Task", "task", False, lambda row, _: row.task),
    ("Memory", "memory", False, lambda row, _: row.memory),
    ("Data set", "dataset", False, lambda row, _: set_name(row.settings.dataset)),
    ("Runs", "runs", False, lambda row, _: settings_label(row.settings)),
    ("Seed", "seed", True, lambda _, record: str(record.seed)),
    ("AUC (%)", "", True, lambda _, record: _bare(auc_words(record))),
    ("Pooled (%)", "", True, lambda _, record: _bare(auc_words(record, "global"))),
    ("Skip", "skip", False, lambda row, _: _studied(row, "on" if row.settings.skip else "off")),
    ("Supervision", "supervision", False, lambda row, _: _studied(row, row.settings.supervision_card.printed)),
    ("Preset", "preset", False, lambda row, _: _studied(row, row.settings.preset)),
    ("Other", "setting", False, lambda row, _: row.extra),
)


def explorer_table(records: Sequence[Record], stale: Collection[str] = ()) -> Markup:
    """Every run as a row; stale: names of runs that older code made, which a column of its own says."""
    columns = [column[:3] for column in _COLUMNS] + ([("Code", "code", False)] if stale else [])
    lines = []
    for record in records:
        row, name = Row(record.settings, (record,)), run_id(record)
        cells = [text(row, record) for *_, text in _COLUMNS]
        lines.append((name, cells + ([("older" if name in stale else "current")] if stale else [])))
    return part("explorer", "runs", columns, lines)


def in_order(records: Iterable[Record]) -> list[Record]:
    """Runs as a reader expects them: by set, real footage first, and profile; the studied methods before the others."""

    def place(record: Record) -> tuple[object, ...]:
        settings = record.settings
        return (
            settings.dataset in GENERATED_DATASETS,
            settings.dataset,
            PROFILES.index(settings.profile),
            list(METHODS).index(settings.method),
            str(record.path.parent),
            record.seed,
        )

    return sorted(records, key=place)


def _studied(row: Row, text: str) -> str:
    """The studied methods have such a factor, the others do not."""
    return text if row.settings.method in AUTOENCODERS else ""


def _bare(text: str) -> str:
    """One run's number alone; its interval stands in what the run opens."""
    return text.partition(" ")[0]
