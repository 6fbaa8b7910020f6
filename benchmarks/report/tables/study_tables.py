"""What the tables of a study say: each function turns rows into one table of strings."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Final

from benchmarks.report.read.format import KINDS, SCORES, percent, signed
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.published import DIVIDED_BY_MAXIMUM, OTHER_LABELS, PublishedFigure, baselines, by_others
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import METHOD_NAMES, Row, native_skip
from benchmarks.report.tables.notes import note
from benchmarks.report.tables.render import Table
from benchmarks.study.settings import AUTOENCODERS, BASELINES

_PEAK: Final = "peak_memory_mb"
Measure = Callable[[Record], float | None]


def micro(*, variant: str | None = None, score: str | None = None, normalisation: str = "per_video") -> Measure:
    """Measure the micro AUC of a variant (the published one by default) under a score and a normalisation."""
    return lambda record: record.metric("micro_auc", variant=variant, score=score, normalisation=normalisation)


def metric(name: str) -> Measure:
    """Measure a metric under the published variant, score and normalisation."""
    return lambda record: record.metric(name)


def of_variant(variant: str) -> Measure:
    """Measure the micro AUC of a variant under the score by which it is compared."""
    return lambda record: record.metric("micro_auc", variant=variant, score=record.variant_score(variant))


def factors_of(rows: Sequence[Row]) -> list[tuple[str, Callable[[Row], str]]]:
    """Headings that name a row; those that say the same of all rows, or repeat what is native, are left out."""
    always: list[tuple[str, Callable[[Row], str]]] = [
        ("Method", lambda row: row.method),
        ("Task", lambda row: row.task),
        ("Memory", lambda row: row.memory),
    ]
    if any(row.settings.skip != native_skip(row.settings) for row in rows):
        always.append(("Skip", _skip))
    several = len({row.settings.profile for row in rows}) > 1
    names: dict[str, Callable[[Row], str]] = {
        "Set": lambda row: set_name(row.settings.dataset),
        "Supervision": lambda row: row.settings.supervision_card.printed,
        "Preset": lambda row: row.settings.preset,
        "Runs": lambda row: settings_label(row.settings) if several else "",
        "Setting": lambda row: row.extra,
    }
    return always + [(name, tell) for name, tell in names.items() if len({tell(row) for row in rows}) > 1]


def _skip(row: Row) -> str:
    """Whether there are skips; a system without variants has none to leave out."""
    if row.settings.method not in AUTOENCODERS:
        return ""
    return "on" if row.settings.skip else "off"


def _table(
    title: str, rows: Sequence[Row], columns: Sequence[tuple[str, Callable[[Row], str]]], notes: Sequence[str] = ()
) -> Table:
    factors = factors_of(rows)
    everything = [*factors, *columns]
    cells = tuple(tuple(tell(row) for _, tell in everything) for row in rows)
    numeric = frozenset(name for name, _ in columns)
    table = Table(title, tuple(name for name, _ in everything), cells, numeric, tuple(notes))
    return table.without_empty_columns()


def main_table(title: str, rows: Sequence[Row]) -> Table:
    """AUC per setting and the published one; per kind of anomaly where the set has kinds."""

    def of_kind(name: str) -> Callable[[Row], str]:
        return lambda row: percent(row.summary(lambda record: record.kind(name)))

    def difference(row: Row) -> str:
        auc, figure = row.auc(), row.published()
        return signed(100 * auc.mean - figure.auc) if auc and figure else ""

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("Seeds", lambda row: f"{len(row.records)}/{len(row.records) + len(row.missing)}"),
        ("AUC", lambda row: percent(row.auc())),
        *((heading, of_kind(name)) for name, heading in KINDS.items()),
        ("Macro", lambda row: percent(row.summary(metric("macro_auc")))),
        ("Pooled", lambda row: percent(row.summary(micro(normalisation="global")))),
        ("Published", lambda row: " / ".join(f"{figure.auc:.1f} {figure.status}" for figure in row.all_published())),
        ("Difference", difference),
        ("RC2020", lambda row: f"{figure.auc:.1f} {figure.status}" if (figure := row.rc2020()) else ""),
    ]
    notes = [
        note("study_tables.auc"),
        note("study_tables.macro"),
        "Seeds: done of wanted. A figure without interval rests on one seed.",
    ]
    if any((auc := row.auc()) is not None and auc.basis == "videos" for row in rows):
        notes.append(note("study_tables.bootstrap"))
    if any(row.published() for row in rows):
        notes.append(note("study_tables.published"))
    notes += label_notes(rows)
    notes += [
        note(
            "study_tables.figures",
            method=row.method,
            figures=" / ".join(f"{one.auc:.1f} in {one.source}" for one in figures),
            scale=_other_scale(row),
        )
        for row in rows
        if row.settings.method in BASELINES and (figures := row.all_published())
    ]
    if any(row.settings.method in BASELINES for row in rows):
        notes += [
            note("study_tables.clock", auc=percent(row.auc()).rstrip("†"), dataset=row.settings.dataset)
            for row in rows
            if row.settings.method == "clock" and row.records
        ]
    return _table(title, rows, columns, notes)


def label_notes(rows: Sequence[Row]) -> list[str]:
    """Of MNAD's figures in rows of a set that is labelled otherwise: that it is, and which set is not."""
    sets = dict.fromkeys(row.settings.dataset for row in rows if row.settings.method == "mnad" and row.published())
    return [note("study_tables.labels", name=name, labels=OTHER_LABELS[name]) for name in sets if name in OTHER_LABELS]


