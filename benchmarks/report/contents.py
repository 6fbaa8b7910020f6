"""What the tables of a study say: each function turns rows into one table of strings."""

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.measure.statistics import PairedDifference
from benchmarks.report.contrasts import memory_contrasts, variant_difference, variants_of
from benchmarks.report.records import Record
from benchmarks.report.render import Table
from benchmarks.report.rows import Row, Summary, native_skip
from benchmarks.study.settings import BASELINES

KINDS: Final = {"spatial": "Spatial", "temporal": "Temporal", "spatio_temporal": "Spatio-temporal"}
SCORES: Final = {
    "fused": "Fused",
    "psnr": "PSNR",
    "feature_distance": "Feature dist.",
    "mean_absolute_error": "Abs. error",
    "mse": "Sq. error",
}
Measure = Callable[[Record], float | None]


def micro(*, variant: str | None = None, score: str | None = None, normalisation: str = "per_video") -> Measure:
    """Measure the micro AUC of a variant (the published one by default) under a score and a normalisation."""
    return lambda record: record.metric("micro_auc", variant=variant, score=score, normalisation=normalisation)


def percent(summary: Summary | None, digits: int = 1) -> str:
    """A fraction over seeds in per cent: ``93.1 ± 0.8`` over seeds, ``93.1 [90.2, 95.0]†`` over videos."""
    if summary is None:
        return ""
    mean = f"{100 * summary.mean:.{digits}f}"
    if summary.low is None or summary.high is None:
        return mean
    if summary.basis == "videos":
        return f"{mean} [{100 * summary.low:.{digits}f}, {100 * summary.high:.{digits}f}]†"
    return f"{mean} ± {100 * (summary.high - summary.low) / 2:.{digits}f}"


def signed(value: float | None, digits: int = 1) -> str:
    """A number with its sign; the minus is the typographic one."""
    return "" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def _factors(rows: Sequence[Row]) -> list[tuple[str, Callable[[Row], str]]]:
    """Headings that name a row; those that say the same of all rows, or repeat what is native, are left out."""
    always: list[tuple[str, Callable[[Row], str]]] = [
        ("Method", lambda row: row.method),
        ("Task", lambda row: row.task),
        ("Memory", lambda row: row.memory),
    ]
    if any(row.settings.skip != native_skip(row.settings) for row in rows):
        always.append(("Skip", lambda row: "on" if row.settings.skip else "off"))
    names: dict[str, Callable[[Row], str]] = {
        "Set": lambda row: row.settings.dataset,
        "Supervision": lambda row: row.settings.supervision,
        "Preset": lambda row: row.settings.preset,
        "Profile": lambda row: row.settings.profile,
        "Setting": lambda row: row.extra,
    }
    return always + [(name, tell) for name, tell in names.items() if len({tell(row) for row in rows}) > 1]


def _table(
    title: str, rows: Sequence[Row], columns: Sequence[tuple[str, Callable[[Row], str]]], notes: Sequence[str] = ()
) -> Table:
    factors = _factors(rows)
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
            "AUC: frames of all videos joined, each video normalised by its own extremes (the published way), in per cent; "
            "± is the half-width of a 95 % t interval over seeds."
        ),
        (
            "Macro: mean over the videos that hold both classes. Pooled: the same score without normalisation within "
            "videos (scores of all videos on one scale)."
        ),
        "Seeds: done of wanted. A figure without interval rests on one seed.",
    ]
    if any((auc := row.auc()) is not None and auc.basis == "videos" for row in rows):
        notes.append(
            "† one seed, or a method that draws nothing: interval of a bootstrap over test videos; it does not hold the "
            "noise of training."
        )
    if any(row.published() for row in rows):
        notes.append(
            "Published: the original paper's AUC (P: read there). It was measured at the published geometry and "
            "length; a profile other than paper has another. RC2020: best of several runs and weights of the score."
        )
    notes += [
        f"Published of {row.method}: {' / '.join(f'{one.auc:.1f} in {one.source}' for one in figures)}. P: read there; S: as a third party "
        "states it. Its geometry and length are not this profile's."
        for row in rows
        if row.settings.method in BASELINES and (figures := row.all_published())
    ]
    if any(row.settings.method in BASELINES for row in rows):
        notes += [
            f"The clock alone, which looks at no pixel, reaches {percent(row.auc()).rstrip('†')} on {row.settings.dataset}: judge "
            "the rows by what they are above it."
            for row in rows
            if row.settings.method == "clock" and row.records
        ]
    return _table(title, rows, columns, notes)


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
            "MemAE is published under the absolute error, its twin without memory under the squared error: compare within "
            "one column. Macro padded: videos of one class count too, padded with a 0 and a 1."
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
    ]
    return _table("Other metrics (%, published score per video)", rows, columns, notes)


def cost_table(rows: Sequence[Row]) -> Table:
    """Parameters, time and memory per setting, mean over seeds."""

    def phase(name: str, quantity: str) -> Callable[[Row], str]:
        return lambda row: f"{s.mean:,.0f}" if (s := row.summary(lambda r: r.phase(name, quantity))) else ""

    def peak(row: Row) -> str:
        values = [value for r in row.records for name in r.content["phases"] if (value := r.phase(name, _PEAK))]
        return f"{max(values):,.0f}" if values else ""

    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("Parameters", lambda row: f"{row.records[0].content['parameters']:,}" if row.records else ""),
        ("Frames, s", phase("frames", "seconds")),
        ("Train, s", phase("train", "seconds")),
        ("Evaluate, s", phase("evaluate", "seconds")),
        ("Train frames/s", phase("train", "frames_per_second")),
        ("Test frames/s", phase("evaluate", "frames_per_second")),
        ("Peak MB", peak),
    ]
    notes = ["Mean seconds per cell; Frames is the time to prepare the store, near 0 where another cell has done so."]
    return _table("Costs", rows, columns, notes)


