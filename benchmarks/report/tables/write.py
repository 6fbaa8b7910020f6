"""The tables of a study in ``results/tables``: Markdown, CSV and LaTeX, from records alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any, Final

import pandas as pd

from benchmarks.errors import StudyError
from benchmarks.hints import hint, own_study
from benchmarks.measure.normalise import NORMALISATIONS
from benchmarks.report.read.contrasts import variants_of
from benchmarks.report.read.format import KINDS, SCORES
from benchmarks.report.read.groups import common_label
from benchmarks.report.read.records import Record, by_cell, load_records
from benchmarks.report.read.rows import Absent, Row, absent_cells, make_rows
from benchmarks.report.tables.batch_norm import batch_norm_table
from benchmarks.report.tables.latex import write_latex
from benchmarks.report.tables.paired_tables import contrast_table, variant_table
from benchmarks.report.tables.render import Table, to_markdown
from benchmarks.report.tables.reproduction import verify_table
from benchmarks.report.tables.response import response_table
from benchmarks.report.tables.study_tables import (
    Measure,
    baselines_table,
    cost_table,
    error_table,
    main_table,
    metric,
    micro,
    of_variant,
    others_table,
    score_table,
)
from benchmarks.report.tables.view import SETTINGS, csv_frame, to_csv, with_bounds, write_text
from benchmarks.study.files import study_names
from benchmarks.study.settings import Cell

# Metrics that are shares, in per cent.
_SHARES: Final = ("macro_auc_padded", "eer", "average_precision", "prevalence", "fpr_at_95_tpr")


@dataclass(frozen=True)
class TableSet:
    """What was written.

    paths: format -> file, of LaTeX the folder of its files. main: the main table as it looks on a terminal. absent: cells of the study without a record.
    """

    paths: Mapping[str, Path]
    main: str
    absent: tuple[Absent, ...]


def write_tables(
    study: str, cells: Sequence[Cell], results: Path, *, work: Path | None = None, stem: str | None = None
) -> TableSet:
    """Write ``results/tables/<study>.{md,csv}`` (`table_stem`) and ``latex/<study>/`` from the records of the study's cells.

    stem: the files' name where it is not the study's, so that another profile does not replace its tables.
    work: folder of the cells' progress files, which say why a cell has no record; ``results/work`` where None.
    Raises StudyError if there is no cell, a record cannot be read or a table cannot be written.
    """
    if not cells:
        raise StudyError(f"Expected cells in the study {study}, but it has none; add [[cells]] to its file.")
    records = by_cell(
        [record for name in sorted({c.settings.dataset for c in cells}) for record in load_records(results, name)]
    )
    rows = make_rows(cells, records)
    absent = absent_cells(rows, work or results / "work")
    main = main_table(study_title(study, rows), rows)
    done = [row for row in rows if row.records]
    views = {"main": main}
    if done:
        views |= {
            "memory": contrast_table(rows),
            "scores": score_table(done),
            "variants": variant_table(done),
            "batch-norm": batch_norm_table(done),
            "response": response_table(done),
            "errors": error_table(done),
            "costs": cost_table(done),
        }
    datasets = sorted({cell.settings.dataset for cell in cells})
    views |= {"others": others_table(datasets), "baselines": baselines_table(datasets)}
    tables = {name: table for name, table in views.items() if table.rows}
    missing, footer = missing_lines(study, cells, absent), _footer(rows)
    main_text = "\n".join([to_markdown(main), *missing])
    texts = {
        "md": _markdown(
            study, main_text, [*list(tables.values())[1:], *([verify_table(done)] if done else [])], footer
        ),
        "csv": to_csv(study_frame(rows)),
    }
    name = table_stem(stem or study)
    paths = {ending: write_text(results / "tables" / f"{name}.{ending}", text) for ending, text in texts.items()}
    paths["tex"] = write_latex(results, name, tables, about=main.title, origin=footer)
    return TableSet(paths, main_text, tuple(absent))


def table_stem(label: str) -> str:
    """Name of a study's files in ``results/tables``; baselines are named as ``evaluation_<set>`` is."""
    family, _, rest = label.partition("-")
    return f"{family}_{rest}" if family == "baselines" and rest else label


def continue_command(study: str, cells: Sequence[Cell]) -> str:
    """The command that runs a study's missing cells, and no others; of a study file of the user's its form.

    study: its name, or the label of its views at another profile (`benchmarks.study.files.Study.label`).
    """
    if (asked := own_study()) is not None:
        return hint("reproduce", asked)
    profiles = sorted({cell.settings.profile for cell in cells})
    if study not in study_names() and len(profiles) == 1:
        study = study.removesuffix(f"-{profiles[0]}")
    if study not in study_names():
        return ".venv/bin/python -m benchmarks reproduce FILE.toml"
    # Where settings have different numbers of seeds, the study file says them better.
    counts = set(Counter(cell.settings for cell in set(cells)).values())
    seeds = f" SEEDS={counts.pop()}" if len(counts) == 1 else ""
    profile = f" PROFILE={profiles[0]}" if len(profiles) == 1 else ""
    return f"make reproduce-{study}{seeds}{profile}"


def missing_lines(study: str, cells: Sequence[Cell], absent: Sequence[Absent]) -> list[str]:
    """Lines that name the cells without a record, why, and the command that continues; none where all are done."""
    if not absent:
        return []
    failed = sum(one.failed for one in absent)
    tail = f", {failed} of them failed" if failed else ""
    grouped: dict[tuple[str, str], list[int]] = {}
    for one in absent:
        grouped.setdefault((one.cell.settings.name, one.reason), []).append(one.cell.seed)
    lines = [
        f"Missing: {len(absent)} of {len(set(cells))} cells{tail}. Continue with `{continue_command(study, cells)}`.",
        "",
    ]
    for (name, reason), seeds in grouped.items():
        numbers = ", ".join(map(str, sorted(seeds)))
        lines.append(f"- {name}, {'seed' if len(seeds) == 1 else 'seeds'} {numbers}: {reason}")
    return [*lines, ""]


