"""Commands that make views of the records: tables, figures, verdict, page, MLflow."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cli.options import work_folder
from benchmarks.errors import StudyError
from benchmarks.study.files import Study, load_study, study_names

if TYPE_CHECKING:
    from benchmarks.report.records import Record


def tables(options: argparse.Namespace) -> int:
    """Write the tables of studies, and what the README shows of them."""
    from benchmarks.report.readme import update_readme

    studies = _studies(options)
    for study in studies:
        main = write_study_tables(study, options)
        # The README shows whole studies as their files have them, from the project's own records.
        if options.results == Path("results") and not (options.seeds or options.profile):
            update_readme(Path("README.md"), study.label, main)
    for dataset in sorted({study.dataset for study in studies}):
        _write_bottleneck(dataset, options.results)
    if options.results == Path("results"):
        update_readme(Path("README.md"), "answer", readme_answer(options.results))
    _write_place_tables(options)
    write_index(options)
    return 0


def write_study_tables(study: Study, options: argparse.Namespace) -> str:
    """Write a study's tables, print the main one and return it."""
    from benchmarks.report.tables import write_tables

    written = write_tables(study.name, study.cells, options.results, work=work_folder(options), stem=study.label)
    print(written.main)
    print(f"\nWritten: {', '.join(map(str, written.paths.values()))}")
    return written.main


def _write_bottleneck(dataset: str, results: Path) -> None:
    from benchmarks.report.bottleneck import write_bottleneck_table
    from benchmarks.report.records import by_cell, load_records
    from benchmarks.report.rows import make_rows

    records = load_records(results, dataset)
    for path in write_bottleneck_table(dataset, make_rows([one.cell for one in records], by_cell(records)), results):
        print(f"Written: {path}")


def _write_place_tables(options: argparse.Namespace) -> None:
    """Where methods see anomalies: in pixels and in boxes."""
    from benchmarks.report.box_table import write_box_tables
    from benchmarks.report.pixel_table import write_pixel_tables
    from benchmarks.report.records import load_records

    records = load_records(options.results)
    if paths := write_pixel_tables(records, options.results) | write_box_tables(records, options.results):
        print(f"Written: {', '.join(map(str, paths.values()))}")


def write_index(options: argparse.Namespace) -> None:
    """Write the index of results."""
    from benchmarks.report.index import write_results_index

    studies = {name: load_study(name).cells for name in study_names()}
    print(f"Written: {write_results_index(options.results, studies, work=work_folder(options))}")


def readme_answer(results: Path) -> str:
    """Return the README's answer to the study's question."""
    from benchmarks.report.answer import STUDIES, answer
    from benchmarks.report.evidence import without_stale
    from benchmarks.report.records import load_records

    records, _ = without_stale(load_records(results), _stale())
    return answer({name: load_study(name).cells for name in STUDIES}, records, results).markdown()


def figures(options: argparse.Namespace) -> int:
    """Draw the figures of studies."""
    from benchmarks.report.figures import write_figures
    from benchmarks.report.figures.from_looks import write_look_figures
    from benchmarks.report.index import begun, drawn_elsewhere
    from benchmarks.report.records import by_cell, load_records

    asked = _studies(options)
    known = {name: load_study(name).cells for name in study_names()}
    records = by_cell(load_records(options.results))
    studies = {name: known[name] for name in begun(known, records)}
    for study in asked:
        drawn = [records[cell] for cell in study.cells if cell in records]
        elsewhere = drawn_elsewhere(study.name, studies) if study.name in studies else frozenset()  # else a user's own
        looks = write_look_figures(study.label, drawn, options.results, work_folder(options), elsewhere)
        for path in (*write_figures(study.label, drawn, options.results, elsewhere), *looks.paths):
            print(path)
        if looks.missing:
            print(looks.sentence(study.name, work_folder(options)))
    write_index(options)
    return 0


def verdict(options: argparse.Namespace) -> int:
    """Judge every claim."""
    from benchmarks.report.records import refuse_without_records
    from benchmarks.report.verdict import main

    refuse_without_records(options.results)
    return main(options, None if options.keep_stale else _stale())


def report(options: argparse.Namespace) -> int:
    """Write the page."""
    from benchmarks.report.page import main
    from benchmarks.report.records import refuse_without_records

    refuse_without_records(options.results)
    studies = {name: load_study(name).cells for name in study_names()}
    return main(options, studies, None if options.keep_stale else _stale())


def _stale() -> Callable[[Record], bool]:
    """Whether today's code would not make a record again."""
    from benchmarks.run.fingerprint import fingerprint

    digest = cache(lambda settings, mode: fingerprint(settings, mode).digest)
    return lambda record: record.content["fingerprint"]["digest"] != digest(record.settings, record.content["mode"])


def _studies(options: argparse.Namespace) -> list[Study]:
    """The studies named, or all that are begun."""
    from benchmarks.grid.places import Places
    from benchmarks.report.index import begun
    from benchmarks.report.records import refuse_without_records

    refuse_without_records(options.results)
    named = options.studies or study_names()
    studies = [load_study(name, profile=options.profile, at_least=options.seeds) for name in named]
    if options.studies:
        return studies
    places = Places(None, options.results, work_folder(options))
    recorded = [cell for study in studies for cell in study.cells if places.record(cell).exists()]
    names = begun({study.name: study.cells for study in studies}, recorded)
    if not names:
        raise StudyError(
            f"Expected records of a study ({', '.join(named)}) in {options.results / 'runs'}, but there are none; "
            f"run one first (make reproduce-synthetic)."
        )
    return [study for study in studies if study.name in names]


def import_into_mlflow(options: argparse.Namespace) -> int:
    """Bring the records into MLflow."""
    from benchmarks.report.records import refuse_without_records
    from benchmarks.track.importer import import_records

    refuse_without_records(options.results)
    counts = import_records(options.results, progress=True)
    print(f"MLflow: {counts.added} records added, {counts.replaced} replaced, {counts.unchanged} unchanged.")
    return 0


def ui(options: argparse.Namespace) -> int:
    """Serve MLflow."""
    from benchmarks.track.ui import serve

    return serve(options.results, options.port)
