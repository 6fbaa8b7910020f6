"""What the records say about a contrast: pairs by seed that differ in nothing but what the contrast names.

Sides are matched on every setting that is no geometry; geometry, precision, mode, test frames and the code that both sides
share must be the same, so profiles and versions never share a contrast.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from benchmarks.measure.hierarchical import SeedVideoDifference, hierarchical_bootstrap
from benchmarks.measure.statistics import VideoPairs
from benchmarks.report.claims import Contrast, Side
from benchmarks.report.frame_scores import KEY, common_frames, score_of, scored
from benchmarks.report.quantities import measure, score_name
from benchmarks.report.records import Record
from benchmarks.report.rows import GEOMETRY, Row, departures
from benchmarks.study.settings import AUTOENCODERS, LEARNING_FREE, SEEDLESS, Settings

_ARITHMETIC: Final = tuple(
    field.name for field in fields(Settings) if field.name not in GEOMETRY | {"dataset", "profile"}
)
_PROFILE_ORDER: Final = ("paper", "cpu", "small", "smoke")


@dataclass(frozen=True, order=True)
class Group:
    """Records that may meet in a contrast: one data set at one profile; size and epochs where not the profile's own."""

    dataset: str
    profile: str
    size: int | None = None
    epochs: int | None = None

    @property
    def label(self) -> str:
        """The group as a column is headed: ``ped2, cpu`` or ``synthetic, small (64×64, 5 epochs)``."""
        parts = [f"{self.size}×{self.size}"] if self.size else []
        parts += [f"{self.epochs} epochs"] if self.epochs else []
        return f"{self.dataset}, {self.profile}" + (f" ({', '.join(parts)})" if parts else "")


@dataclass(frozen=True)
class Evidence:
    """A contrast in one group.

    effects: by seed, in the contrast's unit. a, b: the settings compared, None where no record was found.
    other_videos: 95 % hierarchical bootstrap over seeds x videos, where per-frame scores are kept and two seeds there.
    lacking: sides ("a", "b") without a record; unheld: whether records are there but do not hold the quantity; idle:
    whether what the contrast is about hardly happens in them (its ``only_if``).
    left_out: records that were not compared, and why.
    """

    contrast: Contrast
    group: Group
    effects: Mapping[int, float]
    a: Settings | None
    b: Settings | None
    other_videos: tuple[float, float] | None
    lacking: tuple[str, ...]
    unheld: bool
    idle: bool
    left_out: tuple[str, ...]


def group_of(settings: Settings) -> Group:
    """The group that a record belongs to; a method without learning belongs to all lengths of training."""
    moved = departures(settings)
    epochs = None if settings.method in LEARNING_FREE else moved.get("epochs")
    size = moved.get("size")
    return Group(
        settings.dataset,
        settings.profile,
        size if isinstance(size, int) else None,
        epochs if isinstance(epochs, int) else None,
    )


def groups_of(records: Iterable[Record]) -> list[Group]:
    """The groups with a record of an autoencoder, the widest profile first, within it the one with most records."""
    found: dict[Group, int] = {}
    for record in records:
        if record.settings.method in AUTOENCODERS:
            group = group_of(record.settings)
            found[group] = found.get(group, 0) + 1
    return sorted(
        found, key=lambda group: (group.dataset, _PROFILE_ORDER.index(group.profile), -found[group], str(group))
    )


