from benchmarks.report.index import drawn_elsewhere
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell


class TestDrawnElsewhere:
    def test_the_smallest_study_draws_a_setting(self) -> None:
        """A setting of several studies has its pages in the smallest of them, the first by name among equals."""
        one, two, three = (
            resolve(dataset="ped2", method="mnad", task="prediction", items=count) for count in (5, 10, 20)
        )
        studies = {
            "grid": [Cell(settings, 0) for settings in (one, two, three)],
            "small": [Cell(one, 0)],
            "equal": [Cell(one, 0)],
        }
        assert drawn_elsewhere("equal", studies) == frozenset()
        assert drawn_elsewhere("small", studies) == {one}
        assert drawn_elsewhere("grid", studies) == {one}
