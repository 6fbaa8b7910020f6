from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.study.files import load_study, study_names
from benchmarks.study.settings import AUTOENCODERS, LEARNING_FREE

HEADER = """
[study]
name = "little"
title = "A little study"
dataset = "synthetic"
seeds = 2
profile = "smoke"
profile_cuda = "paper"
"""
PAIR = """
[[cells]]
method = "mnad"
task = ["reconstruction", "prediction"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study file that is written by the test."""
    return tmp_path / "little.toml"


def facts(study: Any) -> list[tuple[Any, ...]]:
    """What tells the cells of these tests apart."""
    return [(cell.settings.task, cell.settings.memory, cell.settings.items, cell.seed) for cell in study.cells]


class TestStudyNames:
    def test_lists_the_studies_of_the_project(self) -> None:
        """The three studies are found by their names."""
        assert {"ped2", "smoke", "synthetic"} <= set(study_names())


class TestCommittedStudies:
    @pytest.mark.parametrize(
        ("name", "cells", "seeds", "needs_data"),
        [("ped2", 27, 3, True), ("synthetic", 39, 6, False), ("smoke", 6, 1, True)],
    )
    def test_hold_the_core_cells(self, name: str, cells: int, seeds: int, needs_data: bool) -> None:
        """Six settings learn: MNAD reconstruction and prediction and MemAE reconstruction, each with its twin."""
        study = load_study(name)
        assert (len(study.cells), study.needs_data) == (cells, needs_data)
        assert {cell.seed for cell in study.cells} == set(range(seeds))
        learning = [cell.settings for cell in study.cells if cell.settings.method in AUTOENCODERS]
        assert {(one.method, one.task, one.memory, one.skip) for one in learning} == {
            ("mnad", "reconstruction", "mnad", False),
            ("mnad", "reconstruction", "none", False),
            ("mnad", "prediction", "mnad", True),
            ("mnad", "prediction", "none", True),
            ("memae", "reconstruction", "memae", False),
            ("memae", "reconstruction", "none", False),
        }

    @pytest.mark.parametrize("name", ["ped2", "synthetic"])
    def test_hold_the_methods_without_learning(self, name: str) -> None:
        """What every method must beat stands beside it: each such method once a seed, without epochs."""
        cells = load_study(name, seeds=1).cells
        rest = [cell.settings for cell in cells if cell.settings.method not in AUTOENCODERS]
        assert sorted(one.method for one in rest) == sorted(LEARNING_FREE)
        assert {(one.task, one.memory, one.epochs) for one in rest} == {("reconstruction", "none", 0)}
        assert {one.size for one in rest} == {cell.settings.size for cell in cells}

    @pytest.mark.parametrize("name", ["ped2", "synthetic", "smoke"])
    def test_are_named_as_their_files(self, name: str) -> None:
        """Tables and messages call a study what the command line calls it."""
        assert load_study(name).name == name


class TestLabel:
    def test_is_the_studys_name_at_its_own_profile_alone(self, file: Path) -> None:
        """Views at another profile, asked for or chosen because of CUDA, do not replace those of the file's own."""
        file.write_text(HEADER + PAIR)
        assert load_study(file).label == load_study(file, profile="smoke", cuda=True).label == "little"
        assert load_study(file, cuda=True).label == "little-paper"
        assert load_study(file, profile="cpu", seeds=1).label == "little-cpu"


