"""Groups of records that may meet in a contrast, and their labels, which say how far they are from the paper."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from benchmarks.report.read.labels import distance_label, set_name
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import departures
from benchmarks.study.presets import resolve
from benchmarks.study.settings import AUTOENCODERS, BASELINES, LEARNING_FREE, PROFILES, Settings


@dataclass(frozen=True)
class Group:
    """Records that may meet in a contrast: one data set at one profile.

    size, epochs, width, precision: where they are not the profile's own. methods: those that the label speaks of; they
    tell no groups apart.
    """

    dataset: str
    profile: str
    size: int | None = None
    epochs: int | None = None
    width: float | None = None
    precision: str | None = None
    methods: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def label(self) -> str:
        """The group as a column is headed: ``UCSD Ped2, 128×128, ¼ width, 3 of 60 epochs (MemAE: of 100)``."""
        methods = [name for name in AUTOENCODERS if name in self.methods] or [AUTOENCODERS[0]]
        own = {
            name: resolve(dataset=self.dataset, method=name, task="reconstruction", profile=self.profile)
            for name in methods
        }
        first = own[methods[0]]
        return distance_label(
            self.dataset,
            self.size or first.size,
            self.width or first.width,
            {name: settings.epochs if self.epochs is None else self.epochs for name, settings in own.items()},
            self.precision,
        )

    def of(self, methods: Iterable[str]) -> "Group":
        """The same group, spoken of for some methods only."""
        return replace(self, methods=frozenset(methods))


def group_of(settings: Settings) -> Group:
    """The group that a record belongs to; a method without learning belongs to all lengths of training."""
    moved = departures(settings)
    free = settings.method in LEARNING_FREE
    return Group(
        settings.dataset,
        settings.profile,
        size=settings.size if "size" in moved else None,
        epochs=settings.epochs if "epochs" in moved and not free else None,
        width=settings.width if "width" in moved and not free else None,
        precision=settings.precision if "precision" in moved and not free else None,
        methods=frozenset({settings.method}),
    )


def groups_of(records: Iterable[Record]) -> list[Group]:
    """The groups with a record of an autoencoder, the widest profile first, within it the one with most records."""
    found: dict[Group, int] = {}
    methods: dict[Group, set[str]] = {}
    for record in records:
        if record.settings.method in AUTOENCODERS:
            group = group_of(record.settings)
            found[group] = found.get(group, 0) + 1
            methods.setdefault(group, set()).add(record.settings.method)
    order = sorted(found, key=lambda group: (group.dataset, PROFILES.index(group.profile), -found[group], str(group)))
    return [group.of(methods[group]) for group in order]


def settings_label(settings: Settings) -> str:
    """One setting's data set and distance from its paper: ``UCSD Ped2, 115×115, ¼ width, 8 of 30 epochs``."""
    if settings.method in LEARNING_FREE:
        return distance_label(settings.dataset, settings.size, None, {})
    epochs = {settings.method: settings.epochs} if settings.epochs else {}
    precision = settings.precision if "precision" in departures(settings) else None
    width = settings.width if settings.epochs else None
    return distance_label(settings.dataset, settings.size, width, epochs, precision)


def common_label(settings: Iterable[Settings]) -> str:
    """The label of several settings: of their autoencoders, which share a geometry; else of each, or of the sets alone."""
    everything = list(settings)
    groups: dict[Group, set[str]] = {}
    for one in everything:
        if one.method in AUTOENCODERS:
            groups.setdefault(group_of(one), set()).add(one.method)
    if len(groups) == 1:
        ((group, methods),) = groups.items()
        return group.of(methods).label
    if groups:
        return " and ".join(dict.fromkeys(group.of(methods).label for group, methods in groups.items()))
    labels = list(dict.fromkeys(map(settings_label, everything)))
    if len(labels) == 1:
        return labels[0]
    sets = ", ".join(dict.fromkeys(set_name(one.dataset) for one in everything))
    each = "each baseline at its own size and length"
    return f"{sets}, {each}" if any(one.method in BASELINES for one in everything) else sets
