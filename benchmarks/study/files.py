"""Study files: from a readable TOML file to the cells of a study.

``[study]`` holds name, title, dataset, seeds (a count), profile and, where they are wanted,
- profile_cuda: the profile where CUDA is available
- cells_from: another study, whose ``[[cells]]`` come before the file's own
- evaluate_every: score the test frames after every so many epochs of training; nothing is chosen by it
- mode: ``fast`` for cells that train quicker with other last digits (docs/design/0004).
``[settings]`` overrides settings of all cells, ``[settings.memae]`` those of one method. Each ``[[cells]]`` table holds
factors and further overrides, and seeds where they are not the study's; a list stands for each of its values, and lists
multiply. What stands closest to the cell wins; a cell that several tables ask for is one, with the most seeds.
"""

import itertools
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.reading import MOST_COMBINATIONS, expected, printable, read_toml
from benchmarks.study.filters import Filter
from benchmarks.study.presets import resolve
from benchmarks.study.settings import (
    GENERATED_DATASETS,
    METHODS,
    MODES,
    MOST_SEEDS,
    PROFILES,
    SEEDLESS,
    Cell,
    Settings,
)

_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
STUDIES = Path(__file__).resolve().parents[1] / "studies"

_REQUIRED = ("name", "title", "dataset", "seeds", "profile")
_OPTIONAL = {"profile_cuda": str, "cells_from": str, "evaluate_every": int, "mode": str}
_STUDY_KEYS = (*_REQUIRED, *_OPTIONAL)
_TABLES = ("study", "settings", "cells")
# Belong to the study as a whole, so that a profile can be asked for on the command line.
_NOT_PER_CELL = ("dataset", "profile", "seed")


@dataclass(frozen=True)
class Study:
    """What a study file asks for. cells: all settings of seed 0 first, so that a study cut short is worth most.

    profile: that of its cells; own_profile: that of the file. evaluate_every: epochs between two evaluations on
    the test frames while training, 0 for none. mode: of its cells.
    """

    name: str
    title: str
    dataset: str
    cells: tuple[Cell, ...]
    needs_data: bool
    profile: str = ""
    own_profile: str = ""
    evaluate_every: int = 0
    mode: str = "record"

    @property
    def label(self) -> str:
        """Name of the study's views: another profile than the file's own has views of its own."""
        return self.name if self.profile == self.own_profile else f"{self.name}-{self.profile}"


def study_names() -> tuple[str, ...]:
    """Names of the study files that come with the project, sorted."""
    return tuple(sorted(file.stem for file in STUDIES.glob("*.toml")))


def load_study(
    name_or_path: str | Path,
    *,
    profile: str | None = None,
    seeds: int | None = None,
    at_least: int | None = None,
    only: str | None = None,
    cuda: bool = False,
    mode: str | None = None,
    precision: str | None = None,
) -> Study:
    """Expand a study file into its cells; a cell that is asked for twice is one cell.

    name_or_path: one of `study_names()`, or the path of a TOML file. profile, seeds, mode: in place of the file's.
    precision: of trained cells that would take bfloat16 by default; what a file sets stays as it is.
    at_least: so many seeds where the file has fewer.
    only: a filter such as ``task=prediction,memory=none``. cuda: take the file's profile_cuda where it has one.
    Raises StudyError for a file that cannot be read or understood, an illegal combination (with its reason), and a
    filter that leaves nothing.
    """
    file = _find(name_or_path)
    tables = _read(file)
    header = tables["study"]
    profile = profile or (header.get("profile_cuda", header["profile"]) if cuda else header["profile"])
    if profile not in PROFILES:
        raise StudyError(f"Expected a profile among {', '.join(PROFILES)}, but got {profile!r} for {file}.")
    mode = mode or header.get("mode", MODES[0])
    if mode not in MODES:
        raise StudyError(f"Expected a mode among {', '.join(MODES)}, but got {mode!r} for {file}.")
    wanted = Filter.parse(only) if only else Filter()
    settings = _expand(file, tables, profile, precision)
    if seeds is not None:
        settings = dict.fromkeys(settings, seeds)
    fewest = min(settings.values())
    if at_least is not None:
        fewest = min(fewest, at_least)
        settings = {one: max(count, at_least) for one, count in settings.items()}
    if fewest < 1:
        raise StudyError(f"Expected at least 1 seed, but got {fewest}; correct --seeds or seeds in {file}.")
    if max(settings.values()) > MOST_SEEDS:
        raise StudyError(
            f"Expected at most {MOST_SEEDS} seeds, but got {max(settings.values())}; correct --seeds or seeds in "
            f"{file}."
        )
    chosen = {one: count for one, count in settings.items() if wanted.matches(one)}
    cells = tuple(
        Cell(one, seed)
        for seed in range(max(chosen.values(), default=0))
        for one, count in chosen.items()
        if seed < count and wanted.matches_seed(seed)
    )
    if chosen and not cells:
        last = max(chosen.values()) - 1
        raise StudyError(
            f"Expected --only to leave a cell of study {header['name']}, but {only} matches none: it has "
            f"{f'seeds 0 to {last}' if last else 'seed 0 alone'}; correct it, or ask for more with --seeds."
        )
    if not cells:
        names = ", ".join(one.name for one in settings)
        raise StudyError(
            f"Expected --only to leave a cell of study {header['name']}, but {only} matches none: {names}."
        )
    needs_data = header["dataset"] not in GENERATED_DATASETS
    return Study(
        header["name"],
        header["title"],
        header["dataset"],
        cells,
        needs_data,
        profile,
        header["profile"],
        header.get("evaluate_every", 0),
        mode,
    )


