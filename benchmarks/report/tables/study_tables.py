"""What the tables of a study say: each function turns rows into one table of strings."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from benchmarks.report.read.format import KINDS, SCORES, percent, signed
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.published import DIVIDED_BY_MAXIMUM, OTHER_LABELS, by_others
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import METHOD_NAMES, Row, native_skip
from benchmarks.report.tables.render import Table
from benchmarks.study.settings import AUTOENCODERS, BASELINES

_PEAK: Final = "peak_memory_mb"
Measure = Callable[[Record], float | None]


def micro(*, variant: str | None = None, score: str | None = None, normalisation: str = "per_video") -> Measure:
    """Measure the micro AUC of a variant (the published one by default) under a score and a normalisation."""
    return lambda record: record.metric("micro_auc", variant=variant, score=score, normalisation=normalisation)


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
        "Supervision": lambda row: row.settings.supervision,
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
    """AUC per setting beside the published one; per kind of anomaly where the set has kinds."""

    def of_kind(name: str) -> Callable[[Row], str]:
        return lambda row: percent(row.summary(lambda record: record.kind(name)))

    def difference(row: Row) -> str:
        auc, figure = row.auc(), row.published()
        return signed(100 * auc.mean - figure.auc) if auc and figure else ""

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("Seeds", lambda row: f"{len(row.records)}/{len(row.records) + len(row.missing)}"),
        ("AUC", lambda row: percent(row.auc())),
        *((heading, of_kind(name)) for name, heading in KINDS.items()),
        ("Macro", lambda row: percent(row.summary(lambda record: record.metric("macro_auc")))),
        ("Pooled", lambda row: percent(row.summary(micro(normalisation="global")))),
        ("Published", lambda row: " / ".join(f"{figure.auc:.1f} {figure.status}" for figure in row.all_published())),
        ("Difference", difference),
        ("RC2020", lambda row: f"{figure.auc:.1f} {figure.status}" if (figure := row.rc2020()) else ""),
    ]
    notes = [
        (
            "AUC: frames of all videos joined, each video normalised by its own extremes (the published way), in per "
            "cent; ± is the half-width of a 95 % t interval over seeds."
        ),
        (
            "Macro: mean over the videos that hold both classes. Pooled: the same score without normalisation within "
            "videos (scores of all videos on one scale)."
        ),
        "Seeds: done of wanted. A figure without interval rests on one seed.",
    ]
    if any((auc := row.auc()) is not None and auc.basis == "videos" for row in rows):
        notes.append(
            "† one seed, or a method that draws nothing: interval of a bootstrap over test videos; it does not hold "
            "the noise of training."
        )
    if any(row.published() for row in rows):
        notes.append(
            "Published: the original paper's AUC (P: read there). It was measured at the published geometry and "
            "length; a profile other than paper has another. RC2020: best of several runs and weights of the score."
        )
    notes += label_notes(rows)
    notes += [
        f"Published of {row.method}: {' / '.join(f'{one.auc:.1f} in {one.source}' for one in figures)}. P: read there; "
        f"S: as a third party states it. Its geometry and length are not this profile's.{_other_scale(row)}"
        for row in rows
        if row.settings.method in BASELINES and (figures := row.all_published())
    ]
    if any(row.settings.method in BASELINES for row in rows):
        notes += [
            f"The clock alone, which looks at no pixel, reaches {percent(row.auc()).rstrip('†')} on "
            f"{row.settings.dataset}: judge the rows by what they are above it."
            for row in rows
            if row.settings.method == "clock" and row.records
        ]
    return _table(title, rows, columns, notes)


def label_notes(rows: Sequence[Row]) -> list[str]:
    """Of figures of MNAD's beside rows of a set that is labelled otherwise: that it is, and which set is not."""
    sets = dict.fromkeys(row.settings.dataset for row in rows if row.settings.method == "mnad" and row.published())
    return [
        f"Published of MNAD on {name}: measured under the labels of MNAD's own file, {OTHER_LABELS[name]}; the set "
        f"{name}-mnad-labels has the same videos under that file."
        for name in sets
        if name in OTHER_LABELS
    ]


