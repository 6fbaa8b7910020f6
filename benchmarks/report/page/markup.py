"""Small pieces of HTML; whatever comes from records, tables or Markdown is escaped here."""

import html
import re
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.report.tables.render import Table

ROOT: Final = "../../"
"""From the page's folder, ``results/report``, to the repository's root, where Markdown's relative links start."""

_MARKS: Final = re.compile(
    r"`([^`]+)`|\*\*(.+?)\*\*|\[((?:[^\[\]]|`[^`]*`)+)\]\(([^()\s]+)\)|\*([^*\s](?:[^*]*[^*\s])?)\*"
)
_ABSOLUTE: Final = re.compile(r"https?://")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def escape(text: object) -> str:
    """Text as HTML, quotes too, so that it can stand in an attribute."""
    return html.escape(str(text))


def inline(text: str) -> str:
    """Markdown's inline marks as HTML: strong, emphasised, code and links; all else escaped.

    A link to anything but the web or a file of the repository stays plain text.
    """
    parts, end = [], 0
    for found in _MARKS.finditer(text):
        parts.append(_plain(text[end : found.start()]))
        parts.append(_mark(found))
        end = found.end()
    return "".join([*parts, _plain(text[end:])])


def _plain(text: str) -> str:
    """Escaped text in which a number and its per cent sign stay on one line."""
    return escape(re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text))


def _mark(found: re.Match[str]) -> str:
    code, strong, label, address, emphasis = found.groups()
    if code is not None:
        return f"<code>{escape(code)}</code>"
    if strong is not None:
        return f"<strong>{inline(strong)}</strong>"
    if emphasis is not None:
        return f"<em>{inline(emphasis)}</em>"
    if _ABSOLUTE.match(address) or address.startswith("#"):
        target = address
    elif _SCHEME.match(address) or address.startswith("//"):
        return inline(label)
    else:
        target = ROOT + address
    return f'<a href="{escape(target)}">{inline(label)}</a>'


def section(markdown: str, heading: str) -> str:
    """What stands between ``# heading`` or ``## heading`` and the next ``##``; "" if there is none."""
    found = re.search(rf"^##? {re.escape(heading)}\n(.*?)(?=^## |\Z)", markdown, flags=re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def blocks(markdown: str) -> str:
    """Paragraphs and bullet lists of Markdown as HTML; a bullet goes on over lines that are indented."""
    parts: list[str] = []
    for block in re.split(r"\n\s*\n", markdown.strip()):
        if block.startswith("- "):
            bullets = [re.sub(r"\s*\n\s*", " ", item) for item in re.split(r"\n- ", block[2:])]
            parts.append(bullet_list(bullets))
        elif block:
            parts.append(f"<p>{inline(re.sub(chr(10), ' ', block))}</p>\n")
    return "".join(parts)


def bullet_list(items: list[str], kind: str = "") -> str:
    """A list of lines with Markdown's inline marks; "" without any."""
    if not items:
        return ""
    named = f' class="{kind}"' if kind else ""
    return f"<ul{named}>\n" + "".join(f"<li>{inline(item)}</li>\n" for item in items) + "</ul>\n"


def table(
    content: Table,
    *,
    cells: Mapping[str, Callable[[str], str]] | None = None,
    head: int = 0,
    stacked: bool = False,
) -> str:
    """A table with caption, scopes and its notes, in a region that can be scrolled by keyboard.

    cells: for a column, what turns its text into HTML (escaped text where there is none). head: the column whose cells
    head their rows. stacked: on a narrow screen each row is a block, every cell under its column's name.
    """
    special = cells or {}
    # a row that is laid out as a block is a row to a screen reader only where it says so
    table_role, group_role, row_role, head_role, cell_role, column_role = (
        (f' role="{name}"' if stacked else "")
        for name in ("table", "rowgroup", "row", "rowheader", "cell", "columnheader")
    )
    numeric = [' class="number"' if name in content.numeric else "" for name in content.columns]
    columns = "".join(
        f'<th scope="col"{column_role}{kind}>{escape(name)}</th>'
        for name, kind in zip(content.columns, numeric, strict=True)
    )
    lines = []
    for row in content.rows:
        line = []
        for place, (name, text, kind) in enumerate(zip(content.columns, row, numeric, strict=True)):
            inner = special[name](text) if name in special else escape(text)
            label = f' data-label="{escape(name)}"' if stacked else ""
            if place == head:
                line.append(f'<th scope="row"{head_role}{label}>{inner}</th>')
            else:
                line.append(f"<td{cell_role}{kind}{label}>{inner}</td>")
        lines.append(f"<tr{row_role}>{''.join(line)}</tr>\n")
    kind = ' class="stacked"' if stacked else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(content.title)}">\n'
        f"<table{kind}{table_role}>\n<caption><span>{inline(content.title)}</span></caption>\n"
        f"<thead{group_role}><tr{row_role}>{columns}</tr></thead>\n"
        f"<tbody{group_role}>\n{''.join(lines)}</tbody>\n</table>\n</div>\n{bullet_list(list(content.notes), 'notes')}"
    )


def details(summary: str, body: str, *, printed: bool = True) -> str:
    """A part that a reader opens, "" without a body; summary is HTML. printed: whether paper shows it, opened."""
    kind = "" if printed else ' class="unprinted"'
    return f"<details{kind}>\n<summary>{summary}</summary>\n{body}</details>\n" if body else ""
