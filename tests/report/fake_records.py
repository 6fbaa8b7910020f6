"""Plausible records for tests, their metrics measured by the project's own code on invented frames."""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure.evaluation import headline, measure_variant
from benchmarks.measure.fusion import Score
from benchmarks.measure.normalise import Moments
from benchmarks.measure.terms import psnr_from_mse, round_terms, write_terms
from benchmarks.measure.usage import memory_usage
from benchmarks.study.settings import Settings

LENGTH = 40
VIDEOS = ("01", "02", "03")
CLIP_LENGTHS = {("mnad", "prediction"): 5, ("memae", "reconstruction"): 16, ("stae", "reconstruction"): 10}


def invented_terms(settings: Settings, seed: int, shift: float) -> pd.DataFrame:
    """Terms of three videos of 40 frames, the middle of each abnormal; shift: how far abnormal frames stand out."""
    generator = np.random.default_rng([seed, int(settings.hash[:8], 16)])
    label = np.tile(np.r_[np.zeros(15), np.ones(15), np.zeros(10)].astype(np.uint8), len(VIDEOS))
    mse = np.exp(generator.normal(-6 + shift * label, 0.4))
    table = {
        "video": np.repeat(VIDEOS, LENGTH),
        "frame": np.tile(np.arange(4, 4 + LENGTH), len(VIDEOS)),
        "label": label,
        "kind": label * (np.repeat([1, 2, 3], LENGTH) if settings.dataset == "synthetic" else 1),
        "mse": mse,
    }
    if settings.method == "memae":
        table["mean_absolute_error"] = np.sqrt(mse) * generator.uniform(0.8, 1.0, mse.size)
    if settings.memory == "mnad":
        table["feature_distance"] = generator.normal(1 + 0.3 * shift * label, 0.3)
    if settings.dataset != "synthetic":
        del table["kind"]
    return round_terms(pd.DataFrame(table))


def _scores(settings: Settings) -> list[Score]:
    if settings.method == "memae":
        names = sorted(["mse", "mean_absolute_error"], key=lambda name: name != settings.error)
        return [Score(name, {name: 1.0}) for name in names]
    alone = [Score("psnr", {"psnr": 1.0})]
    if settings.memory != "mnad" or settings.alpha is None:
        return alone
    fused = Score("fused", {"psnr": settings.alpha, "feature_distance": 1 - settings.alpha})
    return [fused, *alone, Score("feature_distance", {"feature_distance": 1.0})]


def _variants(settings: Settings) -> list[str]:
    if settings.method == "memae":
        return ["plain", "read_zeros"] if settings.memory != "none" else ["plain"]
    own = ["plain", "bottleneck_zeros"] if settings.memory == "none" else ["update", "no_update", "read_zeros"]
    return [*own, "clean_input"] if settings.task == "denoising" else own


def write_record(results: Path, settings: Settings, seed: int, shift: float = 1.0, /, **replaced: Any) -> Path:
    """Write one cell's record and its table of terms; replaced: top-level keys to overwrite. Returns the JSON's path."""
    table, content = _invented(settings, seed, shift)
    content = copy.deepcopy(content) | replaced
    folder = results / "runs" / settings.dataset / settings.profile / settings.name
    folder.mkdir(parents=True, exist_ok=True)
    write_terms(table, folder / f"seed-{seed}.csv.gz")
    path = folder / f"seed-{seed}.json"
    path.write_text(json.dumps(content, indent=1))
    return path


def trained_run(settings: Settings, started: str = "2027-01-02T03:04:05+00:00", clips: int = 2340) -> dict[str, Any]:
    """Keys of a record whose learning rate fell by a cosine over the epochs of its settings, of a run after the freeze."""
    rates = [(1 + np.cos(np.pi * epoch / settings.epochs)) / 2 for epoch in range(settings.epochs)]
    if settings.schedule == "constant":
        rates = [1.0] * settings.epochs
    return {
        "started": started,
        "data": {"test_checksum": "b" * 64, "train_videos": 15, "calibration_videos": 1, "train_clips": clips},
        "epochs": [
            {"epoch": number, "losses": {"pixel": 0.1, "total": 0.2}, "learning_rate": 2e-4 * rate, "seconds": 1.0}
            for number, rate in enumerate(rates, 1)
        ],
    }


