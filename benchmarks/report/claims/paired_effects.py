"""What the records say about a contrast: pairs by seed that differ in nothing but what the contrast names.

Sides are matched on every setting that is no geometry; `pairing` then puts together what may meet.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

from benchmarks.measure.hierarchical import SeedVideoDifference, hierarchical_bootstrap
from benchmarks.report.claims.claims import Contrast, Side
from benchmarks.report.claims.pairing import Pairing, areas, best_pairing, on_common_frames
from benchmarks.report.claims.rules import Rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read.groups import Group, group_of
from benchmarks.report.read.quantities import measure
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import GEOMETRY, METHOD_NAMES, Row
from benchmarks.study.settings import BASELINES, LEARNING_FREE, Cell, Settings

_ARITHMETIC: Final = tuple(
    field.name for field in fields(Settings) if field.name not in GEOMETRY | {"dataset", "profile"}
)


_RELEASED_SHRINKAGE: Final = 5.0
# Scores under which a difference of published AUCs means something: each side's own, or the error of the method.
_SCORES_OF_PAPERS: Final = ("published", "error", "mean_absolute_error")


@dataclass(frozen=True)
class Evidence:
    """A contrast in one group.

    effects: by seed, in the contrast's unit. a, b: the settings compared, None where no record was found.
    other_videos: 95 % hierarchical bootstrap over seeds x videos, where per-frame scores are kept and two seeds there.
    lacking: sides ("a", "b") without a record; unheld: whether records are there but do not hold the quantity.
    left_out: cells whose records were not compared. runs: each side's values behind the effects, in the order of the seeds, in
    the contrast's unit; none for a reference. margin: effects within it are of no practical effect. untrained: what its
    runs lack to count as trained, unmet: the reason of a condition (``only_if``) that they do not meet; "" where nothing.
    exploratory: whether any of its runs started before the plan was frozen.
    """

    contrast: Contrast
    group: Group
    effects: Mapping[int, float]
    a: Settings | None
    b: Settings | None
    other_videos: tuple[float, float] | None
    lacking: tuple[str, ...]
    unheld: bool
    left_out: tuple[Cell, ...]
    runs: tuple[tuple[float, ...], tuple[float, ...]]
    margin: float
    untrained: str = ""
    unmet: str = ""
    exploratory: bool = False


def gather(contrast: Contrast, group: Group, records: Sequence[Record], rules: Rules, training: Training) -> Evidence:
    """Pair records for a contrast; records: those of the group (`of_group`); training: which of them are trained.

    Raises StudyError if a record's table of terms that is needed cannot be read.
    """
    sides = {"a": contrast.a} | ({} if contrast.b is None else {"b": contrast.b})
    found = {name: _matching(side, group, records) for name, side in sides.items()}
    lacking = tuple(name for name, records_of in found.items() if not records_of)
    margin = rules.margin(group.dataset, contrast.quantity, contrast.margin, contrast.smallest)
    if lacking:
        sides_of = (_any(found.get("a")), _any(found.get("b")))
        return Evidence(contrast, group, {}, *sides_of, None, lacking, False, (), ((), ()), margin)
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
        left_out=tuple(record.cell for record in unused) if best.shared else (),
        runs=runs,
        margin=margin,
        untrained=_untrained(best, training),
        unmet=_unmet(contrast, best.a),
        exploratory=any(
            rules.is_exploratory(record.content.get("started")) for record in (*best.a.values(), *best.b.values())
        ),
    )


def _untrained(pairing: Pairing, training: Training) -> str:
    """What learned sides lack, each once; named by method where the sides have two."""
    found: dict[str, dict[str, None]] = {}
    for record in (*pairing.a.values(), *pairing.b.values()):
        if lacking := training.lacking(record):
            found.setdefault(METHOD_NAMES[record.settings.method], {})[lacking] = None
    several = pairing.b and pairing.of_two_methods
    return "; ".join(
        f"{f'{method}: ' if several else ''}{lacking}" for method, each in found.items() for lacking in each
    )


def _unmet(contrast: Contrast, records: Mapping[int, Record]) -> str:
    condition = contrast.only_if
    if condition is None or not records:
        return ""
    values = [measure(record, condition.quantity, variant=contrast.a.variant) for record in records.values()]
    known = [value for value in values if value is not None]
    return condition.otherwise if known and not condition.met(sum(known) / len(known)) else ""


def published_effects(contrast: Contrast, dataset: str) -> list[tuple[float, str, str]]:
    """Effects that others published for this contrast: (points, status, source), the original paper's first.

    Differences of two published AUCs where both sides are published settings, under the published scores or one error for
    both sides, and what claims.toml states.
    """
    found: list[tuple[float, str, str]] = []
    if contrast.quantity == "auc" and contrast.score in _SCORES_OF_PAPERS and contrast.b is not None:
        sides = [(side, Row(_as_published(side.settings(dataset, "cpu")), ())) for side in (contrast.a, contrast.b)]
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


def _as_published(settings: Settings) -> Settings:
    """MemAE's paper gives an interval of shrinkage thresholds, [1/N, 3/N]: a setting inside it is the paper's own."""
    threshold, items = settings.shrink_threshold, settings.items
    if threshold is None or items is None or not 1 <= round(threshold * items, 9) <= 3:
        return settings
    return settings.changed(shrink_threshold=_RELEASED_SHRINKAGE / items)


def without_stale(
    records: Iterable[Record], is_stale: Callable[[Record], bool] | None
) -> tuple[list[Record], list[Record]]:
    """Split records into those that today's code would make again and those that older code made."""
    records = list(records)
    stale = [] if is_stale is None else [record for record in records if is_stale(record)]
    dropped = set(map(id, stale))
    return [record for record in records if id(record) not in dropped], stale


def of_group(records: Iterable[Record], group: Group) -> list[Record]:
    """The records that may meet in a group."""
    return [record for record in records if _belongs(record, group)]


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