def gather(contrast: Contrast, group: Group, records: Sequence[Record]) -> Evidence:
    """Pair the group's records for a contrast.

    Raises StudyError if a table of terms beside a record that is needed cannot be read.
    """
    inside = [record for record in records if _belongs(record, group)]
    sides = {"a": contrast.a} | ({} if contrast.b is None else {"b": contrast.b})
    found = {name: _matching(side, group, inside) for name, side in sides.items()}
    lacking = tuple(name for name, records_of in found.items() if not records_of)
    if lacking:
        return Evidence(
            contrast, group, {}, _any(found.get("a")), _any(found.get("b")), None, lacking, False, False, ()
        )
    pairings = _pairings(contrast, found["a"], found.get("b"))
    best = max(pairings, key=lambda pairing: (len(pairing.effects), pairing.shared), default=_Pairing({}, {}, {}, 0))
    used = {id(record) for record in (*best.a.values(), *best.b.values())}
    unused = [
        record
        for records_of in found.values()
        for record in records_of
        if id(record) not in used and record.settings.method not in LEARNING_FREE
    ]
    together = _on_common_frames(contrast, best)
    effects = best.effects
    if together is not None and _scores_other_frames(best):
        effects = dict(zip(best.effects, (100 * together.by_seed()).tolist(), strict=True))
    bounds = None
    if together is not None and len(effects) > 1:
        low, high = hierarchical_bootstrap(together)
        bounds = (100 * float(low), 100 * float(high))
    return Evidence(
        contrast,
        group,
        effects,
        _any(list(best.a.values()) or found["a"]),
        _any(list(best.b.values()) or found.get("b")),
        bounds,
        (),
        unheld=not best.effects and best.shared > 0,
        idle=_idle(contrast, best.a),
        left_out=tuple(f"{record.settings.name}, seed {record.seed}" for record in unused) if best.shared else (),
    )


def _idle(contrast: Contrast, records: Mapping[int, Record]) -> bool:
    if contrast.only_if is None or not records:
        return False
    quantity, least = contrast.only_if
    values = [measure(record, quantity, variant=contrast.a.variant) for record in records.values()]
    known = [value for value in values if value is not None]
    return bool(known) and sum(known) / len(known) < least


def published_effects(contrast: Contrast, dataset: str) -> list[tuple[float, str, str]]:
    """Effects that others published for this contrast: (points, status, source), the original paper's first.

    Differences of two published AUCs where both sides are published settings, and what claims.toml states.
    """
    found: list[tuple[float, str, str]] = []
    if contrast.quantity == "auc" and contrast.score == "published" and contrast.b is not None:
        sides = [(side, Row(side.settings(dataset, "cpu"), ())) for side in (contrast.a, contrast.b)]
        if (
            all(side.variant in (None, "update", "plain") for side, _ in sides)
            and contrast.a.choice != contrast.b.choice
        ):
            for name, figures in (
                ("", [row.published() for _, row in sides]),
                ("RC2020", [row.rc2020() for _, row in sides]),
            ):
                one, other = figures
                if one is not None and other is not None:
                    status = "S" if "S" in (one.status, other.status) else "P"
                    found.append((one.auc - other.auc, status, name or "paper"))
    found += [(one.effect, one.status, one.source) for one in contrast.stated if one.set == dataset]
    return found


def without_stale(
    records: Iterable[Record], is_stale: Callable[[Record], bool] | None
) -> tuple[list[Record], list[Record]]:
    """Split records into those that today's code would make again and those that older code made."""
    records = list(records)
    stale = [] if is_stale is None else [record for record in records if is_stale(record)]
    dropped = set(map(id, stale))
    return [record for record in records if id(record) not in dropped], stale


@dataclass(frozen=True)
class _Pairing:
    """One way to pair: the records by seed, the effects, and how many seeds both sides share."""

    a: Mapping[int, Record]
    b: Mapping[int, Record]
    effects: Mapping[int, float]
    shared: int


def _pairings(contrast: Contrast, a: Sequence[Record], b: Sequence[Record] | None) -> list[_Pairing]:
    """Every way to pair records of one kind with records of one kind, kinds being of one version of the code."""
    everything = [*a, *(b or ())]
    found = []
    if b is None:
        for _, one in _kinds(a, everything):
            effects = {seed: value - contrast.reference for seed, value in _values(contrast, contrast.a, one).items()}
            found.append(_Pairing(one, {}, effects, len(one)))
        return found
    for (key, one), (other_key, other) in itertools.product(_kinds(a, everything), _kinds(b, everything)):
        same_method = _first(one).settings.method == _first(other).settings.method
        if key["code"] != other_key["code"] or (same_method and key != other_key):
            continue
        assert contrast.b is not None, "a second side was found"
        one_repeated, other_repeated = _repeated(one, other), _repeated(other, one)
        values, others = _values(contrast, contrast.a, one_repeated), _values(contrast, contrast.b, other_repeated)
        shared = sorted(one_repeated.keys() & other_repeated.keys())
        effects = {seed: values[seed] - others[seed] for seed in shared if seed in values and seed in others}
        kept = list(effects) or shared
        found.append(
            _Pairing(
                {seed: one_repeated[seed] for seed in kept},
                {seed: other_repeated[seed] for seed in kept},
                effects,
                len(shared),
            )
        )
    return found


