import pytest

from benchmarks.report.read.published import FIGURES, baselines, by_others, of_baseline, original, published, rc2020


class TestPublished:
    def test_original_comes_first(self) -> None:
        """MNAD's own table heads its figures on Ped2; the method's name as memory means its own."""
        figures = published("mnad", "prediction", "mnad", "ped2")
        assert (figures[0].auc, figures[0].status, figures[0].role) == (97.0, "P", "original")
        assert figures == published("mnad", "prediction", "own", "ped2")

    def test_nothing_from_memory(self) -> None:
        """Figures kept from memory exist as reminders, and neither function gives them out."""
        unchecked = [figure for figure in FIGURES if figure.status == "M"]
        assert unchecked
        for figure in unchecked:
            assert figure not in published(figure.method, figure.task, figure.memory, figure.dataset)
            assert figure not in baselines(figure.dataset)

    def test_unknown_is_empty(self) -> None:
        """Nobody published MNAD on the synthetic set, nor MemAE as predictor."""
        assert published("mnad", "prediction", "own", "synthetic") == []
        assert original("memae", "prediction", "own", "ped2") is None

    @pytest.mark.parametrize("name", ["avenue", "shanghaitech"])
    def test_a_set_under_mnads_labels_has_the_figures_of_its_videos(self, name: str) -> None:
        """MNAD's table was measured under the labels of its own file, which are sets of their own here."""
        relabelled = f"{name}-mnad-labels"
        figure = original("mnad", "prediction", "own", relabelled)
        assert figure is not None
        assert figure == original("mnad", "prediction", "own", name)
        assert baselines(relabelled) == baselines(name) != []
        assert of_baseline("stae", relabelled) == of_baseline("stae", name) != []
        assert by_others(relabelled) == by_others(name) != []
        assert original("mnad", "prediction", "own", f"{name}-partial") is None

    def test_rc2020_leaves_cells_empty(self) -> None:
        """RC2020 is known for four cells on Ped2 and for no other."""
        known = [figure for figure in FIGURES if figure.role == "rc2020"]
        assert {(figure.task, figure.memory, figure.auc) for figure in known} == {
            ("reconstruction", "own", 88.36),
            ("reconstruction", "none", 88.84),
            ("prediction", "own", 96.34),
            ("prediction", "none", 95.54),
        }
        assert rc2020("mnad", "prediction", "own", "avenue") is None
        assert rc2020("memae", "reconstruction", "own", "ped2") is None


class TestBaselines:
    def test_both_sets_of_hasan(self) -> None:
        """Both figures that circulate for Hasan on Ped2 are given, each with its source."""
        hasan = {one.auc: one.source for one in baselines("ped2") if "Hasan" in one.method}
        assert set(hasan) == {85.0, 90.0}
        assert len(set(hasan.values())) == 2


class TestByOthers:
    def test_reproductions_and_ablations_and_nothing_else(self) -> None:
        """Every checked figure of these roles is somebody's view of a set; originals and baselines have their own."""
        found = [figure for name in ("ped1", "ped2", "avenue", "shanghaitech") for figure in by_others(name)]
        assert {figure.role for figure in found} == {"reproduction", "ablation"}
        assert {figure.status for figure in found} == {"P", "S"}
        assert len(found) == len(
            [one for one in FIGURES if one.role in ("reproduction", "ablation") and one.status != "M"]
        )
        assert by_others("synthetic") == by_others("avenue-partial") == []

    def test_hold_what_the_study_lists(self) -> None:
        """STUDY section 11: MNAD with 9, 10 and 11 items, two more MemAE trained again, Chong and Tay's system on Ped1."""
        known = {
            (one.dataset, one.method, one.auc): (one.status, one.note) for one in by_others("ped2") + by_others("ped1")
        }
        for auc, items in ((96.51, "9 items"), (90.16, "11 items")):
            status, note = known["ped2", "mnad", auc]
            assert status == "S"
            assert items in note
        assert {("ped2", "mnad", 93.97), ("ped2", "memae", 85.0), ("ped2", "memae", 86.63)} <= known.keys()
        assert {auc for name, method, auc in known if (name, method) == ("ped1", "ST-AE")} == {72.0, 73.14}

    def test_are_no_baselines_rows(self) -> None:
        """A reproduction of a published system does not pass for its paper's figure."""
        assert [one.auc for one in of_baseline("convlstm_ae", "ped1")] == [89.9]
