from typing import Any

import pytest

from benchmarks.report.read.groups import Group, common_label, group_of, settings_label
from benchmarks.report.read.labels import distance_label, published_epochs, set_name, width_words
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings


def made(method: str = "mnad", dataset: str = "ped2", profile: str = "small", **chosen: Any) -> Settings:
    return resolve(dataset=dataset, method=method, task="reconstruction", memory="none", profile=profile, **chosen)


class TestLabels:
    @pytest.mark.parametrize(
        ("settings", "label"),
        [
            (made(), "UCSD Ped2, 128×128, ¼ width, 3 of 60 epochs"),
            (made("memae"), "UCSD Ped2, 128×128, ¼ width, 3 of 100 epochs"),
            (made(profile="paper"), "UCSD Ped2, 256×256, full width, 60 of 60 epochs"),
            (made(epochs=60, precision="float32"), "UCSD Ped2, 128×128, ¼ width, 60 of 60 epochs, float32"),
            (made(dataset="synthetic", size=64, epochs=5), "Circles and squares, 64×64, ¼ width, 5 epochs"),
            (made(dataset="synthetic", size=64, epochs=1), "Circles and squares, 64×64, ¼ width, 1 epoch"),
            (made(dataset="avenue-partial"), "CUHK Avenue (a part), 128×128, ¼ width, 3 of 60 epochs"),
            (made(dataset="mine"), "mine, 128×128, ¼ width, 3 epochs"),
            (made("stae"), "UCSD Ped2, 115×115, ¼ width, 8 of 30 epochs"),
            (made("clock"), "UCSD Ped2, 128×128"),
            (made("pca"), "UCSD Ped2, 128×128"),
            (made(width=0.5), "UCSD Ped2, 128×128, ½ width, 3 of 60 epochs"),
        ],
    )
    def test_of_a_setting(self, settings: Settings, label: str) -> None:
        """Data set, size, width and epochs of the published number; a set without one has its epochs alone."""
        if settings.method == "pca":
            label = label.replace("128×128", f"{settings.size}×{settings.size}")
        assert settings_label(settings) == label

    def test_of_two_methods(self) -> None:
        """The second one's length stands behind the first one's as far as it differs."""
        assert common_label([made(), made("memae")]) == "UCSD Ped2, 128×128, ¼ width, 3 of 60 epochs (MemAE: of 100)"
        paper = [made(profile="paper"), made("memae", profile="paper")]
        assert common_label(paper) == "UCSD Ped2, 256×256, full width, 60 of 60 epochs (MemAE: 100 of 100)"
        drawn = [made(dataset="synthetic"), made("memae", dataset="synthetic")]
        assert common_label(drawn) == "Circles and squares, 128×128, ¼ width, 3 epochs"

    def test_of_baselines(self) -> None:
        """Baselines of other sizes and lengths share their set alone; a score without learning has no say beside runs."""
        assert common_label([made("stae"), made("cae")]) == "UCSD Ped2, each baseline at its own size and length"
        assert common_label([made(), made("clock")]) == settings_label(made())

    def test_parts(self) -> None:
        """Sets without a printed name keep theirs; widths without a sign are numbers."""
        assert set_name("mine") == "mine"
        assert (width_words(0.125), width_words(0.3)) == ("⅛ width", "0.3 of the width")
        assert published_epochs("pca", "ped2") in (None, 0)
        assert published_epochs("mnad", "pool") is None
        assert distance_label("ped2", 64, None, {}) == "UCSD Ped2, 64×64"


class TestGroups:
    def test_what_keeps_groups_apart(self) -> None:
        """Size, epochs, width and precision where they are not the profile's own; methods do not."""
        plain = group_of(made())
        assert plain == Group("ped2", "small") == group_of(made("memae"))
        for departed in ({"size": 64}, {"epochs": 20}, {"width": 0.5}, {"precision": "float32"}):
            other = group_of(made(**departed))
            assert other != plain
            assert other.label != plain.label
        assert group_of(made(train_stride=2)) == plain

    def test_a_method_without_learning_belongs_to_all_lengths(self) -> None:
        """It has a size alone."""
        assert group_of(made("clock", epochs=1, precision="float32")) == Group("ped2", "small")
        assert group_of(made("clock", size=64)) == Group("ped2", "small", size=64)