def load_at_each_profile(name_or_path: str | Path, *, at_least: int | None = None) -> tuple[Study, ...]:
    """The study at its file's own profile and, where the file has another for CUDA, at that; one label each."""
    both = (load_study(name_or_path, at_least=at_least, cuda=cuda) for cuda in (False, True))
    return tuple({study.label: study for study in both}.values())


def _find(name_or_path: str | Path) -> Path:
    written = str(name_or_path)
    file = Path(written) if written.endswith(".toml") else STUDIES / f"{written}.toml"
    try:
        known = file.is_file() and not ("/" in written and not written.endswith(".toml"))
    except (OSError, ValueError):  # a name too long for any disk, or with a zero byte
        known = False
    if not known:
        raise StudyError(
            f"Expected a study among {', '.join(study_names())}, or the path of a .toml file, but got "
            f"{printable(written)!r}; correct the name."
        )
    return file


@dataclass(frozen=True)
class _Table:
    """One ``[[cells]]`` table and where it stands."""

    factors: Mapping[str, Any]
    place: str


def _read(file: Path) -> dict[str, Any]:
    with expected("a study in TOML", file, "correct the study file"):
        tables = read_toml(file)
    _refuse_unknown(tables, _TABLES, "tables", file)
    header = tables.get("study")
    cells = tables.get("cells", [] if isinstance(header, dict) and "cells_from" in header else None)
    if not isinstance(header, dict) or not isinstance(cells, list) or not isinstance(tables.get("settings", {}), dict):
        raise StudyError(f"Expected a [study] table, at least one [[cells]] and at most one [settings] in {file}.")
    _refuse_unknown(header, _STUDY_KEYS, "keys of [study]", file)
    kinds = {
        **dict.fromkeys(_REQUIRED, str),
        "seeds": int,
        **{key: _OPTIONAL[key] for key in _OPTIONAL if key in header},
    }
    for key, kind in kinds.items():
        if type(header.get(key)) is not kind:
            raise StudyError(
                f"Expected {key} of [study] to be of type {kind.__name__} in {file}; got {header.get(key)!r}."
            )
    for key in ("name", "dataset"):  # both become names of folders and files
        if not _NAME.fullmatch(header[key]):
            raise StudyError(
                f"Expected {key} of [study] to be letters, digits, '.', '_' and '-' in {file}, but got "
                f"{header[key]!r}; rename it."
            )
    if printable(header["title"]) != header["title"]:
        raise StudyError(f"Expected title of [study] to be one line without control characters in {file}; shorten it.")
    for place, table in [
        ("settings", tables.get("settings", {})),
        *((f"[[cells]] number {n}", cell) for n, cell in enumerate(cells, start=1)),
    ]:
        if not isinstance(table, dict) or (place != "settings" and not all(map(_is_level, table.values()))):
            raise StudyError(
                f"Expected settings by name, each a value or a list of values, in {place} of {file}; correct it."
            )
    if not cells and "cells_from" not in header:
        raise StudyError(f"Expected at least one [[cells]] table in {file}, but there is none; add one.")
    if header.get("evaluate_every", 0) < 0:
        raise StudyError(
            f"Expected evaluate_every of [study] to be at least 0 in {file}; got {header['evaluate_every']}."
        )
    return tables


