"""What a reader of published AUCs should know, from the records of one study: a block of the README."""

from collections.abc import Sequence

from benchmarks.report.read.rows import Row
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.study_tables import micro
from benchmarks.study.settings import LEARNING_FREE

NO_RECORDS = "- No runs yet. `make reproduce-ped2` trains them."


def auc_facts(rows: Sequence[Row]) -> str:
    """Return a Markdown list: frame difference, frame index, normalisation within test videos.

    rows: a study's settings, with and without learning. A fact whose runs are missing is left out.
    """
    learned = [row for row in rows if row.settings.method not in LEARNING_FREE]
    aucs = {id(row): summary.mean for row in rows if (summary := row.auc()) is not None}
    facts = []
    if (row := _of(rows, "frame_difference")) is not None and id(row) in aucs:
        trained = [other for other in learned if id(other) in aucs]
        below = sum(aucs[id(row)] > aucs[id(other)] for other in trained)
        facts.append(
            note(
                "auc_facts.frame_difference",
                auc=_percent(aucs[id(row)]),
                below=below,
                trained=len(trained),
                length=_length(trained),
            )
        )
    if (row := _of(rows, "clock")) is not None and id(row) in aucs:
        facts.append(note("auc_facts.clock", auc=_percent(aucs[id(row)])))
    best = max((row for row in learned if id(row) in aucs), key=lambda row: aucs[id(row)], default=None)
    pooled = None if best is None else best.summary(micro(normalisation="global"))
    if best is not None and pooled is not None:
        gain = 100 * (aucs[id(best)] - pooled.mean)
        facts.append(
            note(
                "auc_facts.normalisation",
                gain=gain,
                model=best.label,
                auc=_percent(aucs[id(best)]),
                pooled=_percent(pooled.mean),
            )
        )
    return "\n".join(f"{number}. {fact}" for number, fact in enumerate(facts, start=1)) or NO_RECORDS


def _of(rows: Sequence[Row], method: str) -> Row | None:
    return next((row for row in rows if row.settings.method == method), None)


def _length(rows: Sequence[Row]) -> str:
    """Size, width and epochs of the models, since short training lowers them; "" without any."""
    found = {
        f"{row.settings.size}×{row.settings.size}, {row.settings.width:g} of the published width, "
        f"{row.settings.epochs} epochs"
        for row in rows
    }
    return f" ({'; '.join(sorted(found))})" if found else ""


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
