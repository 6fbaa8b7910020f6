"""The README's first screen says what the records say, and what they do not."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report.claims.answer import STUDIES, answer
from benchmarks.report.claims.answer_effects import chosen_effects, effects_of_answer, effects_sentence
from benchmarks.report.claims.claim_judging import ClaimVerdict
from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read.interim import primary_cells
from benchmarks.report.read.records import load_records
from benchmarks.study.files import load_study
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

CELLS = {name: load_study(name).cells for name in STUDIES}
RULES = read_rules()
Write = Callable[..., Path]
Cells = Callable[..., list[Cell]]


class TestSentence:
    def test_without_records_it_says_how_to_make_some(self, tmp_path: Path) -> None:
        """Nothing is claimed before anything was run."""
        assert answer(CELLS, [], tmp_path).markdown() == (
            "No records yet: `make reproduce-ped2` or `make reproduce-synthetic` make some."
        )

    def test_open_first_then_the_best_supported_effect(self, core_cells: Cells, core_results: Write) -> None:
        """The primary question's state, then effect, interval, seeds and length of what there is, and its limits."""
        results = core_results(core_cells("ped2"))
        told = answer(CELLS, load_records(results), results, verdicts=[]).sentence
        first, _, rest = told.partition("** ")
        assert (
            first
            == "**Whether MNAD's memory raises the frame AUC on UCSD Ped2 at the published length is open: 0 of 24 runs."
        )
        assert rest.startswith(
            "At 256×256, a quarter of the width and 3 of 60 epochs, MNAD's memory changes the frame AUC on"
        )
        assert re.search(
            r"by \+[\d.]+ \[.*\] \(reconstruction, 3 seeds\) and \+[\d.]+ \[.*\] \(prediction, 3 seeds\)", rest
        )
        assert re.search(r"the published rises? of \+\d", rest)
        assert "These runs are not trained long enough for a verdict (" in rest
        assert rest.endswith("intervals are over seeds: other test videos may differ.")

    def test_answered_when_all_runs_are_there(
        self, tmp_path: Path, write_record: Write, trained_run: Callable[..., dict[str, Any]]
    ) -> None:
        """Effects at the question's own level with the word of each task; with a run missing, nothing of them."""
        cells = primary_cells(RULES.primary)
        for cell in cells:
            shift = 0.7 if cell.settings.memory == "none" else 1.1
            write_record(tmp_path, cell.settings, cell.seed, shift, **trained_run(cell.settings))
        records = load_records(tmp_path, interim=True)
        told = answer(CELLS, records, tmp_path, verdicts=[]).sentence
        assert told.startswith("**At the published length, MNAD's memory changes the frame AUC by +")
        assert "in reconstruction (supported, published +3.8 " in told
        assert "UCSD Ped2, 128×128, ¼ width, 60 of 60 epochs, float32; 6 seeds, 97.5 % intervals" in told
        without = [record for record in records if record.cell != cells[0]]
        told = answer(CELLS, without, tmp_path, verdicts=[])
        assert told.sentence.endswith("is open: 23 of 24 runs.**")
        assert told.effects is None