def _is_level(value: object) -> bool:
    plain = (str, int, float, bool)
    return isinstance(value, plain) or (isinstance(value, list) and all(isinstance(one, plain) for one in value))


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], what: str, file: Path) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise StudyError(f"Expected {what} among {', '.join(known)}, but got {', '.join(unknown)} in {file}.")


def _tables_of(file: Path, tables: Mapping[str, Any], seen: tuple[Path, ...] = ()) -> list[_Table]:
    """The ``[[cells]]`` tables of the study that a file takes its cells from, then its own."""
    found: list[_Table] = []
    other = tables["study"].get("cells_from")
    if other is not None:
        source = _find(other)
        if source in (file, *seen):
            raise StudyError(
                f"Expected cells_from in {file} to lead to an end, but it comes back to {source}; correct it."
            )
        found = _tables_of(source, _read(source), (file, *seen))
    own = enumerate(tables.get("cells", []), start=1)
    return [*found, *(_Table(table, f"[[cells]] number {number} of {file}") for number, table in own)]


def _expand(file: Path, tables: Mapping[str, Any], profile: str, precision: str | None) -> dict[Settings, int]:
    """Settings in the order of the file, each once, and how many seeds."""
    header, settings = tables["study"], tables.get("settings", {})
    by_method = {name: value for name, value in settings.items() if isinstance(value, dict)}
    shared = {name: value for name, value in settings.items() if name not in by_method}
    _refuse_unknown(by_method, METHODS, "[settings.NAME] tables for methods", file)
    expanded: dict[Settings, int] = {}
    for table in _tables_of(file, tables):
        own = dict(table.factors)
        seeds = own.pop("seeds", header["seeds"])
        if type(seeds) is not int:
            raise StudyError(f"Expected seeds to be of type int; got {seeds!r} in {table.place}.")
        if empty := sorted(name for name, value in {**shared, **own}.items() if value == []):
            raise StudyError(
                f"Expected at least one level of {', '.join(empty)} in {table.place}, but the list is empty; fill it."
            )
        for factors in _combinations(own):
            everything = {**shared, **by_method.get(factors.get("method", ""), {}), **factors}
            _check_factors(everything, table.place)
            for values in _combinations(everything):
                try:
                    one = resolve(dataset=header["dataset"], profile=profile, **values)
                except StudyError as error:
                    raise StudyError(f"{error} It is asked for by {table.place}.") from error
                if precision is not None and "precision" not in everything:
                    one = at_precision(one, precision)
                expanded[one] = max(seeds, expanded.get(one, 0))
    return expanded


def at_precision(settings: Settings, precision: str) -> Settings:
    """The same settings at another precision, where they are of a trained network in bfloat16; else as they are."""
    if settings.precision != "bfloat16" or settings.method in SEEDLESS:
        return settings
    return replace(settings, precision=precision)


def _combinations(factors: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Every combination of levels, where a list stands for each of its values."""
    levels = [value if isinstance(value, list) else [value] for value in factors.values()]
    if (count := math.prod(map(len, levels))) > MOST_COMBINATIONS:
        raise StudyError(
            f"Expected at most {MOST_COMBINATIONS} combinations of levels, but got {count}; shorten the lists."
        )
    return (dict(zip(factors, values, strict=True)) for values in itertools.product(*levels))


def _check_factors(factors: Mapping[str, Any], place: str) -> None:
    misplaced = sorted(set(factors) & set(_NOT_PER_CELL))
    if misplaced:
        raise StudyError(f"Expected {', '.join(misplaced)} in [study], but found it per cell in {place}; move it.")
    missing = sorted({"method", "task"} - set(factors))
    if missing:
        raise StudyError(f"Expected method and task in {place}: add {', '.join(missing)}.")
