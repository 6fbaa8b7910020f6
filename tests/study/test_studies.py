"""The study files of the grid: benchmarks/studies/*.toml."""

import math
from collections import Counter

import pytest

from benchmarks.study.files import STUDIES, load_study, study_names
from benchmarks.study.settings import PROFILES, Settings
from benchmarks.study.validation import invalid_reason

GRIDS = ("grid-synthetic", "grid-ped2", "grid-avenue", "grid-avenue-partial")
LINES = ("lines-ped2", "lines-synthetic", "lines-avenue-partial")


def settings_of(name: str) -> list[Settings]:
    """The settings of a study, each once."""
    return list(dict.fromkeys(cell.settings for cell in load_study(name).cells))


@pytest.mark.parametrize("name", study_names())
class TestEveryStudy:
    def test_resolves_to_legal_cells_with_names_of_their_own(self, name: str) -> None:
        """At every profile each cell is legal, and no two share a work folder or a record."""
        for profile in PROFILES:
            study = load_study(name, profile=profile)
            assert [invalid_reason(cell.settings) for cell in study.cells] == [None] * len(study.cells)
            assert len({cell.slug for cell in study.cells}) == len(study.cells)
            assert len({(cell.settings.name, cell.seed) for cell in study.cells}) == len(study.cells)

    def test_is_named_as_its_file_and_short(self, name: str) -> None:
        """The command line's name is the file's; a study is read in a minute."""
        assert load_study(name).name == name
        assert len((STUDIES / f"{name}.toml").read_text().splitlines()) <= 110


@pytest.mark.parametrize("name", GRIDS)
class TestGrids:
    def test_hold_the_full_factorial_and_nothing_else(self, name: str) -> None:
        """2 methods x 5 task levels x 2 skips x (own memory x 3 supervisions + none) = 80 settings."""
        found = Counter(
            (one.method, one.task, one.noise, one.skip, one.memory, one.supervision) for one in settings_of(name)
        )
        tasks = [("reconstruction", None), ("prediction", None), *(("denoising", share) for share in (0.05, 0.25, 0.4))]
        expected = {
            (method, *task, skip, memory, supervision)
            for method in ("mnad", "memae")
            for task in tasks
            for skip in (False, True)
            for memory, supervisions in (
                (method, ("none", "uniform_rc2020", "uniform_balance")),
                ("none", ("none",)),
            )
            for supervision in supervisions
        }
        assert len(expected) == 80
        assert found == dict.fromkeys(expected, 1)
        assert {one.preset for one in settings_of(name)} == {"official"}

    def test_run_on_the_set_they_are_named_after(self, name: str) -> None:
        """`grid-avenue` is Avenue; its part has a name of its own, which every record bears."""
        assert load_study(name).dataset == name.removeprefix("grid-")


class TestGridSynthetic:
    def test_contains_the_study_synthetic(self) -> None:
        """What was run for the core study is not run again."""
        core = {one for one in settings_of("synthetic") if one.epochs}
        assert core <= set(settings_of("grid-synthetic"))
        assert {cell.seed for cell in load_study("grid-synthetic").cells} == {0, 1, 2}


class TestLines:
    def test_line_1_has_seeds_enough_for_a_test(self) -> None:
        """MNAD's four cells have 12 seeds, MemAE's two 6; a sign-flip test over them can reach p < 0.05."""
        count = Counter(cell.settings for cell in load_study("lines-ped2").cells)
        line = [one for one in settings_of("ped2") if one.epochs]
        twins = {(one.method, one.task, one.skip, one.memory) for one in line}
        seeds = [
            (one.method, n)
            for one, n in list(count.items())[: len(line)]
            if (one.method, one.task, one.skip, one.memory) in twins
        ]
        assert Counter(seeds) == {("mnad", 12): 4, ("memae", 6): 2}
        assert all(2 / 2**n < 0.05 for _, n in seeds)
        assert min(count.values()) == 3

    @pytest.mark.parametrize("name", LINES)
    def test_line_2_tells_skips_from_time(self, name: str) -> None:
        """Denoising at three levels with skips, and each task with the skips that it does not have as published."""
        found = {(one.task, one.noise, one.skip) for one in settings_of(name) if one.method == "mnad"}
        assert {("denoising", share, True) for share in (0.05, 0.25, 0.4)} <= found
        assert {("denoising", 0.25, False), ("reconstruction", None, True), ("prediction", None, False)} <= found

    def test_lines_4_and_5_have_their_reference_in_line_1(self) -> None:
        """Every ablation differs from a cell of line 1 in the named settings alone."""
        reference = {(one.method, one.task): one.to_dict() for one in settings_of("lines-ped2")[:6] if one.items}
        allowed = {
            "supervision",
            "uniform_weight",
            "uniform_temperature",
            "items",
            "shrink_threshold",
            "entropy_weight",
        }
        allowed |= {"compactness_weight", "separateness_weight", "skip", "upsampling"}
        for one in settings_of("lines-ped2"):
            if one.items is None or one.task == "denoising":
                continue
            base, own = reference[one.method, one.task], one.to_dict()
            assert {key for key in base.keys() | own.keys() if base.get(key) != own.get(key)} <= allowed


