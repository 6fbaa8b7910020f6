"""A view as files: benchmarks/report/tables/view.py."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.read.rows import Row, Summary
from benchmarks.report.tables.render import Table
from benchmarks.report.tables.view import csv_frame, to_csv, with_bounds, write_view
from benchmarks.study.presets import resolve

TABLE = Table("Areas", ("Setting", "AUC"), (("one", "90.0"),), frozenset({"AUC"}), ("A note.",))


class TestWriteView:
    """The files of a view."""

    def test_writes_each_form(self, tmp_path: Path) -> None:
        """Markdown with its heading, CSV with so many decimals, a folder of LaTeX."""
        frame = pd.DataFrame({"name": ["one"], "auc": [0.912345678]})
        paths = write_view(tmp_path, "areas", {"main": TABLE}, frame, title="All areas", digits=3)
        assert paths["md"].read_text().startswith("# All areas\n\n## Areas\n")
        assert paths["csv"].read_text() == "name,auc\none,0.912\n"
        assert (paths["tex"] / "main.tex").is_file()


class TestCsvFrame:
    """Lines of numbers beside what their rows are."""

    def test_settings_and_names_stand_before_values(self) -> None:
        """A line has its row's settings, its names, then its own values."""
        row = Row(resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu"), ())
        frame = csv_frame([(row, {"auc": 0.5})], ("dataset", "method"), ("name", "seeds"))
        assert frame.to_dict("records") == [
            {"dataset": "ped2", "method": "mnad", "name": row.settings.name, "seeds": 0, "auc": 0.5}
        ]


class TestWithBounds:
    """An estimate as columns."""

    @pytest.mark.parametrize(
        ("estimate", "expected"),
        [
            (Summary(0.51234, 0.4, 0.6, "seeds"), (51.2, 40.0, 60.0)),
            (Summary(0.5), (50.0, None, None)),
            (None, (None, None, None)),
        ],
    )
    def test_scales_and_rounds_what_is_known(
        self, estimate: Summary | None, expected: tuple[float | None, ...]
    ) -> None:
        """Mean, low and high, None where there is none."""
        found = with_bounds("auc", estimate, 100, 1)
        assert list(found) == ["auc", "auc_low", "auc_high"]
        assert tuple(found.values()) == expected


class TestToCsv:
    """The text of a CSV."""

    def test_writes_all_digits_unless_told(self) -> None:
        """Without a number of decimals a float keeps its digits."""
        assert to_csv(pd.DataFrame({"a": [0.1 + 0.2]})) == f"a\n{0.1 + 0.2!r}\n"
