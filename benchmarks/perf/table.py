"""The table of speed: one line for each row of all JSON files in a folder, made from those files alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.writing import replace_text

_PREFACE = (
    "# Speed",
    "",
    (
        "Measured by `make bench`. Each figure is the median of the repetitions (lowest to highest). Both sides of a "
        "ratio were"
    ),
    (
        "measured in turn, and the ratio is that of neighbours: machines drift, so ratios are claimed, not absolute "
        "figures. *Compared with* is the published recipe, unless the row names something else."
    ),
)
_HEAD = ("what", "ours", "compared with", "ratio or claim", "target", "reached")


def write_table(folder: Path, expected: Sequence[str] = ()) -> Path:
    """Write ``README.md`` in a folder of results and return its path; benches without a result are named in it."""
    path = folder / "README.md"
    replace_text(path, render(read_results(folder), expected))
    return path


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the content of each JSON file by its name; raises StudyError for one that is not a benchmark's."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StudyError(
                f"Expected what a benchmark wrote in {path}, but {error}; delete it and measure again."
            ) from error
        if not isinstance(content, dict) or not {"rows", "machine", "versions", "commit"} <= set(content):
            raise StudyError(
                f"Expected rows, machine, versions and commit in {path}, but they are missing; delete it and measure "
                "again."
            )
        if content["rows"]:  # profiles have none
            found[path.stem] = content
    return found


def render(results: Mapping[str, Mapping[str, Any]], expected: Sequence[str] = ()) -> str:
    """Return the page: where it was measured, the table, and which of the expected benches have no result.

    Results are put in the order of ``expected``, then by name.
    """
    order = [*(name for name in expected if name in results), *(name for name in results if name not in expected)]
    lines = [*_PREFACE, ""]
    lines += _measured_where({name: results[name] for name in order})
    missing = [name for name in expected if name not in results]
    if missing:
        lines += [f"**Not measured: {', '.join(missing)}.**", ""]
    lines += [_line(_HEAD), _line(["---"] * len(_HEAD))]
    lines += [_line(_cells(row)) for name in order for row in results[name]["rows"]]
    return "\n".join(lines) + "\n"


def _measured_where(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say machine, commit and versions once where all results agree, and for each bench where they do not."""
    said: dict[tuple[str, ...], list[str]] = {}
    for name, content in results.items():
        said.setdefault(tuple(_facts(content)), []).append(name)
    lines: list[str] = []
    for facts, names in said.items():
        if len(said) > 1:
            lines.append(f"{', '.join(names)}:")
        lines += [f"- {fact}" for fact in facts]
    if results:
        loads = ", ".join(f"{name} {content['machine'].get('load', '?')}" for name, content in results.items())
        lines.append(f"- load of the machine before each (1-minute average): {loads}")
    return [*lines, ""]


def _facts(content: Mapping[str, Any]) -> list[str]:
    machine, versions = content["machine"], content["versions"]
    commit = str(content["commit"])[:12] + (" with uncommitted changes" if content.get("dirty") else "")
    return [
        (
            f"machine: {machine.get('processor')}, {machine.get('cores')} cores, {machine.get('system')} "
            f"{machine.get('machine')}"
        ),
        f"commit: {commit}",
        f"versions: {', '.join(f'{name} {version}' for name, version in versions.items())}",
    ]


def _cells(row: Mapping[str, Any]) -> list[str]:
    target = "–"
    if row["target"] is not None:
        target = f"{'≥' if row['at_least'] else '≤'} {row['target']:g}"
    theirs = "–" if row["theirs"] is None else f"{_spread(row['theirs'])} {row['unit']}"
    claim = f"{_spread(row['claim'])} {row['claim_unit']}"
    return [row["what"], f"{_spread(row['ours'])} {row['unit']}", theirs, claim, target, _reached(row)]


def _reached(row: Mapping[str, Any]) -> str:
    if row["reached"] is None:
        return "–"
    if row["reached"]:
        return "yes"
    limit = f": {row['limit']}" if row["limit"] else ""
    return f"no, by {abs(row['claim']['median'] - row['target']):.2g}{limit}"


def _spread(spread: Mapping[str, Any]) -> str:
    median = f"{spread['median']:.3g}" if abs(spread["median"]) < 1000 else f"{spread['median']:.0f}"
    if len(spread["values"]) == 1:
        return median
    low, high = (f"{spread[end]:.3g}" if abs(spread[end]) < 1000 else f"{spread[end]:.0f}" for end in ("low", "high"))
    return f"{median} ({low} to {high})"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
