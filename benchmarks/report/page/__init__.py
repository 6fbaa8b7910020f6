"""``results/report/index.html``: the whole study in one file that needs nothing from elsewhere.

Made from records, the verdict and the figures at hand: no number is computed here that a table does not hold already.
The page's own files are template.html, page.css and page.js beside this module.
"""

import argparse
import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.report.answer import Answer, answer
from benchmarks.report.claim_judging import ClaimVerdict
from benchmarks.report.claims import read_claims
from benchmarks.report.effects import power_table
from benchmarks.report.evidence import without_stale
from benchmarks.report.groups import settings_label
from benchmarks.report.judging import FEWEST_SEEDS
from benchmarks.report.page.claims_part import claims_part, glance, reasons, scoreboard
from benchmarks.report.page.explorer import explorer_table, in_order
from benchmarks.report.page.markup import blocks, bullet_list, details, escape, inline, section, table
from benchmarks.report.page.pictures import Pictures, find_pictures
from benchmarks.report.page.results_part import figures_part, results_part
from benchmarks.report.page.runs import POINTS, RUN_BUDGET, pack, run_id
from benchmarks.report.records import Record, load_records
from benchmarks.report.render import Table
from benchmarks.report.tables import origin_lines, write_text
from benchmarks.report.verdict import judge_all
from benchmarks.study.settings import Cell

LIMIT: Final = 15_000_000
"""Bytes of the whole page."""
_HERE: Final = Path(__file__).parent


def main(
    options: argparse.Namespace,
    studies: Mapping[str, Sequence[Cell]],
    is_stale: Callable[[Record], bool] | None = None,
) -> int:
    """Write the page and say how large it is; options: results, work (folders), points. is_stale: as for the verdict."""
    records, stale = without_stale(load_records(options.results), is_stale)
    path = write_page(
        records,
        options.results,
        studies,
        left_out=stale,
        work=options.work,
        points=POINTS if options.points is None else options.points,
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
    readme: Path = Path("README.md"),
) -> Path:
    """Write ``results/report/index.html``.

    studies: the cells of each study, by its name. left_out: records that older code made: in the explorer, judged nowhere.
    work: folder of the cells' progress files (``results/work``). points: of one run's timeline. readme: its sections on
    limits and differences are shown, where it is there. Raises StudyError if a record or figure cannot be read, the file
    cannot be written, points is below 100, or the page is larger than LIMIT.
    """
    if points < 100:
        raise StudyError(
            f"Expected at least 100 points a timeline, but got {points}; the page takes {POINTS} by itself."
        )
    everything = in_order([*records, *left_out])
    pictures = find_pictures(results, everything, studies)
    parcels = pack(everything, pictures.of_runs, points)
    data = "\n".join([parcels.lines(), *_picture_lines(pictures)])
    verdicts = judge_all(read_claims(), records)
    script, style = _read("page.js"), _read("page.css")
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
        "figures": figures_part(pictures),
        "runs": explorer_table(everything, {run_id(record) for record in left_out}),
        "count": f"{len(everything)} {'run' if len(everything) == 1 else 'runs'}",
        "limits": _section_of(readme, "Limits"),
        "differences": _section_of(readme, "Where this differs from the papers"),
        "origin": _origin(everything) + _versions(everything) + _older(left_out),
        "budget": f"{RUN_BUDGET // 1024} KiB a run, {LIMIT / 1e6:.0f} MB in all",
        "points": str(points),
        "data": data,
    }
    page = Template(_read("template.html")).substitute(fields)
    size = len(page.encode())
    if size > LIMIT:
        pictured = sum(len(one.data) for one in pictures.all.values())
        raise StudyError(
            f"Expected a page of at most {LIMIT / 1e6:.0f} MB, but {len(everything)} runs and {len(pictures.all)} "
            f"pictures ({pictured / 1e6:.1f} MB) make {size / 1e6:.1f} MB; ask for fewer points a timeline (make "
            f"report ARGS='--points {max(100, points // 2)}')."
        )
    return write_text(results / "report" / "index.html", page)


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
    return ("" if told.effects is None else table(told.effects)) + bullet_list(list(told.lines))


def _section_of(readme: Path, heading: str) -> str:
    """A section of the README, so that what limits the study is written down once."""
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return blocks(section(text, heading)) or f"<p>See the README’s section “{escape(heading)}”.</p>\n"


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
