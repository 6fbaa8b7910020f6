"""The numbers of one record as a flat mapping: the only place that knows how a record's JSON nests them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

# No results, or lists of a length that no table has a column for.
_LEFT_OUT: Final = frozenset({"schema", "seed", "settings", "fingerprint", "versions", "epochs", "headline", "metrics"})
_PAIRS: Final = {"headline": ("low", "high"), "calibration": ("mean", "spread")}


class Key(NamedTuple):
    """What a number is of; ``""`` where a record has one number for all variants, scores or normalisations."""

    variant: str
    score: str
    normalisation: str
    quantity: str


def flat_numbers(content: Mapping[str, Any]) -> dict[Key, float]:
    """Every number that a record holds as a result, under the names that the record gives it.

    content: the JSON of a record. Metrics keep their names (``micro_auc``); numbers of another section have its name in
    front (``pixel.pro``, ``phases.train.seconds``); the interval of the published AUC is ``headline.interval.low`` and
    ``high``. A section of sections, phases apart, has one for each variant. None is left out, like what is no number, losses
    by epoch and queries per item.
    """
    numbers: dict[Key, float] = {}
    for variant, scores in content["metrics"].items():
        for score, normalisations in scores.items():
            for normalisation, metrics in normalisations.items():
                for name, value in _leaves(metrics):
                    numbers[Key(variant, score, normalisation, name)] = value
    for section, found in content.items():
        if section in _LEFT_OUT:
            continue
        if (
            isinstance(found, Mapping)
            and section != "phases"
            and all(isinstance(one, Mapping) for one in found.values())
        ):
            parts = [(variant, facts) for variant, facts in found.items()]
        else:
            parts = [("", found)]
        for variant, facts in parts:
            for name, value in _leaves(facts, section, _PAIRS.get(section)):
                numbers[Key(variant, "", "", name)] = value
    lead = content["headline"]
    published = (lead["variant"], lead.get("score", ""), lead.get("normalisation", ""))
    for part in ("interval", "weights"):
        for name, value in _leaves(lead.get(part), f"headline.{part}", _PAIRS["headline"]):
            numbers[Key(*published, name)] = value
    return numbers


def _leaves(found: object, path: str = "", pair: tuple[str, str] | None = None) -> Iterator[tuple[str, float]]:
    """Numbers below a part of the JSON and their dotted paths; pair: names of the two numbers of a list, else left out."""
    if isinstance(found, Mapping):
        for name, value in found.items():
            yield from _leaves(value, f"{path}.{name}" if path else name, pair)
    elif isinstance(found, list) and pair is not None:
        yield from ((f"{path}.{name}", value) for name, value in zip(pair, found, strict=True))
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield path, found
