"""What is known of each set: videos, frames, abnormal frames, sizes, and where the releases lie (STUDY section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class SplitFacts:
    """A split: how many videos and frames; numbers and lengths of the videos, in order, where they are known."""

    videos: int
    frames: int
    lengths: tuple[int, ...] | None = None
    numbers: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Release:
    """A file of a release: its address and the SHA-256 (hex) that its content must have."""

    url: str
    sha256: str


@dataclass(frozen=True)
class SetFacts:
    """A set. printed: as people write it. frame_size: (width, height) in pixels.

    grey: whether its three channels are equal, so that one holds everything. generated: whether its frames are made when
    a cell first wants them; every other set must be there already.

    abnormal: number of abnormal test frames by label source. uncounted: label sources (a data set's `labels_from`)
    whose number no public source states. label_names: what MNAD's label file calls the set. ranges: per test video the
    first and last abnormal frames, one-based and inclusive. relabels: the set whose videos these are; then the labels
    are those of MNAD's file, not the release's. stills: test frames that every figure of stills shows, as the video's
    number and the frame's, from 0.
    """

    printed: str
    train: SplitFacts
    test: SplitFacts
    frame_size: tuple[int, int]
    grey: bool = False
    generated: bool = False
    abnormal: dict[str, int] = field(default_factory=dict)
    label_names: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int], ...] | None = None
    uncounted: tuple[str, ...] = ()
    relabels: str | None = None
    stills: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    releases: tuple[Release, ...] = field(default=())


def _split(lengths: tuple[int, ...], numbers: tuple[int, ...] | None = None) -> SplitFacts:
    chosen = tuple(range(1, len(lengths) + 1)) if numbers is None else numbers
    return SplitFacts(len(lengths), sum(lengths), lengths, chosen)


_UCSD = Release(
    "http://www.svcl.ucsd.edu/projects/anomaly/UCSD_Anomaly_Dataset.tar.gz",
    "2329af326951f5097fdd114c50e853957d3e569493a49d22fc082a9fd791915b",
)
# What a set's `labels_from` says of labels that a release's masks give.
MASK_LABELS = "the release's masks"
FRAME_MASK_LABELS = "the release's frame masks"
_MNAD_LABELS = "MNAD's label file"

_AVENUE = "http://www.cse.cuhk.edu.hk/leojia/projects/detectabnormal/"

FACTS: dict[str, SetFacts] = {
    "ped2": SetFacts(
        printed="UCSD Ped2",
        grey=True,
        train=_split((120, 150, 150, 180, 180, 150, 150, 120, 180, 180, 180, 180, 180, 150, 150, 150)),
        test=_split((180, 180, 150, 180, 150, 180, 180, 180, 120, 150, 180, 180)),
        frame_size=(360, 240),
        abnormal={"the release": 1648},
        label_names=("ped2",),
        ranges=(
            (61, 180),
            (95, 180),
            (1, 146),
            (31, 180),
            (1, 129),
            (1, 159),
            (46, 180),
            (1, 180),
            (1, 120),
            (1, 150),
            (1, 180),
            (88, 180),
        ),
        # Source document 001 is about the cart, and claims about cyclists.
        stills={"golf_cart": (4, 120), "cyclist": (8, 90)},
        releases=(_UCSD,),
    ),
    "ped1": SetFacts(
        printed="UCSD Ped1",
        grey=True,
        train=_split((200,) * 34),
        test=_split((200,) * 36),
        frame_size=(238, 158),
        # Counted from the release's .m file, and the same in a public label file.
        abnormal={"the release": 4045},
        label_names=("ped1",),
        releases=(_UCSD,),
    ),
    "avenue": SetFacts(
        printed="CUHK Avenue",
        train=SplitFacts(16, 15328, numbers=tuple(range(1, 17))),
        test=_split(
            (
                1439,
                1211,
                923,
                947,
                1007,
                1283,
                605,
                36,
                1175,
                841,
                472,
                1271,
                549,
                507,
                1001,
                740,
                426,
                294,
                248,
                273,
                76,
            )
        ),
        frame_size=(640, 360),
        abnormal={MASK_LABELS: 3712},
        label_names=("avenue",),
        releases=(
            Release(_AVENUE + "Avenue_Dataset.zip", "fc9cb8432a11ca79c18aa180c72524011411b69d3b0ff27c8816e41c0de61531"),
            Release(
                _AVENUE + "ground_truth_demo.zip", "60fec1728ec8f73a58aad3aeb5729d70a805a47e0b8eb4bf91ab67ef06386d77"
            ),
        ),
    ),
    # A real part of Avenue; its figures cannot be compared with published ones.
    "avenue-partial": SetFacts(
        printed="CUHK Avenue (a part)",
        train=_split((1223, 781, 145, 244), (10, 11, 12, 16)),
        test=_split((36, 426, 294, 248, 273, 76), (8, 17, 18, 19, 20, 21)),
        frame_size=(640, 360),
        abnormal={MASK_LABELS: 1061},
    ),
    **{
        name: SetFacts(
            printed=printed,
            train=SplitFacts(20, 2000),
            test=SplitFacts(20, 2000),
            frame_size=(128, 128),
            grey=True,
            generated=True,
            uncounted=("the generator",),
        )
        for name, printed in (
            ("synthetic", "Circles and squares"),
            ("synthetic-cross", "Circles and squares, crossing"),
        )
    },
    # Generated (synthetic/pool). Which frames show a swimmer rests on rounding at the view's edge, so no number binds it.
    **{
        name: SetFacts(
            printed=printed,
            train=_split((40,) * 9),
            test=_split((50,) * 8),
            frame_size=(320, 180),
            generated=True,
            uncounted=("the generator",),
        )
        for name, printed in (
            ("pool", "Generated pool"),
            ("pool-inpainted", "Generated pool, inpainted"),
            ("pool-conservative", "Generated pool, conservative region"),
        )
    },
    "shanghaitech": SetFacts(
        printed="ShanghaiTech",
        train=SplitFacts(330, 274515),
        test=SplitFacts(107, 40791),
        frame_size=(856, 480),
        abnormal={_MNAD_LABELS: 17326},
        uncounted=(FRAME_MASK_LABELS,),
        label_names=("shanghai", "shanghaitech"),
        releases=(
            Release(
                "http://101.32.75.151:8181/dataset/shanghaitech.tar.gz",
                "c13a827043b259ccf8493c9d9130486872992153a9d714fe229e523cd4c94116",
            ),
        ),
    ),
}

# The same videos under MNAD's labels, as sets of their own, so that every record names whose labels it was scored by.
# Avenue's two sources disagree on 441 frames in 15 of 21 videos.
FACTS |= {
    f"{name}-mnad-labels": replace(
        FACTS[name],
        printed=f"{FACTS[name].printed} (MNAD's labels)",
        abnormal={_MNAD_LABELS: count},
        uncounted=(),
        relabels=name,
    )
    for name, count in (("avenue", 3867), ("shanghaitech", 17326))
}


def videos_of(name: str) -> str:
    """Return the set whose folder and frames a set has: itself, but for one with other labels."""
    facts = FACTS.get(name)
    return facts.relabels if facts is not None and facts.relabels is not None else name
