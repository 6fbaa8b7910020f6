"""README and docs: short, without dead links, and every command in them exists."""

import importlib.util
import re
import textwrap
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from benchmarks.data.facts import FACTS
from benchmarks.study.files import load_study, study_names

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which also names commands that are gone
MAKEFILE = (ROOT / "Makefile").read_text()
DATASETS = {*FACTS, "synthetic", "pool", "pool-inpainted", "NAME"}


def name_of(page: Path) -> str:
    """A page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


def load(name: str) -> ModuleType:
    """Import a file of docs, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOKS = load("site_hooks")


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings}


def commands(page: Path) -> str:
    """Fenced and inline code of a page, comments of shell commands left out; lines that code wraps over are joined."""
    text = page.read_text(encoding="utf-8")
    fenced = re.findall(r"^ *```\w*\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    inline = [re.sub(r"\s+", " ", code) for code in re.findall(r"`([^`]+)`", rest)]
    return "\n".join(re.sub(r"  +#.*", "", line) for part in (*fenced, *inline) for line in part.splitlines())


class TestReadme:
    def test_has_at_most_150_lines(self) -> None:
        """Everything counts: generated blocks, code, empty lines."""
        assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


class TestPages:
    @pytest.mark.parametrize("page", PAGES, ids=name_of)
    def test_links_lead_somewhere(self, page: Path) -> None:
        """Every relative link is a file or folder of the repository, and its fragment a heading there."""
        text = HOOKS.without_code(page.read_text(encoding="utf-8"))
        targets = re.findall(r"\]\(([^()\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
        for address in targets:
            if re.match(r"[a-z]+:", address):
                continue
            path, _, fragment = address.partition("#")
            place = page.parent / path if path else page
            assert place.exists(), address
            if fragment:
                assert fragment in anchors(place), address

    @pytest.mark.parametrize("page", CURRENT, ids=name_of)
    def test_make_commands_exist(self, page: Path) -> None:
        """Each target and variable stands in the Makefile, and each name after a target's dash is a study or a set."""
        targets = set(re.findall(r"^([a-z%-]+):.*## ", MAKEFILE, flags=re.MULTILINE))
        variables = set(re.findall(r"^##= ([A-Z_]+)=", MAKEFILE, flags=re.MULTILINE))
        for line in re.findall(r"^make( .*)$", commands(page), flags=re.MULTILINE):
            words = re.sub(r"'[^']*'", "x", re.split(r" [>|] ", line)[0]).split()
            for word in words:
                if "=" in word:
                    assert word.split("=")[0] in variables, line
                elif word not in targets:
                    target, _, name = word.partition("-")
                    assert f"{target}-%" in targets, line
                    known = DATASETS if target in ("data", "doctor") else {*study_names(), "NAME", "STUDY", "…"}
                    names = {f"grid-{name}"} if target == "grid" else {name}
                    assert names <= known, line

    @pytest.mark.parametrize("page", CURRENT, ids=name_of)
    def test_program_commands_exist(
        self, page: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each `python -m benchmarks COMMAND` takes the options that the page gives it; `-m` modules exist."""
        from benchmarks import cli

        monkeypatch.setenv("COLUMNS", "200")
        for module, rest in re.findall(
            r"python -m (benchmarks[\w.]*|synthetic[\w.]*)(.*)$", commands(page), flags=re.MULTILINE
        ):
            assert importlib.util.find_spec(module) is not None
            if module != "benchmarks" or not rest.split() or rest.split()[0].isupper():
                continue
            with pytest.raises(SystemExit) as ended:
                cli.main([rest.split()[0], "--help"])
            assert ended.value.code == 0, rest
            shown = capsys.readouterr().out
            assert all(option in shown for option in re.findall(r"--[a-z-]+", rest)), rest


class TestClusters:
    def test_dask_takes_the_options_of_its_commands(self) -> None:
        """Each `dask scheduler` and `dask worker` of the page, by the options that Dask declares."""
        from distributed.cli import dask_scheduler, dask_worker

        known = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
        lines = re.findall(r"dask (scheduler|worker) (.*)$", commands(ROOT / "docs" / "clusters.md"), re.MULTILINE)
        assert {name for name, _ in lines} == set(known)
        for name, rest in lines:
            options = {option for one in known[name].params for option in (*one.opts, *one.secondary_opts)}
            assert set(re.findall(r"--[a-z-]+", rest)) <= options, rest


class TestOwnFootage:
    def test_its_study_file_is_one(self, tmp_path: Path) -> None:
        """Somebody who copies it gets the settings and seeds that the page names."""
        text = (ROOT / "docs" / "own-footage.md").read_text(encoding="utf-8")
        (shown,) = re.findall(r"^ *```toml\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
        file = tmp_path / "mine.toml"
        file.write_text(textwrap.dedent(shown))
        cells = load_study(file).cells
        assert len({cell.settings for cell in cells}) == 2
        assert {cell.seed for cell in cells} == {0, 1, 2}


class TestSite:
    """mkdocs.yml and its hooks."""

    def test_no_page_is_left_out_of_the_navigation(self) -> None:
        """Each page of docs stands there once, and each entry is a page of docs or one that the hooks bring in."""
        text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
        found = re.findall(r": ([\w/.-]+\.md)$", text[text.index("\nnav:") :], flags=re.MULTILINE)
        docs = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
        assert len(found) == len(set(found))
        assert set(found) == docs | set(HOOKS.PAGES)

    def test_fetches_nothing(self) -> None:
        """No font server, and no plugin that downloads."""
        settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
        assert settings["theme"]["font"] is False
        names = {name if isinstance(name, str) else next(iter(name)) for name in settings["plugins"]}
        assert names == {"search", "mkdocstrings"}

    def test_every_leaf_module_has_its_place_in_the_api(self) -> None:
        """A module that is added to a leaf is added to its page."""
        for leaf in ("mnad", "memae", "baselines", "synthetic"):
            text = (ROOT / "docs" / "api" / f"{leaf}.md").read_text(encoding="utf-8")
            modules = {
                ".".join(path.relative_to(ROOT).with_suffix("").parts)
                for path in (ROOT / leaf).rglob("*.py")
                if path.name != "__init__.py"
            }
            assert set(re.findall(r"^::: ([\w.]+)$", text, flags=re.MULTILINE)) == modules

    def test_links_are_read_outside_code_alone(self) -> None:
        """A link in a code block is text, code in a link's label is not; fragments and the web are left aside."""
        text = '[a](x.md#b) [`c`](y.py) `[d](z.md)` [e](https://f) [g](#h)\n```\n[i](j.md)\n```\n<img src="k.png">'
        assert HOOKS.links(text) == ["x.md", "y.py", "k.png"]

    def test_an_argument_is_a_list_item(self) -> None:
        """Lines such as `query: (batch,)` become items with their continuation lines; the summary never does."""
        convert = load("api_docstrings").as_markdown
        assert convert("note: summary\n\nx, y: (n,) float,\n    in pixels\nz: it") == (
            "note: summary\n\n- `x`, `y`: (n,) float,\n    in pixels\n- `z`: it"
        )
