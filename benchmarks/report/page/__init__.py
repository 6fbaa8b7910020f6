"""The whole study in one HTML file that needs nothing from elsewhere, by default ``results/report/index.html``.

Made from records, the verdict and the figures that were drawn: no number is computed here that a table does not hold
already. The page's own files are template.html, page.css and the scripts in this folder.
"""

import argparse
import base64
import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from posixpath import normpath
from string import Template
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.report.claims.answer import Answer, answer
from benchmarks.report.claims.claim_judging import ClaimVerdict
from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.effects import power_table
from benchmarks.report.claims.judging import FEWEST_SEEDS
from benchmarks.report.claims.paired_effects import without_stale
from benchmarks.report.claims.verdict import judge_all
from benchmarks.report.page.claims_part import claims_part, glance, reasons, scoreboard
from benchmarks.report.page.explorer import explorer_table, in_order
from benchmarks.report.page.markup import ROOT, blocks, bullet_list, details, escape, inline, section, table
from benchmarks.report.page.pictures import PICTURES_BUDGET, Pictures, find_pictures
from benchmarks.report.page.results_part import figures_part, results_part
from benchmarks.report.page.runs import POINTS, pack, parcel, run_id
from benchmarks.report.read.groups import settings_label
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
    records, stale = without_stale(load_records(options.results), is_stale)
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

    studies: the cells of each study, by its name. left_out: records that older code made: in the explorer, judged nowhere.
    work: folder of the cells' progress files (``results/work``). points: of one run's timeline. docs: its pages on
    limits and methods are shown, if they exist. Raises StudyError if a record or figure cannot be read, the file
    cannot be written, points is below 100, or the page is larger than LIMIT.
    """
    if points < 100:
        raise StudyError(
            f"Expected at least 100 points a timeline, but got {points}; the page takes {POINTS} by itself."
        )
    path = results / "report" / "index.html" if out is None else out
    everything = in_order([*records, *left_out])
    verdicts = judge_all(read_claims(), records)
    script, style = _script(), _read("page.css")
    told = answer(studies, records, results, verdicts)
    fields = {
        "policy": escape(_policy(script)),
        "style": style,
        "script": script,
        "sentence": inline(told.sentence),
        "answer": _answer(told),
        "scoreboard": scoreboard(verdicts),
        "number": str(len({one.claim.id for one in verdicts})),
        "fewest": str(FEWEST_SEEDS),
        "reasons": reasons(),
        "glance": glance(verdicts),
        "claims": claims_part(verdicts),
        "power": _power(verdicts),
        "results": results_part(records, studies, work or results / "work"),
        "runs": explorer_table(everything, {run_id(record) for record in left_out}),
        "count": f"{len(everything)} {'run' if len(everything) == 1 else 'runs'}",
        "limits": _section_of(docs / "limits.md", "Limits"),
        "differences": _section_of(docs / "methods.md", "Where this differs from the papers"),
        "origin": _origin(everything) + _versions(everything) + _older(left_out),
        "budget": f"at most {LIMIT / 1e6:.0f} MB",
        "points": str(points),
    }
    runs = pack(everything, points).lines()
    # pictures take what the rest leaves
    rest = sum(len(one.encode()) for one in fields.values()) + len(runs) + _RESERVE
    pictures = find_pictures(results, everything, studies, min(PICTURES_BUDGET, LIMIT - rest))
    fields["figures"] = figures_part(pictures)
    fields["data"] = "\n".join([runs, f"stills {parcel(pictures.of_runs)}", *_picture_lines(pictures)])
    root, here = f'href="{ROOT}', f'href="{_link(docs.parent, path)}'
    fields = {name: text.replace(root, here) for name, text in fields.items()}
    page = Template(_read("template.html")).substitute(fields, folder=_link(results, path))
    size = len(page.encode())
    if size > LIMIT:
        raise StudyError(
            f"Expected a page of at most {LIMIT / 1e6:.1f} MB, but {len(everything)} runs make {size / 1e6:.1f} MB even "
            f"without pictures; ask for fewer points a timeline (make report ARGS='--points {max(100, points // 2)}')."
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
    """What a browser may load for the page: nothing; what it may run: the page's own script, told by its hash."""
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _picture_lines(pictures: Pictures) -> list[str]:
    """Pictures of single settings, once each: name, kind, base64, caption."""
    used = sorted({name for names in pictures.of_runs.values() for name in names})
    return [f"{name} {one.mime} {one.data} {one.caption}" for name in used for one in (pictures.all[name],)]


def _power(verdicts: Sequence[ClaimVerdict]) -> str:
    power = power_table(verdicts)
    return details("How many seeds would decide the open ones", table(power, head=2)) if power.rows else ""


def _answer(told: Answer) -> str:
    if told.effects is None:
        return bullet_list(list(told.lines))
    # a phone has room for four columns
    effects = f'<div class="first">{table(told.effects, stacked=len(told.effects.columns) > 4)}</div>\n'
    return effects + bullet_list(list(told.lines))


def _section_of(page: Path, heading: str) -> str:
    """A section of a page of docs, its links seen from the repository's root, so that limits are written down once."""
    text = section(page.read_text(encoding="utf-8"), heading) if page.is_file() else ""
    text = re.sub(r"(?<=\]\()(?![a-z]+:|#)([^()\s]+)", lambda found: normpath(f"docs/{found[1]}"), text)
    return blocks(text) or f"<p>See the section “{escape(heading)}” in docs/{page.name}.</p>\n"


def _origin(records: Sequence[Record]) -> str:
    return bullet_list(origin_lines(records)) if records else "<p>No record yet.</p>\n"


def _versions(records: Sequence[Record]) -> str:
    found: dict[str, set[str]] = {}
    for record in records:
        for name, version in record.content.get("versions", {}).items():
            found.setdefault(str(name), set()).add(str(version))
    rows = tuple((name, ", ".join(sorted(versions))) for name, versions in sorted(found.items()))
    return (
        details("Versions of packages in the records", table(Table("Versions", ("Package", "Version"), rows)))
        if rows
        else ""
    )


def _older(records: Sequence[Record]) -> str:
    """Records that are shown and not judged."""
    named = [f"{settings_label(one.settings)}, {one.settings.name}, seed {one.seed}" for one in records]
    return (
        details(f"{len(named)} runs that older code made: shown, judged nowhere", bullet_list(named)) if named else ""
    )
