"""The recipes of CONTRIBUTING.md name places that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PLACES = sorted(set(re.findall(r"`((?:benchmarks|mnad|memae|tests)/[\w/.]*)`(?: \(`(\w+)`\))?", TEXT)))


class TestRecipes:
    """Files and names in the recipes."""

    @pytest.mark.parametrize(("path", "name"), PLACES)
    def test_names_a_place_that_is_there(self, path: str, name: str) -> None:
        """Each file exists, and defines the name that the recipe sends the reader to."""
        place = ROOT / path
        assert place.exists()
        if name:
            assert re.search(rf"^(?:class |def )?{name}\b", place.read_text(), flags=re.MULTILINE)

    @pytest.mark.parametrize("thing", ["data set", "method", "memory", "metric", "factor"])
    def test_there_is_a_recipe(self, thing: str) -> None:
        """Each thing that a study grows by has its heading and at least one place."""
        section = re.search(rf"^## An? {thing}.*?(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
        assert section
        assert re.search(r"`(benchmarks|mnad)/", section[0])
