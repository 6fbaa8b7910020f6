import pytest

from benchmarks.errors import StudyError
from benchmarks.study.filters import Filter
from benchmarks.study.presets import resolve


class TestParse:
    def test_reads_pairs(self) -> None:
        """Pairs are joined by commas; spaces do not matter."""
        assert Filter.parse("task=prediction, memory = none").levels == {"task": "prediction", "memory": "none"}

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            (
                "colour=red",
                (
                    "with factors among method, task, memory, skip, supervision, preset, noise, items, epochs, seed, but "
                    "got 'colour=red'"
                ),
            ),
            ("prediction", "Expected --only to hold factor=level pairs"),
            ("task=guessing", "Expected task to be one of reconstruction, prediction, denoising, but got 'guessing'"),
            ("skip=maybe", "Expected skip to be one of on, off"),
            ("seed=first", "Expected seed to be a number"),
            ("items=many", "Expected items to be a number"),
            ("task=prediction,task=denoising", "has task twice"),
        ],
    )
    def test_refuses_what_it_does_not_know(self, text: str, sentence: str) -> None:
        """An unknown factor or level is refused with the valid ones."""
        with pytest.raises(StudyError, match=sentence):
            Filter.parse(text)


class TestMatches:
    def test_own_memory_is_the_methods(self) -> None:
        """`own` means the method's memory, whichever that is, and a swap is not it."""
        own = resolve(dataset="ped2", method="memae", task="reconstruction")
        swapped = resolve(dataset="ped2", method="memae", task="reconstruction", memory="mnad")
        assert [Filter({"memory": "own"}).matches(one) for one in (own, swapped)] == [True, False]
        assert [Filter({"memory": "mnad"}).matches(one) for one in (own, swapped)] == [False, True]

    @pytest.mark.parametrize(("level", "expected"), [("on", True), ("off", False)])
    def test_skip_is_on_or_off(self, level: str, expected: bool) -> None:
        """Skips are asked for in words."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction")
        assert Filter({"skip": level}).matches(settings) is expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("noise=0.25", True), ("noise=0.4", False), ("items=10", True), ("items=20", False), ("epochs=3", True)],
    )
    def test_sweeps_are_compared_as_numbers(self, text: str, expected: bool) -> None:
        """Noise, items and epochs go by value; a cell to which a setting does not apply never matches."""
        settings = resolve(dataset="ped2", method="mnad", task="denoising")
        assert Filter.parse(text).matches(settings) is expected
        assert not Filter.parse("noise=0.25").matches(resolve(dataset="ped2", method="mnad", task="prediction"))

    def test_the_seed_is_looked_at_apart(self) -> None:
        """A seed says nothing about settings, and settings nothing about a seed."""
        wanted = Filter.parse("seed=1")
        assert wanted.matches(resolve(dataset="ped2", method="mnad", task="prediction"))
        assert [wanted.matches_seed(seed) for seed in (0, 1)] == [False, True]
        assert Filter().matches_seed(7)
