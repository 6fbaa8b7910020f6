"""Maps whose pixel metrics can be said beforehand.

Each map is made from the true regions of a set whose tracks are known, as the synthetic one; what its metrics must be
follows from counts of pixels, regions and tracks. Regions must be small: below a tenth of a frame, or a map that marks
whole frames detects them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure.detection import ALPHA
from benchmarks.measure.pixel_curves import PRO_LIMIT
from benchmarks.measure.pixel_metrics import MappedVideo, pixel_metrics
from benchmarks.measure.regions import Regions, find_regions
from benchmarks.measure.score_levels import to_levels
from benchmarks.measure.score_maps import smooth

_CORNER: Final = 3
# What a metric of noise or of a blurred mask may be off by; the other maps have no chance in them.
_LOOSE: Final = 0.02
Maps = list[NDArray[np.float32]]
Values = Mapping[str, float]


@dataclass(frozen=True)
class KnownMaps:
    """Maps (frames, height, width) of each video, the metrics that follow from counts, and how closely they must."""

    name: str
    maps: Maps
    expected: Values
    tolerance: float

    def unmet(self, truth: Sequence[Regions]) -> dict[str, tuple[float, float | None]]:
        """Measure the maps; return what is expected and what was measured of each metric that is off."""
        videos = [MappedVideo(to_levels(one), own) for one, own in zip(self.maps, truth, strict=True)]
        measured = asdict(pixel_metrics(videos))
        found = {name: (value, measured[name]) for name, value in self.expected.items()}
        return {
            name: (value, value_found)
            for name, (value, value_found) in found.items()
            if value_found is None or abs(value_found - value) > self.tolerance
        }


def known_maps(truth: Sequence[Regions]) -> list[KnownMaps]:
    """Make all maps of a test set, given by the regions of its videos, all frames in order."""
    masks = [_drawn(regions) for regions in truth]
    return [
        KnownMaps("the mask", masks, _all(1.0, 1.0, 1.0, 1.0), 1e-9),
        KnownMaps("the mask, blurred", [smooth(one) for one in masks], {"rbdc": 1.0, "tbdc": 1.0}, _LOOSE),
        _without("the mask without one track", masks, truth, _first_track),
        _without("the mask without every second region", masks, truth, _every_second_region),
        _with_false_corners(masks, truth),
        KnownMaps("noise", _noise(masks), _all(0.5, PRO_LIMIT / 2, 0.0, 0.0), _LOOSE),
        KnownMaps("a constant", [np.ones_like(one) for one in masks], _all(0.5, PRO_LIMIT / 2, 0.0, 0.0), 1e-9),
        KnownMaps("the mask upside down", [1 - one for one in masks], _all(0.0, 0.0, 0.0, 0.0), 1e-9),
    ]


def linked(truth: Sequence[Regions]) -> list[Regions]:
    """Forget the tracks of regions and link them again by overlap."""
    return [find_regions(_drawn(own) > 0, np.arange(own.shape[0])) for own in truth]


def same_tracks(one: Sequence[Regions], other: Sequence[Regions]) -> bool:
    """Whether regions belong together in the same way, whatever the numbers of their tracks."""
    return all(
        len(set(zip(own.track.tolist(), its.track.tolist(), strict=True))) == own.tracks == its.tracks
        for own, its in zip(one, other, strict=True)
    )


def _drawn(regions: Regions) -> NDArray[np.float32]:
    """Draw regions as maps of 0 and 1."""
    maps = np.zeros(regions.shape, dtype=np.float32)
    maps.reshape(-1)[regions.pixel] = 1
    return maps


def _all(pixel_auc: float, pro: float, rbdc: float, tbdc: float) -> Values:
    return {"pixel_auc": pixel_auc, "pro": pro, "rbdc": rbdc, "tbdc": tbdc}


def _first_track(regions: Regions) -> NDArray[np.bool_]:
    return np.asarray(regions.track == 0)


def _every_second_region(regions: Regions) -> NDArray[np.bool_]:
    return np.asarray(np.arange(regions.area.size) % 2 == 1)


def _without(
    name: str, masks: Maps, truth: Sequence[Regions], choose: Callable[[Regions], NDArray[np.bool_]]
) -> KnownMaps:
    """Leave regions out of the mask: in the first video that has any for a track, in all for every second region.

    A missed pixel ties with all normal ones: it wins half of its pairs, and its region's overlap grows along the
    diagonal. A missed region is never detected, and a track is lost if nine tenths of its regions are.
    """
    one_video = choose is _first_track
    maps: Maps = []
    pixels = regions = tracks = 0
    for mask, own in zip(masks, truth, strict=True):
        missed = choose(own) if own.area.size and not (one_video and regions) else np.zeros(own.area.size, np.bool_)
        kept = mask.copy()
        kept.reshape(-1)[own.pixel[missed[own.region]]] = 0
        maps.append(kept)
        pixels, regions = pixels + int(own.area[missed].sum()), regions + int(missed.sum())
        seen = np.bincount(own.track, ~missed, own.tracks) / np.maximum(np.bincount(own.track, minlength=own.tracks), 1)
        tracks += int((seen < ALPHA).sum())
    pixel_share = pixels / sum(own.pixel.size for own in truth)
    region_share = regions / sum(own.area.size for own in truth)
    track_share = tracks / sum(own.tracks for own in truth)
    pro = 1 - region_share + region_share * PRO_LIMIT / 2
    return KnownMaps(name, maps, _all(1 - pixel_share / 2, pro, 1 - region_share, 1 - track_share), 1e-9)


def _with_false_corners(masks: Maps, truth: Sequence[Regions]) -> KnownMaps:
    """Add to the mask, in every second frame, a small square as bright in a corner that no region is near.

    Half a false region a frame comes with every region found: a line up to there, and 1 from there on.
    """
    maps: Maps = []
    frames = corners = 0
    for mask in masks:
        painted = mask.copy()
        for frame in painted[::2]:
            frame[_free_corner(frame)] = 1
            corners += 1
        frames += len(mask)
        maps.append(painted)
    normal = sum(mask.size for mask in masks) - sum(own.pixel.size for own in truth)
    false = corners * _CORNER**2 / normal
    area = 1 - corners / frames / 2
    expected = _all(1 - false / 2, 1 - false / 2 / PRO_LIMIT, area, area)
    return KnownMaps("the mask, and a false region in every second frame", maps, expected, 1e-9)


def _free_corner(frame: NDArray[np.float32]) -> tuple[slice, slice]:
    ends = (slice(None, _CORNER), slice(-_CORNER, None))
    wider = (slice(None, _CORNER + 1), slice(-_CORNER - 1, None))
    for row in (0, 1):
        for column in (0, 1):
            # one pixel of room, so that the square does not grow together with a region
            if not frame[wider[row], wider[column]].any():
                return ends[row], ends[column]
    message = "every corner of a frame lies near an abnormal object"
    raise ValueError(message)


def _noise(masks: Maps) -> Maps:
    generator = np.random.default_rng(0)
    return [generator.random(mask.shape, dtype=np.float32) for mask in masks]
