"""Commands that make views of the records: tables, figures, verdict, page, MLflow.

A study has records at its file's own profile, at the one that the file has for CUDA, or at both: views show each of them,
the other one under a label of its own (`Study.label`), so that neither replaces the other's files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cli.lazy_data import LazyData
from benchmarks.cli.options import work_folder
from benchmarks.data.locks import locked_folder
from benchmarks.errors import StudyError
from benchmarks.hints import OWN, hint
from benchmarks.study.files import Study, load_at_each_profile, load_study, study_names
from benchmarks.study.settings import Cell

if TYPE_CHECKING:
    from benchmarks.report.figures.style import Medium
    from benchmarks.report.read.records import Record


@contextmanager
def writing_views(results: Path, data: LazyData) -> Iterator[None]:
    """Write views of the records that agree with the data here, one command at a time; says so where it waits.

    Where there is no data, it says that it did not check.
    """
    from benchmarks.report.read.records import compared_with

    with ExitStack() as stack:
        if results.is_dir():  # a view of no folder is refused below
            wait = f"Another command writes views of {results}; waiting for its end."
            stack.enter_context(locked_folder(results, lambda: print(wait, file=sys.stderr)))
        stack.enter_context(compared_with(data.difference))
        yield
    data.say_unchecked()


def _locked_view(view: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Make a command that writes views."""

    @wraps(view)
    def run(options: argparse.Namespace) -> int:
        with writing_views(options.results, LazyData(options)):
            return view(options)

    return run


@_locked_view
def tables(options: argparse.Namespace) -> int:
    """Write the tables of studies, at each profile that they have records of, and what README and docs show of them."""
    from benchmarks.report.read.frame import records_frame, write_frame
    from benchmarks.report.tables.index import columns_table
    from benchmarks.report.tables.readme import update_documents

    studies = _studies(options)
    for study in studies:
        main = write_study_tables(study, options)
        # README and docs show whole studies as their files have them, from the project's own records.
        if options.results == Path("results") and not (options.seeds or options.profile):
            update_documents(study.label, main)
    for dataset in sorted({study.dataset for study in studies}):
        _write_bottleneck(dataset, options.results)
    if options.results == Path("results"):
        update_documents("answer", readme_answer(options.results))
        update_documents("auc", readme_auc_facts(options.results))
        update_documents("all-records", columns_table())
    _write_memory_effect(options.results)
    print(f"Written: {write_frame(records_frame(options.results), options.results)}")
    _write_place_tables(options)
    write_index(options)
    return 0


def write_study_tables(study: Study, options: argparse.Namespace, *, quiet: bool = False) -> str:
    """Write a study's tables, print the main one unless quiet, and return it."""
    from benchmarks.report.tables.write import write_tables

    written = write_tables(study.name, study.cells, options.results, work=work_folder(options), stem=study.label)
    if not quiet:
        print(written.main)
        print(f"\nWritten: {', '.join(map(str, written.paths.values()))}")
    return written.main


def table(options: argparse.Namespace) -> int:
    """Print a study's table with chosen columns as Markdown and LaTeX, or write both where a file is named."""
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.read.rows import make_rows
    from benchmarks.report.tables.chosen_columns import chosen_table
    from benchmarks.report.tables.latex import to_latex
    from benchmarks.report.tables.render import to_markdown
    from benchmarks.report.tables.view import write_text
    from benchmarks.report.tables.write import origin_lines, study_title

    columns = (options.columns or "").split(",")
    for number, study in enumerate(_studies(options)):
        rows = make_rows(study.cells, by_cell(load_records(options.results, study.dataset)))
        chosen = chosen_table(study_title(study.name, rows), rows, columns)
        stem = study.label if not options.out else options.out.name + (f"-{study.profile}" if number else "")
        origin = origin_lines([record for row in rows for record in row.records])
        texts = {"md": to_markdown(chosen), "tex": to_latex(chosen, stem, origin=origin)}
        print(texts["md"] if options.out else "\n".join(texts.values()))
        if options.out:
            paths = [write_text(options.out.with_name(f"{stem}.{form}"), text) for form, text in texts.items()]
            print(f"Written: {', '.join(map(str, paths))}")
    return 0


