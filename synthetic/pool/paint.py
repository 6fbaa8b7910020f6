"""Painting of the pool, pixel by pixel in the water's own coordinates, so that everything follows the camera."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.pool.scene import Camera, Colour, Floats, Look, PoolSettings, Swimmer

COPING, GUTTER, STANDS = 0.35, 0.12, 2.2  # metres outside the water: pale border, dark line in it, where people sit
GRAINS = 6.0  # of the texture, per metre
ROPE_RADIUS, FLOAT_LENGTH, FLOOR_LINE = 0.09, 0.8, 0.12  # metres
# Ellipses of a swimmer that looks along +x: centre (x, y) and half axes in metres; they overlap, so he is one piece.
TORSO, HEAD, LEGS = (0.0, 0.0, 0.75, 0.26), (0.82, 0.0, 0.18, 0.16), (-0.9, 0.0, 0.5, 0.16)
ARMS = ((0.35, 0.28, 0.45, 0.11), (0.35, -0.28, 0.45, 0.11))
FOAM = (-1.3, 0.0, 0.5, 0.3)
REACH = (2.4, 1.0)  # half of a rectangle that holds him, soft edges included


class Ground:
    """Where each pixel of a frame lies on the water's plane.

    x, y: (height, width) metres; step_x, step_y: metres between neighbouring pixels, for soft edges.
    """

    def __init__(self, camera: Camera, width: int, height: int) -> None:
        inverse = np.linalg.inv(camera.homography(width, height))
        columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        x, y, scale = (inverse @ np.stack([columns, rows, np.ones_like(rows)]).reshape(3, -1)).reshape(3, height, width)
        self.x: Floats = x / scale
        self.y: Floats = y / scale
        self.step_x: Floats = np.hypot(*np.gradient(self.x))
        self.step_y: Floats = np.hypot(*np.gradient(self.y))

    def share_inside(self, settings: PoolSettings) -> Floats:
        """Return how much of each pixel is water, (height, width) in [0, 1]."""
        along = np.minimum(self.x, settings.length - self.x) / self.step_x
        across = np.minimum(self.y, settings.breadth - self.y) / self.step_y
        return np.clip(np.minimum(along, across) + 0.5, 0, 1)


def blend(below: Floats, above: Floats | Colour, share: Floats) -> Floats:
    """Return the colours (height, width, 3) with a share (height, width) of the upper one."""
    return below + (np.asarray(above) - below) * share[..., None]


def waves(ground: Ground, look: Look, time: float) -> Floats:
    """Return the height of the surface, (height, width), of standard deviation about 1; too short waves fade out."""
    height = np.zeros_like(ground.x)
    for wave in look.waves:
        along = ground.x * math.cos(wave.direction) + ground.y * math.sin(wave.direction)
        seen = np.exp(-np.square(2 * ground.step_y / wave.length))
        height += seen * np.sin(2 * math.pi * (along - wave.speed * time) / wave.length + wave.phase)
    return height * math.sqrt(2 / len(look.waves))


def paint_water(ground: Ground, settings: PoolSettings, look: Look, time: float) -> Floats:
    """Return the water with floor lines, ropes and reflections, (height, width, 3) in grey levels, in every pixel."""
    surface = waves(ground, look, time)
    # Where the surface is level, light from the floor gathers: the bright net that pools show.
    light = 1 + 0.06 * surface + 0.12 * np.clip(1 - 2 * np.abs(surface), 0, 1) - 0.1 * ground.y / settings.breadth
    colours = np.asarray(look.water) * light[..., None]
    width = settings.lane_width
    offset = ground.y + 0.05 * surface
    middle = np.abs(np.mod(offset, width) - width / 2)
    colours *= 1 - 0.35 * np.clip((FLOOR_LINE - middle) / ground.step_y + 0.5, 0, 1)[..., None]
    number = np.rint(ground.y / width)
    near = np.abs(ground.y + 0.02 * surface - number * width)
    share = np.clip((ROPE_RADIUS - near) / ground.step_y + 0.5, 0, 1) * ((number > 0) & (number < settings.lanes))
    even = np.mod(np.floor(ground.x / FLOAT_LENGTH), 2)[..., None] == 0
    colours = blend(colours, np.where(even, *map(np.asarray, look.ropes)), share)
    x, y, reach, strength = look.glare
    patch = np.exp(-(np.square(ground.x - x) + np.square(ground.y - y)) / (2 * reach**2))
    return colours + (strength * patch * np.clip(surface - 0.4, 0, 1))[..., None]


def paint_surroundings(ground: Ground, settings: PoolSettings, look: Look, texture: npt.NDArray[np.float32]) -> Floats:
    """Return border, deck and stands, (height, width, 3) in grey levels, in every pixel.

    texture: (n, n, 3) in [0, 1], laid over the plane again and again.
    """
    outside = np.maximum(
        np.maximum(-ground.x, ground.x - settings.length), np.maximum(-ground.y, ground.y - settings.breadth)
    )
    across, down = (np.mod(axis * GRAINS, len(texture)).astype(np.float32) for axis in (ground.x, ground.y))
    sampled = cv2.remap(texture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grain = np.asarray(sampled, dtype=np.float64)
    deck = np.asarray(look.deck) * (0.9 + 0.2 * grain[..., :1])
    tile = (np.mod(ground.x, 1.0) < ground.step_x) | (np.mod(ground.y, 1.0) < ground.step_y)
    deck = deck * (1 - 0.12 * tile[..., None])
    colours = blend(deck, 255 * np.square(grain), np.asarray(np.clip((outside - STANDS) / 0.3, 0, 1), np.float64))
    colours = blend(colours, (225.0, 225.0, 225.0), (outside < COPING).astype(np.float64))
    return blend(colours, (90.0, 80.0, 70.0), 0.7 * (outside < GUTTER).astype(np.float64))


def swimmer_share(ground: Ground, settings: PoolSettings, swimmer: Swimmer, frame: int) -> dict[str, Floats]:
    """Return how much of each pixel the parts of a swimmer cover: name -> (height, width) in [0, 1]; {} where absent."""
    x = swimmer.x(frame, settings.length)
    if x is None:
        return {}
    middle = (swimmer.lane + 0.5) * settings.lane_width
    # Most of the frame is far from him: only what lies around him is worked out.
    near = (np.abs(ground.x - x) < REACH[0]) & (np.abs(ground.y - middle) < REACH[1])
    rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
    if not len(rows):
        return {}
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    along = (ground.x[window] - x) * math.copysign(1.0, swimmer.speed)
    across = ground.y[window] - middle
    # One arm reaches forward while the other pulls.
    reach = 0.15 * math.sin(swimmer.stroke + 2.1 * frame)
    parts = {
        "legs": [LEGS],
        "foam": [] if swimmer.submerged else [FOAM],
        "torso": [TORSO],
        "arms": [(cx + sign * reach, cy, a, b) for sign, (cx, cy, a, b) in zip((1, -1), ARMS, strict=True)],
        "head": [HEAD],
    }
    shares = {}
    for name, ellipses in parts.items():
        share = np.zeros_like(along)
        for centre_x, centre_y, half_x, half_y in ellipses:
            ratio = np.hypot((along - centre_x) / half_x, (across - centre_y) / half_y)
            share = np.maximum(share, np.clip((1 - ratio) * half_y / ground.step_y[window] + 0.5, 0, 1))
        shares[name] = np.zeros_like(ground.x)
        shares[name][window] = share
    return shares


def paint_swimmer(colours: Floats, shares: dict[str, Floats], swimmer: Swimmer, foam: Floats) -> Floats:
    """Return the water's colours with a swimmer in it; foam: (height, width) in [0, 1], how white each pixel's is."""
    clear = 0.45 if swimmer.submerged else 1.0
    suit = tuple(0.35 * level for level in swimmer.cap)
    tones: dict[str, Colour] = {
        "legs": swimmer.skin, "torso": (suit[0], suit[1], suit[2]), "arms": swimmer.skin, "head": swimmer.cap
    }  # fmt: skip
    for name, share in shares.items():
        above = (170 + 85 * foam)[..., None] * np.ones(3) if name == "foam" else tones[name]
        colours = blend(colours, above, clear * share)
    return colours
