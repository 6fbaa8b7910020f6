from collections.abc import Callable

from benchmarks.report.read.rows import Row
from benchmarks.report.read.selection import labels, native, of_usual_geometry, parts, plain, subject, told_apart
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

Rows = Callable[..., list[Row]]


def mnad(task: str = "prediction", **overrides: object) -> Settings:
    return resolve(dataset="synthetic", method="mnad", task=task, profile="small", **{"size": 64, **overrides})  # type: ignore[arg-type]


def bare(*settings: Settings) -> list[Row]:
    return [Row(one, ()) for one in settings]


class TestOfUsualGeometry:
    def test_a_sweep_over_epochs_leaves_the_usual_length(self) -> None:
        """Of rows that differ in length, those of the length that most rows have are kept."""
        rows = bare(mnad(), mnad(items=5), mnad(epochs=20), mnad(items=20))
        assert [row.settings.epochs for row in of_usual_geometry(rows)] == [3, 3, 3]


class TestPlainAndNative:
    def test_what_departs_is_left_out(self) -> None:
        """Supervision, presets and single settings are not plain; other tasks and skips are plain but not native."""
        kept = bare(mnad(), mnad("reconstruction"), mnad(memory="none"))
        plain_only = bare(mnad(skip=False), mnad("denoising", noise=0.25), mnad(memory="memae"))
        others = bare(mnad(supervision="uniform_balance"), mnad(preset="paper"), mnad(items=5))
        rows = [*kept, *plain_only, *others]
        assert plain(rows) == [*kept, *plain_only]
        assert native(rows) == kept


class TestParts:
    def test_says_what_departs(self) -> None:
        """Skips are named where they are not native; departures by their names; a named setting can be left out."""
        said = parts(Row(mnad(skip=False, items=5), ()))
        assert said == {
            "method": "MNAD",
            "task": "prediction",
            "memory": "memory",
            "skip": "without skips",
            "size": "size 64",
            "items": "items 5",
        }
        assert "items" not in parts(Row(mnad(items=5), ()), without={"items"})


class TestToldApart:
    def test_what_is_shared_is_said_once(self) -> None:
        """What all rows have is common, geometry excepted; a row that departs in nothing is as usual."""
        common, apart = told_apart(bare(mnad(), mnad(separateness_weight=0.0)))
        assert common == "MNAD · prediction · memory"
        assert apart == ["as usual", "separateness weight 0"]

    def test_a_row_alone_has_a_name(self) -> None:
        """One row shares nothing, so that its legend is not empty; no rows have no names."""
        assert told_apart(bare(mnad())) == ("", ["MNAD · prediction · memory"])
        assert told_apart([]) == ("", [])


class TestLabels:
    def test_unusual_geometry_is_named(self) -> None:
        """The study's own geometry is reported by the subject; a row of another names it."""
        rows = bare(mnad(), mnad(items=5), mnad(epochs=20))
        assert labels(rows) == [
            "MNAD · prediction · memory",
            "MNAD · prediction · memory · items 5",
            "MNAD · prediction · memory · epochs 20",
        ]
        assert subject(rows) == "Circles and squares, 64×64, ¼ width, 3 epochs"
