"""The code that a record says it was made by, also where the record was made before code was hashed without paths."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_EARLIER = Path(__file__).with_name("earlier_digests.toml")


@dataclass(frozen=True)
class Fingerprint:
    """The digest of all modules together, and of each (12 hex digits) by where it lay, for people to read."""

    digest: str
    modules: dict[str, str]


def joined(digests: Iterable[str], kind: str) -> str:
    """Return one digest of modules' digests, in any order; kind: the class that runs the method, since one module may hold several."""
    return hashlib.sha256("\n".join([f"method {kind}", *sorted(set(digests))]).encode()).hexdigest()[:16]


def recorded_code(content: Mapping[str, Any]) -> Fingerprint:
    """Return the fingerprint of a record; content: what its file holds.

    A record with ``files`` in place of ``modules`` has digests of whole files, paths included. They are looked up in
    ``earlier_digests.toml``; one that is not listed is of code older than any record that counts.
    """
    section = content.get("fingerprint")
    section = section if isinstance(section, Mapping) else {}
    if "files" not in section:
        return Fingerprint(str(section.get("digest", "")), dict(section.get("modules", {})))
    earlier = _earlier()
    files = {name: earlier["module"].get(f"{name} {digest}") for name, digest in section["files"].items()}
    modules = {name: found for name, found in files.items() if found}
    kind = earlier["kind"].get(str(content.get("settings", {}).get("method")))
    if None in files.values() or kind is None or not files:
        unknown = {name: f"earlier {section['files'][name]}" for name, found in files.items() if found is None}
        return Fingerprint(f"earlier {section.get('digest')}", modules | unknown)
    return Fingerprint(joined(modules.values(), kind), modules)


@cache
def _earlier() -> dict[str, dict[str, str]]:
    """Read the digests of modules by path and earlier digest, and the class of each method."""
    with _EARLIER.open("rb") as file:
        return tomllib.load(file)
