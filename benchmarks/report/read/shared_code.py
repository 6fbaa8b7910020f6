"""Which code two records share, and in which version, wherever its modules lay when each record was made."""

from collections.abc import Iterable, Mapping

# Of each module that is part of a record's code: the digests that it has in that record.
Versions = Mapping[str, tuple[str, ...]]


def shared_code(codes: Iterable[Mapping[str, str]]) -> list[Versions]:
    """Return, for each record's modules (place -> digest), those that all of the records have, in its version.

    Two modules are one if they lay at one place or say the same, directly or by way of others: one that moved is itself.
    """
    codes = list(codes)
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for modules in codes:
        for place, digest in modules.items():
            one, other = find(f"at {place}"), find(f"says {digest}")
            parent[max(one, other)] = min(one, other)
    found: list[dict[str, set[str]]] = []
    for modules in codes:
        versions: dict[str, set[str]] = {}
        for place, digest in modules.items():
            versions.setdefault(find(f"at {place}"), set()).add(digest)
        found.append(versions)
    common = set.intersection(*map(set, found)) if found else set()
    return [{module: tuple(sorted(versions[module])) for module in sorted(common)} for versions in found]