def study_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """Everything in numbers, a row per setting; AUC and its likes in per cent, empty where not measured."""
    frame = csv_frame(
        ((row, _numbers(row)) for row in rows), (*SETTINGS, "supervision", "preset"), ("extra", "name", "seeds")
    )
    return frame.rename(columns={"extra": "setting"})


def _numbers(row: Row) -> dict[str, Any]:
    auc, published, other = row.auc(), row.published(), row.rc2020()

    def mean(measure: Measure, scale: float = 100, digits: int = 3) -> float | None:
        summary = row.summary(measure)
        return None if summary is None else round(scale * summary.mean, digits)

    return {
        "seeds_missing": len(row.missing),
        **with_bounds("auc", auc, 100, 3),
        "auc_interval_of": auc.basis if auc else None,
        "auc_by_seed": " ".join(f"{seed}:{100 * value:.3f}" for seed, value in row.by_seed(micro()).items()),
        "macro_auc": mean(metric("macro_auc")),
        **{f"auc_{kind}": mean(methodcaller("kind", kind)) for kind in KINDS},
        "published": published.auc if published else None,
        "published_status": published.status if published else None,
        "published_source": published.source if published else None,
        "published_all": "; ".join(f"{one.auc:g} {one.status} {one.source}" for one in row.all_published()),
        "difference": round(100 * auc.mean - published.auc, 3) if auc and published else None,
        "rc2020": other.auc if other else None,
        "rc2020_status": other.status if other else None,
        **{name: mean(metric(name)) for name in _SHARES},
        **{name: mean(metric(name), 1, 4) for name in ("delta_s", "macro_videos", "videos_of_one_class")},
        **{
            f"auc_{score}_{how}": mean(micro(score=score, normalisation=how))
            for score in SCORES
            for how in NORMALISATIONS
        },
        **{f"auc_published_{how}": mean(micro(normalisation=how)) for how in NORMALISATIONS},
        **{f"auc_variant_{variant}": mean(of_variant(variant)) for variant in variants_of(row)},
        "parameters": row.records[0].number("parameters") if row.records else None,
        **{
            f"{phase}_{quantity}": mean(methodcaller("phase", phase, quantity), 1, 4)
            for phase in ("frames", "train", "evaluate")
            for quantity in ("seconds", "peak_memory_mb")
        },
        "train_clips_per_second": mean(Record.train_rate, 1, 4),
        "test_frames_per_second": mean(Record.test_rate, 1, 4),
    }


def study_title(study: str, rows: Sequence[Row]) -> str:
    """Name a study with its data set and how far its runs are from the paper."""
    return f"Study {study}: {common_label(row.settings for row in rows)}"


def _footer(rows: Sequence[Row]) -> list[str]:
    records = [record for row in rows for record in row.records]
    if not records:
        return ["No record yet. Generated by `make tables`."]
    return [*origin_lines(records), "Generated from `results/runs` by `make tables`; figures by `make figures`."]


def origin_lines(records: Sequence[Record]) -> list[str]:
    """Where numbers come from: profile, mode, commits, machines, versions of the code that determines them."""
    commits = sorted({_commit(r) for r in records})
    lines = [
        (
            f"Profile {_list({r.settings.profile for r in records})}; mode "
            f"{_list({str(r.content.get('mode', '?')) for r in records})}; {len(records)} records; commit "
            f"{', '.join(commits)}."
        ),
        f"Machine: {'; '.join(sorted({_machine(r) for r in records}))}.",
    ]
    if mixed := _files_in_several_versions(records):
        lines.append(f"Records were made with several versions of {', '.join(mixed)}: compare them with care.")
    notes: dict[str, int] = {}
    for record in records:
        for text in dict.fromkeys(record.content.get("notes", [])):
            notes[text] = notes.get(text, 0) + 1
    return lines + [f"Note in {count} of {len(records)} records: {text}" for text, count in sorted(notes.items())]


def _files_in_several_versions(records: Sequence[Record]) -> list[str]:
    """Source files that determine numbers and were not the same for all records. Cells need different files."""
    versions: dict[str, set[str]] = {}
    for record in records:
        for name, digest in record.code.modules.items():
            versions.setdefault(name, set()).add(digest)
    return sorted(name for name, digests in versions.items() if len(digests) > 1)


def _commit(record: Record) -> str:
    commit = record.content["commit"]
    dirty = " (dirty)" if record.content.get("dirty") else ""
    return f"{str(commit)[:12]}{dirty}" if commit else "unknown (no git checkout)"


def _machine(record: Record) -> str:
    hardware: Mapping[str, Any] = record.content.get("hardware", {})
    what = hardware.get("accelerator") or hardware.get("processor") or "unknown processor"
    torch = record.content.get("versions", {}).get("torch", "?")
    return f"{what}, {hardware.get('cores', '?')} cores, {hardware.get('threads', '?')} threads a cell, torch {torch}"


def _list(values: set[str]) -> str:
    return ", ".join(sorted(values))


def _markdown(study: str, main: str, tables: Sequence[Table], footer: Sequence[str]) -> str:
    parts = [f"# {study}", "", main, *map(to_markdown, tables), "---", "", *(f"- {line}" for line in footer)]
    return "\n".join(parts) + "\n"
