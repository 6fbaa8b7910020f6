"""Settings of a cell, their hash and their name."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StudyError
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings, distinctions


def settings_of(**factors: Any) -> Settings:
    """MNAD's prediction on Ped2 at the cpu profile, unless said otherwise."""
    return resolve(**{"dataset": "ped2", "method": "mnad", "task": "prediction", **factors})


class TestHash:
    def test_is_that_of_the_canonical_json(self) -> None:
        """Anyone can compute the hash from a record's settings, in whatever order they are written."""
        settings = settings_of()
        values = json.loads(json.dumps(dict(reversed(settings.to_dict().items()))))
        assert Settings.from_dict(values).hash == settings.hash
        assert len(settings.hash) == 64

    def test_every_setting_that_applies_counts(self) -> None:
        """Changing any one setting gives another hash."""
        settings = settings_of()
        hashes = {settings.hash}
        for name, value in settings.to_dict().items():
            other = not value if isinstance(value, bool) else f"{value}x" if isinstance(value, str) else value + 1
            hashes.add(dataclasses.replace(settings, **{name: other}).hash)
        assert len(hashes) == len(settings.to_dict()) + 1

    def test_settings_that_do_not_apply_are_left_out(self) -> None:
        """None means not applicable: neither the dictionary nor the hash knows of it, so settings can be added."""
        settings = settings_of(memory="none")
        assert "items" not in settings.to_dict()
        assert None not in settings.to_dict().values()

    def test_does_not_drift(self) -> None:
        """The name of a known cell stays as it is recorded, else every record would be missing."""
        first, second = settings_of(), settings_of()
        assert first is not second
        assert first.hash == second.hash


class TestFromDict:
    @given(st.sampled_from(["mnad", "memae"]), st.sampled_from(["reconstruction", "prediction", "denoising"]))
    def test_reads_what_to_dict_wrote(self, method: str, task: str) -> None:
        """Through JSON and back the settings are equal."""
        settings = settings_of(method=method, task=task)
        assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings

    def test_refuses_unknown_and_missing_names(self) -> None:
        """A misspelt setting is named with the valid ones; one that is missing is named."""
        values = settings_of().to_dict()
        with pytest.raises(StudyError, match=r"learning_rate.*leaning_rate"):
            Settings.from_dict({**values, "leaning_rate": 1})
        del values["epochs"]
        with pytest.raises(StudyError, match="epochs"):
            Settings.from_dict(values)


class TestName:
    @pytest.mark.parametrize(
        ("factors", "start"),
        [
            ({}, "mnad-prediction-skip-memory-"),
            ({"memory": "none", "skip": False}, "mnad-prediction-no_skip-no_memory-"),
            ({"method": "memae", "task": "reconstruction"}, "memae-reconstruction-no_skip-memory-"),
            ({"memory": "memae"}, "mnad-prediction-skip-memae_memory-"),
            ({"task": "denoising", "noise": 0.05}, "mnad-denoising5-skip-memory-"),
            (
                {"supervision": "uniform_rc2020", "preset": "rc2020"},
                "mnad-prediction-skip-memory-uniform_rc2020-rc2020-",
            ),
        ],
    )
    def test_says_the_factors_and_ends_in_the_hash(self, factors: dict[str, Any], start: str) -> None:
        """A person reads the factors; eight digits of the hash tell the rest apart."""
        settings = settings_of(**factors)
        assert settings.name == start + settings.hash[:8]


class TestDistinctions:
    def test_says_where_a_setting_departs_from_its_namesakes(self) -> None:
        """Of settings with one readable name the usual one needs no words; other names stand alone."""
        usual, swept, both = settings_of(), settings_of(items=9), settings_of(items=9, epochs=7)
        other = settings_of(task="reconstruction", items=9)
        told = distinctions([usual, settings_of(epochs=7), swept, both, other, usual])
        assert [told[one] for one in (usual, swept, both, other)] == ["", "items=9", "epochs=7, items=9", ""]


class TestCell:
    def test_slug_is_unique(self) -> None:
        """Data set, profile, settings and seed each give another work folder."""
        cells = [Cell(settings_of(), 0), Cell(settings_of(), 1), Cell(settings_of(dataset="ped1"), 0)]
        cells += [Cell(settings_of(profile="small"), 0), Cell(settings_of(items=9), 0)]
        assert len({cell.slug for cell in cells}) == len(cells)