def _other_scale(row: Row) -> str:
    """A sentence on a published score that divides a video's costs otherwise than the harness; empty for the others."""
    if row.settings.method not in DIVIDED_BY_MAXIMUM:
        return ""
    return note("study_tables.scale")


def score_table(rows: Sequence[Row]) -> Table:
    """AUC of each score under the published normalisation, and of the published score under the others."""

    def of_score(name: str) -> Callable[[Row], str]:
        return lambda row: percent(row.summary(micro(score=name)))

    def pooled(name: str) -> Callable[[Row], str]:
        return lambda row: percent(row.summary(micro(score=name, normalisation="global")))

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("Published by", lambda row: SCORES.get(row.records[0].score, row.records[0].score) if row.records else ""),
        *((heading, of_score(name)) for name, heading in SCORES.items()),
        ("Per video", lambda row: percent(row.summary(micro()))),
        ("Global", lambda row: percent(row.summary(micro(normalisation="global")))),
        ("Train", lambda row: percent(row.summary(micro(normalisation="train")))),
        ("PSNR global", pooled("psnr")),
        ("Macro padded", lambda row: percent(row.summary(metric("macro_auc_padded")))),
    ]
    notes = [
        note("study_tables.scores"),
        note("study_tables.pooled"),
        note("study_tables.error"),
    ]
    return _table("Scores and normalisations (AUC, %)", rows, columns, notes)


def error_table(rows: Sequence[Row]) -> Table:
    """Frame metrics other than AUC, of the published score."""

    def share(name: str) -> Callable[[Row], str]:
        return lambda row: percent(row.summary(metric(name)))

    def delta(row: Row) -> str:
        summary = row.summary(metric("delta_s"))
        if summary is None:
            return ""
        half = "" if summary.low is None or summary.high is None else f" ± {(summary.high - summary.low) / 2:.3f}"
        return f"{signed(summary.mean, 3)}{half}"

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("EER", share("eer")),
        ("AP", share("average_precision")),
        ("Prevalence", lambda row: f"{100 * s.mean:.1f}" if (s := row.summary(metric("prevalence"))) else ""),
        ("FPR@95TPR", share("fpr_at_95_tpr")),
        ("Δs", delta),
        ("Macro videos", lambda row: f"{s.mean:.0f}" if (s := row.summary(metric("macro_videos"))) else ""),
    ]
    notes = [
        note("study_tables.eer"),
        note("study_tables.fpr"),
    ]
    return _table("Other metrics (%, published score per video)", rows, columns, notes)


def cost_table(rows: Sequence[Row]) -> Table:
    """Parameters, time and memory per setting: mean time and median peak over seeds."""

    def rate(measure: Measure) -> Callable[[Row], str]:
        return lambda row: f"{s.mean:,.{0 if s.mean >= 10 else 1}f}" if (s := row.summary(measure)) else ""

    def phase(name: str, quantity: str) -> Callable[[Row], str]:
        return lambda row: f"{s.mean:,.0f}" if (s := row.summary(lambda r: r.phase(name, quantity))) else ""

    def peak(row: Row) -> str:
        cells = [[value for name in r.content["phases"] if (value := r.phase(name, _PEAK))] for r in row.records]
        highest = [max(values) for values in cells if values]
        return f"{median(highest):,.0f}" if highest else ""

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("Parameters", lambda row: f"{row.records[0].content['parameters']:,}" if row.records else ""),
        ("Frames, s", phase("frames", "seconds")),
        ("Train, s", phase("train", "seconds")),
        ("Evaluate, s", phase("evaluate", "seconds")),
        ("Train clips/s", rate(Record.train_rate)),
        ("Test frames/s", rate(Record.test_rate)),
        ("Peak MB", peak),
    ]
    notes = [
        note("study_tables.seconds"),
        note("study_tables.rate"),
        "Peak MB: the highest of a cell's phases, median over seeds.",
    ]
    if any(row.settings.has_memory for row in rows):
        notes.append(note("study_tables.variants"))
    return _table("Costs", rows, columns, notes)


def others_table(datasets: Sequence[str]) -> Table:
    """What others measured of the methods on data sets: trained again, or with a part left out; without rows if none."""
    headings = ("Source", "Method", "Task", "Memory", "AUC", "EER", "Status", "Note")
    return _figures_table("What others measured", headings, map(by_others, datasets), note("study_tables.others"))


def baselines_table(datasets: Sequence[str]) -> Table:
    """What was published of baselines on data sets; without rows if nothing was."""
    headings = ("Baseline", "Set", "AUC", "EER", "Status", "Source", "Note")
    return _figures_table(
        "Published baselines", headings, map(baselines, datasets), note("study_tables.baselines"), ".1f"
    )


def _figures_table(
    title: str, headings: Sequence[str], figures: Iterable[Sequence[PublishedFigure]], text: str, form: str = "g"
) -> Table:
    rows = []
    for one in (one for of_set in figures for one in of_set):
        values = {heading: getattr(one, heading.lower(), "") for heading in headings}
        values |= {"Method": METHOD_NAMES.get(one.method, one.method), "Baseline": one.method, "Set": one.dataset}
        values |= {"AUC": format(one.auc, form), "EER": "" if one.eer is None else format(one.eer, form)}
        rows.append(tuple(values[heading] for heading in headings))
    table = Table(title, tuple(headings), tuple(rows), frozenset({"AUC", "EER"}), (text,))
    return table.without_empty_columns()
