"""Hooks of the documentation site: files outside docs that its pages link to become part of it.

README, CONTRIBUTING, results and source files keep one source and their links work in the repository and on the site.
A repository file keeps its path on the site; a page of docs loses the leading ``docs/``.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "synthetic/README.md", "results/README.md")
"""Repository files with a place in the navigation."""
LEFT_OUT = ("results/report/", "results/runs/")
"""Files too large for the site; a link to one is shown as text."""

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_IMAGE = re.compile(r"<img src=\"([^\"]+)\"")
_CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#|//", re.IGNORECASE)


def repository_path(src_uri: str, shared: set[str]) -> str:
    """Where a page of the site lies in the repository; shared: paths of the files that hooks brought in."""
    return src_uri if src_uri in shared else f"docs/{src_uri}"


def target(source: str, address: str) -> str:
    """The repository path of a relative link in the file ``source``."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), address))


def without_code(markdown: str) -> str:
    """The text without code blocks and inline code; a link whose label is code stays a link."""
    return _CODE.sub("", re.sub(r"\[`[^`]*`\]", "[code]", markdown))


def links(markdown: str) -> list[str]:
    """Addresses of relative links and images outside code, without their fragments."""
    text = without_code(markdown)
    found = [address for _, _, address in _LINK.findall(text)] + _IMAGE.findall(text)
    return [address.partition("#")[0] for address in found if not _ELSEWHERE.match(address)]


def reachable() -> list[str]:
    """Repository files outside docs that the site needs: PAGES and whatever links lead to, page after page."""
    found: dict[str, None] = dict.fromkeys(PAGES)
    waiting = [f"docs/{path.relative_to(ROOT / 'docs').as_posix()}" for path in sorted((ROOT / "docs").rglob("*.md"))]
    waiting += PAGES
    while waiting:
        source = waiting.pop()
        for address in links((ROOT / source).read_text(encoding="utf-8")):
            path = target(source, address)
            if path.startswith(("docs/", "..", *LEFT_OUT)) or path in found or not (ROOT / path).is_file():
                continue
            found[path] = None
            if path.endswith(".md"):
                waiting.append(path)
    return list(found)


def on_files(files: Files, config: Any) -> Files:
    """Add the repository's own files."""
    shared = reachable()
    config.extra["shared"] = set(shared)
    for path in shared:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Point links at the site's files, and keep generated tables out of the search."""
    shared: set[str] = config.extra["shared"]
    source = repository_path(page.file.src_uri, shared)
    if source.startswith("results/"):
        page.meta.setdefault("search", {})["exclude"] = True
    del files

    def replace(found: re.Match[str]) -> str:
        image, label, address = found.groups()
        if _ELSEWHERE.match(address):
            return found[0]
        path, _, fragment = address.partition("#")
        wanted = target(source, path)
        if wanted.startswith(LEFT_OUT) or (ROOT / wanted).is_dir():
            return label
        place = wanted.removeprefix("docs/")
        relative = posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".")
        return f"{image}[{label}]({relative}{'#' if fragment else ''}{fragment})"

    # Code is left as it is, but for code that is a link's label.
    pieces = re.split(r"(^```.*?^```)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(piece if piece.startswith("```") else _LINK.sub(replace, piece) for piece in pieces)