def _kinds(records: Sequence[Record], everything: Sequence[Record]) -> list[tuple[dict[str, Any], dict[int, Record]]]:
    """Records by what must be the same within a contrast, each kind by seed."""
    files = [record.content.get("fingerprint", {}).get("files", {}) for record in everything]
    common = set.intersection(*map(set, files)) if files else set()
    kinds: list[tuple[dict[str, Any], dict[int, Record]]] = []
    for record in sorted(records, key=lambda record: str(record.path)):
        digests = record.content.get("fingerprint", {}).get("files", {})
        key = {
            "code": (record.content.get("mode"), tuple((name, digests[name]) for name in sorted(common))),
            "geometry": tuple(getattr(record.settings, name) for name in sorted(GEOMETRY)),
            "frames": record.content.get("data", {}).get("test_checksum"),
        }
        for known, by_seed in kinds:
            if known == key:
                by_seed[record.seed] = record
                break
        else:
            kinds.append((key, {record.seed: record}))
    return kinds


def _repeated(records: Mapping[int, Record], other: Mapping[int, Record]) -> Mapping[int, Record]:
    """A method that draws nothing has one value, which stands against every seed of the other side."""
    first = _first(records)
    return dict.fromkeys(other, first) if first.settings.method in SEEDLESS else records


def _values(contrast: Contrast, side: Side, records: Mapping[int, Record]) -> dict[int, float]:
    found = {
        seed: measure(
            record,
            contrast.quantity,
            variant=side.variant,
            score=contrast.score,
            normalisation=contrast.normalisation,
        )
        for seed, record in records.items()
    }
    return {seed: value for seed, value in sorted(found.items()) if value is not None}


def _on_common_frames(contrast: Contrast, pairing: _Pairing) -> SeedVideoDifference | None:
    """Both sides on the frames that both score, each normalised over its own; None where scores are not kept."""
    if contrast.quantity != "auc" or contrast.b is None or not pairing.effects:
        return None
    sides: list[list[VideoPairs]] = [[], []]
    for seed in pairing.effects:
        tables = []
        for side, records in ((contrast.a, pairing.a), (contrast.b, pairing.b)):
            record = records[seed]
            variant = side.variant or record.variant
            name = score_name(record, variant, contrast.score)
            table = None if name is None else scored(record, variant, score_of(record, name), contrast.normalisation)
            if table is None:
                return None
            tables.append(table)
        common = common_frames(tables)
        for place, table in enumerate(tables):
            kept = common.merge(table, on=KEY)
            sides[place].append(VideoPairs.of(kept["anomaly"], kept["label"], kept["video"]))
    return SeedVideoDifference.of(*sides)


def _scores_other_frames(pairing: _Pairing) -> bool:
    """Whether the two sides leave out different frames: another method or task."""
    a, b = (_first(records).settings for records in (pairing.a, pairing.b))
    return (a.method, a.task) != (b.method, b.task)


def _belongs(record: Record, group: Group) -> bool:
    own = group_of(record.settings)
    if record.settings.method in LEARNING_FREE:
        return (own.dataset, own.profile, own.size) == (group.dataset, group.profile, group.size)
    return own == group


def _matching(side: Side, group: Group, records: Iterable[Record]) -> list[Record]:
    wanted = side.settings(group.dataset, group.profile)
    return [record for record in records if same_arithmetic(record.settings, wanted)]


def same_arithmetic(one: Settings, other: Settings) -> bool:
    """Whether two settings differ in geometry and length at most."""
    return all(getattr(one, name) == getattr(other, name) for name in _ARITHMETIC)


def _first(records: Mapping[int, Record]) -> Record:
    return next(iter(records.values()))


def _any(records: Sequence[Record] | None) -> Settings | None:
    return records[0].settings if records else None
