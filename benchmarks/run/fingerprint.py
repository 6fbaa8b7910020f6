"""Which of the project's code determines a cell's numbers, as a digest of what it says, wherever it lies.

The modules are found by following imports from training, evaluation and the cell's parts, into any package of the
project. Each is hashed as `code_text` leaves it, and the digests are sorted before they are hashed together: moving or
renaming a module changes nothing, editing a leaf that a cell uses does. Metrics are left out: they can be computed again
from a record's per-frame terms. A module that ``equal_numbers.toml`` names counts as what it was before a change that left
every number as it was, bit for bit.
"""

import ast
import hashlib
import tomllib
from functools import cache
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.run.code_text import code_text, own_imports
from benchmarks.run.recorded_code import Fingerprint, joined, recorded_code
from benchmarks.study.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
_EQUAL_NUMBERS = Path(__file__).with_name("equal_numbers.toml")
# Settings hold values, and data has a checksum in the record: their modules say nothing about numbers. Nor do protocols
# and what looks parts up by their names, nor inspections, which leave every score as it was (tests/run).
_LEFT_OUT = (
    "benchmarks.errors",
    "benchmarks.study",
    "benchmarks.data.store",
    "benchmarks.measure",
    "benchmarks.run.contract",
    "benchmarks.run.inspect",
    "benchmarks.run.parts.backbone",
    "benchmarks.run.parts.memory",
)
_LOOK_UP = ("benchmarks.run.methods", "benchmarks.run.parts")
_ROOTS = ("benchmarks.run.training", "benchmarks.run.evaluation")
# What the mode `fast` puts in place of torch's own.
_FAST = "benchmarks.run.fast"
_NEGATIVE = "benchmarks.run.negative_learning"


def fingerprint(settings: Settings, mode: str = "record") -> Fingerprint:
    """Return the fingerprint of the code that a cell with these settings runs in a mode; nothing is imported.

    Raises StudyError where a module is named that is not there, or where promises of equal numbers go round.
    """
    card = settings.method_card
    module, kind = card.run.split(":")
    roots = [
        *_ROOTS,
        module,
        card.backbone,
        settings.memory_card.part,
        _NEGATIVE if settings.negative_weight is not None else "",
        _FAST if mode == "fast" and card.composed else "",
    ]
    files = _closure(tuple(filter(None, roots)))
    digests = {str(path.relative_to(_ROOT)): digest for path in files if (digest := _file_digest(path)) is not None}
    modules = {name: _as_before(digest) for name, digest in digests.items()}
    return Fingerprint(joined(modules.values(), kind), modules)


def made_by_todays_code(content: dict[str, object], settings: Settings) -> bool:
    """Whether the code that made a record would make it again; content: what the record's file holds."""
    return recorded_code(content).digest == fingerprint(settings, str(content.get("mode", "record"))).digest


@cache
def _file_digest(path: Path) -> str | None:
    """12 hex digits of what a module says; None for one that says nothing, such as most ``__init__.py``."""
    text = code_text(path.read_text(encoding="utf-8"), _is_module, _package_of(path))
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else None


def _as_before(digest: str) -> str:
    """Follow the chain of changes that left all numbers equal back to its first digest.

    Raises StudyError where it goes round, as the entries of a change and of its revert do: none of them is the first.
    """
    equal = _equal_numbers()
    followed = {digest}
    while digest in equal:
        digest = equal[digest]
        if digest in followed:
            raise StudyError(
                f"Expected the entries of {_EQUAL_NUMBERS.name} to lead back to a first digest, but they come round to "
                f"{digest}; a change that was taken back needs none: remove its entries."
            )
        followed.add(digest)
    return digest


@cache
def _equal_numbers() -> dict[str, str]:
    """Read digest after -> digest before."""
    with _EQUAL_NUMBERS.open("rb") as file:
        changes = tomllib.load(file).get("change", [])
    return {change["after"]: change["before"] for change in changes}


@cache
def _closure(roots: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files that the roots import, directly or not, sorted by path."""
    for name in _LEFT_OUT:
        _required(name)
    seen: set[Path] = set()
    waiting = [(root, _required(root)) for root in roots]
    while waiting:
        name, path = waiting.pop()
        skipped = name in _LOOK_UP or any(name == one or name.startswith(f"{one}.") for one in _LEFT_OUT)
        if path in seen or skipped:
            continue
        seen.add(path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        reached = {module for one in own_imports(tree, _is_module, _package_of(path)) for module in one.modules}
        # Importing a.b.c runs a and a.b as well.
        reached |= {module.rsplit(".", depth)[0] for module in reached for depth in range(1, module.count(".") + 1)}
        waiting += [(module, found) for module in reached if (found := _path_of(module)) is not None]
    return tuple(sorted(seen))


def _is_module(name: str) -> bool:
    return _path_of(name) is not None


def _package_of(path: Path) -> str:
    return ".".join(path.relative_to(_ROOT).parts[:-1])


def _path_of(module: str) -> Path | None:
    """Return where a module of the project lies; None for any other name."""
    path = _ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None) if module else None


def _required(module: str) -> Path:
    path = _path_of(module)
    if path is None:
        raise StudyError(
            f"Expected the module {module}, which a fingerprint starts from or leaves out, in {_ROOT}, but there is "
            f"none; after moving it, correct its name in {__name__}."
        )
    return path