class TestEffects:
    def test_what_says_most_is_chosen(self, trained_pairs: Write) -> None:
        """Three seeds go before one, trained runs before short ones with more seeds, the longer of two that are trained."""

        def chosen() -> str:
            (one,) = chosen_effects(load_records(results), RULES, Training(RULES.trained))
            return effects_sentence([one]).partition(", MNAD")[0]

        results = trained_pairs(1, epochs=20)
        assert chosen() == "At 256×256, a quarter of the width and 20 of 60 epochs"
        trained_pairs(4, epochs=3, profile="small")
        assert chosen() == "At 128×128, a quarter of the width and 3 of 60 epochs"
        trained_pairs(3, epochs=20)
        assert chosen() == "At 256×256, a quarter of the width and 20 of 60 epochs"
        trained_pairs(3, epochs=30)
        assert chosen() == "At 256×256, a quarter of the width and 30 of 60 epochs"

    def test_three_rows_two_sets(self, core_cells: Cells, core_results: Write) -> None:
        """Each method and task with the papers' rise, an interval and seeds for each set, and the lengths in the note."""
        results = core_results([*core_cells("ped2"), *core_cells("synthetic")])
        found = chosen_effects(load_records(results), RULES, Training(RULES.trained))
        table = effects_of_answer(found)
        assert table is not None
        assert table.columns == ("Δ AUC (points)", "papers, Ped2", "UCSD Ped2", "Circles and squares")
        assert [row[:2] for row in table.rows] == [
            ("MNAD reconstruction", "+3.8"),
            ("MNAD prediction", "+2.7"),
            ("MemAE reconstruction", "+2.4"),
        ]
        assert all(re.fullmatch(r"\S+ \[.*\] n=3", cell) for row in table.rows for cell in row[2:])
        (note,) = table.notes
        assert "UCSD Ped2, 256×256, ¼ width, 3 of 60 epochs (MemAE: of 100)" in note
        assert note.count("λ = 5/N as released") == 1

    def test_memae_where_its_memory_is_read(self, tmp_path: Path, write_record: Write) -> None:
        """With runs at 2/N these are shown; a memory with many empty addresses is said not to be read."""
        for shrink, empty in ((0.001, 0.03), (0.0025, 0.7)):
            settings = resolve(dataset="ped2", method="memae", task="reconstruction", shrink_threshold=shrink)
            for seed in range(3):
                write_record(tmp_path, settings, seed, 1.0, usage={"plain": {"dead_queries": empty}})
        none = resolve(dataset="ped2", method="memae", task="reconstruction", memory="none")
        for seed in range(3):
            write_record(tmp_path, none, seed)
        records = load_records(tmp_path)
        for kept, told in (
            (records, "λ = 2/N. "),
            ([r for r in records if r.settings.shrink_threshold != 0.001], "not read"),
        ):
            table = effects_of_answer(chosen_effects(kept, RULES, Training(RULES.trained)))
            assert table is not None
            assert told in table.notes[0]


class TestLines:
    def test_words_that_survive_are_named(
        self, core_cells: Cells, core_results: Write, judged_claim: Callable[..., ClaimVerdict]
    ) -> None:
        """With its label; without any word that is said, with how many claims have runs that are too short."""
        from benchmarks.report.claims.claim_judging import with_holm

        results = core_results(core_cells("ped2", (0,)))
        records = load_records(results)
        strong = with_holm([judged_claim((2.0, 2.1, 1.9))])
        line = answer(CELLS, records, results, verdicts=strong).lines[0]
        assert "correction over all verdicts (1): C1 supported on UCSD Ped2, 256×256, ¼ width, 3 of 60 epochs." in line
        line = answer(CELLS, records, results).lines[0]
        assert "No claim has a verdict yet." in line
        assert re.search(r"The runs of \d+ claims are too short for one", line)

    @pytest.mark.parametrize("method", ["clock", "mnad"])
    def test_lines_without_their_records_say_so(self, method: str, tmp_path: Path, write_record: Write) -> None:
        """With one seed, or only methods of one kind, the lines that lack records say that nothing is known."""
        (settings, *_) = [cell.settings for cell in CELLS["ped2"] if cell.settings.method == method]
        write_record(tmp_path, settings, 0)
        found = answer(CELLS, load_records(tmp_path), tmp_path, verdicts=[])
        assert found.effects is None
        assert "one seed each so far" in found.lines[1]
        assert ("was not measured yet" if method == "clock" else "Not measured yet") in found.lines[2]


class TestMarkdown:
    def test_sentence_table_notes_and_lines_stand_apart(self, core_cells: Cells, core_results: Write) -> None:
        """Blank lines keep the notes out of the table, and the bullets out of the notes; there is no heading."""
        results = core_results(core_cells("ped2"))
        found = answer(CELLS, load_records(results), results, verdicts=[])
        assert found.effects is not None
        sentence, table, notes, bullets = found.markdown().split("\n\n")
        assert sentence == found.sentence
        assert all(line.startswith("|") for line in table.splitlines())
        assert notes == " ".join(found.effects.notes)
        assert bullets.splitlines() == [f"- {line}" for line in found.lines]
