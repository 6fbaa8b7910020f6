"""The whole study in one HTML file that needs nothing from elsewhere, by default ``results/report/index.html``.

Made from records, the verdict and the figures that were drawn: no number is computed here that a table does not hold
already. The page's own files are the templates, page.css and the scripts in this folder.
"""

import argparse
import base64
import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from posixpath import normpath
from typing import Final

from markupsafe import Markup

from benchmarks.errors import StudyError
from benchmarks.hints import hint
from benchmarks.report.claims.answer import answer
from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.effects import power_table
from benchmarks.report.claims.judging import FEWEST_SEEDS
from benchmarks.report.claims.paired_effects import without_stale
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.page.claims_part import REASONS, claims_part, glance, scoreboard
from benchmarks.report.page.explorer import explorer_table, in_order
from benchmarks.report.page.markup import blocks, links_from, render, section
from benchmarks.report.page.pictures import PICTURES_BUDGET, Pictures, find_pictures
from benchmarks.report.page.results_part import figures_part, results_part
from benchmarks.report.page.runs import POINTS, pack, payload, run_id
from benchmarks.report.read.groups import settings_label
from benchmarks.report.read.interim import without_interim
from benchmarks.report.read.records import Record, load_records
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import write_text
from benchmarks.report.tables.write import origin_lines
from benchmarks.study.settings import Cell

LIMIT: Final = 3_000_000
"""Bytes of the whole page."""
_SCRIPTS: Final = ("elements", "run", "compare", "explorer", "start")
_RESERVE: Final = 60_000
"""Bytes of the template, captions, and names of pictures."""
_HERE: Final = Path(__file__).parent


def main(
    options: argparse.Namespace,
    studies: Mapping[str, Sequence[Cell]],
    is_stale: Callable[[Record], bool] | None = None,
) -> int:
    """Write the page and say how large it is; options: results, work (folders), points, out. is_stale: as for the verdict."""
    records, stale = without_stale(load_records(options.results, interim=True), is_stale)
    path = write_page(
        records,
        options.results,
        studies,
        left_out=stale,
        work=options.work,
        points=POINTS if options.points is None else options.points,
        out=options.out,
    )
    print(
        f"Written: {path} ({path.stat().st_size / 1e6:.1f} of {LIMIT / 1e6:.0f} MB, {len(records) + len(stale)} runs)"
    )
    return 0


def write_page(
    records: Sequence[Record],
    results: Path,
    studies: Mapping[str, Sequence[Cell]],
    *,
    left_out: Sequence[Record] = (),
    work: Path | None = None,
    points: int = POINTS,
    docs: Path = Path("docs"),
    out: Path | None = None,
) -> Path:
    """Write the page to ``results/report/index.html``, or to out.

    records: runs of the primary question are counted in its answer, and shown nowhere before all are there. studies: the
    cells of each study, by its name. left_out: records that older code made: in the explorer, judged nowhere.
    work: folder of the cells' progress files (``results/work``). points: of one run's timeline. docs: its pages on
    limits and methods are shown, if they exist. Raises StudyError if a record or figure cannot be read, the file
    cannot be written, points is below 100, or the page is larger than LIMIT.
    """
    if points < 100:
        raise StudyError(
            f"Expected at least 100 points a timeline, but got {points}; the page takes {POINTS} by itself."
        )
    path = results / "report" / "index.html" if out is None else out
    shown, older = without_interim(records), without_interim(left_out)
    everything = in_order([*shown, *older])
    with links_from(_link(docs.parent, path)):
        verdicts = judge_all(read_claims(), records)
        script = _script()
        fields: dict[str, object] = {
            "policy": _policy(script),
            "style": _read("page.css"),
            "script": script,
            "answer": answer(studies, records, results, verdicts),
            "scoreboard": scoreboard(verdicts),
            "number": len({one.claim.id for one in verdicts}),
            "fewest": FEWEST_SEEDS,
            "reasons": REASONS,
            "glance": glance(verdicts),
            "claims": claims_part(verdicts),
            "power": power_table(verdicts),
            "results": results_part(shown, studies, work or results / "work"),
            "runs": explorer_table(everything, {run_id(record) for record in older}),
            "count": len(everything),
            "limits": _section_of(docs / "limits.md", "Limits"),
            "differences": _section_of(docs / "methods.md", "Where this differs from the papers"),
            "origin": origin_lines(everything) if everything else [],
            "versions": _versions(everything),
            "older": [f"{settings_label(one.settings)}, {one.settings.name}, seed {one.seed}" for one in older],
            "budget": f"at most {LIMIT / 1e6:.0f} MB",
            "points": points,
            "folder": _link(results, path),
        }
        runs = pack(everything, points).lines()
        # pictures take what the rest leaves
        rest = len(render("page", figures="", data="", **fields).encode()) + len(runs) + _RESERVE
        pictures = find_pictures(results, everything, studies, min(PICTURES_BUDGET, LIMIT - rest))
        data = "\n".join([runs, f"stills {payload(pictures.of_runs)}", *_picture_lines(pictures)])
        page = render("page", figures=figures_part(pictures), data=data, **fields)
    size = len(page.encode())
    if size > LIMIT:
        raise StudyError(
            f"Expected a page of at most {LIMIT / 1e6:.1f} MB, but {len(everything)} runs make {size / 1e6:.1f} MB even "
            f"without pictures; ask for fewer points a timeline ({hint('report', '', '--points', str(max(100, points // 2)))})."
        )
    return write_text(path, page)


def _link(folder: Path, page: Path) -> str:
    """The way from the page to a folder, as the beginning of a link."""
    return Path(os.path.relpath(folder.resolve(), page.resolve().parent)).as_posix() + "/"


def _script() -> str:
    """All scripts in one function, so that they share their names and nothing else does."""
    return "\n".join(['"use strict";', "(() => {", *(_read(f"{name}.js") for name in _SCRIPTS), "})();", ""])


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """What a browser may load for the page: nothing; what it may run: the page's own script, by its hash."""
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _picture_lines(pictures: Pictures) -> list[str]:
    """Pictures of single settings, once each: name, kind, base64, caption."""
    used = sorted({name for names in pictures.of_runs.values() for name in names})
    return [f"{name} {one.mime} {one.data} {one.caption}" for name in used for one in (pictures.all[name],)]


def _section_of(page: Path, heading: str) -> Markup:
    """A section of a page of docs, its links seen from the repository's root, so that limits are written down once."""
    text = section(page.read_text(encoding="utf-8"), heading) if page.is_file() else ""
    text = re.sub(r"(?<=\]\()(?![a-z]+:|#)([^()\s]+)", lambda found: normpath(f"docs/{found[1]}"), text)
    return blocks(text or f"See the section “{heading}” in docs/{page.name}.")


def _versions(records: Sequence[Record]) -> Table:
    found: dict[str, set[str]] = {}
    for record in records:
        for name, version in record.content.get("versions", {}).items():
            found.setdefault(str(name), set()).add(str(version))
    rows = tuple((name, ", ".join(sorted(versions))) for name, versions in sorted(found.items()))
    return Table("Versions", ("Package", "Version"), rows)
