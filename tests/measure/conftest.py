"""Frames with the structure of Ped2's test set: lengths and abnormal ranges are real, scores are drawn."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

LENGTHS = (180, 180, 150, 180, 150, 180, 180, 180, 120, 150, 180, 180)
# one-based and inclusive, as the UCSD release's .m file has them
ABNORMAL = (
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
)


@pytest.fixture(scope="session")
def ped2_frames() -> Callable[[int, int], pd.DataFrame]:
    """Make a table of Ped2's scored frames without the first and last few of each video."""

    def make(first: int = 0, last: int = 0) -> pd.DataFrame:
        tables = []
        for number, (length, (low, high)) in enumerate(zip(LENGTHS, ABNORMAL, strict=True), start=1):
            frame = np.arange(first, length - last)
            label = (frame + 1 >= low) & (frame + 1 <= high)
            tables.append(pd.DataFrame({"video": f"{number:02d}", "frame": frame, "label": label.astype(np.uint8)}))
        table = pd.concat(tables, ignore_index=True)
        rng = np.random.default_rng(0)
        table["mse"] = rng.gamma(4.0, 1e-3, len(table)) * (1.0 + 0.5 * table["label"])
        table["psnr"] = -10 * np.log10(table["mse"])
        table["feature_distance"] = rng.gamma(2.0, 1e-4, len(table)) * (1.0 + 0.3 * table["label"])
        return table

    return make
