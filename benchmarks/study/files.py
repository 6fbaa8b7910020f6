"""Study files: from a readable TOML file to the cells of a study.

``[study]`` holds name, title, dataset, seeds (a count), profile and, where it differs, profile_cuda. ``[settings]``
overrides settings of all cells. Each ``[[cells]]`` table holds factors and further overrides; a list stands for each of
its values, and lists multiply.
"""

import itertools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.study.filters import Filter
from benchmarks.study.presets import resolve
from benchmarks.study.settings import PROFILES, Cell, Settings

STUDIES = Path(__file__).resolve().parents[1] / "studies"

_REQUIRED = ("name", "title", "dataset", "seeds", "profile")
_STUDY_KEYS = (*_REQUIRED, "profile_cuda")
_TABLES = ("study", "settings", "cells")
# Belong to the study as a whole, so that a profile can be asked for on the command line.
_NOT_PER_CELL = ("dataset", "profile", "seed", "seeds")


@dataclass(frozen=True)
class Study:
    """What a study file asks for. cells: all settings of seed 0 first, so that a study cut short is worth most.

    profile: that of its cells; own_profile: that of the file.
    """

    name: str
    title: str
    dataset: str
    cells: tuple[Cell, ...]
    needs_data: bool
    profile: str = ""
    own_profile: str = ""

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
    only: str | None = None,
    cuda: bool = False,
) -> Study:
    """Expand a study file into its cells; a cell that is asked for twice is one cell.

    name_or_path: one of `study_names()`, or the path of a TOML file. profile, seeds: in place of the file's.
    only: a filter such as ``task=prediction,memory=none``. cuda: take the file's profile_cuda where it has one.
    Raises StudyError for a file that cannot be read or understood, an illegal combination (with its reason), and a
    filter that leaves nothing.
    """
    file = _find(name_or_path)
    tables = _read(file)
    header = tables["study"]
    count = header["seeds"] if seeds is None else seeds
    if count < 1:
        raise StudyError(f"Expected at least 1 seed, but got {count}; correct --seeds or seeds in {file}.")
    profile = profile or (header.get("profile_cuda", header["profile"]) if cuda else header["profile"])
    if profile not in PROFILES:
        raise StudyError(f"Expected a profile among {', '.join(PROFILES)}, but got {profile!r} for {file}.")
    wanted = Filter.parse(only) if only else Filter()
    settings = _expand(file, tables, profile)
    chosen = [one for one in settings if wanted.matches(one)]
    cells = tuple(Cell(one, seed) for seed in range(count) for one in chosen if wanted.matches_seed(seed))
    if not cells:
        names = ", ".join(one.name for one in settings)
        raise StudyError(
            f"Expected --only to leave a cell of study {header['name']}, but {only} matches none: {names}."
        )
    # Synthetic frames are generated; every other set must be at hand.
    needs_data = header["dataset"] != "synthetic"
    return Study(header["name"], header["title"], header["dataset"], cells, needs_data, profile, header["profile"])


def _find(name_or_path: str | Path) -> Path:
    written = str(name_or_path)
    file = Path(written) if written.endswith(".toml") else STUDIES / f"{written}.toml"
    if ("/" in written and not written.endswith(".toml")) or not file.is_file():
        raise StudyError(
            f"Expected a study among {', '.join(study_names())}, or the path of a .toml file, but got {written!r}; "
            f"correct the name."
        )
    return file


def _read(file: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"Expected a readable TOML file at {file}, but {error}; correct the study file.") from error
    _refuse_unknown(tables, _TABLES, "tables", file)
    header, cells = tables.get("study"), tables.get("cells")
    if not isinstance(header, dict) or not isinstance(cells, list) or not isinstance(tables.get("settings", {}), dict):
        raise StudyError(f"Expected a [study] table, at least one [[cells]] and at most one [settings] in {file}.")
    _refuse_unknown(header, _STUDY_KEYS, "keys of [study]", file)
    for key in _REQUIRED:
        kind = int if key == "seeds" else str
        if type(header.get(key)) is not kind:
            raise StudyError(
                f"Expected {key} of [study] to be of type {kind.__name__} in {file}; got {header.get(key)!r}."
            )
    return tables


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], what: str, file: Path) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise StudyError(f"Expected {what} among {', '.join(known)}, but got {', '.join(unknown)} in {file}.")


def _expand(file: Path, tables: Mapping[str, Any], profile: str) -> tuple[Settings, ...]:
    """Settings in the order of the file, each once."""
    dataset, shared = tables["study"]["dataset"], tables.get("settings", {})
    expanded: dict[str, Settings] = {}
    for number, table in enumerate(tables["cells"], start=1):
        factors = {**shared, **table}
        misplaced = sorted(set(factors) & set(_NOT_PER_CELL))
        if misplaced:
            raise StudyError(f"Expected {', '.join(misplaced)} in [study], but found it per cell in {file}; move it.")
        missing = sorted({"method", "task"} - set(factors))
        if missing:
            raise StudyError(
                f"Expected method and task in [[cells]] number {number} of {file}: add {', '.join(missing)}."
            )
        levels = [value if isinstance(value, list) else [value] for value in factors.values()]
        for values in itertools.product(*levels):
            try:
                one = resolve(dataset=dataset, profile=profile, **dict(zip(factors, values, strict=True)))
            except StudyError as error:
                raise StudyError(f"{error} It is asked for by [[cells]] number {number} of {file}.") from error
            expanded.setdefault(one.hash, one)
    return tuple(expanded.values())
