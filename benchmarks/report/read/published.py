"""Figures that others published, each with its source and how it was checked (STUDY section 11).

Status P: read in the paper's own table, or recomputed from stored scores. S: as a third party states it. M: from
memory, kept as a reminder of what to look up and never given out. All are frame-level AUC in per cent, all frames
joined and normalised within each video unless a note says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

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


_SETS: Final = ("ped2", "avenue", "shanghaitech")
_PARK = "Park et al. 2020, Table 1"
_GONG = "Gong et al. 2019, Table 2"
_LETTER = "RC2020, letter to the authors"


def _row(
    source: str,
    method: str,
    task: str,
    memory: str,
    aucs: tuple[float, ...],
    *,
    status: Status = "P",
    role: Role = "original",
    note: str = "",
) -> Iterator[PublishedFigure]:
    """Figures of one row of a table, in the order Ped2, Avenue, ShanghaiTech."""
    for dataset, auc in zip(_SETS, aucs, strict=False):
        yield PublishedFigure(source, method, task, memory, dataset, auc, status, role, note=note)


def _ped2(
    source: str, method: str, task: str, memory: str, auc: float, status: Status, role: Role, note: str = ""
) -> PublishedFigure:
    return PublishedFigure(source, method, task, memory, "ped2", auc, status, role, note=note)


FIGURES: Final[tuple[PublishedFigure, ...]] = (
    *_row(_PARK, "mnad", "reconstruction", "none", (86.4, 80.6, 65.8)),
    *_row(_PARK, "mnad", "reconstruction", "own", (90.2, 82.8, 69.8)),
    *_row(_PARK, "mnad", "prediction", "none", (94.3, 84.5, 66.8)),
    *_row(_PARK, "mnad", "prediction", "own", (97.0, 88.5, 70.5)),
    *_row(_GONG, "memae", "reconstruction", "none", (91.7, 81.0, 69.7)),
    *_row(_GONG, "memae", "reconstruction", "own", (94.1, 83.3, 71.2)),
    *_row(
        _GONG, "memae", "reconstruction", "own", (92.9, 82.1, 68.8), role="ablation", note="without sparse addressing"
    ),
    _ped2(
        "MemAE's ablation", "memae", "reconstruction", "none", 92.86, "S", "ablation", "autoencoder with an L1 penalty"
    ),
    _ped2("MemAE's ablation", "memae", "reconstruction", "own", 93.24, "S", "ablation", "without shrinkage"),
    _ped2("MemAE's ablation", "memae", "reconstruction", "own", 93.72, "S", "ablation", "without entropy loss"),
    # RC2020: the best of several runs and alphas. The report's tables are not at hand, so the other cells stay empty.
    _ped2(_LETTER, "mnad", "reconstruction", "own", 88.36, "P", "rc2020", "best of several runs, alpha 0.9"),
    _ped2(_LETTER, "mnad", "reconstruction", "none", 88.84, "P", "rc2020", "best of several runs"),
    _ped2(_LETTER, "mnad", "prediction", "own", 96.34, "P", "rc2020", "best of several runs, alpha 0.62"),
    _ped2(
        _LETTER,
        "mnad",
        "prediction",
        "none",
        95.54,
        "P",
        "rc2020",
        "best of several runs; printed there as reconstruction with memory, read here as a slip",
    ),
    *_row("anhhuu", "mnad", "prediction", "own", (93.97, 82.96), status="S", role="reproduction", note="trained again"),
    _ped2("anhhuu", "mnad", "prediction", "own", 96.51, "S", "reproduction", "trained again, 9 items"),
    _ped2("anhhuu", "mnad", "prediction", "own", 90.16, "S", "reproduction", "trained again, 11 items"),
    _ped2("MNAD, issue 1", "mnad", "prediction", "own", 89.0, "S", "reproduction"),
    _ped2("MNAD, issue 1", "mnad", "prediction", "own", 90.2, "S", "reproduction"),
    *_row(
        "MNAD's released weights",
        "mnad",
        "prediction",
        "own",
        (96.97, 88.52),
        status="S",
        role="reproduction",
    ),
    _ped2(
        "MNAD, issue 1",
        "mnad",
        "prediction",
        "own",
        57.0,
        "S",
        "reproduction",
        "the released weights under a torch newer than 1.1.0",
    ),
    *_row(
        "MNAD, issue 38",
        "mnad",
        "reconstruction",
        "own",
        (87.36, 72.12, 68.09),
        status="S",
        role="reproduction",
    ),
    *_row(
        "lyn1874's stored scores",
        "memae",
        "reconstruction",
        "own",
        (93.41, 80.99),
        role="reproduction",
        note="trained with entropy weight 0",
    ),
    _ped2(
        "lyn1874's stored scores",
        "memae",
        "reconstruction",
        "own",
        69.58,
        "P",
        "reproduction",
        "raw errors pooled, no per-video normalisation",
    ),
    *_row("PyAnomaly", "memae", "reconstruction", "own", (92.3, 82.9, 70.0), status="S", role="reproduction"),
    _ped2("lyn1874, issue 4", "memae", "reconstruction", "own", 85.0, "S", "reproduction", "entropy weight 0.0002"),
    _ped2("MemAE, issue 13", "memae", "reconstruction", "own", 86.63, "S", "reproduction", "without test video 5"),
    *_row(_PARK, "Frame-Pred (Liu 2018)", "prediction", "", (95.4, 85.1, 72.8), role="baseline"),
    *_row(
        _PARK,
        "ConvAE (Hasan 2016)",
        "reconstruction",
        "",
        (85.0, 80.0, 60.9),
        role="baseline",
        note="the later of two sets that circulate",
    ),
    *_row(_PARK, "TSC", "reconstruction", "", (91.0, 80.6, 67.9), role="baseline"),
    *_row(_PARK, "StackRNN", "reconstruction", "", (92.2, 81.7, 68.0), role="baseline"),
    *(
        PublishedFigure(
            "Hasan et al. 2016, own paper",
            "ConvAE (Hasan 2016)",
            "reconstruction",
            "",
            dataset,
            auc,
            "S",
            "baseline",
            eer,
            "the earlier of two sets that circulate",
        )
        for dataset, auc, eer in (("ped1", 81.0, 27.9), ("ped2", 90.0, 21.7), ("avenue", 70.2, 25.1))
    ),
    PublishedFigure("Chong and Tay 2017", "ST-AE", "reconstruction", "", "ped1", 89.9, "S", "baseline"),
    PublishedFigure("Chong and Tay 2017", "ST-AE", "reconstruction", "", "ped2", 87.4, "M", "baseline", 12.0),
    PublishedFigure("Chong and Tay 2017", "ST-AE", "reconstruction", "", "avenue", 80.3, "M", "baseline", 20.7),
    PublishedFigure(
        "issue 7 of Chong and Tay's code", "ST-AE", "reconstruction", "", "ped1", 73.14, "S", "reproduction", 32.52
    ),
    PublishedFigure(
        "a third party without a name",
        "ST-AE",
        "reconstruction",
        "",
        "ped1",
        72.0,
        "S",
        "reproduction",
        note="lower end of reproductions from 72 to 73",
    ),
    *_row("Luo et al. 2017", "ConvLSTM-AE", "reconstruction", "", (88.1, 77.0), status="S", role="baseline"),
)


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
    return _told(dataset, ("baseline",))


def by_others(dataset: str) -> list[PublishedFigure]:
    """What others measured of the methods on one data set, trained again or with a part left out; none from memory."""
    return _told(dataset, ("reproduction", "ablation"))


def of_baseline(method: str, dataset: str) -> list[PublishedFigure]:
    """What was published of the system that one of our baselines follows; none from memory."""
    return [figure for figure in baselines(dataset) if figure.method == FOLLOWED.get(method)]


def _told(dataset: str, roles: tuple[Role, ...]) -> list[PublishedFigure]:
    videos = dataset.removesuffix(_RELABELLED)
    return [one for one in FIGURES if one.role in roles and one.status != "M" and one.dataset == videos]


def _first(role: Role, method: str, task: str, memory: str, dataset: str) -> PublishedFigure | None:
    return next((figure for figure in published(method, task, memory, dataset) if figure.role == role), None)
