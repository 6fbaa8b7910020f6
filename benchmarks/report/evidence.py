"""What the records say about a contrast: pairs by seed that differ in nothing but what the contrast names.

Sides are matched on every setting that is no geometry; `pairing` then puts together what may meet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from benchmarks.measure.hierarchical import SeedVideoDifference, hierarchical_bootstrap
from benchmarks.report.claims import Contrast, Side
from benchmarks.report.pairing import areas, best_pairing, on_common_frames
from benchmarks.report.quantities import measure
from benchmarks.report.records import Record
from benchmarks.report.rows import GEOMETRY, Row, departures
from benchmarks.study.settings import AUTOENCODERS, BASELINES, LEARNING_FREE, PROFILES, Cell, Settings

_ARITHMETIC: Final = tuple(
    field.name for field in fields(Settings) if field.name not in GEOMETRY | {"dataset", "profile"}
)


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
    left_out: cells whose records were not compared. runs: each side's values behind the effects, in the order of the seeds, in
    the contrast's unit; none for a reference.
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
    left_out: tuple[Cell, ...]
    runs: tuple[tuple[float, ...], tuple[float, ...]]


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
    return sorted(found, key=lambda group: (group.dataset, PROFILES.index(group.profile), -found[group], str(group)))


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
            contrast, group, {}, _any(found.get("a")), _any(found.get("b")), None, lacking, False, False, (), ((), ())
        )
    best = best_pairing(contrast, found["a"], found.get("b"))
    used = {id(record) for record in (*best.a.values(), *best.b.values())}
    unused = [
        record
        for records_of in found.values()
        for record in records_of
        if id(record) not in used and record.settings.method not in LEARNING_FREE
    ]
    together = on_common_frames(contrast, best)
    effects, runs = best.effects, (tuple(best.a_values.values()), tuple(best.b_values.values()))
    bounds = None
    if together is not None:
        difference = SeedVideoDifference.of(*together)
        if best.scores_other_frames:
            effects = dict(zip(best.effects, (100 * difference.by_seed()).tolist(), strict=True))
            runs = (areas(together[0]), areas(together[1]))
        if len(effects) > 1:
            low, high = hierarchical_bootstrap(difference)
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
        left_out=tuple(record.cell for record in unused) if best.shared else (),
        runs=runs,
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


def _belongs(record: Record, group: Group) -> bool:
    own = group_of(record.settings)
    if record.settings.method in BASELINES:  # frames and length that its layers ask for, whatever a study's
        return (own.dataset, own.profile) == (group.dataset, group.profile)
    if record.settings.method in LEARNING_FREE:
        return (own.dataset, own.profile, own.size) == (group.dataset, group.profile, group.size)
    return own == group


def _matching(side: Side, group: Group, records: Iterable[Record]) -> list[Record]:
    wanted = side.settings(group.dataset, group.profile)
    return [record for record in records if same_arithmetic(record.settings, wanted)]


def same_arithmetic(one: Settings, other: Settings) -> bool:
    """Whether two settings differ in geometry and length at most."""
    return all(getattr(one, name) == getattr(other, name) for name in _ARITHMETIC)


def _any(records: Sequence[Record] | None) -> Settings | None:
    return records[0].settings if records else None