def _other_scale(row: Row) -> str:
    """A sentence on a published score that divides a video's costs otherwise than the harness; empty for the others."""
    if row.settings.method not in DIVIDED_BY_MAXIMUM:
        return ""
    return " It is of (cost - min) / max of each video, the AUC here of (cost - min) / (max - min)."


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
        ("Macro padded", lambda row: percent(row.summary(lambda record: record.metric("macro_auc_padded")))),
    ]
    notes = [
        (
            "Left: each score alone, normalised per video. Right: the published score per video, over all test frames "
            "(Global) and by held-out normal training frames (Train, the only one that a system in use could compute)."
        ),
        (
            "Global on a single term ranks frames as its raw values pooled over videos do: what is left without "
            "normalisation within videos."
        ),
        (
            "MemAE is published under the absolute error, its twin without memory under the squared error: compare "
            "within one column. Macro padded: videos of one class count too, padded with a 0 and a 1."
        ),
    ]
    return _table("Scores and normalisations (AUC, %)", rows, columns, notes)


def error_table(rows: Sequence[Row]) -> Table:
    """Frame metrics other than AUC, of the published score."""

    def metric(name: str, digits: int = 1) -> Callable[[Row], str]:
        return lambda row: percent(row.summary(lambda record: record.metric(name)), digits)

    def delta(row: Row) -> str:
        summary = row.summary(lambda record: record.metric("delta_s"))
        if summary is None:
            return ""
        half = "" if summary.low is None or summary.high is None else f" ± {(summary.high - summary.low) / 2:.3f}"
        return f"{signed(summary.mean, 3)}{half}"

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("EER", metric("eer")),
        ("AP", metric("average_precision")),
        ("Prevalence", lambda row: f"{100 * s.mean:.1f}" if (s := row.summary(_prevalence)) else ""),
        ("FPR@95TPR", metric("fpr_at_95_tpr")),
        ("Δs", delta),
        ("Macro videos", lambda row: f"{s.mean:.0f}" if (s := row.summary(_macro_videos)) else ""),
    ]
    notes = [
        (
            "EER: equal error rate. AP: average precision; chance gives the prevalence, the share of abnormal frames. "
            "Δs: mean normality of normal minus abnormal frames."
        ),
        (
            "FPR@95TPR: normal frames above the threshold that finds 95 % of the abnormal ones. It and the EER's "
            "threshold are oracles, found on the labels of the test frames: no system in use could choose them."
        ),
    ]
    return _table("Other metrics (%, published score per video)", rows, columns, notes)


def cost_table(rows: Sequence[Row]) -> Table:
    """Parameters, time and memory per setting: mean time and median peak over seeds."""

    def told(measure: Measure) -> Callable[[Row], str]:
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
        ("Train clips/s", told(Record.train_rate)),
        ("Test frames/s", told(Record.test_rate)),
        ("Peak MB", peak),
    ]
    notes = [
        "Mean seconds per cell; Frames is the time to prepare the store, near 0 where another cell has done so.",
        (
            "Test frames/s: scored test frames in the time of evaluation, which scores every variant and the held-out "
            "video too."
        ),
        "Peak MB: the highest of a cell's phases, median over seeds.",
    ]
    if any(row.settings.memory != "none" for row in rows):
        notes.append(
            "With a memory more variants are scored than without, so that Evaluate, s and Test frames/s do not measure "
            "what the memory costs; `results/bench` does."
        )
    return _table("Costs", rows, columns, notes)


def others_table(datasets: Sequence[str]) -> Table:
    """What others measured of the methods on data sets: trained again, or with a part left out; without rows if none."""
    rows = tuple(
        (
            figure.source,
            METHOD_NAMES.get(figure.method, figure.method),
            figure.task,
            figure.memory,
            f"{figure.auc:g}",
            "" if figure.eer is None else f"{figure.eer:g}",
            figure.status,
            figure.note,
        )
        for name in datasets
        for figure in by_others(name)
    )
    columns = ("Source", "Method", "Task", "Memory", "AUC", "EER", "Status", "Note")
    notes = (
        (
            "Methods that others trained again or left a part out of, at their geometry and length; as many digits as "
            "they give. Frames of all videos joined, normalised per video unless the note says otherwise. P: read in the "
            "source itself, or recomputed from stored scores. S: as a third party states it."
        ),
    )
    return Table("What others measured", columns, rows, frozenset({"AUC", "EER"}), notes).without_empty_columns()


def _prevalence(record: Record) -> float | None:
    return record.metric("prevalence")


def _macro_videos(record: Record) -> float | None:
    return record.metric("macro_videos")
