import re
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.claims.claims import read_claims
from benchmarks.report.claims.rules import read_rules, standing
from benchmarks.report.claims.verdict import judge_all, main, write_verdict
from benchmarks.report.claims.verdict_head import interim_cost
from benchmarks.report.read.records import load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


class TestWriteVerdict:
    def test_without_records_everything_is_missing(self, tmp_path: Path) -> None:
        """All claims are there, none has a word, and commands say what would make the runs."""
        paths = write_verdict([], tmp_path)
        text = paths["md"].read_text()
        for claim in read_claims():
            assert f"**{claim.id}**" in text
        assert "Without a word on any set: C1a, C1b" in text
        assert "Out of scope, data not available: C3, C10, C11." in text
        assert re.search(r"make reproduce-long-ped2 SEEDS=3`: makes missing runs \(C1a, C2a", text)
        assert "adds seeds (" not in text
        assert "](#how-many" not in text
        frame = pd.read_csv(paths["csv"])
        assert set(frame["word"].dropna()) == {"open"}
        assert set(frame["reason"]) == {"runs missing", "out of scope"}

    def test_the_head(self, tmp_path: Path) -> None:
        """The primary question first, then the plan's digests and commit, then what is exploratory."""
        text = write_verdict([], tmp_path)["md"].read_text()
        rules = read_rules()
        assert text.index("## Primary question") < text.index("**Open: 0 of 24 runs.**") < text.index("## All claims")
        for name, digest in standing(rules).digests.items():
            assert f"`{name}` {digest}" in text
        assert "Whatever started before is **exploratory**" in text
        assert "not measured yet (`make simulate`" in text

    def test_what_interim_analyses_cost(self, tmp_path: Path) -> None:
        """The share of intervals that miss, as measured; a scenario is called null, which is no missing value."""
        (tmp_path / "statistics").mkdir()
        lines = [
            "scenario,interval,covered",
            "null,student_t,0.95",
            'null,"3, 6, 12",0.9',
            'half a point,"3, 6, 12",0.8',
        ]
        (tmp_path / "statistics" / "coverage.csv").write_text("\n".join(lines))
        assert interim_cost(tmp_path) == pytest.approx(0.1)
        assert "in up to 10.0 % instead of 5 %" in write_verdict([], tmp_path)["md"].read_text()

    def test_known_effects(self, trained_pairs: Write) -> None:
        """Trained runs whose memory stands out clearly support C2a, with what the papers state; short ones get no word."""
        results = trained_pairs(4)
        paths = write_verdict(load_records(results), results)
        frame = pd.read_csv(paths["csv"])
        own = frame[(frame["claim"] == "C2a") & (frame["set"] == "ped2")]
        deciding = own[own["deciding"]]
        assert list(deciding["n"]) == [4, 4]
        assert (deciding["low"] > 0.5).all()
        assert set(own["claim_word"]) == {"supported"}
        assert set(own["margin"]) == {1.5}
        assert not own["exploratory"].any()
        assert own["claim_p"].iloc[0] == pytest.approx(deciding["word_p"].max(), rel=1e-4)
        text = paths["md"].read_text()
        label = "UCSD Ped2, 256×256, ¼ width, 20 of 60 epochs"
        assert f"- **Supported**: C2a ({label})" in text
        assert "## Words and their p values" in text
        assert re.search(r"\+2.7 P, (not )?excluded; \+0.8 P \(RC2020\), (not )?excluded", text)
        assert re.search(r"\| exploratory", text) is None
        assert (paths["tex"] / "verdicts.tex").is_file()

    def test_runs_before_the_freeze_are_marked(self, trained_pairs: Write) -> None:
        """The word stands, as exploratory."""
        results = trained_pairs(3, started="2026-11-22T16:13:29+00:00")
        paths = write_verdict(load_records(results), results)
        assert "(2 of 2 supported), exploratory" in paths["md"].read_text()
        frame = pd.read_csv(paths["csv"])
        assert frame.loc[frame["n"] > 0, "exploratory"].all()

    def test_short_runs_have_no_word(self, core_cells: Cells, core_results: Write) -> None:
        """Effect and interval are shown, the word is withheld with the share of updates and the last rate."""
        results = core_results(core_cells("ped2", range(4)))
        paths = write_verdict(load_records(results), results)
        frame = pd.read_csv(paths["csv"])
        own = frame[(frame["claim"] == "C2a") & (frame["n"] > 0)]
        assert own["low"].notna().all()
        assert own["word"].isna().all()
        assert frame["claim_p"].isna().all()
        text = paths["md"].read_text()
        assert re.search(r"not trained long enough \([\d.]+ % of the published updates, last learning rate 33 %", text)
        assert re.search(r"make reproduce-long-ped2 SEEDS=3`: [^\n]*trains long enough \(", text)

    def test_out_of_scope_claims_show_effects_without_a_word(self, core_cells: Cells, core_results: Write) -> None:
        """C10 is about another set; what Ped2 says is printed."""
        results = core_results(core_cells("ped2", range(3)))
        frame = pd.read_csv(write_verdict(load_records(results), results)["csv"])
        own = frame[(frame["claim"] == "C10") & (frame["set"] == "ped2")]
        assert (own["n"] == 3).all()
        assert set(own["reason"]) == {"out of scope"}
        assert own["claim_word"].isna().all()

    def test_two_seeds_never_decide(self, trained_pairs: Write) -> None:
        """With two seeds everything stays open, and the table says how many would do."""
        results = trained_pairs(2)
        paths = write_verdict(load_records(results), results)
        assert set(pd.read_csv(paths["csv"])["claim_word"].dropna()) == {"open"}
        text = paths["md"].read_text()
        assert "fewer than three seeds" in text
        assert "## How many seeds would decide the open ones" in text
        assert "[How many seeds would decide the open ones](#how-many-seeds-would-decide-the-open-ones)" in text
        assert re.search(r"adds seeds \(C1a, C2a", text)

    def test_writing_twice_changes_nothing(self, core_cells: Cells, core_results: Write) -> None:
        """Bootstrap and tables are seeded: the same records give the same bytes."""
        results = core_results(core_cells("ped2", (0, 1)))

        def written() -> dict[Path, bytes]:
            paths = write_verdict(load_records(results), results).values()
            files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.iterdir()))]
            return {file: file.read_bytes() for file in files}

        first, second = written(), written()
        assert len(first) > 3
        assert first == second

    def test_a_setting_without_partner_has_one_line(self, core_cells: Cells, core_results: Write) -> None:
        """Seeds that one side alone has are named together, without a hash, with the claims that could not pair them."""
        own = [cell for cell in core_cells("ped2", range(4)) if cell.settings.method == "mnad"]
        cells = [cell for cell in own if cell.seed < 2 or cell.settings.memory == "mnad"]
        results = core_results(cells)
        text = write_verdict(load_records(results), results)["md"].read_text()
        told = [line for line in text.split("## Records that were not compared")[1].splitlines() if line[:1] == "-"]
        label = "UCSD Ped2, 256×256, ¼ width, 3 of 60 epochs"
        assert told == [
            f"- {label}, MNAD · reconstruction · memory: seeds 2, 3 (C1a, C2a)",
            f"- {label}, MNAD · prediction · memory: seeds 2, 3 (C2a, C14)",
        ]


