"""The rooms of the house import in one direction only (docs/design/0001-the-way-through-the-house.md)."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DESIGN = ROOT / "docs" / "design" / "0001-the-way-through-the-house.md"
LEAVES = ("mnad", "memae", "baselines", "synthetic")
LEAF_LIBRARIES = {"torch", "numpy", "scipy", "sklearn", "cv2"}
CELL_LIBRARIES = LEAF_LIBRARIES | {"pandas", "safetensors", "tqdm"}
# What report and track see of a cell: its record, never the code that made it.
RECORD = "benchmarks.run.record"
# And of a look, the file that it leaves for figures.
LOOK_FILE = "benchmarks.run.inspect.file"
# Of the data, what is known of each set: how many frames it has decides how long a published training was.
FACTS = "benchmarks.data.facts"

# What a record says of its code and its labels, held against today's.
RECORDED = ("benchmarks.run.recorded_code", "benchmarks.run.labelling", "benchmarks.run.record_file")

# A trained network that MLflow keeps.
TRAINED = "benchmarks.run.trained"

WRITING = "benchmarks.writing"
HINTS = "benchmarks.hints"
# Limits and sentences of every reader.
READING = "benchmarks.reading"

# Room -> project modules (and what lies under them) that it may import beside itself benchmarks.errors and benchmarks.reading.
# `grid` starts cells as commands: of `run` it sees records, the fingerprint that tells a stale one, and who has a cell. perf and the command
# line may see all.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(LEAVES, ()),
    "benchmarks.errors": (),
    "benchmarks.writing": (),
    HINTS: (),
    "benchmarks.study": (FACTS,),
    "benchmarks.reading": (),
    "benchmarks.data": (WRITING, "synthetic"),
    "benchmarks.measure": (WRITING,),
    "benchmarks.run": (WRITING, "benchmarks.study", "benchmarks.data", "benchmarks.measure", *LEAVES),
    "benchmarks.grid": (
        WRITING,
        HINTS,
        "benchmarks.study",
        FACTS,
        RECORD,
        *RECORDED,
        "benchmarks.run.fingerprint",
        "benchmarks.run.cell_lock",
    ),
    "benchmarks.report": (
        WRITING,
        HINTS,
        "benchmarks.measure",
        "benchmarks.study",
        FACTS,
        RECORD,
        *RECORDED,
        LOOK_FILE,
    ),
    "benchmarks.track": (HINTS, "benchmarks.report", "benchmarks.measure", "benchmarks.study", RECORD, TRAINED),
}
LIBRARIES: dict[str, set[str]] = {
    **dict.fromkeys(LEAVES, LEAF_LIBRARIES),
    "synthetic": LEAF_LIBRARIES | {"pandas"},  # its object table is a DataFrame
    "benchmarks.errors": set(),
    "benchmarks.writing": set(),
    HINTS: set(),
    "benchmarks.reading": set(),
    **{f"benchmarks.{room}": CELL_LIBRARIES for room in ("study", "data", "measure", "run")},
}
# Loaded where it is installed: a bare machine runs the same cells without it.
OPTIONAL: dict[str, set[str]] = {
    "baselines.backbones": {"efficientnet_lite_pytorch"},
    "benchmarks.data.matlab": {"h5py"},
    "benchmarks.run.norm_kernels": {"numba"},
    "benchmarks.measure.flooding": {"numba"},
}
# The rooms of `benchmarks.report`, and what each sees of the others.
REPORT_ROOMS: dict[str, tuple[str, ...]] = {
    "read": (),
    "tables": ("read",),
    "claims": ("read", "tables"),
    "figures": ("read", "tables", "claims"),
    "page": ("read", "tables", "claims"),
}
DOORS = (
    "benchmarks.perf",
    "benchmarks.faults",
    "benchmarks.cli",
    "benchmarks.__main__",
    "benchmarks.__init__",
    "side_studies",
)


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a file; a package's own file keeps `__init__`."""
    return ".".join(path.relative_to(root).with_suffix("").parts)


