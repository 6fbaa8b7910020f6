from collections import defaultdict

import pytest

from benchmarks.study.files import load_at_each_profile, study_names
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from benchmarks.track.naming import SHOWN, contrast_name, run_name


@pytest.fixture(scope="module")
def every_setting() -> set[Settings]:
    """Settings of every study of the project, at each of its profiles."""
    studies = [study for name in study_names() for study in load_at_each_profile(name)]
    return {cell.settings for study in studies for cell in study.cells}


class TestRunName:
    def test_no_two_settings_of_a_profile_look_the_same(self, every_setting: set[Settings]) -> None:
        """MLflow shows some twenty characters: those differ between any two settings that are listed together."""
        shown = defaultdict(set)
        for settings in every_setting:
            name = run_name(settings)[:SHOWN].rstrip()
            shown[settings.dataset, settings.profile, name].add(run_name(settings))
        assert {key: names for key, names in shown.items() if len(names) > 1} == {}

    def test_every_run_has_a_name_of_its_own(self, every_setting: set[Settings]) -> None:
        """The whole name tells any two settings of a data set's profile apart."""
        named = [(one.dataset, one.profile, run_name(one)) for one in every_setting]
        assert len(set(named)) == len(named)

    @pytest.mark.parametrize(
        ("factors", "name"),
        [
            ({"method": "mnad", "task": "prediction"}, "MNAD pred+mem"),
            ({"method": "mnad", "task": "prediction", "memory": "none", "skip": False}, "MNAD pred-mem-skip"),
            ({"method": "mnad", "task": "denoising", "noise": 0.25}, "MNAD 25%+mem"),
            ({"method": "memae", "task": "reconstruction", "items": 1}, "MemAE rec 1 item"),
            ({"method": "memae", "task": "reconstruction", "memory": "mnad"}, "MemAE rec+mnad-mem"),
            ({"method": "mnad", "task": "prediction", "epochs": 20, "precision": "float32"}, "MNAD pred+mem 20ep f32"),
            ({"method": "memae", "task": "reconstruction", "shrink_threshold": 0.001}, "MemAE rec shr1e-3"),
            ({"method": "clock", "task": "reconstruction"}, "clock"),
        ],
    )
    def test_names(self, factors: dict[str, object], name: str) -> None:
        """Method, task and memory; then what departs from them."""
        assert run_name(resolve(dataset="ped2", profile="small", **factors)) == name  # type: ignore[arg-type]

    def test_seed_and_origin_come_first(self) -> None:
        """Runs of the user's own are distinguished from the project's by their name too."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction", profile="small")
        assert run_name(settings, 3) == "s3 MNAD pred+mem"
        assert run_name(settings, 3, "own") == "own s3 MNAD pred+mem"


class TestContrastName:
    def test_says_that_memory_is_what_differs(self) -> None:
        """Both sides share the rest of the name."""
        settings = resolve(dataset="ped2", method="mnad", task="prediction", profile="small", skip=False)
        assert contrast_name(settings) == "Δ MNAD pred-skip"
