"""Which source files determine a cell's numbers, and a hash of what they say.

Comments, docstrings and blank lines are left out, so that editing them, or a figure, leaves records valid, and editing
a loss does not. Metrics are left out too: they can be computed again from a record's per-frame terms. A file that
``equal_numbers.toml`` names is taken for what it was before a change that left every number as it was, bit for bit.
"""

import ast
import hashlib
import io
import tokenize
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.errors import StudyError
from benchmarks.study.settings import AUTOENCODERS, Settings

_ROOT = Path(__file__).resolve().parents[2]
_EQUAL_NUMBERS = Path(__file__).with_name("equal_numbers.toml")
_PACKAGES = ("benchmarks", "mnad", "memae", "baselines", "synthetic")
# Settings hold values, and data has a checksum in the record: their modules say nothing about numbers. Nor do tables of
# names and protocols, to which every new method adds a line, nor looks, which leave every score as it was (tests/run).
_LEFT_OUT = (
    "benchmarks.errors",
    "benchmarks.study",
    "benchmarks.data.store",
    "benchmarks.measure",
    "benchmarks.run.contract",
    "benchmarks.run.looks",
    "benchmarks.run.parts.backbone",
    "benchmarks.run.parts.memory",
)
_TABLES = ("benchmarks.run.methods", "benchmarks.run.parts")
_ROOTS = ("benchmarks.run.training", "benchmarks.run.evaluation")
# What the mode `fast` puts in place of torch's own.
_FAST = "benchmarks.run.fast"
# What cuts the clips of a cell that trains on several temporal strides.
_STRIDED = "benchmarks.run.strided_clips"
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Fingerprint:
    """The digest of all files together, and of each (12 hex digits) by path."""

    digest: str
    files: dict[str, str]


def fingerprint(settings: Settings, mode: str = "record") -> Fingerprint:
    """Return the fingerprint of the code that a cell with these settings runs in a mode; nothing is imported."""
    tables = _tables()
    roots = [
        *_ROOTS,
        tables["METHODS" if settings.negative_weight is None else "LIMITED"][settings.method].split(":")[0],
        tables["BACKBONES"].get(settings.method, ""),
        tables["MEMORIES"].get(settings.memory, ""),
        _STRIDED if settings.temporal_strides is not None else "",
        _FAST if mode == "fast" and settings.method in AUTOENCODERS else "",
    ]
    names = {str(path.relative_to(_ROOT)): path for path in _closure(tuple(filter(None, roots)))}
    files = {name: _as_before(name, _file_digest(path)[:12]) for name, path in names.items()}
    joined = "\n".join(f"{name} {digest}" for name, digest in files.items())
    return Fingerprint(hashlib.sha256(joined.encode()).hexdigest()[:16], files)


def code_text(source: str) -> str:
    """Return a source text without comments, docstrings, blank lines and trailing spaces."""
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            for row in range(docstring.lineno - 1, docstring.end_lineno or docstring.lineno):
                lines[row] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


@cache
def _file_digest(path: Path) -> str:
    return hashlib.sha256(code_text(path.read_text(encoding="utf-8")).encode()).hexdigest()


def _as_before(name: str, digest: str) -> str:
    """Follow the chain of changes that left all numbers equal back to its first digest.

    Raises StudyError where it goes round, as the entries of a change and of its revert do: none of them is the first.
    """
    equal = _equal_numbers()
    followed = {digest}
    while (name, digest) in equal:
        digest = equal[name, digest]
        if digest in followed:
            raise StudyError(
                f"Expected the entries of {name} in {_EQUAL_NUMBERS.name} to lead back to a first digest, but they "
                f"come round to {digest}; a change that was taken back needs none: remove its entries."
            )
        followed.add(digest)
    return digest


@cache
def _equal_numbers() -> dict[tuple[str, str], str]:
    """Read (file, digest after) -> digest before."""
    with _EQUAL_NUMBERS.open("rb") as file:
        changes = tomllib.load(file)["change"]
    return {(change["file"], change["after"]): change["before"] for change in changes}


@cache
def _tables() -> dict[str, dict[str, str]]:
    """Read the tables of methods and parts from their source, without importing torch."""
    found: dict[str, dict[str, str]] = {}
    for name in _TABLES:
        path = _path_of(name)
        assert path is not None, f"the module {name} is part of the project"
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


@cache
def _closure(roots: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files that the roots import, directly or not, sorted by path."""
    seen: set[Path] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        path = _path_of(name)
        left_out = name in _TABLES or any(name == other or name.startswith(f"{other}.") for other in _LEFT_OUT)
        if path is None or path in seen or left_out:
            continue
        seen.add(path)
        waiting += _imported(path)
    return tuple(sorted(seen))


def _imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] in _PACKAGES]


def _path_of(module: str) -> Path | None:
    path = _ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)
