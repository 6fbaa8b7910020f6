"""The numbers of a record, flat: benchmarks/report/read/flat.py."""

from typing import Any

from benchmarks.report.read.flat import Key, flat_numbers

CONTENT: dict[str, Any] = {
    "schema": 1,
    "seed": 3,
    "commit": "0123",
    "dirty": False,
    "settings": {"items": 10},
    "epochs": [{"epoch": 1, "losses": {"pixel": 0.1}}],
    "parameters": 1234,
    "phases": {"train": {"seconds": 2.5, "peak_memory_mb": None}},
    "headline": {"variant": "update", "score": "psnr", "normalisation": "per_video", "interval": [0.7, 0.9]},
    "metrics": {
        "update": {"psnr": {"per_video": {"micro_auc": 0.8, "delta_s": None}, "global": {"micro_auc": 0.6}}},
        "no_update": {"psnr": {"per_video": {"micro_auc": 0.75}}},
    },
    "calibration": {"update": {"psnr": [20.0, 1.5]}},
    "usage": {"update": {"counts": [4, 5], "perplexity": 1.9}},
    "pixel": {"update": {"smoothed": {"pro": 0.4}, "tracks_from": "overlap"}},
}


class TestFlatNumbers:
    """A record's JSON as a mapping."""

    def test_has_every_number_under_its_name_and_nothing_else(self) -> None:
        """Metrics, sections by variant and numbers of the run; no text, no setting, no list without names, no None."""
        assert flat_numbers(CONTENT) == {
            Key("update", "psnr", "per_video", "micro_auc"): 0.8,
            Key("update", "psnr", "global", "micro_auc"): 0.6,
            Key("no_update", "psnr", "per_video", "micro_auc"): 0.75,
            Key("update", "", "", "calibration.psnr.mean"): 20.0,
            Key("update", "", "", "calibration.psnr.spread"): 1.5,
            Key("update", "", "", "usage.perplexity"): 1.9,
            Key("update", "", "", "pixel.smoothed.pro"): 0.4,
            Key("", "", "", "phases.train.seconds"): 2.5,
            Key("", "", "", "parameters"): 1234,
            Key("update", "psnr", "per_video", "headline.interval.low"): 0.7,
            Key("update", "psnr", "per_video", "headline.interval.high"): 0.9,
        }