def _write_bottleneck(dataset: str, results: Path) -> None:
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.read.rows import make_rows
    from benchmarks.report.tables.bottleneck import write_bottleneck_table

    records = load_records(results, dataset)
    for path in write_bottleneck_table(dataset, make_rows([one.cell for one in records], by_cell(records)), results):
        print(f"Written: {path}")


def _write_memory_effect(results: Path) -> None:
    """Memory's effect in every group, with what it rests on."""
    from benchmarks.report.claims.paired_effects import without_stale
    from benchmarks.report.read.records import load_records
    from benchmarks.report.tables.memory_effect import write_memory_effect

    records, _ = without_stale(load_records(results), _stale())
    if paths := write_memory_effect(records, results):
        print(f"Written: {', '.join(map(str, paths.values()))}")


def _write_place_tables(options: argparse.Namespace) -> None:
    """Where methods see anomalies: in pixels and in boxes."""
    from benchmarks.report.read.records import load_records
    from benchmarks.report.tables.box_table import BOXES
    from benchmarks.report.tables.pixel_table import PIXELS

    records = load_records(options.results)
    if paths := PIXELS.write(records, options.results) | BOXES.write(records, options.results):
        print(f"Written: {', '.join(map(str, paths.values()))}")


def write_index(options: argparse.Namespace) -> None:
    """Write the index of results: every study, and its label at the profile for CUDA where it has records."""
    from benchmarks.report.tables.index import write_results_index

    print(f"Written: {write_results_index(options.results, _known(options), work=work_folder(options))}")


def readme_answer(results: Path) -> str:
    """Return the README's answer to the study's question."""
    from benchmarks.report.claims.answer import STUDIES, answer
    from benchmarks.report.claims.paired_effects import without_stale
    from benchmarks.report.read.records import load_records

    records, _ = without_stale(load_records(results, interim=True), _stale())
    return answer({name: load_study(name).cells for name in STUDIES}, records, results).markdown()


def readme_auc_facts(results: Path) -> str:
    """Return what to know about AUC on Ped2."""
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.read.rows import make_rows
    from benchmarks.report.tables.auc_facts import auc_facts

    return auc_facts(make_rows(load_study("ped2").cells, by_cell(load_records(results, "ped2"))))


@_locked_view
def figures(options: argparse.Namespace) -> int:
    """Draw the figures of studies, at each profile that they have records of."""
    from benchmarks.report.figures import write_figures
    from benchmarks.report.figures.style import Medium
    from benchmarks.report.read.records import by_cell, load_records
    from benchmarks.report.tables.index import begun, drawn_elsewhere

    asked, known, work = _studies(options), _known(options), work_folder(options)
    medium = Medium(options.format, options.width)
    records = by_cell(load_records(options.results))
    studies = {name: known[name] for name in begun(known, records)}
    for study in asked:
        own = [records[cell] for cell in study.cells if cell in records]
        # A study that is not known is a user's own.
        elsewhere = drawn_elsewhere(study.label, studies) if study.label in studies else frozenset()
        drawn = write_figures(
            study.label, own, options.results, work, elsewhere, medium, each_setting=options.each_setting
        )
        print(*drawn.paths, sep="\n")
        if drawn.missing:
            print(drawn.sentence(study.name, work, None if study.label == study.name else study.profile))
    if not options.studies:
        print(*_draw_answer(list(records.values()), options.results, medium), sep="\n")
    write_index(options)
    return 0


def _draw_answer(records: list[Record], results: Path, medium: Medium) -> list[Path]:
    """Draw the README's picture from the effects that its table holds."""
    from benchmarks.report.claims.answer_effects import chosen_effects
    from benchmarks.report.claims.paired_effects import without_stale
    from benchmarks.report.claims.rules import read_rules
    from benchmarks.report.claims.trained import training
    from benchmarks.report.figures import write_answer

    current, _ = without_stale(records, _stale())
    rules = read_rules()
    found = chosen_effects(current, rules, training(rules.trained, current))
    return write_answer(found, results, medium)


