"""What of a module's source counts, and what does not."""

import ast

import pytest

from benchmarks.run.code_text import code_text, own_imports

SOURCE = '''"""Module."""

import math  # why

from pool import scene
from pool.paint import Brush, dip as draw


def area(radius):
    """Docstring."""
    # A comment.
    text = "# not a comment"
    brush = Brush(scene.water, draw)
    return math.pi * radius**2, text, brush
'''
MODULES = {"pool", "pool.scene", "pool.paint", "lake.basin", "lake.colour"}


def text_of(source: str) -> str:
    """The text of a source of a project with two packages."""
    return code_text(source, MODULES.__contains__)


class TestCodeText:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("# A comment.", "# Another comment, much longer."),
            ('"""Docstring."""', '"""One line.\n\n    More lines.\n    """'),
            ('"""Module."""\n', ""),
            ("  # why", ""),
            ("\n\n\ndef", "\n\ndef"),
        ],
    )
    def test_comments_docstrings_and_blank_lines_do_not_count(self, old: str, new: str) -> None:
        """Editing what is said about code leaves its text as it was."""
        assert old in SOURCE
        assert text_of(SOURCE.replace(old, new)) == text_of(SOURCE)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("radius**2", "radius**3"),
            ('"# not a comment"', '"# still none"'),
            ("import math", "import cmath"),
            ("dip as draw", "wash as draw"),
            ("scene.water", "scene.land"),
        ],
    )
    def test_code_counts(self, old: str, new: str) -> None:
        """Editing code, strings that look like comments and imported names included, changes the text."""
        assert old in SOURCE
        assert text_of(SOURCE.replace(old, new)) != text_of(SOURCE)

    @pytest.mark.parametrize(
        "changes",
        [
            {"pool.paint": "lake.colour"},
            {"from pool import scene": "from lake import basin as scene"},
            {"from pool import scene": "from lake import basin", "scene.water": "basin.water"},
            {"from pool import scene": "import lake.basin", "scene.water": "lake.basin.water"},
            {
                "from pool.paint import Brush, dip as draw": "from pool.paint import (  # all\n    Brush,\n    dip as draw,\n)"
            },
        ],
        ids=["path", "path and alias", "name", "dotted", "layout"],
    )
    def test_places_of_own_modules_do_not_count(self, changes: dict[str, str]) -> None:
        """A module that lies elsewhere or is called otherwise leaves those that import it as they were."""
        moved = SOURCE
        for old, new in changes.items():
            assert old in moved
            moved = moved.replace(old, new)
        assert text_of(moved) == text_of(SOURCE)

    def test_which_names_come_from_one_module_counts(self) -> None:
        """Two names from one module are not the same two from two modules."""
        together = "from pool.paint import dip, wash\n"
        assert text_of(together) != text_of("from pool.paint import dip\nfrom lake.colour import wash\n")

    def test_two_modules_that_swap_count(self) -> None:
        """Names of modules stand for the order in which they are used, not for nothing."""
        uses = "from pool import paint, scene\nx = paint.a(scene.b, paint.c)\n"
        assert text_of(uses) != text_of(uses.replace("paint.c", "scene.c"))

    @pytest.mark.parametrize("shadow", ["def f(scene): return scene.x", "scene = 1", 'text = f"{scene.x}"'])
    def test_a_name_that_is_also_something_else_stays(self, shadow: str) -> None:
        """Where a name of a module is given to a variable, or stands in an f-string, it is not replaced by half."""
        assert shadow in text_of(f"from pool import scene\n{shadow}\n")


class TestOwnImports:
    def test_are_found_everywhere_and_relative_ones_resolved(self) -> None:
        """At the top, inside functions, by dots; libraries are none of the project's."""
        source = "import math\nfrom . import scene\ndef f():\n    from .paint import dip\n"
        found = own_imports(ast.parse(source), MODULES.__contains__, "pool")
        assert [name for one in found for name in one.modules] == ["pool", "pool.scene", "pool.paint"]
        deep = own_imports(ast.parse("from ..paint import dip\n"), MODULES.__contains__, "pool.deep")
        assert deep[0].modules == ["pool.paint"]
