"""Where the time of a phase goes, by torch's profiler: a training step and the scoring of a batch, MNAD and MemAE.

Shares are of self CPU time, one core, frames of the real set, in the mode `fast`. `--unfused` leaves batch norm and
activation to torch, as the mode `record` does: the "before" of a training step. Run: `python -m
benchmarks.perf.profiles --data-root DATA --out FILE.json` (tables in FILE.md).
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.data.clips import Clips
from benchmarks.data.datasets import open_dataset
from benchmarks.data.images import resize_square
from benchmarks.data.video import Video
from benchmarks.errors import StudyError
from benchmarks.perf.measuring import exit_on_study_error, write_rows
from benchmarks.perf.options import parse, parser_of
from benchmarks.run.contract import Method
from benchmarks.run.fast import speed_up
from benchmarks.run.feed import Feed
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import PROFILES, Settings
from benchmarks.writing import replace_text

_METHODS = {"MNAD": ("mnad", "prediction"), "MemAE": ("memae", "reconstruction")}


def profile_phase(work: Callable[[], object], calls: int, top: int = 12) -> dict[str, Any]:
    """Warm up once, profile so many calls, and return the operations that took most.

    operations: name, self seconds and calls, both of one call of ``work``, and share of all self CPU time.
    """
    work()
    with profile(activities=[ProfilerActivity.CPU], acc_events=True) as profiler:
        for _ in range(calls):
            work()
    averages = sorted(profiler.key_averages(), key=lambda one: -one.self_cpu_time_total)
    total = sum(one.self_cpu_time_total for one in averages)
    operations = [
        {
            "name": one.key,
            "seconds": round(one.self_cpu_time_total / 1e6 / calls, 6),
            "share": round(one.self_cpu_time_total / total, 4),
            "calls": round(one.count / calls, 2),
        }
        for one in averages[:top]
    ]
    return {"seconds": round(total / 1e6 / calls, 5), "calls": calls, "operations": operations}


def first_clips(video: Video, settings: Settings, length: int, count: int) -> Clips:
    """Decode as many frames of a video as so many clips need. Raises StudyError where it is too short."""
    frames = length + count - 1
    if video.length < frames:
        raise StudyError(
            f"Expected a video of at least {frames} frames to profile {count} clips, but {video.name} has "
            f"{video.length}; choose another set."
        )
    grey = settings.channels == 1
    decoded = [resize_square(video.read(i, grey=grey), settings.size, settings.channels) for i in range(frames)]
    return Clips(np.stack(decoded), (frames,), length=length)


def training_step(method: Method, video: Video, settings: Settings) -> Callable[[], None]:
    """Return a step on one batch: losses, gradient, optimiser."""
    clips = first_clips(video, settings, method.clip_length, settings.batch)
    batch = Feed(clips, torch.device("cpu")).batch(np.arange(settings.batch), epoch=1)
    objectives = method.objectives()

    def step() -> None:
        for objective in objectives:
            objective.optimiser.zero_grad(set_to_none=True)
            method.losses(batch, objective.name).total.backward()
            objective.optimiser.step()

    return step


def scoring(method: Method, video: Video, settings: Settings) -> Callable[[], None]:
    """Return the scoring of one batch under all variants."""
    count = method.evaluation_batch
    clips = first_clips(video, settings, method.clip_length, count)
    batch = Feed(clips, torch.device("cpu")).batch(np.arange(count))
    method.begin_evaluation(method.variants())
    method.begin_video(0)
    return lambda: (method.score(batch), None)[1]


def markdown(phases: dict[str, dict[str, Any]], heading: str) -> str:
    """Return a table for each phase."""
    lines = [f"# {heading}", ""]
    for name, phase in phases.items():
        lines += [f"## {name}: {phase['seconds']:.3g} s", "", "| operation | self time | share | calls |"]
        lines.append("|---|---:|---:|---:|")
        for one in phase["operations"]:
            share = f"{100 * one['share']:.1f} %"
            lines.append(f"| `{one['name']}` | {1000 * one['seconds']:.2f} ms | {share} | {one['calls']:g} |")
        lines.append("")
    return "\n".join(lines)


@exit_on_study_error
def main(arguments: list[str] | None = None) -> int:
    """Profile from the command line; returns 0, or 2 with a sentence on stderr."""
    parser = parser_of("profiles", __doc__, repetitions=5)
    parser.add_argument("--dataset", default="ped2")
    parser.add_argument("--profile", choices=PROFILES, default="cpu", help="geometry (cpu)")
    parser.add_argument("--top", type=int, default=12, help="operations of each phase that are named (12)")
    parser.add_argument("--unfused", action="store_true", help="mode record: torch's own batch norm and activation")
    chosen = parse(parser, arguments)
    phases: dict[str, dict[str, Any]] = {}
    dataset = open_dataset(chosen.dataset, chosen.data_root)
    for name, (method, task) in _METHODS.items():
        settings = resolve(dataset=chosen.dataset, method=method, task=task, profile=chosen.profile)
        built = build(settings, 0, torch.device("cpu"))
        if not chosen.unfused:
            speed_up(built, torch.device("cpu"))
        step = training_step(built, dataset.train[0], settings)
        words = f"{settings.size}x{settings.size}, batch"
        phases[f"{name} training step, {words} {settings.batch}"] = profile_phase(step, chosen.repetitions, chosen.top)
        scored = scoring(built, dataset.test[0], settings)
        label = f"{name} scoring under {len(built.variants())} variants, {words} {built.evaluation_batch}"
        phases[label] = profile_phase(scored, chosen.repetitions, chosen.top)
    mode = "record" if chosen.unfused else "fast"
    heading = f"Profiles: {chosen.dataset}, profile {chosen.profile}, mode {mode}, one core"
    write_rows(chosen.out, [], profile=chosen.profile, mode=mode, phases=phases)
    text = markdown(phases, heading)
    replace_text(chosen.out.with_suffix(".md"), text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
