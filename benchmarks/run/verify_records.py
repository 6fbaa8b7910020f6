"""Whether records are what was written: digests, tables of terms, and every metric that the table gives again."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.measure.terms import read_terms
from benchmarks.reading import DIGEST, printable
from benchmarks.run.labelling import read_labelling
from benchmarks.run.record_file import MANIFEST, REMEDY, listed_digest, listed_files, read_content
from benchmarks.run.remeasure import measured_again

_SECTIONS = ("metrics", "headline", "kinds", "changes", "notes")


@dataclass(frozen=True)
class Verified:
    """What came of one record. problem: a sentence, or empty. digest: whether a digest vouches for it."""

    path: Path
    problem: str = ""
    digest: bool = True


def verify_record(path: Path) -> Verified:
    """Check a record's digest, form, place and table, and measure all of it again that its table holds."""
    try:
        content = read_content(path)
        known = DIGEST in content or listed_digest(path) is not None
        table_path = path.with_suffix(".csv.gz")
        read_labelling(table_path, content.get("data", {}))
        again = measured_again(content, read_terms(table_path))
    except StudyError as error:
        return Verified(path, str(error))
    differing = [name for name in _SECTIONS if again.get(name) != content.get(name)]
    if differing:
        where = ", ".join(f"{name} ({_first_difference(content.get(name), again.get(name))})" for name in differing)
        return Verified(
            path, f"Expected {path} to hold what its table of terms gives, but it differs in {where}; {REMEDY}."
        )
    return Verified(path, digest=known)


def verify_all(runs: Path, workers: int | None = None) -> Iterator[Verified]:
    """Verify all records below a folder, in order, on all cores, and name what lies there and is no record of its place."""
    paths = sorted(runs.glob("*/*/*/seed-*.json"))
    for stray in strays(runs):
        if stray not in paths:
            yield Verified(
                stray, f"Expected records and their tables alone, but there is {stray}; remove it or move it away."
            )
    for lost in listed_files(runs):
        if not lost.is_file():
            yield Verified(lost, f"Expected {lost}, which {MANIFEST} lists, but there is none; {REMEDY}.")
    count = min(workers or cpu_count() or 1, max(1, len(paths) // 8))
    if count == 1:
        yield from map(verify_record, paths)
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(verify_record, paths, chunksize=4)


def strays(runs: Path) -> list[Path]:
    """Return files in the folders of cells that no cell leaves there, such as a sync tool's copy `seed-0 (2).json`."""
    known = {suffix for path in runs.glob("*/*/*/seed-*.json") for suffix in (path, path.with_suffix(".csv.gz"))}
    found = [path for path in sorted(runs.glob("*/*/*/*")) if path.is_file() and not path.name.startswith(".")]
    return [path for path in found if path not in known or not _is_seed(path.name)]


def _is_seed(name: str) -> bool:
    return name.removeprefix("seed-").removesuffix(".json").removesuffix(".csv.gz").isdecimal()


def _first_difference(before: object, now: object, place: str = "") -> str:
    """Name the first place in which two values differ, with both values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [*before, *(one for one in now if one not in before)]:
            if before.get(name) != now.get(name):
                return _first_difference(before.get(name), now.get(name), f"{place}.{name}".lstrip("."))
    return printable(f"{place}: {before}, not {now}".removeprefix(": "), 160)


def summary(found: Sequence[Verified]) -> str:
    """Say in a line how many records are what was written."""
    wrong = sum(bool(one.problem) for one in found)
    without = sum(not one.digest for one in found)
    more = f"; {without} have no digest and are in no {MANIFEST}" if without else ""
    return f"{len(found) - wrong} of {len(found)} records are what was written: digest, table, and every metric of it{more}."
