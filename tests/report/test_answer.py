"""The README's first screen says what the records say, and what they do not."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.report.answer import STUDIES, Answer, answer
from benchmarks.report.memory_effect import effects_table, memory_effects
from benchmarks.report.records import Record, load_records
from benchmarks.report.rows import Row
from benchmarks.study.files import load_study
from benchmarks.study.presets import resolve

RESULTS = Path(__file__).parents[2] / "results"
CELLS = {name: load_study(name).cells for name in STUDIES}


def line_on(found: Answer, start: str) -> str:
    """The one line that begins with these words."""
    (line,) = [line for line in found.lines if line.startswith(f"**{start}")]
    return line


@pytest.fixture(scope="module")
def committed() -> Answer:
    """The answer from the committed records and benches."""
    return answer(CELLS, load_records(RESULTS), RESULTS)


class TestEffects:
    def test_a_row_per_method_a_column_per_study(self, committed: Answer) -> None:
        """Memory on two sets beside the published difference and its cost, with intervals and numbers of seeds."""
        assert committed.effects is not None
        frame = committed.effects.to_frame().set_index("Method")
        assert [told for told in frame["Published"] if told] == ["+3.8", "+2.7", "+2.4"]
        assert frame.loc["MNAD prediction", "UCSD Ped2, cpu"] == "+6.6 [−9.2, +22.4] (3)"
        methods = [name for name in frame.index if not name.startswith("–")]
        assert all(cell.endswith("(6)") for cell in frame.loc[methods, "Circles and squares, small"])

    def test_below_each_effect_stands_what_it_rests_on(self, committed: Answer) -> None:
        """One score for both sides, where MNAD's twin has no distance of features and MemAE's another error; zeros read."""
        assert committed.effects is not None
        frame = committed.effects.to_frame()
        below = dict.fromkeys(told for told in frame["Method"] if told.startswith("–"))
        assert {"– PSNR for both", "– absolute error for both", "– squared error for both"} <= below.keys()
        lines = frame.set_index("Method")
        assert list(lines.loc["– change if zeros are read", "UCSD Ped2, cpu"])[1] == "−0.2 [−2.5, +2.2] (3)"
        assert lines.loc["– queries that read nothing", "UCSD Ped2, cpu"] == "59 to 65 %"
        assert set(lines.loc[list(below), "Training time"]) == {""}

    def test_statistics_measured_anew_are_paired_too(
        self, write_rows: Callable[..., list[Row]], tmp_path: Path
    ) -> None:
        """Memory's effect once more, from the seeds whose both sides measured batch norm anew."""
        own, none = (resolve(dataset="ped2", method="mnad", task="prediction", memory=name) for name in ("own", "none"))
        rows = write_rows([own], (0, 1), batch_norm={"update": {"micro_auc": 0.91}})
        rows += write_rows([none], (1, 2), batch_norm={"plain": {"micro_auc": 0.87}})
        table = effects_table(memory_effects({"here": rows}), tmp_path)
        assert table is not None
        assert table.to_frame().set_index("Method").loc["– batch norm measured anew for both", "here"] == "+4.0 (1)"

    def test_costs_are_those_of_the_bench(self, committed: Answer) -> None:
        """Time with memory over time without, as the bench of what memory costs left it, in per cent more."""
        assert committed.effects is not None
        frame = committed.effects.to_frame().set_index("Method")
        bench = json.loads((RESULTS / "bench" / "memory_cost.json").read_text())["costs"]
        costs = sorted((one for one in bench if one["method"] == "memae"), key=lambda one: -one["width"])
        assert [one["profile"] for one in costs] == ["paper", "small"]
        times = {
            "Training time": [one["training"]["median"] for one in costs],
            "Scoring time": [one["scoring"]["median"] for one in costs],
            "Parameters": [one["parameters"]["own"] / one["parameters"]["none"] for one in costs],
        }
        for name, both in times.items():
            expected = " / ".join(f"{100 * (times - 1):+.0f} %" for times in both)
            assert frame.loc["MemAE reconstruction", name] == expected

    def test_without_a_bench_no_cost_is_told(self, tmp_path: Path) -> None:
        """The columns are gone, and the notes name the command."""
        found = answer(CELLS, load_records(RESULTS), tmp_path, verdicts=[]).effects
        assert found is not None
        assert "Training time" not in found.columns
        assert "`make bench`" in " ".join(found.notes)


