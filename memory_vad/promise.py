"""The promise of the threshold, measured: `python -m memory_vad.promise` writes nominal against observed rates.

Normal footage is cut in two; each half calibrates once and is scored once. Every event on it is a false alarm.
"""

import argparse
import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.run.cell_data import Places, open_data
from benchmarks.study.presets import resolve
from benchmarks.writing import replace_text
from memory_vad.calibration import Calibration, sustained
from memory_vad.events import find_events
from memory_vad.model import Model, settings_for
from synthetic.dataset import render_video, video_plan
from synthetic.scene import SceneSettings

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)
Run = dict[str, NDArray[np.float64]]


def observed_rates(runs: Sequence[Run], model: Model, name: str) -> pd.DataFrame:
    """Return a row for each nominal rate: observed events an hour, and whether the calibration was long enough.

    runs: terms of stretches of normal frames, each from a video of its own.
    """
    rows = []
    halves = (list(runs[::2]), list(runs[1::2]))
    for nominal in RATES:
        events, hours, missing = 0, 0.0, 0.0
        for calibrating, scored in (halves, halves[::-1]):
            calibration = Calibration.of(calibrating, model.method.rule.weights, model.fps)
            missing = max(missing, calibration.missing_minutes(nominal))
            level = calibration.level(nominal)
            for run in scored:
                scores = calibration.score(run)
                p = calibration.p_values(sustained(scores, calibration.sustained))
                times = np.arange(len(scores)) / model.fps
                events += len(find_events(times, scores, p, p <= level, apart=calibration.block))
                hours += len(scores) / model.fps / 3600
        # 95 %: Poisson counts, by the square root's normal approximation.
        low, high = (max(0.0, math.sqrt(events + 0.375) + side) ** 2 for side in (-0.98, 0.98))
        rows.append(
            {
                "footage": name,
                "nominal per hour": nominal,
                "can be promised": "yes" if missing == 0 else f"no, {missing:.1f} min missing",
                "observed per hour": round(events / hours, 2),
                "95 % interval": f"{max(low - 0.375, 0) / hours:.2f} to {(high - 0.375) / hours:.2f}",
                "false alarms": events,
                "hours": round(hours, 2),
            }
        )
    return pd.DataFrame(rows)


def generated(hours: float, fps: float = 2.0, minutes: float = 5.0) -> tuple[list[Run], Model]:
    """Return terms of generated normal footage (circles only), scored by the difference of neighbouring frames."""
    model = Model.build(settings_for("frame_difference", "reconstruction", size=32, channels=1, epochs=0), fps)
    frames = round(minutes * 60 * fps)
    videos = round(hours * 60 / minutes)
    scene = SceneSettings(size=32, train_videos=videos, train_frames=frames)
    plans = video_plan(scene, "train")
    return [dict(model.score_clips(render_video(plan).frames[..., None]).terms) for plan in plans], model


def of_ped2(data_root: Path, work: Path) -> tuple[list[Run], Model]:
    """Return terms of the training videos of Ped2, all normal, scored by the difference of neighbouring frames."""
    settings = resolve(dataset="ped2", method="frame_difference", task="reconstruction", profile="small")
    data = open_data(settings, Places(data_root, work, work))
    model = Model.build(settings, 10.0)
    offsets = np.concatenate([[0], np.cumsum(data.train.lengths)])
    spans = itertools.pairwise(offsets)
    return [dict(model.score_clips(np.asarray(data.train.frames[a:b])).terms) for a, b in spans], model


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write `false_alarms.md` and `.csv`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("results/camera"))
    parser.add_argument("--hours", type=float, default=12.0, help="of generated footage (12)")
    parser.add_argument("--data-root", type=Path, help="folder of data sets: measure on Ped2, too")
    parser.add_argument("--work", type=Path, default=Path("my-results/work"))
    options = parser.parse_args(arguments)
    tables = [observed_rates(*generated(options.hours), "circles, generated")]
    if options.data_root is not None:
        tables.append(observed_rates(*of_ped2(options.data_root, options.work), "UCSD Ped2, training videos"))
    table = pd.concat(tables)
    head = f"| {' | '.join(table.columns)} |\n|{'---|' * len(table.columns)}\n"
    lines = "".join(f"| {' | '.join(map(str, row))} |\n" for row in table.itertuples(index=False))
    text = f"""# False alarms per hour: nominal against observed

Normal footage is cut in two halves of whole videos; each calibrates once and is scored once. Score: difference of
neighbouring frames. Where a rate cannot be promised, alarms are raised above everything that the calibration saw. Made by
`python -m memory_vad.promise --data-root DATA`.

{head}{lines}"""
    replace_text(options.out / "false_alarms.md", text)
    replace_text(options.out / "false_alarms.csv", table.to_csv(index=False, lineterminator="\n"))
    print(text)


if __name__ == "__main__":
    main()
