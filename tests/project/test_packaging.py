"""One set of versions: pyproject.toml, requirements.lock, environment.yml and the Makefile agree."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
CONDA_NAMES = {"torch": "pytorch", "opencv-python-headless": "opencv"}
IMPORT_NAMES = {
    "PIL": "pillow",
    "cv2": "opencv-python-headless",
    "dask_jobqueue": "dask-jobqueue",
    "efficientnet_lite_pytorch": "efficientnet-lite-pytorch",
    "markdown_it": "markdown-it-py",
    "sklearn": "scikit-learn",
}
ACCELERATOR = re.compile(r"nvidia-|cuda-|triton")


def declared() -> dict[str, str]:
    """Direct dependencies of pyproject.toml: name to version, torch included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    found: dict[str, str] = {}
    for text in (line for group in groups for line in group):
        match = re.fullmatch(r"([a-z0-9-]+)==([0-9.]+)", text)
        assert match, f"pyproject.toml should pin with ==, a lower-case name and a plain version, but says {text!r}"
        found[match[1]] = match[2]
    return found


def locked() -> dict[str, list[str]]:
    """Packages of requirements.lock: name to the lines that pin it (a universal lock may hold several)."""
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / "requirements.lock").read_text().replace("\\\n", " "))
    found: dict[str, list[str]] = {}
    for entry in entries:
        if not entry.startswith("#"):
            found.setdefault(canonicalize_name(re.split(r"[=<>!~ ;]", entry)[0]), []).append(entry)
    return found


def conda() -> dict[str, str]:
    """Packages of environment.yml: name to version, python apart."""
    lines = re.findall(r"^ +- ([a-z0-9-]+)==?([0-9.]+)$", (ROOT / "environment.yml").read_text(), flags=re.MULTILINE)
    return dict(lines)


def imported() -> Iterator[tuple[str, Path]]:
    """Every third-party module that the project's code imports, lazily or not, with the file."""
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for top in {name.partition(".")[0] for name in names}:
                if top not in sys.stdlib_module_names and top not in PACKAGES:
                    yield top, path.relative_to(ROOT)


class TestPyproject:
    """The list of direct dependencies."""

    def test_torch_is_pinned(self) -> None:
        """Torch is pinned by its version alone, without a wheel's local suffix."""
        assert declared()["torch"] == "2.13.0"

    def test_every_import_is_declared(self) -> None:
        """Nothing is imported that only a dependency of a dependency happens to bring."""
        names = declared()
        undeclared = [(top, str(path)) for top, path in imported() if IMPORT_NAMES.get(top, top) not in names]
        assert not undeclared

    def test_a_cell_needs_no_more_than_a_bare_machine_has(self) -> None:
        """The run-time list is the eight packages that a GPU machine is asked to have, and what decodes own videos."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        names = {Requirement(text).name for text in project["dependencies"]}
        expected = [
            "av",
            "numpy",
            "opencv-python-headless",
            "pandas",
            "safetensors",
            "scikit-learn",
            "scipy",
            "torch",
            "tqdm",
        ]
        assert sorted(names) == expected

    def test_types_are_checked_in_every_package(self) -> None:
        """Mypy's list holds every package at the top."""
        assert tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"] == PACKAGES


class TestLock:
    """requirements.lock."""

    def test_direct_pins_are_the_locked_ones(self) -> None:
        """Every direct dependency but torch stands in the lock with its version of pyproject.toml."""
        lock = locked()
        for name, version in declared().items():
            if name != "torch":
                assert [line.split()[0] for line in lock[name]] == [f"{name}=={version}"]

    def test_every_entry_has_a_version_and_hashes(self) -> None:
        """Pip in hash-checking mode accepts every entry."""
        for name, lines in locked().items():
            for line in lines:
                assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ ", line), name
                assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), name

    def test_torch_and_its_accelerator_are_not_locked(self) -> None:
        """The wheels that differ between CPU and CUDA are left to the second step of the set-up."""
        assert not [name for name in locked() if name == "torch" or ACCELERATOR.match(name)]

    def test_plain_dependencies_of_torch_are_locked(self) -> None:
        """What the installed torch needs on any machine is hashed in the lock, in a version that torch accepts."""
        lock = locked()
        for requirement in map(Requirement, importlib.metadata.requires("torch") or []):
            if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and not ACCELERATOR.match(
                requirement.name
            ):
                pinned = lock[canonicalize_name(requirement.name)][0].split()[0].partition("==")[2]
                assert requirement.specifier.contains(pinned), requirement

    @pytest.mark.parametrize("file", ["requirements.lock", "environment.yml", "Makefile", "pyproject.toml"])
    def test_no_index_is_written_down(self, file: str) -> None:
        """Where packages come from is the machine's affair: no address and no index option with a value."""
        text = (ROOT / file).read_text()
        assert "https:" not in text
        assert "http:" not in text
        assert not re.search(r"--(extra-)?index-url[ =]+[^\"$ ]", text)
        assert "find-links" not in text

    def test_the_header_names_the_command(self) -> None:
        """The lock says how it is made again and which torch goes beside it; nothing of the machine that made it."""
        header = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line.startswith("#")]
        assert header[1:] == [f"#    make lock (torch=={declared()['torch']} is installed apart)"]


class TestEnvironment:
    """environment.yml, for conda."""

    def test_same_packages_and_versions(self) -> None:
        """The conda file holds pyproject's packages under conda-forge's names, in the same versions."""
        expected = {CONDA_NAMES.get(name, name): version for name, version in declared().items()}
        # The fourth number is the build of the wheel; the library's version has three.
        expected["opencv"] = ".".join(expected["opencv"].split(".")[:3])
        assert conda() == expected

    def test_same_python(self) -> None:
        """The conda file asks for the Python that pyproject.toml asks for."""
        python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
        assert f"  - python{python}\n" in (ROOT / "environment.yml").read_text()
