"""Memory's effect for the first screen: of each method and set the best-supported one, in a sentence and a small table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.report.claims.claims import Condition, memory_contrast
from benchmarks.report.claims.effects import effect_words
from benchmarks.report.claims.judging import FEWEST_SEEDS, UNTRAINED, Judgement, judge
from benchmarks.report.claims.paired_effects import gather, of_group, published_effects
from benchmarks.report.claims.rules import Rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read.format import signed
from benchmarks.report.read.groups import Group, groups_of
from benchmarks.report.read.labels import length_words, set_name
from benchmarks.report.read.published import PUBLISHED_TASKS
from benchmarks.report.read.records import Record
from benchmarks.report.read.rows import METHOD_NAMES
from benchmarks.report.tables.render import Table
from benchmarks.study.settings import UNREPORTED, Settings

SETS: Final = ("ped2", "synthetic")
TABLE: Final = "tables/memory_effect.md"
_TITLE: Final = "Memory minus none, points of frame AUC"
# MemAE's memory is read at λ = 2/N; where it was not run, as released (5/N).
_READ: Final = {"shrink_threshold": 0.001}
_RELEASED: Final[dict[str, float]] = {}
ROWS: Final = tuple((method, task) for method, tasks in PUBLISHED_TASKS.items() for task in tasks)
_WIDTHS: Final = {1.0: "the published width", 0.5: "half the width", 0.25: "a quarter of the width"}


# Each side has its published score; MemAE's differ, so that both of its sides have the absolute error.
_SCORED: Final[dict[str, dict[str, Any]]] = {
    "memae": {
        "score": "mean_absolute_error",
        "only_if": Condition("dead_queries", "memory not read", at_most=10.0),
    }
}


@dataclass(frozen=True)
class Chosen:
    """Memory's effects of one method on one set, by task, in the group that says most; read: MemAE's at λ = 2/N."""

    dataset: str
    method: str
    group: Group
    judgements: tuple[Judgement, ...]
    read: bool

    @property
    def key(self) -> tuple[bool, bool, int, int, bool]:
        """What makes one group say more than another: an interval, training, its length where trained, seeds."""
        seeds = min(one.seeds for one in self.judgements)
        trained = not any(one.evidence.untrained for one in self.judgements)
        epochs = max(side.epochs for one in self.judgements for side in (one.evidence.a,) if side is not None)
        return (seeds >= FEWEST_SEEDS, trained, epochs if trained else 0, seeds, self.read)


def chosen_effects(records: Sequence[Record], rules: Rules, training: Training) -> list[Chosen]:
    """For each set and method the effects of the group that says most; what has no pair of runs is left out."""
    groups = [group for group in groups_of(records) if group.profile != UNREPORTED]
    found = []
    for dataset in SETS:
        for method in dict.fromkeys(method for method, _ in ROWS):
            candidates = [
                one
                for group in groups
                if group.dataset == dataset and method in group.methods
                for one in _candidates(method, group, records, rules, training)
            ]
            if candidates:
                found.append(max(candidates, key=lambda one: one.key))
    return found


def _candidates(method: str, group: Group, records: Sequence[Record], rules: Rules, training: Training) -> list[Chosen]:
    tasks = [task for name, task in ROWS if name == method]
    inside = of_group(records, group)
    found = []
    for level in (_READ, _RELEASED) if method == "memae" else (_RELEASED,):
        contrasts = (
            memory_contrast(method, task, group.dataset, level, smallest=0.5, **_SCORED.get(method, {}))
            for task in tasks
        )
        judged = [judge(gather(contrast, group, inside, rules, training)) for contrast in contrasts]
        paired = tuple(one for one in judged if one.evidence.effects)
        if paired:
            found.append(Chosen(group.dataset, method, group.of({method}), paired, level is _READ))
    return found


def effects_sentence(found: Sequence[Chosen]) -> str:
    """One sentence with effects, intervals and what they say of the published rises; its limits in a second one."""
    if not found:
        return ""
    (one, *_) = found
    settings = one.judgements[0].evidence.a
    assert settings is not None, "a pair of runs has settings"
    effects = " and ".join(f"{effect_words(each)} ({each.contrast.cells}, {_seeds(each)})" for each in one.judgements)
    return (
        f"At {_length(settings)}, {METHOD_NAMES[one.method]}'s memory changes the frame AUC on "
        f"{set_name(one.dataset)} by {effects}{_of_published(one)}. {_limits(one)}"
    )


def _of_published(one: Chosen) -> str:
    """What the intervals say of the published rises: ``: the published rises of +3.8 and +2.7 lie outside ...``."""
    outside: list[str] = []
    inside: list[str] = []
    for each in one.judgements:
        published = published_effects(each.contrast, one.dataset)
        if published and each.high is not None and each.low is not None:
            rise = published[0][0]
            (outside if not each.low <= rise <= each.high else inside).append(signed(rise))
    if not outside and not inside:
        return ""
    parts = [
        f"the published {'rise' if len(rises) == 1 else 'rises'} of {' and '.join(rises)} "
        f"{'lies' if len(rises) == 1 else 'lie'} {where} {'this interval' if len(rises) == 1 else 'these intervals'}"
        for rises, where in ((outside, "outside"), (inside, "within"))
        if rises
    ]
    return f": {', '.join(parts)}"


def _limits(one: Chosen) -> str:
    untrained = dict.fromkeys(each.evidence.untrained for each in one.judgements if each.evidence.untrained)
    short = f"These runs are {UNTRAINED} for a verdict ({'; '.join(untrained)}), and the" if untrained else "The"
    return f"{short} intervals are over seeds: other test videos may differ."


def _length(settings: Settings) -> str:
    """``128×128, a quarter of the width and 3 of 60 epochs``."""
    width = _WIDTHS.get(settings.width, f"{settings.width:g} of the width")
    epochs = length_words(settings.method, settings.dataset, settings.epochs)
    return f"{settings.size}×{settings.size}, {width} and {epochs}"


def _seeds(one: Judgement) -> str:
    return "1 seed" if one.seeds == 1 else f"{one.seeds} seeds"


def effects_of_answer(found: Sequence[Chosen]) -> Table | None:
    """A row per method and task, a column per set; None without any pair of runs."""
    if not found:
        return None
    rows = []
    for method, task in ROWS:
        of = {
            chosen.dataset: one
            for chosen in found
            if chosen.method == method
            for one in chosen.judgements
            if one.contrast.cells == task
        }
        if of:
            published = [effects for one in of.values() if (effects := published_effects(one.contrast, "ped2"))]
            rise = signed(published[0][0][0]) if published else ""
            cells = [f"{effect_words(of[name])} n={of[name].seeds}" if name in of else "" for name in SETS]
            rows.append((f"{METHOD_NAMES[method]} {task}", rise, *cells))
    columns = ("Δ AUC (points)", "papers, Ped2", *map(set_name, SETS))
    return Table(_TITLE, columns, tuple(rows), frozenset(columns[1:]), (_note(found),)).without_empty_columns()


def _note(found: Sequence[Chosen]) -> str:
    groups: dict[Group, set[str]] = {}
    for one in found:
        groups.setdefault(one.group, set()).add(one.method)
    where = "; ".join(group.of(methods).label for group, methods in groups.items())
    levels: dict[str, list[str]] = {}
    for one in found:
        if one.method == "memae":
            levels.setdefault(f"λ = {'2/N' if one.read else '5/N as released'}{_read(one)}", []).append(
                set_name(one.dataset)
            )
    memae = "; ".join(f"{level} ({', '.join(sets)})" if len(levels) > 1 else level for level, sets in levels.items())
    memae_rule = f" MemAE: absolute error for both sides, {memae}." if memae else ""
    return (
        f"Mean, 95 % interval over seeds, n seeds. {where}. MNAD: each side with its published score.{memae_rule} Other scores, "
        f"shrinkage levels, read zeroed and costs: [`results/{TABLE}`](results/{TABLE})."
    )


def _read(one: Chosen) -> str:
    """Whether more than a tenth of the queries have an empty address."""
    return (
        ", memory not read: over 10 % of queries have an empty address"
        if any(each.evidence.unmet for each in one.judgements)
        else ""
    )
