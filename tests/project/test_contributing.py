"""The recipes of CONTRIBUTING.md name places that exist."""

import re
from pathlib import Path

import pytest

from benchmarks.report.read.rows import METHOD_NAMES
from benchmarks.run.parts import BACKBONES
from benchmarks.run.parts import MEMORIES as PARTS
from benchmarks.study.files import load_study
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, BASELINES, MEMORIES, METHODS, PROFILES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PLACES = sorted(set(re.findall(r"`((?:benchmarks|mnad|memae|baselines|tests)/[\w/.]*)`(?: \(`(\w+)`\))?", TEXT)))


class TestRecipes:
    """Files and names in the recipes."""

    @pytest.mark.parametrize(("path", "name"), PLACES)
    def test_names_a_place_that_is_there(self, path: str, name: str) -> None:
        """Each file exists, and defines the name that the recipe sends the reader to."""
        place = ROOT / path
        assert place.exists()
        if name:
            assert re.search(rf"^(?:class |def )?{name}\b", place.read_text(), flags=re.MULTILINE)

    @pytest.mark.parametrize("thing", ["data set", "method", "baseline", "memory", "metric", "factor"])
    def test_there_is_a_recipe(self, thing: str) -> None:
        """Each thing that a study grows by has its heading and at least one place."""
        section = re.search(rf"^## An? {thing}.*?(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
        assert section
        assert re.search(r"`(benchmarks|mnad|baselines)/", section[0])


@pytest.mark.parametrize("name", AUTOENCODERS)
class TestEveryAutoencoder:
    """The recipe for a method, followed."""

    def test_has_its_leaf_its_class_and_its_backbone(self, name: str) -> None:
        """A leaf at the top, a class that runs it and a part that is its network."""
        assert (ROOT / name / "__init__.py").is_file()
        assert name in METHODS
        assert name in BACKBONES

    @pytest.mark.parametrize("profile", PROFILES)
    def test_resolves_by_its_name_at_every_profile(self, name: str, profile: str) -> None:
        """It is printed by a name, and its presets give a complete cell with its own memory and without one."""
        assert METHOD_NAMES[name]
        for memory in ("own", "none"):
            settings = resolve(dataset="ped2", method=name, task="reconstruction", memory=memory, profile=profile)
            assert settings.learning_rate > 0
            assert settings.memory in (*MEMORIES, "none")


@pytest.mark.parametrize("name", MEMORIES)
class TestEveryMemory:
    """The recipe for a memory, followed."""

    def test_has_its_part(self, name: str) -> None:
        """The harness finds a module for each memory that a setting can name."""
        assert ROOT.joinpath(*PARTS[name].split(".")).with_suffix(".py").is_file()


@pytest.mark.parametrize("name", BASELINES)
class TestEveryBaseline:
    """The recipe for a baseline, followed."""

    def test_has_its_leaf_its_test_and_its_class(self, name: str) -> None:
        """A mechanism on plain tensors, a test beside it, and a module of its own that runs it."""
        assert (ROOT / "baselines" / f"{name}.py").is_file()
        assert (ROOT / "tests" / "baselines" / f"test_{name}.py").is_file()
        module = METHODS[name].run.split(":")[0]
        assert module.startswith("benchmarks.run.baselines.")
        assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file()

    def test_has_a_name_a_preset_and_a_cell(self, name: str) -> None:
        """It is printed by a name, fixed at each profile, and asked for by the studies of baselines."""
        assert METHOD_NAMES[name]
        assert name in METHODS
        for study in ("baselines-ped2", "baselines-synthetic", "baselines-avenue-partial"):
            assert name in {cell.settings.method for cell in load_study(study).cells}

    def test_has_a_row_in_the_docs(self, name: str) -> None:
        """The page of baselines describes it."""
        assert re.search(rf"^\| `{name}` \|", (ROOT / "docs" / "baselines.md").read_text(), flags=re.MULTILINE)
