import re
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.claims import read_claims
from benchmarks.report.records import load_records
from benchmarks.report.verdict import judge_all, main, write_verdict
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


class TestWriteVerdict:
    def test_without_records_everything_is_missing(self, tmp_path: Path) -> None:
        """All fourteen claims are there, none is decided, and commands say what would make the cells."""
        paths = write_verdict([], tmp_path)
        text = paths["md"].read_text()
        for number in range(1, 15):
            assert f"**C{number}**" in text
        assert "**Not decided** anywhere yet: C1, C2" in text
        assert re.search(r"make reproduce-ped2 SEEDS=3`: fills missing cells \(C1, C2", text)
        assert "adds seeds (" not in text
        assert "](#how-many" not in text
        frame = pd.read_csv(paths["csv"])
        assert set(frame["verdict"]) == {"not decided"}
        assert set(frame["reason"]) == {"missing cells"}
        assert set(frame["claim"]) == {f"C{number}" for number in range(1, 15)}

    def test_known_effects(self, core_cells: Cells, core_results: Write) -> None:
        """Records whose memory stands out clearly give C2's contrasts the effect of the records, and RC2020 beside it."""
        results = core_results(core_cells("ped2", range(4)))
        paths = write_verdict(load_records(results), results)
        frame = pd.read_csv(paths["csv"])
        own = frame[(frame["claim"] == "C2") & (frame["set"] == "ped2") & frame["deciding"]]
        assert list(own["n"]) == [4, 4, 4]
        assert (own["low"] > 0.5).all()
        assert (own["low_claim"] < own["low"]).all()
        assert (own["high_claim"] > own["high"]).all()
        assert frame.loc[~frame["deciding"], "low_claim"].isna().all()
        assert set(own["claim_verdict"]) == {"reproduced"}
        assert "**Reproduced** on at least one set: C1 (ped2, cpu), C2 (ped2, cpu)" in paths["md"].read_text()
        assert "+2.7 P; +0.8 P (RC2020)" in paths["md"].read_text()
        for path in (paths["md"], paths["tex"] / "factors-1.tex"):
            assert "Which factor moves the AUC" in path.read_text()

    def test_two_seeds_never_decide(self, core_cells: Cells, core_results: Write) -> None:
        """With two seeds everything stays open, and the table says how many would do."""
        results = core_results(core_cells("ped2", (0, 1)))
        paths = write_verdict(load_records(results), results)
        assert set(pd.read_csv(paths["csv"])["claim_verdict"]) == {"not decided"}
        text = paths["md"].read_text()
        assert "too few seeds" in text
        assert "## How many seeds would decide the open ones" in text
        assert "[How many seeds would decide the open ones](#how-many-seeds-would-decide-the-open-ones)" in text
        assert re.search(r"make reproduce-ped2 SEEDS=3`: adds seeds \(C1, C2", text)

    def test_writing_twice_changes_nothing(self, core_cells: Cells, core_results: Write) -> None:
        """Bootstrap and tables are seeded: the same records give the same bytes."""
        results = core_results(core_cells("ped2", (0, 1)))
        first = {form: path.read_bytes() for form, path in write_verdict(load_records(results), results).items()}
        second = {form: path.read_bytes() for form, path in write_verdict(load_records(results), results).items()}
        assert first == second

    def test_a_command_that_can_move_nothing_is_marked(self, tmp_path: Path, write_record: Write) -> None:
        """Where one contrast contradicts a claim already, the cells of the others change nothing about it."""
        for memory, shift in (("own", 0.2), ("none", 1.6)):
            settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=memory, profile="cpu")
            for seed in range(4):
                write_record(tmp_path, settings, seed, shift)
        text = write_verdict(load_records(tmp_path), tmp_path)["md"].read_text()
        assert "**Contradicted** on at least one set: C2 (ped2, cpu)" in text
        assert re.search(r"make reproduce-ped2 SEEDS=3`: fills missing cells \([^)]*C2\\\*", text)

    def test_a_setting_without_partner_has_one_line(self, core_cells: Cells, core_results: Write) -> None:
        """Seeds that one side alone has are told together, without a hash, with the claims that could not pair them."""
        own = [cell for cell in core_cells("ped2", range(4)) if cell.settings.method == "mnad"]
        cells = [cell for cell in own if cell.seed < 2 or cell.settings.memory == "mnad"]
        results = core_results(cells)
        text = write_verdict(load_records(results), results)["md"].read_text()
        told = [line for line in text.split("## Records that were not compared")[1].splitlines() if line[:1] == "-"]
        assert told == [
            "- ped2, cpu, MNAD · reconstruction · memory: seeds 2, 3 (C1, C2)",
            "- ped2, cpu, MNAD · prediction · memory: seeds 2, 3 (C2, C14)",
        ]


class TestJudgeAll:
    def test_profiles_have_verdicts_of_their_own(self, tmp_path: Path, write_record: Write) -> None:
        """Records at cpu and at small make two verdicts on a set; a smoke test makes none."""
        for profile in ("cpu", "small", "smoke"):
            for memory in ("own", "none"):
                settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=memory, profile=profile)
                write_record(tmp_path, settings, 0)
        found = judge_all([claim for claim in read_claims() if claim.id == "C2"], load_records(tmp_path))
        assert [one.group.label for one in found if one.group.dataset == "ped2"] == ["ped2, cpu", "ped2, small"]


class TestMain:
    def test_stale_records_are_left_out_and_named(
        self, core_cells: Cells, core_results: Write, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What older code made decides nothing, and the file says which records that were."""
        results = core_results(core_cells("ped2", (0, 1, 2)))
        assert main(Namespace(results=results), lambda record: record.seed > 1) == 0
        assert "# Which claims hold" in capsys.readouterr().out
        frame = pd.read_csv(results / "verdict.csv")
        assert frame["n"].max() == 2
        text = (results / "verdict.md").read_text()
        assert "Made by older code" in text
        assert "- ped2, cpu, MNAD · prediction · memory: seed 2\n" in text
        assert (results / "tables" / "evaluation_ped2.md").is_file()