class TestLoadStudy:
    def test_lists_multiply_and_seeds_come_last(self, file: Path) -> None:
        """Every combination of levels, all of seed 0 before any of seed 1."""
        file.write_text(HEADER + PAIR + 'memory = ["own", "none"]\n')
        assert facts(load_study(file)) == [
            (task, memory, items, seed)
            for seed in (0, 1)
            for task in ("reconstruction", "prediction")
            for memory, items in (("mnad", 10), ("none", None))
        ]

    def test_any_setting_can_be_overridden_and_swept(self, file: Path) -> None:
        """[settings] holds for all cells, a cell's own keys win, and a list of a setting is a sweep."""
        file.write_text(HEADER + "[settings]\nepochs = 5\nsize = 64\n" + PAIR + "epochs = 7\nitems = [5, 20]\n")
        cells = load_study(file, seeds=1).cells
        assert {cell.settings.epochs for cell in cells} == {7}
        assert {cell.settings.size for cell in cells} == {64}
        assert [cell.settings.items for cell in cells] == [5, 20, 5, 20]

    def test_a_whole_number_for_a_real_one_is_the_same_cell(self, file: Path) -> None:
        """0 and 0.0 are one setting of one identity."""
        file.write_text(HEADER + PAIR + "alpha = [1, 1.0]\n")
        assert len(load_study(file, seeds=1).cells) == 2

    def test_more_seeds_than_the_file_has_but_never_fewer(self, file: Path) -> None:
        """A table shows the whole study though fewer seeds were run; more seeds than the study has are shown too."""
        file.write_text(HEADER + PAIR)
        counts = [len(load_study(file, at_least=seeds).cells) for seeds in (None, 1, 2, 5)]
        assert counts == [4, 4, 4, 10]

    @pytest.mark.parametrize("seeds", [0, -1])
    def test_at_least_no_seed_makes_no_sense(self, file: Path, seeds: int) -> None:
        """It is refused as it is where it counts in place of the file's, though the file's are more."""
        file.write_text(HEADER + PAIR)
        for named in ("seeds", "at_least"):
            with pytest.raises(StudyError, match=f"Expected at least 1 seed, but got {seeds}; correct --seeds"):
                load_study(file, **{named: seeds})

    def test_a_cell_asked_for_twice_is_one(self, file: Path) -> None:
        """Overlapping tables, or a level under two names, give no cell twice."""
        file.write_text(HEADER + PAIR + PAIR + 'memory = ["own", "mnad"]\n')
        assert len(load_study(file, seeds=1).cells) == 2

    def test_a_table_can_have_seeds_of_its_own(self, file: Path) -> None:
        """Seeds of a table replace the study's; asked for twice, the most count; --seeds goes before all."""
        file.write_text(HEADER + PAIR + "seeds = 4\n" + PAIR + "items = 5\n" + PAIR + "seeds = 1\n")
        study = load_study(file)
        count = Counter((cell.settings.task, cell.settings.items) for cell in study.cells)
        assert count == {(t, i): n for t in ("reconstruction", "prediction") for i, n in ((10, 4), (5, 2))}
        assert [cell.seed for cell in study.cells] == sorted(cell.seed for cell in study.cells)
        assert {cell.seed for cell in load_study(file, seeds=1).cells} == {0}
        assert len(load_study(file, only="seed=3").cells) == 2

    def test_settings_of_a_method_are_for_its_cells_alone(self, file: Path) -> None:
        """[settings.memae] goes before [settings], a cell's own keys before both."""
        both = '[[cells]]\nmethod = ["mnad", "memae"]\ntask = "reconstruction"\n'
        shared = "[settings]\nepochs = 5\n[settings.memae]\ntrain_stride = 1\nepochs = 7\n"
        file.write_text(HEADER + shared + both + both + "epochs = 9\n")
        found = [
            (c.settings.method, c.settings.epochs, c.settings.train_stride) for c in load_study(file, seeds=1).cells
        ]
        assert found == [("mnad", 5, 16), ("memae", 7, 1), ("mnad", 9, 16), ("memae", 9, 1)]

    def test_cells_can_come_from_another_study(self, file: Path, tmp_path: Path) -> None:
        """The other's cells first, under this study's data set, profile, seeds and settings."""
        other = tmp_path / "other.toml"
        other.write_text(HEADER.replace("synthetic", "ped2") + "[settings]\nepochs = 9\n" + PAIR)
        head = HEADER + f'cells_from = "{other}"\n[settings]\nsize = 64\n'
        file.write_text(head)
        cells = load_study(file).cells
        assert [(c.settings.dataset, c.settings.epochs, c.settings.size, c.seed) for c in cells] == [
            ("synthetic", 2, 64, seed) for seed in (0, 0, 1, 1)
        ]
        file.write_text(head + PAIR + "items = 5\n")
        assert [items for _, _, items, _ in facts(load_study(file, seeds=1))] == [10, 10, 5, 5]
        other.write_text(HEADER + f'cells_from = "{file}"\n')
        with pytest.raises(StudyError, match="lead to an end"):
            load_study(file)

    def test_epochs_to_evaluate_belong_to_the_study(self, file: Path) -> None:
        """Looking at the test frames in between is no setting: it changes no cell's identity."""
        file.write_text(HEADER + PAIR)
        plain = load_study(file)
        file.write_text(HEADER + "evaluate_every = 2\n" + PAIR)
        assert (plain.evaluate_every, load_study(file).evaluate_every) == (0, 2)
        assert load_study(file).cells == plain.cells

    def test_mode_is_the_files_or_the_users(self, file: Path) -> None:
        """The mode is no setting either; what the user asks for goes before the file."""
        file.write_text(HEADER + PAIR)
        plain = load_study(file)
        file.write_text(HEADER + 'mode = "fast"\n' + PAIR)
        asked = [plain, load_study(file), load_study(file, mode="record")]
        assert [study.mode for study in asked] == ["record", "fast", "record"]
        assert asked[1].cells == plain.cells

    def test_profile_is_the_files_the_machines_or_the_users(self, file: Path) -> None:
        """CUDA brings the profile for CUDA; what the user asks for goes before both."""
        file.write_text(HEADER + PAIR)
        asked = [load_study(file), load_study(file, cuda=True), load_study(file, cuda=True, profile="cpu")]
        assert [study.cells[0].settings.profile for study in asked] == ["smoke", "paper", "cpu"]

    def test_filter_keeps_the_cells_that_match(self, file: Path) -> None:
        """A filter names factors and may name the seed."""
        file.write_text(HEADER + PAIR + 'memory = ["own", "none"]\n')
        study = load_study(file, only="task=prediction,memory=none")
        assert facts(study) == [("prediction", "none", None, 0), ("prediction", "none", None, 1)]
        assert {cell.seed for cell in load_study(file, only="seed=1").cells} == {1}

    def test_a_filter_that_leaves_nothing_is_refused(self, file: Path) -> None:
        """Nothing to do because of a filter is a mistake, and the cells there are get named."""
        file.write_text(HEADER + PAIR)
        with pytest.raises(StudyError, match="method=memae matches none: mnad-reconstruction"):
            load_study(file, only="method=memae")

    def test_an_unknown_study_lists_the_known(self) -> None:
        """A wrong name gets the right ones."""
        with pytest.raises(StudyError, match=r"among .*ped2.*synthetic, or the path .* but got 'ped3'"):
            load_study("ped3")

    def test_a_missing_file_is_an_unknown_study(self, tmp_path: Path) -> None:
        """So is a path without a file behind it."""
        with pytest.raises(StudyError, match="Expected a study among"):
            load_study(tmp_path / "none.toml")

    def test_an_illegal_combination_is_refused_with_its_reason(self, file: Path) -> None:
        """Nothing is skipped in silence: the reason, the table and the file are named."""
        file.write_text(HEADER + PAIR + 'memory = ["own", "none"]\nsupervision = "uniform_balance"\n')
        with pytest.raises(StudyError, match=r"needs items to supervise.* \[\[cells\]\] number 1 of .*little\.toml"):
            load_study(file)

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (HEADER + PAIR + "colour = 3\n", "but got colour"),
            (HEADER + PAIR.replace("prediction", "guessing"), "Expected task to be one of reconstruction, prediction"),
            (HEADER + PAIR + 'profile = "cpu"\n', r"Expected profile in \[study\]"),
            (HEADER + '[[cells]]\nmethod = "mnad"\n', "add task"),
            (HEADER, r"at least one \[\[cells\]\]"),
            (PAIR, r"Expected a \[study\] table"),
            (HEADER.replace("seeds = 2", "") + PAIR, "Expected seeds of .* to be of type int"),
            (HEADER.replace("seeds = 2", "seeds = 0") + PAIR, "Expected at least 1 seed, but got 0"),
            (HEADER.replace("seeds = 2", 'seeds = "two"') + PAIR, "Expected seeds of .* to be of type int"),
            (HEADER.replace('"smoke"', '"huge"') + PAIR, "Expected a profile among paper, cpu, small, smoke"),
            (HEADER.replace("title", "tilte") + PAIR, "but got tilte"),
            (HEADER + PAIR + "[cell]\n", "Expected tables among study, settings, cells, but got cell"),
            (HEADER + PAIR + "seeds = 0\n", "Expected at least 1 seed, but got 0"),
            (HEADER + PAIR + 'seeds = "two"\n', "Expected seeds to be of type int"),
            (HEADER + 'evaluate_every = "often"\n' + PAIR, "Expected evaluate_every of .* to be of type int"),
            (HEADER + 'mode = "quick"\n' + PAIR, "Expected a mode among record, fast, but got 'quick'"),
            (HEADER + "[settings.mnda]\nepochs = 1\n" + PAIR, "for methods among mnad.* but got mnda"),
            (HEADER + 'cells_from = "ped3"\n', "Expected a study among"),
            (HEADER + PAIR + 'skip = "off"\n', r"Expected skip to be true or false, but got 'off'.* number 1 of"),
            (HEADER + PAIR + "skip = 0\n", "Expected skip to be true or false, but got 0"),
            (HEADER + PAIR + 'items = "ten"\n', "Expected items to be a whole number, but got 'ten'"),
            (HEADER + PAIR + "items = 10.5\n", "Expected items to be a whole number, but got 10.5"),
            (HEADER + PAIR + "size = 64.0\n", "Expected size to be a whole number, but got 64.0"),
            (HEADER + PAIR + "batch = true\n", "Expected batch to be a whole number, but got True"),
            (HEADER + PAIR + 'learning_rate = "fast"\n', "Expected learning_rate to be a number, but got 'fast'"),
            (HEADER + PAIR + "learning_rate = nan\n", "Expected learning_rate to be a number, but got nan"),
            (HEADER + PAIR + "learning_rate = -1\n", "learning_rate is at least 0, but is -1"),
            (HEADER + PAIR + "alpha = 7\n", "from 0 to 1, but is 7"),
            (HEADER + PAIR + "calibration_videos = -1\n", "calibration_videos is at least 0, but is -1"),
            (HEADER + PAIR + "separateness_weight = -0.1\n", "separateness_weight is at least 0, but is -0.1"),
            (HEADER + PAIR + "memory = []\n", "at least one level of memory"),
            (HEADER + "evaluate_every = -1\n" + PAIR, "evaluate_every of .* to be at least 0"),
            (HEADER.replace('"synthetic"', '"../../etc"') + PAIR, r"Expected dataset of \[study\] to be letters"),
            (HEADER.replace('"little"', '"a/b"') + PAIR, r"Expected name of \[study\] to be letters"),
            ("[study\n", "Expected a study in TOML"),
        ],
    )
    def test_a_wrong_file_is_refused_by_a_sentence(self, file: Path, text: str, sentence: str) -> None:
        """Each mistake in a study file is said in a sentence that names it."""
        file.write_text(text)
        with pytest.raises(StudyError, match=sentence):
            load_study(file)
