from benchmarks.report.published import FIGURES, baselines, original, published, rc2020


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
