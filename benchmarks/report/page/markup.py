"""Jinja2's templates with autoescape, and Markdown by markdown-it-py: whatever comes from elsewhere is text here."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from benchmarks.report.tables.render import Table

# From the page's folder, by default ``results/report``, to the repository's root, where Markdown's relative links start.
_root: ContextVar[str] = ContextVar("root", default="../../")
_WEB: Final = re.compile(r"https?://|#")
_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


class _Markdown(MarkdownIt):
    """Links lead to the web or to a file of the repository; any other is no link. No HTML, no images."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        return bool(_WEB.match(url)) or not _ELSEWHERE.match(url)

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url if _WEB.match(url) or _ELSEWHERE.match(url) else _root.get() + url


@contextmanager
def links_from(root: str) -> Iterator[None]:
    """Let relative links begin with the way from the page to the repository's root."""
    token = _root.set(root)
    try:
        yield
    finally:
        _root.reset(token)


@cache
def _markdown() -> MarkdownIt:
    return _Markdown("commonmark", {"html": False}).disable(["image", "entity", "autolink", "escape", "newline"])


def inline(text: str) -> Markup:
    """Markdown's inline marks as HTML; a number and its per cent sign stay on one line."""
    return Markup(_markdown().renderInline(re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)))  # noqa: S704


def blocks(markdown: str) -> Markup:
    """Paragraphs and lists of Markdown as HTML."""
    return Markup(_markdown().render(re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", markdown)))  # noqa: S704


def section(markdown: str, heading: str) -> str:
    """What stands between ``# heading`` or ``## heading`` and the next ``##``; "" if there is none."""
    found = re.search(rf"^##? {re.escape(heading)}\n(.*?)(?=^## |\Z)", markdown, flags=re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"inline": inline, "blocks": blocks}
    return environment


def render(template: str, **values: Any) -> Markup:
    """Fill in a template of this folder, by its name without ``.html.j2``."""
    return Markup(_templates().get_template(f"{template}.html.j2").render(values))  # noqa: S704 - autoescaped


def part(template: str, macro: str, *values: Any) -> Markup:
    """Fill in one macro of a template."""
    filled: Markup = getattr(_templates().get_template(f"{template}.html.j2").module, macro)(*values)
    return filled


def table(content: Table, *, cells: Mapping[str, Callable[[str], str]] | None = None, stacked: bool = False) -> Markup:
    """A table with caption, scopes and its notes, in a region that can be scrolled by keyboard.

    cells: for a column, what turns its text into Markup. stacked: on a narrow screen each row is a block, every cell
    under its column's name.
    """
    return part("parts", "table", content, cells or {}, stacked)