class TestLinesShanghaitech:
    @pytest.mark.parametrize(("cuda", "profile"), [(False, "cpu"), (True, "paper")])
    def test_is_line_1(self, cuda: bool, profile: str) -> None:
        """Both methods with and without memory, skips as published, three seeds, as published where CUDA is available."""
        study = load_study("lines-shanghaitech", cuda=cuda)
        assert (study.dataset, study.profile, len(study.cells)) == ("shanghaitech", profile, 18)
        one_of_ped2 = {
            (c.settings.method, c.settings.task, c.settings.memory, c.settings.skip, c.seed)
            for c in load_study("ped2").cells
            if c.settings.epochs
        }
        assert {
            (c.settings.method, c.settings.task, c.settings.memory, c.settings.skip, c.seed) for c in study.cells
        } == one_of_ped2


class TestSweeps:
    @pytest.mark.parametrize("name", ["sweeps-synthetic", "sweeps-ped2"])
    def test_items_of_both_methods(self, name: str) -> None:
        """1, 5, 10, 20, 50 and 2000 items; with one item, and only there, separateness is off for want of a second."""
        for method in ("mnad", "memae"):
            own = [one for one in settings_of(name) if one.method == one.memory == method]
            assert {one.items for one in own} == {1, 5, 10, 20, 50, 2000}
        single = [one for one in settings_of(name) if one.items == 1 and one.memory == "mnad"]
        assert {one.separateness_weight for one in single} == {0.0}
        assert len(single) == 2

    def test_swaps_losses_and_epochs(self) -> None:
        """Both swaps, each loss off by itself and with its partner, and five lengths of training."""
        found = settings_of("sweeps-synthetic")
        assert {(o.method, o.memory) for o in found} >= {("mnad", "memae"), ("memae", "mnad")}
        prediction = [o for o in found if (o.memory, o.task, o.items, o.epochs) == ("mnad", "prediction", 10, 5)]
        own = [o for o in prediction if o.method == "mnad"]
        assert {(o.compactness_weight, o.separateness_weight) for o in own} == {
            (c, s) for c in (0, 0.1) for s in (0, 0.1)
        }
        shrinking = [o for o in found if o.method == o.memory == "memae" and o.items == 2000]
        assert {(o.shrink_threshold, o.entropy_weight) for o in shrinking} == {
            (threshold, weight) for threshold in (0, 0.0025) for weight in (0, 0.0002)
        }
        assert {o.epochs for o in found if o.method == "mnad" and o.memory == "none"} == {1, 2, 5, 10, 20}


class TestDivergences:
    def test_each_stands_alone(self) -> None:
        """Beside the presets, every cell differs from its official reference in one named setting."""
        found = settings_of("divergences-synthetic")
        assert {one.preset for one in found} == {"official", "paper", "rc2020"}
        official = [one.to_dict() for one in found if one.preset == "official"]
        single: set[str] = set()
        for one in official:
            nearest = math.inf
            for other in official:
                differing = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
                if len(differing) == 1:
                    single |= differing
                    nearest = 1
            assert nearest == 1
        assert {
            "update_weight",
            "compactness_reduction",
            "read_gradient",
            "upsampling",
            "learning_rate",
            "normalise_query",
            "noise_unit",
            "noise_frames",
            "address",
            "shrink_threshold",
        } <= single

    def test_the_range_bug_is_in_the_preset_alone(self) -> None:
        """No cell has RC2020's range without its preset."""
        found = [one for one in settings_of("divergences-synthetic") if one.noise_range == "rc2020"]
        assert {one.preset for one in found} == {"rc2020"}


class TestEpochs:
    def test_ask_for_a_look_after_every_epoch(self) -> None:
        """Four cells of MNAD at the geometry of cpu, two of MemAE at that of small, their schedules stretched with them."""
        study = load_study("epochs-ped2")
        assert study.evaluate_every == 1
        assert {(c.settings.method, c.settings.size, c.settings.width, c.settings.epochs) for c in study.cells} == {
            ("mnad", 256, 0.25, 20),
            ("memae", 128, 0.25, 20),
        }
        assert len(study.cells) == 6


class TestChannels:
    def test_pairs_one_channel_with_three(self) -> None:
        """The side with one channel is lines-ped2's own cell, so that only the other side is trained for it."""
        one, three = (
            {cell for cell in load_study("channels-ped2").cells if cell.settings.channels == channels}
            for channels in (1, 3)
        )
        assert len(one) == len(three) == 3
        assert one <= set(load_study("lines-ped2").cells)