@cache
def _invented(settings: Settings, seed: int, shift: float) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Table of terms and content of a record; many tests ask for the same, and measuring takes long."""
    scores, variants = _scores(settings), _variants(settings)
    frames: dict[str, pd.DataFrame] = {
        variant: invented_terms(settings, seed, shift * (1 if index == 0 else 0.5))
        for index, variant in enumerate(variants)
    }
    keys = [name for name in ("video", "frame", "label", "kind") if name in frames[variants[0]]]
    table = frames[variants[0]][keys].copy()
    moments = {name: Moments(0.5, 0.25) for name in (*frames[variants[0]], "psnr") if name not in keys}
    metrics, kinds = {}, {}
    for variant, terms in frames.items():
        usable = scores if not variant.startswith(("read_", "bottleneck_")) else scores[-2:][:1]
        measured = measure_variant(terms.assign(psnr=psnr_from_mse(terms["mse"])), moments, usable)
        metrics[variant], kinds[variant] = measured.metrics, measured.kinds
        for name in terms.columns.difference(keys):
            table[f"{variant}.{name}"] = terms[name]
    items = settings.items or 0
    counts = [1 + (7 * item + seed) % 13 for item in range(min(items, 20))] + [0] * max(items - 20, 0)
    usage = memory_usage(counts) if counts else None
    main = frames[variants[0]].assign(psnr=psnr_from_mse(frames[variants[0]]["mse"]))
    content: dict[str, Any] = {
        "schema": 1,
        "name": settings.name,
        "settings": settings.to_dict(),
        "settings_hash": settings.hash,
        "seed": seed,
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "dirty": False,
        "fingerprint": {"digest": f"of {settings.method}", "modules": {}},
        "data": {
            "layout": "frames",
            "train_checksum": "a" * 64,
            "test_checksum": "b" * 64,
            "train_videos": 15,
            "calibration_videos": 1,
            "test_videos": 3,
            "train_clips": 100,
            "test_frames": 132,
            "scored_frames": 120,
        },
        "method": {"clip_length": CLIP_LENGTHS.get((settings.method, settings.task), 1)},
        "versions": {"python": "3.11", "torch": "2.13.0"},
        "hardware": {
            "machine": "x86_64",
            "processor": "An Invented_Processor 100 %",
            "cores": 2,
            "threads": 1,
            "device": "cpu",
            "accelerator": None,
        },
        "mode": "record",
        "started": f"2026-01-02T03:0{seed % 10}:05+00:00",
        "phases": {
            "frames": {"seconds": 3.0, "peak_memory_mb": 200.0},
            "train": {"seconds": 600.0 + seed, "peak_memory_mb": 1500.0, "frames_per_second": 40.0},
            "evaluate": {"seconds": 50.0, "peak_memory_mb": 900.0, "frames_per_second": 80.0},
        },
        "parameters": 1_234_567,
        "epochs": [
            {
                "epoch": epoch,
                "losses": {"pixel": 0.1 / epoch, "total": 0.2 / epoch},
                "learning_rate": 2e-4 / epoch,
                "usage": counts,
                "seconds": 200.0,
                **({name: usage.to_dict()[name] for name in ("entropy", "perplexity", "dead")} if usage else {}),
            }
            for epoch in (1, 2, 3)
        ],
        "usage": {variant: memory_usage(counts).to_dict() for variant in variants} if counts else {},
        "metrics": metrics,
        "headline": {"variant": variants[0], **headline(main, scores[0], "per_video", draws=50)},
        "calibration": {variants[0]: {name: [one.mean, one.std] for name, one in moments.items()}},
        "changes": {variant: {"mean_psnr": 31.5, "lowest_psnr": 24.0} for variant in variants[1:]},
        "notes": [],
    }
    if settings.dataset == "synthetic":
        content["kinds"] = kinds
    return table, content
