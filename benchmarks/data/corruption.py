"""Salt-and-pepper noise on clips, fixed by named random streams.

Source: STUDY section 5 and RC2020's loader (golden README, section 3). Noise is put on stored frames, after resizing;
RC2020 puts it on before.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

NoiseUnit = Literal["pixel", "element"]


def salt_and_pepper(
    frames: NDArray[np.uint8], share: float, stream: np.random.Generator, *, unit: NoiseUnit = "pixel"
) -> NDArray[np.uint8]:
    """Return a copy of the frames with a share of the pixels set to 255 or 0, half of them each on average.

    frames: (..., height, width, channels) uint8
    unit: ``pixel`` treats all channels of a pixel alike, ``element`` (RC2020) each for itself
    """
    drawn_shape = frames.shape if unit == "element" else (*frames.shape[:-1], 1)
    drawn = stream.random(drawn_shape, dtype=np.float32)
    noisy = np.where(drawn < share, np.uint8(0), frames)
    return np.where(drawn < share / 2, np.uint8(255), noisy)
