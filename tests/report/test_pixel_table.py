from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.pixel_table import write_pixel_tables
from benchmarks.report.quantities import PIXEL, QUANTITIES, measure
from benchmarks.report.records import load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Write = Callable[..., Path]


def section(value: float, **replaced: Any) -> dict[str, Any]:
    """A record's section with one value for all metrics, twice as much when smoothed."""
    metrics = dict.fromkeys(PIXEL, value)
    counts = {"frames": 100, "regions": 50, "tracks": 4, "tracks_from": "overlap", "size": 128, "thresholds": 61}
    smoothed = {"sigma": 2.0, **dict.fromkeys(PIXEL, 2 * value)}
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
        paths = write_pixel_tables(load_records(tmp_path), tmp_path)
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
        assert (tmp_path / "tables" / "pixel_ped2.tex").is_file()

    def test_records_without_the_section_have_no_row(
        self, tmp_path: Path, write_record: Write, settings: Settings
    ) -> None:
        """Sets without masks get no table, and older records no row."""
        write_record(tmp_path, settings, 0)
        assert write_pixel_tables(load_records(tmp_path), tmp_path) == {}
        assert not (tmp_path / "tables").exists()
        write_record(tmp_path, settings, 1, 1.0, pixel=section(0.3, tracks_from="objects"))
        text = write_pixel_tables(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        assert "the set's own objects" in text
        assert len(pd.read_csv(tmp_path / "tables" / "pixel_ped2.csv")) == 1

    @pytest.mark.parametrize(("method", "told"), [("mnad", 0), ("memae", 1)])
    def test_says_what_the_maps_of_memae_are(self, tmp_path: Path, write_record: Write, method: str, told: int) -> None:
        """Their squared error stands beside an absolute score, which a table with MemAE in it tells."""
        cell = resolve(dataset="ped2", method=method, task="reconstruction", memory="own", profile="cpu")
        write_record(tmp_path, cell, 0, 1.0, pixel={name: section(0.3)["update"] for name in ("update", "plain")})
        text = write_pixel_tables(load_records(tmp_path), tmp_path)["pixel_ped2"].read_text()
        assert text.count("MemAE's map is the squared error also where its score is the absolute one") == told

    def test_an_undefined_metric_is_an_empty_cell(
        self, tmp_path: Path, write_record: Write, settings: Settings
    ) -> None:
        """Nothing stands where a metric is undefined."""
        write_record(tmp_path, settings, 0, 1.0, pixel=section(0.3, pro=None))
        write_pixel_tables(load_records(tmp_path), tmp_path)
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