def contrast_table(rows: Sequence[Row]) -> Table:
    """Memory on minus off, paired by seed."""
    contrasts = memory_contrasts(rows)
    factors = [factor for factor in _factors(rows) if factor[0] != "Memory"]
    columns = (
        *(name for name, _ in factors),
        "Score",
        "Without",
        "With",
        "Difference",
        "p",
        "p (Holm)",
        "Δs",
        "Seeds",
    )
    cells = []
    for contrast in contrasts:
        score = None if contrast.score == "published" else contrast.score
        cells.append(
            (
                *(tell(contrast.with_memory) for _, tell in factors),
                SCORES.get(contrast.score, contrast.score),
                *(
                    f"{100 * mean:.1f}" if (mean := _paired_mean(row, contrast.auc, score)) is not None else ""
                    for row in (contrast.without_memory, contrast.with_memory)
                ),
                interval_of(contrast.auc),
                f"{contrast.auc.p_value:.3f}" if len(contrast.auc.seeds) > 1 else "",
                f"{contrast.holm_p:.3f}" if contrast.holm_p is not None and len(contrast.auc.seeds) > 1 else "",
                "" if contrast.delta_s is None else interval_of(contrast.delta_s, scale=1, digits=3),
                str(len(contrast.auc.seeds)),
            )
        )
    notes = (
        (
            "Difference of AUC in points and of Δs, memory minus none, mean of the seeds that both sides have, with a 95 % "
            "t interval. p: exact two-sided sign-flip test; n seeds cannot give less than 2^(1−n), so 0.25 with three."
        ),
        "Published: each side under its own published score. Holm: over the contrasts of this table under that score.",
    )
    numeric = frozenset(columns[len(factors) + 1 :])
    return Table("Memory on against off", columns, tuple(cells), numeric, notes).without_empty_columns()


def variant_table(rows: Sequence[Row]) -> Table:
    """What a change at test time does, from the same checkpoints."""
    factors = _factors(rows)
    columns = (*(name for name, _ in factors), "Variant", "Score", "AUC", "Change", "Pooled", "Updated", "Output PSNR")
    cells = []
    for row in rows:
        for index, variant in enumerate(variants_of(row)):
            score = row.records[0].variant_score(variant)
            likeness = row.summary(lambda record, name=variant: _likeness(record, name))  # type: ignore[misc]
            change = variant_difference(row, variant) if index else None
            cells.append(
                (
                    *(tell(row) for _, tell in factors),
                    f"{variant} (published)" if index == 0 else variant,
                    SCORES.get(score or "", score or ""),
                    percent(row.summary(micro(variant=variant, score=score))),
                    "" if change is None else interval_of(change),
                    percent(row.summary(micro(variant=variant, score=score, normalisation="global"))),
                    percent(row.summary(lambda record, name=variant: _updated(record, name))),  # type: ignore[misc]
                    "" if likeness is None else f"{likeness.mean:.1f}",
                )
            )
    notes = (
        (
            "Change: AUC of the variant minus that of the published one, under the same score and on the same frames "
            "(every fourth where something is replaced), paired by seed, with a 95 % t interval. A bypassed memory has "
            "no feature distance, so its score is the error alone."
        ),
        "Updated: share of the test frames under the threshold, after which the items change, in per cent.",
        "Output PSNR: between the variant's output and that of the published one, in dB, mean over test frames.",
    )
    numeric = frozenset({"AUC", "Change", "Pooled", "Updated", "Output PSNR"})
    return Table("Variants at test time (AUC, %)", columns, tuple(cells), numeric, notes).without_empty_columns()


def interval_of(difference: PairedDifference, scale: float = 100, digits: int = 1) -> str:
    """A paired difference with its interval: ``+1.2 [−0.3, +2.7]``; the mean alone for a single pair."""
    mean = signed(scale * difference.mean, digits)
    if difference.low is None or difference.high is None:
        return mean
    return f"{mean} [{signed(scale * difference.low, digits)}, {signed(scale * difference.high, digits)}]"


_PEAK = "peak_memory_mb"


def _likeness(record: Record, variant: str) -> float | None:
    value = record.content.get("changes", {}).get(variant, {}).get("mean_psnr")
    return None if value is None else float(value)


def _updated(record: Record, variant: str) -> float | None:
    """Share of frames that updated the items, where the record keeps the decisions frame by frame."""
    if variant != "update":
        return None
    column = f"{variant}.updated"
    frames = record.frames()
    return float(frames[column].mean()) if column in frames else None


def _prevalence(record: Record) -> float | None:
    return record.metric("prevalence")


def _macro_videos(record: Record) -> float | None:
    return record.metric("macro_videos")


def _paired_mean(row: Row, paired: PairedDifference, score: str | None) -> float | None:
    values = row.by_seed(micro(score=score))
    chosen = [values[seed] for seed in paired.seeds]
    return sum(chosen) / len(chosen) if chosen else None