@_locked_view
def verdict(options: argparse.Namespace) -> int:
    """Judge every claim."""
    from benchmarks.report.claims.verdict import main
    from benchmarks.report.read.records import refuse_without_records

    refuse_without_records(options.results)
    return main(options, None if options.keep_stale else _stale())


@_locked_view
def report(options: argparse.Namespace) -> int:
    """Write the page, with each study at each profile that it has records of."""
    from benchmarks.report.page import main
    from benchmarks.report.read.records import refuse_without_records

    refuse_without_records(options.results)
    return main(options, _known(options), None if options.keep_stale else _stale())


def _stale() -> Callable[[Record], bool]:
    """Whether today's code would not make a record again."""
    from benchmarks.run.fingerprint import fingerprint

    digest = cache(lambda settings, mode: fingerprint(settings, mode).digest)
    return lambda record: record.code.digest != digest(record.settings, record.content.get("mode", "record"))


def _studies(options: argparse.Namespace) -> list[Study]:
    """The studies named, or all that are begun, at the profile asked for, else at those that they have records of.

    Those are the file's own and its profile_cuda. A study that is named and has no record is shown at its own.
    """
    from benchmarks.report.read.records import refuse_without_records
    from benchmarks.report.tables.index import begun

    refuse_without_records(options.results)
    named = options.studies or study_names()
    profiles: list[tuple[Study, ...]] = [
        (load_study(name, profile=options.profile, at_least=options.seeds),)
        if options.profile
        else load_at_each_profile(name, at_least=options.seeds)
        for name in named
    ]
    studies = [study for each in profiles for study in each]
    recorded = _recorded(studies, options)
    if options.studies:
        return [one for each in profiles for one in [s for s in each if recorded & set(s.cells)] or each[:1]]
    labels = begun({study.label: study.cells for study in studies}, recorded)
    if not labels:
        raise StudyError(
            f"Expected records of a study ({', '.join(named)}) in {options.results / 'runs'}, but there are none; "
            f"run one first ({hint('reproduce', 'synthetic')})."
        )
    return [study for study in studies if study.label in labels]


def _known(options: argparse.Namespace) -> dict[str, tuple[Cell, ...]]:
    """Cells of the project's studies by label: each at its file's own profile, and at its profile_cuda if begun there."""
    from benchmarks.report.tables.index import begun

    studies = [study for name in study_names() for study in load_at_each_profile(name)]
    labels = begun({study.label: study.cells for study in studies}, _recorded(studies, options))
    return {one.label: one.cells for one in studies if one.profile == one.own_profile or one.label in labels}


def _recorded(studies: Iterable[Study], options: argparse.Namespace) -> set[Cell]:
    """Cells of studies that have a record; the records are not opened."""
    from benchmarks.grid.places import Places

    places = Places(None, options.results, work_folder(options))
    return {cell for study in studies for cell in study.cells if places.record(cell).exists()}


def import_into_mlflow(options: argparse.Namespace) -> int:
    """Bring the reference and own records into MLflow."""
    from benchmarks.track.importer import import_all

    _refuse_misspelt(options.results)
    print(import_all(options.reference, options.results, work=options.work, progress=True))
    return 0


def ui(options: argparse.Namespace) -> int:
    """Serve MLflow."""
    from benchmarks.track.ui import serve

    _refuse_misspelt(options.results)
    return serve(options.reference, options.results, options.port, work=options.work, auth=options.auth)


def _refuse_misspelt(own: Path) -> None:
    """Raise StudyError for a folder without records that the user has named; nobody needs to have own runs."""
    from benchmarks.report.read.records import refuse_without_records

    if own != OWN:
        refuse_without_records(own)