def imports(source: str, module: str) -> set[str]:
    """Dotted names that a module imports, at the top or inside functions, relative ones resolved.

    `from a import b` counts as `a.b`, since b may be a module; the room it lies in is the same either way.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"}:
                found.add(str(node.args[0].value))
    return found


def lies_in(name: str, place: str) -> bool:
    """Whether a dotted name is a module or something under it."""
    return name == place or name.startswith(f"{place}.")


def room_of(module: str) -> str:
    """The room of the table that a module belongs to."""
    parts = module.split(".")
    return parts[0] if parts[0] in (*LEAVES, "side_studies") else ".".join(parts[:2])


def trespasses(source: str, module: str) -> list[str]:
    """Imports of a module that its room may not make."""
    room = room_of(module)
    if room in DOORS:
        return []
    allowed = (room, "benchmarks.errors", READING, *MAY_IMPORT[room]) if room not in LEAVES else (room,)
    wrong = []
    for name in sorted(imports(source, module)):
        top = name.partition(".")[0]
        if top in (*LEAVES, "benchmarks", "side_studies"):
            if not any(lies_in(name, place) for place in allowed):
                wrong.append(name)
        elif top not in sys.stdlib_module_names | LIBRARIES.get(room, {top}) | OPTIONAL.get(module, set()):
            wrong.append(name)
    return wrong


def modules() -> list[Path]:
    """All files of the leaves and the harness."""
    return sorted(path for top in (*LEAVES, "benchmarks", "side_studies") for path in (ROOT / top).rglob("*.py"))


class TestTree:
    """The project's own files."""

    @pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_imports_go_one_way(self, path: Path) -> None:
        """A module imports what its room may see, and a cell's rooms no library that a bare machine lacks."""
        module = module_name(path, ROOT)
        assert room_of(module) in (*MAY_IMPORT, *DOORS), (
            f"{module} lies in no room: add it to docs/design/0001 and here"
        )
        assert trespasses(path.read_text(), module) == []

    def test_the_table_is_the_design_notes(self) -> None:
        """The rooms known here are those of the design note, no more and no fewer."""
        cells = re.findall(r"^\| `([^|]+)` \|", DESIGN.read_text(), flags=re.MULTILINE)
        named = {room.rstrip("/").removesuffix(".py").replace("/", ".") for cell in cells for room in cell.split()}
        assert named == {*MAY_IMPORT, "benchmarks.perf", "benchmarks.faults", "benchmarks.cli", "side_studies"}

    def test_rooms_of_the_report_see_each_other_one_way(self) -> None:
        """From records to tables, then claims and figures, then the page; never back."""
        found: dict[str, set[str]] = {}
        for path in (ROOT / "benchmarks" / "report").rglob("*.py"):
            module = module_name(path, ROOT)
            room = module.split(".")[2]
            names = {name.split(".")[2] for name in imports(path.read_text(), module) if ".report." in name}
            found.setdefault(room, set()).update(names - {room})
        assert {room: names for room, names in found.items() if room != "__init__"} == {
            room: set(names) for room, names in REPORT_ROOMS.items()
        }

    def test_every_room_of_a_cell_is_there(self) -> None:
        """The walk sees the rooms that the table is about, wherever it is called from."""
        seen = {room_of(module_name(path, ROOT)) for path in modules()}
        assert {"mnad", "memae", "synthetic"} <= seen
        assert {f"benchmarks.{room}" for room in ("study", "data", "measure", "run", "grid", "report", "track")} <= seen


class TestTrespasses:
    """The walk itself."""

    @pytest.mark.parametrize(
        ("module", "source", "wrong"),
        [
            ("mnad.memory", "import benchmarks", ["benchmarks"]),
            ("mnad.memory", "from memae import losses", ["memae.losses"]),
            ("mnad.memory", "import pandas", ["pandas"]),
            ("mnad.memory", "from benchmarks.errors import StudyError", ["benchmarks.errors.StudyError"]),
            ("benchmarks.run.train", "def f():\n    import mlflow", ["mlflow"]),
            ("benchmarks.run.train", "from importlib import import_module\nimport_module('dask')", ["dask"]),
            ("benchmarks.measure.auc", "from ..run import cell", ["benchmarks.run.cell"]),
            ("benchmarks.data.layouts.ucsd", "from ...study import x", ["benchmarks.study.x"]),
            ("benchmarks.grid.engine", "from benchmarks.run.cell import main", ["benchmarks.run.cell.main"]),
            ("benchmarks.report.tables", "import benchmarks.track", ["benchmarks.track"]),
        ],
    )
    def test_sees_a_wrong_import(self, module: str, source: str, wrong: list[str]) -> None:
        """An import against the direction is named: absolute, relative, lazy or by a string."""
        assert trespasses(source, module) == wrong

    @pytest.mark.parametrize(
        ("module", "source"),
        [
            ("mnad.memory", "import torch\nfrom mnad.losses import x\nfrom . import network"),
            ("benchmarks.run.train", "from benchmarks.study import x\nimport mnad.memory\nimport safetensors.torch"),
            ("benchmarks.grid.engine", "import distributed\nfrom benchmarks.run.record import read"),
            ("benchmarks.cli", "import benchmarks.track"),
            ("benchmarks.data.__init__", "from .video import Video\nfrom benchmarks.errors import StudyError"),
        ],
    )
    def test_lets_a_right_one_pass(self, module: str, source: str) -> None:
        """What the table allows is not reported."""
        assert trespasses(source, module) == []
