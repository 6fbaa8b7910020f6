"""Tables of boxes from records."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.report.read.records import load_records
from benchmarks.report.tables.box_table import BOXES
from benchmarks.study.presets import resolve

Write = Callable[..., Path]


def section(f1: float | None) -> dict[str, Any]:
    """A record's section, as good at both overlaps."""
    scores = {"matched": 3, "found": 5, "true": 375, "precision": None, "recall": 0.25, "f1": f1}
    chosen = {"exponent": 1.5, "peak": 0.1, "threshold": 0.2, "quantile": 0.999, "false_per_held_out_frame": 0.05}
    return {"plain": {**chosen, "frames": 400, "overlap_0.5": scores, "overlap_0.25": scores, "stills": {}}}


class TestWriteBoxTables:
    def test_one_row_per_setting_the_best_first(self, tmp_path: Path, write_record: Write) -> None:
        """Means over seeds, settings by F1; a rate that is undefined stays empty; the notes say what it rests on."""
        common = {"dataset": "pool", "task": "reconstruction", "profile": "small", "channels": 3}
        better, worse = (resolve(method="fcae", kernels=name, **common) for name in ("3-5-9", "3-5-7-9"))
        write_record(tmp_path, worse, 0, 1.0, boxes=section(0.2), headline={"variant": "plain", "score": "psnr"})
        for seed, f1 in enumerate((0.4, 0.5)):
            write_record(tmp_path, better, seed, 1.0, boxes=section(f1), headline={"variant": "plain", "score": "psnr"})
        paths = BOXES.write(load_records(tmp_path), tmp_path)
        assert set(paths) == {"boxes_pool"}
        text = paths["boxes_pool"].read_text()
        assert text.index("3-5-9") < text.index("20.0")
        assert "45.0 ±" in text
        assert "400 test frames were inspected, with 375 boxes" in text
        frame = pd.read_csv(tmp_path / "tables" / "boxes_pool.csv")
        assert frame["name"].tolist() == [better.name, worse.name]
        assert frame["f1_0.25"].tolist() == [0.45, 0.2]
        assert frame["precision_0.5"].isna().all()
        assert (tmp_path / "tables" / "latex" / "boxes_pool" / "main.tex").is_file()

    def test_rows_of_different_profiles_are_told_apart(self, tmp_path: Path, write_record: Write) -> None:
        """One method at two profiles has two labels; where nothing is drawn no number of seeds is reported."""
        for profile, f1 in (("cpu", 0.1), ("small", 0.3)):
            settings = resolve(dataset="pool", method="frame_difference", task="reconstruction", profile=profile)
            for seed in range(3):
                write_record(
                    tmp_path, settings, seed, 1.0, boxes=section(f1), headline={"variant": "plain", "score": "psnr"}
                )
        text = BOXES.write(load_records(tmp_path), tmp_path)["boxes_pool"].read_text()
        rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in text.splitlines() if line[:3] == "| G"]
        assert rows == [
            ["Generated pool, 256×256", "frame difference", "–"],
            ["Generated pool, 128×128", "frame difference", "–"],
        ]
        frame = pd.read_csv(tmp_path / "tables" / "boxes_pool.csv")
        assert frame[["group", "seeds"]].to_numpy().tolist() == [
            ["Generated pool, 256×256", 3],
            ["Generated pool, 128×128", 3],
        ]

    def test_records_without_boxes_have_none(self, tmp_path: Path, write_record: Write) -> None:
        """A set without masks gets no table."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction", profile="small")
        write_record(tmp_path, settings, 0)
        assert BOXES.write(load_records(tmp_path), tmp_path) == {}
