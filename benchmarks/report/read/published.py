"""Figures that others published, each with its source and how it was checked: ``published.toml`` says how to read it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmarks.study.settings import AUTOENCODERS

Status = Literal["P", "S", "M"]
Role = Literal["original", "rc2020", "reproduction", "ablation", "baseline"]


@dataclass(frozen=True)
class PublishedFigure:
    """One published AUC.

    memory: "own", "none", or "" for a baseline. role: who measured it. eer: equal error rate in per cent, if given.
    """

    source: str
    method: str
    task: str
    memory: str
    dataset: str
    auc: float
    status: Status
    role: Role
    eer: float | None = None
    note: str = ""


def _read(path: Path) -> Iterator[PublishedFigure]:
    """Figures of the file, one per set of each entry."""
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["figures"]:
        aucs, eers = entry.pop("auc"), entry.pop("eer", {})
        for dataset, auc in aucs.items():
            yield PublishedFigure(dataset=dataset, auc=auc, eer=eers.get(dataset), **entry)


FIGURES: Final = tuple(_read(Path(__file__).with_suffix(".toml")))

PUBLISHED_TASKS: Final = {
    method: tuple(dict.fromkeys(one.task for one in FIGURES if (one.method, one.role) == (method, "original")))
    for method in AUTOENCODERS
}
"""Method -> the tasks that its own paper has figures of."""

_RELABELLED: Final = "-mnad-labels"
OTHER_LABELS: Final = {
    "avenue": "which differ on 441 of 15,324 test frames from the release's masks that label the rows here",
    "shanghaitech": "which are not the release's frame masks that label the rows here",
}
"""Set -> how its labels differ from those of MNAD's own file, under which MNAD's figures were measured."""

FOLLOWED: Final = {"stae": "ConvAE (Hasan 2016)", "convlstm_ae": "ST-AE"}
"""Our baseline -> the published system that it follows, where one has figures."""

DIVIDED_BY_MAXIMUM: Final = frozenset({"stae", "convlstm_ae"})
"""Baselines whose published score of a video is (cost - min) / max, where every score here is divided by max - min."""


def published(method: str, task: str, memory: str, dataset: str) -> list[PublishedFigure]:
    """Figures for one factor combination, the original paper's first; none from memory, none where none is known.

    memory: "none", "own", or the method's own name, which means the same. dataset: one under MNAD's labels has the
    figures of its videos, since MNAD's were measured under these (`OTHER_LABELS`).
    """
    wanted = (method, task, "own" if memory == method else memory, dataset.removesuffix(_RELABELLED))
    return [
        figure
        for figure in FIGURES
        if figure.status != "M" and (figure.method, figure.task, figure.memory, figure.dataset) == wanted
    ]


def original(method: str, task: str, memory: str, dataset: str) -> PublishedFigure | None:
    """The figure of the paper that introduced the method, if it has one."""
    return _first("original", method, task, memory, dataset)


def rc2020(method: str, task: str, memory: str, dataset: str) -> PublishedFigure | None:
    """RC2020's figure, if it is known."""
    return _first("rc2020", method, task, memory, dataset)


def baselines(dataset: str) -> list[PublishedFigure]:
    """Published figures of the baselines on one data set; both sets that circulate of Hasan's; none from memory."""
    return _of_roles(dataset, ("baseline",))


def by_others(dataset: str) -> list[PublishedFigure]:
    """What others measured of the methods on one data set, trained again or with a part left out; none from memory."""
    return _of_roles(dataset, ("reproduction", "ablation"))


def of_baseline(method: str, dataset: str) -> list[PublishedFigure]:
    """What was published of the system that one of our baselines follows; none from memory."""
    return [figure for figure in baselines(dataset) if figure.method == FOLLOWED.get(method)]


def _of_roles(dataset: str, roles: tuple[Role, ...]) -> list[PublishedFigure]:
    videos = dataset.removesuffix(_RELABELLED)
    return [one for one in FIGURES if one.role in roles and one.status != "M" and one.dataset == videos]


def _first(role: Role, method: str, task: str, memory: str, dataset: str) -> PublishedFigure | None:
    return next((figure for figure in published(method, task, memory, dataset) if figure.role == role), None)