class TestJudgeAll:
    def test_profiles_have_verdicts_of_their_own(self, tmp_path: Path, write_record: Write) -> None:
        """Records at cpu and at small make two verdicts on a set; a smoke test makes none."""
        for profile in ("cpu", "small", "smoke"):
            for memory in ("own", "none"):
                settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=memory, profile=profile)
                write_record(tmp_path, settings, 0)
        found = judge_all([claim for claim in read_claims() if claim.id == "C2a"], load_records(tmp_path))
        assert [one.group.label for one in found if one.group.dataset == "ped2"] == [
            f"UCSD Ped2, {size}, ¼ width, 3 of 60 epochs" for size in ("256×256", "128×128")
        ]

    def test_float32_and_bfloat16_never_share_a_verdict(self, tmp_path: Path, write_record: Write) -> None:
        """Two precisions are two groups, and the label says which departs from the profile."""
        for precision in ("bfloat16", "float32"):
            for memory in ("own", "none"):
                settings = resolve(
                    dataset="ped2",
                    method="mnad",
                    task="prediction",
                    memory=memory,
                    profile="small",
                    precision=precision,
                )
                write_record(tmp_path, settings, 0)
        found = judge_all([claim for claim in read_claims() if claim.id == "C2a"], load_records(tmp_path))
        labels = sorted(one.group.label for one in found if one.group.dataset == "ped2")
        assert labels == [f"UCSD Ped2, 128×128, ¼ width, 3 of 60 epochs{more}" for more in ("", ", float32")]


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
        assert "- UCSD Ped2, 256×256, ¼ width, 3 of 60 epochs, MNAD · prediction · memory: seed 2\n" in text
        assert (results / "tables" / "evaluation_ped2.md").is_file()
