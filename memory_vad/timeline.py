"""What a person looks at: a timeline as SVG, intervals as JSON, and one page for a folder of videos."""

import html
import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.writing import replace_text
from memory_vad.scoring import Result

_WIDTH, _HEIGHT, _MARGIN = 900, 160, 36
_POINTS = 1500
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Scored videos</title>
<style>body{{font:15px sans-serif;max-width:960px;margin:2em auto;padding:0 1em}}svg{{width:100%;height:auto}}
table{{border-collapse:collapse}}td,th{{padding:.2em .8em;text-align:left}}.note{{color:#a40}}</style>
<h1>Scored videos</h1><p>{promise}</p>{parts}</html>
"""


def write_result(result: Result, folder: Path, *, promise: str, per_hour: float) -> dict[str, Path]:
    """Write a video's CSV, intervals (JSON) and timeline (SVG) into `folder`, each whole; return what lies where."""
    paths = {kind: folder / f"{result.name}.{kind}" for kind in ("csv", "json", "svg")}
    rows = zip(result.times, result.frames, result.scores, result.p, result.alarm, strict=True)
    lines = [f"{time:.10g},{frame},{score:.6g},{p:.6g},{alarm:d}\n" for time, frame, score, p, alarm in rows]
    replace_text(paths["csv"], "".join(["time,frame,score,p,alarm\n", *lines]))
    content = {
        "video": result.name,
        "false_alarms_per_hour": per_hour,
        "promise": promise,
        "intervals": [asdict(event) for event in result.events],
        "warnings": result.warnings,
    }
    replace_text(paths["json"], json.dumps(content, indent=1) + "\n")
    replace_text(paths["svg"], timeline(result))
    return paths


def timeline(result: Result) -> str:
    """Return the score over time as SVG, suspicious intervals shaded."""
    times, scores = result.times, result.scores
    first, last = float(times[0]), max(float(times[-1]), float(times[0]) + 1e-6)
    low, high = float(scores.min()), max(float(scores.max()), float(scores.min()) + 1e-6)

    def x(time: float) -> float:
        return round(_MARGIN + (time - first) / (last - first) * (_WIDTH - _MARGIN - 8), 1)

    def y(score: float) -> float:
        return round(8 + (high - score) / (high - low) * (_HEIGHT - _MARGIN), 1)

    # The highest score of each stretch: a peak must not vanish between two points.
    edges = np.linspace(0, len(scores), min(len(scores), _POINTS) + 1).astype(int)
    peaks = [start + int(scores[start:end].argmax()) for start, end in itertools.pairwise(edges)]
    line = " ".join(f"{x(times[at])},{y(scores[at])}" for at in peaks)
    shades = "".join(
        f'<rect x="{x(event.start)}" y="8" width="{max(2.0, round(x(event.end) - x(event.start), 1))}" '
        f'height="{_HEIGHT - _MARGIN}" fill="#d33" opacity=".25"/>'
        for event in result.events
    )
    floor = _HEIGHT - 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="11" '
        f'role="img"><title>Anomaly score of {html.escape(result.name)}</title>{shades}'
        f'<polyline points="{line}" fill="none" stroke="#246" stroke-width="1.2"/>'
        f'<text x="2" y="16">{high:.1f}</text><text x="2" y="{_HEIGHT - _MARGIN + 8}">{low:.1f}</text>'
        f'<text x="{_MARGIN}" y="{floor}">{first:.1f} s</text>'
        f'<text x="{_WIDTH - 8}" y="{floor}" text-anchor="end">{last:.1f} s</text></svg>\n'
    )


def write_page(results: Sequence[Result], folder: Path, promise: str, overlays: Sequence[str]) -> Path:
    """Write one page over all videos: timelines, intervals, links to overlays that lie next to it."""
    parts = []
    for result in results:
        rows = "".join(
            f"<tr><td>{event.start:.1f}–{event.end:.1f} s</td><td>{event.score:.1f}</td><td>{event.p:.4g}</td></tr>"
            for event in result.events
        )
        table = (
            f"<table><tr><th>interval<th>highest score<th>p</tr>{rows}</table>"
            if rows
            else "<p>Nothing suspicious.</p>"
        )
        notes = "".join(f'<p class="note">{html.escape(note)}</p>' for note in result.warnings)
        name = f"{result.name}.overlay.mp4"
        link = f'<p><a href="{html.escape(name, quote=True)}">overlay video</a></p>' if name in overlays else ""
        parts.append(f"<h2>{html.escape(result.name)}</h2>{notes}{timeline(result)}{table}{link}")
    path = folder / "index.html"
    replace_text(path, _PAGE.format(promise=html.escape(promise), parts="".join(parts)))
    return path