class TestLines:
    def test_without_records_it_says_how_to_make_some(self) -> None:
        """Nothing is claimed before anything was run."""
        assert answer(CELLS, [], RESULTS).markdown() == (
            "- No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
        )

    def test_from_the_committed_records(self, committed: Answer) -> None:
        """Effects in words, verdicts, seeds, what needs no learning: a line each."""
        assert all(line.startswith("**") for line in committed.lines)
        assert "UCSD Ped2, cpu: it rises in 0 of 3 pairs" in line_on(committed, "Does memory raise")
        without = line_on(committed, "What is reached without learning")
        assert "frame difference 90.8 % (above 5 of 6 learned settings)" in without
        assert "from 80.1 % to 92.8 %" in without

    def test_a_rise_as_published_is_excluded_where_the_interval_lies_below_it(self, committed: Answer) -> None:
        """Counted again from the table: "cannot tell" may still say that it is less; another set has nothing published."""
        assert committed.effects is not None
        frame = committed.effects.to_frame().set_index("Method")
        told = line_on(committed, "Does memory raise").split("; ")
        for column in ("UCSD Ped2, cpu", "UCSD Ped2, small"):
            highs = {name: re.search(r"([+−][0-9.]+)\]", frame[column][name]) for name in frame.index if name[0] != "–"}
            below = sum(
                high is not None and float(high[1].replace("−", "-")) < float(frame["Published"][name])
                for name, high in highs.items()
            )
            (clause,) = (one for one in told if f"{column}:" in one)
            stated = re.findall(r"in ([0-9]+) the interval lies below the published rise", clause)
            assert stated == ([str(below)] if below else [])
        assert "published rise" not in told[-1]

    @pytest.mark.parametrize("method", ["clock", "mnad"])
    def test_lines_without_their_records_say_so(self, method: str, tmp_path: Path) -> None:
        """With one seed, or only methods of one kind, the lines that lack records say that nothing is known."""

        def chosen(record: Record) -> bool:
            return record.settings.method == method and record.seed == 0 and record.settings.memory == "none"

        found = answer(CELLS, list(filter(chosen, load_records(RESULTS, "ped2"))), tmp_path)
        assert found.effects is None
        assert "No pair of runs" in found.lines[0]
        assert "None is decided" in found.lines[-3] or "contradicted" in found.lines[-3]
        assert "One seed each" in found.lines[-2]
        assert ("was not measured yet" if method == "clock" else "Not measured yet") in found.lines[-1]

    def test_no_claim_is_left_out_and_none_is_decided_and_open(self, committed: Answer) -> None:
        """Each claim is named: decided on some set, or open everywhere, never both."""
        decided, undecided = (
            set(re.findall(r"C[0-9]+", part)) for part in line_on(committed, "Which of the").split("nowhere decided:")
        )
        assert decided | undecided == {f"C{number}" for number in range(1, 15)}
        assert not decided & undecided


class TestMarkdown:
    def test_table_notes_and_lines_stand_apart(self, committed: Answer) -> None:
        """Blank lines keep the notes out of the table, and the bullets out of the notes; there is no heading."""
        assert committed.effects is not None
        title, table, notes, bullets = committed.markdown().split("\n\n")
        assert title == f"**{committed.effects.title}**:"
        assert all(line.startswith("|") for line in table.splitlines())
        assert notes == " ".join(committed.effects.notes)
        assert bullets.splitlines() == [f"- {line}" for line in committed.lines]
