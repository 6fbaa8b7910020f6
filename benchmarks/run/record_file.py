"""One reader for records: whole, in its place, of the form that views rely on, and with the digest that it was written with.

A record holds the digest of all else in it, the checksum of its table of terms included. The first records of the
reference have none: a list in their folder, `digests.sha256`, which `sha256sum -c` reads too, holds theirs.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.errors import StudyError
from benchmarks.reading import DIGEST, expected, json_digest, parse_json, printable, read_bytes
from benchmarks.study.settings import METHODS, PROFILES, Settings

SCHEMA = 1
MANIFEST = "digests.sha256"
REMEDY = "`reproduce` runs the cell again; or bring both its files back from a copy (git checkout)"

# Raw, or as JSON writes them: what moves a terminal's cursor, ends a line of LaTeX, or turns the direction of writing.
_CONTROL = re.compile(
    r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]|\\(?:[bfnrt]|u00[01]|u007f|u00[89][0-9a-f]|u202[8-e]|u206)", re.IGNORECASE
)
_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
_MOST_SEED = 1_000_000
_REQUIRED: Mapping[str, type | tuple[type, ...]] = {
    "settings": dict,
    "settings_hash": str,
    "seed": int,
    "epochs": list,
    "phases": dict,
    "parameters": int,
    "metrics": dict,
    "headline": dict,
}
_OPTIONAL: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("data", "fingerprint", "hardware", "versions", "usage", "calibration", "kinds", "changes"), dict),
    **dict.fromkeys(("method", "items", "queries", "shapes", "pixel", "batch_norm", "boxes", "response"), dict),
    "notes": list,
    "mode": str,
    "name": str,
}
_PATTERNS = {
    "commit": re.compile(r"[0-9a-f]{7,64}"),
    "started": re.compile(r"\d{4}-\d\d-\d\dT[\d:.+-]+"),
    "settings_hash": re.compile(r"[0-9a-f]{64}"),
}
_TABLES = ("metrics", "phases", "usage", "kinds", "changes", "calibration", "pixel", "batch_norm", "boxes", "response")


def read_content(path: Path) -> dict[str, Any]:
    """Return what a record's file holds.

    Raises StudyError, naming the file and the remedy, where it is missing or no record, where settings, hash, seed or place
    do not belong together, and where it is not what was once written.
    """
    with expected("a whole record", path, REMEDY):
        return parse_record(read_bytes(path), path)


def parse_record(data: bytes, path: Path) -> dict[str, Any]:
    """Return what a record's bytes say if they may stand at a path; raises ValueError where `read_content` refuses."""
    text = data.decode("utf-8-sig")
    if found := _CONTROL.search(text):
        raise ValueError(f"a text in it holds a control character ({found[0]!a})")
    content: dict[str, Any] = parse_json(text)
    _check_place(content, check_form(content), path)
    if DIGEST in content:
        if content[DIGEST] != json_digest(content):
            raise ValueError(f"it is not what was written: its digest is not {printable(str(content[DIGEST]), 12)}")
    elif (known := listed_digest(path)) is not None and hashlib.sha256(data).hexdigest() != known:
        raise ValueError(f"it is not what was written: {MANIFEST} lists another digest")
    return content


def check_form(content: object) -> Settings:
    """Return a record's settings; raises ValueError where values are no record of this schema in parts, kinds or hash."""
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"it is no record of schema {SCHEMA} but {printable(str(found), 40)}")
    if missing := [name for name in _REQUIRED if name not in content]:
        raise ValueError(f"{', '.join(missing)} is missing")
    for name, kind in (*_REQUIRED.items(), *((one, kind) for one, kind in _OPTIONAL.items() if one in content)):
        if not isinstance(content[name], kind) or isinstance(content[name], bool):
            raise ValueError(f"{name} is {type(content[name]).__name__}")
    for name, pattern in _PATTERNS.items():
        if content.get(name) is not None and not pattern.fullmatch(str(content[name])):
            raise ValueError(f"{name} is {printable(str(content[name]), 40)!r}")
    _check_parts(content)
    return _check_settings(content)


def _check_parts(content: Mapping[str, Any]) -> None:
    headline, metrics = content["headline"], content["metrics"]
    if not (isinstance(headline.get("variant"), str) and isinstance(headline.get("score"), str)):
        raise ValueError("its headline names no variant and score")
    if headline["variant"] not in metrics:
        raise ValueError("it has no metrics of the variant that its headline names")
    for name in ("micro_auc",):
        _check_number(headline.get(name), f"headline.{name}", 0.0, 1.0)
    for section in _TABLES:
        for name, part in content.get(section, {}).items():
            if not isinstance(part, dict):
                raise ValueError(f"{section}.{name} is {type(part).__name__}, not a table")
    for variant, scores in metrics.items():
        for score, by_normalisation in scores.items():
            for normalisation, found in _table(by_normalisation, score).items():
                for metric, value in _table(found, normalisation).items():
                    if not isinstance(value, (list, str, dict)):
                        _check_number(value, f"{variant}.{score}.{normalisation}.{metric}")
    for epoch in content["epochs"]:
        _check_number(_table(epoch, "an epoch").get("epoch", 1), "epoch", 1, 1e9)
    for name, digests in _table(content.get("fingerprint", {}), "fingerprint").items():
        if name in ("files", "modules"):
            _table(digests, name)
    for phase in content["phases"].values():
        for name, value in phase.items():
            _check_number(value, name, 0)


