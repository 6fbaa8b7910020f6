from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.read.quantities import PIXEL, QUANTITIES, measure
from benchmarks.report.read.records import load_records
from benchmarks.report.tables.pixel_table import PIXELS
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Write = Callable[..., Path]


def section(value: float, **replaced: Any) -> dict[str, Any]:
    """A record's section with one value for all metrics, twice as much when smoothed."""
    metrics = dict.fromkeys(PIXEL, value)
    counts = {"frames": 100, "regions": 50, "tracks": 4, "tracks_from": "overlap", "size": 128, "levels": 900}
    smoothed = {"sigma": 2.0, **dict.fromkeys(PIXEL, 2 * value), "levels": 1200}
    return {"update": metrics | counts | {"smoothed": smoothed} | replaced}


@pytest.fixture
def settings() -> Settings:
    """A cell of Ped2."""
    return resolve(dataset="ped2", method="mnad", task="prediction", memory="own", profile="cpu")


class TestWritePixelTables:
    def test_mean_and_interval_over_seeds(self, tmp_path: Path, write_record: Write, settings: Settings) -> None:
        """A row per setting holds mean and interval of its seeds, as they are and smoothed, and what they rest on."""
        for seed, value in enumerate((0.30, 0.31, 0.32)):
            write_record(tmp_path, settings, seed, 1.0, pixel=section(value))
        paths = PIXELS.write(load_records(tmp_path), tmp_path)
        assert set(paths) == {"pixel_ped2"}
        text = paths["pixel_ped2"].read_text()
        # Student's t at two degrees of freedom: 4.303 standard errors of 0.577 points
        assert text.count("31.0 ± 2.5") == 4
        assert text.count("62.0 ± 5.0") == 4
        assert "square maps of 128 pixels a side and 100 scored frames with 50 regions" in text
        assert "regions of neighbouring frames that overlap" in text
        assert "a Gaussian of 2 pixels" in text
        frame = pd.read_csv(tmp_path / "tables" / "pixel_ped2.csv")
        assert frame.loc[0, ["seeds", "regions"]].tolist() == [3, 50]
        assert frame.loc[0, ["rbdc", "smoothed_tbdc"]].tolist() == pytest.approx([0.31, 0.62])
        assert frame.loc[0, "rbdc_low"] < 0.31 < frame.loc[0, "rbdc_high"]
        assert (tmp_path / "tables" / "latex" / "pixel_ped2" / "main.tex").is_file()

    def test_records_without_the_section_have_no_row(
        self, tmp_path: Path, write_record: Write, settings: Settings
    ) -> None:
        """Sets without masks get no table, and older records no row."""
        write_record(tmp_path, settings, 0)
        assert PIXELS.write(load_records(tmp_path), tmp_path) == {}
        assert not (tmp_path / "tables").exists()
        write_record(tmp_path, settings, 1, 1.0, pixel=section(0.3, tracks_from="objects"))
        text = PIXELS.write(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        assert "the set's own objects" in text
        assert len(pd.read_csv(tmp_path / "tables" / "pixel_ped2.csv")) == 1

    @pytest.mark.parametrize(("method", "told"), [("mnad", 0), ("memae", 1)])
    def test_says_what_the_maps_of_memae_are(self, tmp_path: Path, write_record: Write, method: str, told: int) -> None:
        """Their squared error stands beside an absolute score, which a table with MemAE in it tells."""
        cell = resolve(dataset="ped2", method=method, task="reconstruction", memory="own", profile="cpu")
        write_record(tmp_path, cell, 0, 1.0, pixel={name: section(0.3)["update"] for name in ("update", "plain")})
        text = PIXELS.write(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        assert text.count("MemAE's map is the squared error also where its score is the absolute one") == told

    def test_a_coarse_grid_is_marked(self, tmp_path: Path, write_record: Write, settings: Settings) -> None:
        """RBDC and TBDC of a row with a record on 61 thresholds carry a mark that a note explains, the others none."""
        write_record(tmp_path, settings, 0, 1.0, pixel=section(0.3, pro=None, thresholds=61, tbdc=0.2))
        write_record(tmp_path, replace(settings, epochs=7), 0, 1.0, pixel=section(0.4))
        text = PIXELS.write(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        lines = (line.split("|") for line in text.splitlines() if "MNAD ·" in line)
        coarse, fine = sorted(([cell.strip() for cell in line] for line in lines), key=lambda cells: cells[4])
        assert coarse[4:-1] == ["30.0", "", "30.0‡", "20.0‡", "60.0", "60.0", "60.0‡", "60.0‡"]
        assert fine[4:-1] == ["40.0"] * 4 + ["80.0"] * 4
        assert "measured at 61 thresholds, which had not converged" in text
        frame = pd.read_csv(tmp_path / "tables" / "pixel_ped2.csv").set_index("pixel_auc")
        assert frame["detection_thresholds"].to_dict() == {0.3: "grid of 61", 0.4: "every level"}

    def test_no_mark_without_a_coarse_grid(self, tmp_path: Path, write_record: Write, settings: Settings) -> None:
        """A table of records at every level has neither mark nor note."""
        write_record(tmp_path, settings, 0, 1.0, pixel=section(0.3))
        text = PIXELS.write(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        assert "‡" not in text

    def test_no_more_decimals_than_levels_hold(self, tmp_path: Path, write_record: Write, settings: Settings) -> None:
        """Older records hold six decimals; of a metric no more than three are printed."""
        write_record(tmp_path, settings, 0, 1.0, pixel=section(0.312345))
        assert "31.2 " in PIXELS.write(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        frame = pd.read_csv(tmp_path / "tables" / "pixel_ped2.csv", dtype=str)
        assert frame.loc[0, ["pixel_auc", "pro", "rbdc", "smoothed_tbdc"]].tolist() == ["0.312"] * 3 + ["0.625"]

    def test_an_undefined_metric_is_an_empty_cell(
        self, tmp_path: Path, write_record: Write, settings: Settings
    ) -> None:
        """Nothing stands where a metric is undefined."""
        write_record(tmp_path, settings, 0, 1.0, pixel=section(0.3, pro=None))
        PIXELS.write(load_records(tmp_path), tmp_path)
        frame = pd.read_csv(tmp_path / "tables" / "pixel_ped2.csv")
        assert pd.isna(frame.loc[0, "pro"])
        assert frame.loc[0, "pixel_auc"] == pytest.approx(0.3)


class TestQuantities:
    def test_claims_may_use_them(self, tmp_path: Path, write_record: Write, settings: Settings) -> None:
        """Each metric is a quantity in points, read under the published variant; a record without it holds none."""
        write_record(tmp_path, settings, 0, 1.0, pixel=section(0.3))
        write_record(tmp_path, settings, 1)
        held, older = load_records(tmp_path)
        for name in PIXEL:
            assert QUANTITIES[name] == "points"
            assert measure(held, name) == pytest.approx(30)
            assert measure(older, name) is None