def _table(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{printable(what, 60)} is {type(value).__name__}, not a table")
    return value


def _check_number(value: object, what: str, low: float = -math.inf, high: float = math.inf) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{printable(what, 60)} is {printable(str(value), 20)}, no number")
    if not low <= value <= high:
        raise ValueError(f"{printable(what, 60)} is {value:g}, not {low:g} to {high:g}")


def _check_settings(content: Mapping[str, Any]) -> Settings:
    settings = check_settings(content["settings"])
    if settings.hash != content["settings_hash"]:
        raise ValueError(f"its settings give the hash {settings.hash[:8]}, and it says {content['settings_hash'][:8]}")
    if not 0 <= content["seed"] <= _MOST_SEED:
        raise ValueError(f"its seed is {content['seed']}")
    return settings


def check_settings(values: object) -> Settings:
    """Return settings read from JSON; raises ValueError where their form or names are none that a study can write."""
    if not isinstance(values, dict):
        raise ValueError(f"the settings are {type(values).__name__}, not a table")
    for name, value in values.items():
        if not isinstance(value, (str, int, float, bool)) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError(f"the setting {printable(str(name), 40)} is {type(value).__name__}")
    if unknown := set(values) - {field.name for field in fields(Settings)}:
        raise ValueError(f"{printable(', '.join(sorted(unknown)), 100)} is no setting")
    try:
        settings = Settings.from_dict(values)
        name = settings.name
    except (StudyError, TypeError) as error:  # which do not know the file
        raise ValueError(f"it has no known settings ({printable(str(error))})") from error
    if not _NAME.fullmatch(str(settings.dataset)) or settings.profile not in PROFILES or settings.method not in METHODS:
        named = " or ".join(printable(repr(one), 40) for one in (settings.dataset, settings.profile, settings.method))
        raise ValueError(f"its data set, profile or method is none that a study can have: {named}")
    if not _NAME.fullmatch(name):
        raise ValueError(f"its settings give the name {printable(name, 60)!r}")
    return settings


def _check_place(content: Mapping[str, Any], settings: Settings, path: Path) -> None:
    """Raise ValueError where a record does not lie where its cell leaves it, as a copy under another name does not."""
    if path.name != f"seed-{content['seed']}.json":
        raise ValueError(
            f"it is the record of seed {content['seed']} under another name: remove the file if it is a copy"
        )
    if path.parent.name != settings.name or path.parent.parent.name != settings.profile:
        raise ValueError(
            f"it is the record of {settings.name} at {settings.profile}, and stands in another run's place"
        )
    if path.parent.parent.parent.name != settings.dataset:
        raise ValueError(f"it is a record of {settings.dataset}, and stands in another run's place")


def listed_digest(path: Path) -> str | None:
    """Return the SHA-256 (hex) that the list above a file of records holds for it; None where there is none."""
    if len(path.parents) < 4:
        return None
    runs = path.parents[3]
    manifest = runs / MANIFEST
    if not manifest.is_file():
        return None
    facts = manifest.stat()
    return _read_manifest(manifest, facts.st_mtime_ns, facts.st_size).get(path.relative_to(runs).as_posix())


def listed_files(runs: Path) -> list[Path]:
    """Return the files that the list of digests in a folder of records names; none where there is no list."""
    manifest = runs / MANIFEST
    if not manifest.is_file():
        return []
    facts = manifest.stat()
    return [runs / name for name in _read_manifest(manifest, facts.st_mtime_ns, facts.st_size)]


@lru_cache(maxsize=8)
def _read_manifest(path: Path, written: int, size: int) -> Mapping[str, str]:
    del written, size  # another file under the same name is read again
    with expected("lines of a digest and a file", path, "bring it back from a copy (git checkout)"):
        lines = (line.split("  ", 1) for line in read_bytes(path).decode().splitlines())
        return {name: digest for digest, name in lines}


def write_manifest(runs: Path) -> int:
    """List the digests of all records without one of their own, and of their tables; returns how many records.

    Raises StudyError where a file that is listed has changed: what is listed once stays.
    """
    from benchmarks.writing import replace_text

    lines = []
    for path in sorted(runs.glob("*/*/*/seed-*.json")):
        if DIGEST in read_content(path):
            continue
        for file in (path, path.with_suffix(".csv.gz")):
            with expected("a whole file of records", file, REMEDY):
                digest = hashlib.sha256(read_bytes(file)).hexdigest()
                if listed_digest(file) not in (None, digest):
                    raise ValueError(f"it is not what was written: {MANIFEST} lists another digest")
                lines.append(f"{digest}  {file.relative_to(runs).as_posix()}\n")
    replace_text(runs / MANIFEST, "".join(lines))
    return len(lines) // 2
