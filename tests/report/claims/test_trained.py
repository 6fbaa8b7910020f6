import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import (
    Training,
    anneals,
    epoch_aucs,
    found_lengths,
    last_learning_rate,
    published_updates,
    settled_at,
    updates,
)
from benchmarks.report.read.records import Record, read_record
from benchmarks.study.baselines import BASELINE_CARDS
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell, Settings

Write = Callable[..., Path]
RULE = read_rules().trained


@pytest.fixture
def make(tmp_path: Path, write_record: Write, trained_run: Callable[..., dict[str, Any]]) -> Callable[..., Record]:
    """Function that makes the record of a run: (settings, clips, **replaced)."""

    def record(settings: Settings, clips: int = 2340, **replaced: Any) -> Record:
        return read_record(write_record(tmp_path, settings, 0, 1.0, **trained_run(settings, clips=clips) | replaced))

    return record


def mnad(dataset: str = "ped2", task: str = "prediction", profile: str = "small", **chosen: Any) -> Settings:
    return resolve(dataset=dataset, method="mnad", task=task, profile=profile, **chosen)


def rates(*values: float) -> list[dict[str, object]]:
    """Epochs with these learning rates."""
    return [{"epoch": n, "losses": {"total": 0.1}, "learning_rate": rate} for n, rate in enumerate(values, 1)]


class TestPublishedUpdates:
    @pytest.mark.parametrize(
        ("settings", "number"),
        [
            (mnad(), 60 * (2486 // 4)),
            (mnad(task="reconstruction"), 60 * (2550 // 4)),
            (resolve(dataset="ped2", method="memae", task="reconstruction", profile="small"), 100 * (2310 // 10)),
            (mnad("avenue-partial"), 60 * ((1223 + 781 + 145 + 244 - 16) // 4)),
            (mnad("avenue"), 60 * ((15328 - 16 * 4) // 4)),
        ],
    )
    def test_of_the_papers(self, make: Callable[..., Record], settings: Settings, number: int) -> None:
        """The paper's epochs times the batches of the paper's size in one pass over all clips of the run's own set."""
        assert published_updates(make(settings)) == number

    def test_of_a_baseline_are_its_own_documents(self, make: Callable[..., Record]) -> None:
        """On a set without facts, all clips are what the run would have without gaps and calibration videos."""
        paper = BASELINE_CARDS["stae"].profiles["paper"]
        own = resolve(dataset="ped2", method="stae", task="reconstruction", memory="none", profile="small")
        assert published_updates(make(own)) == paper["epochs"] * ((2550 - 16 * 9) // paper["batch"])
        drawn = resolve(dataset="synthetic", method="stae", task="reconstruction", memory="none", profile="small")
        whole = round(437 * drawn.train_stride * 16 / 15)
        assert published_updates(make(drawn, 437)) == paper["epochs"] * (whole // paper["batch"])


class TestLacking:
    def test_both_conditions(self, make: Callable[..., Record]) -> None:
        """Twenty of sixty epochs at half a per cent of the peak are trained; fewer updates, or a higher rate, are not."""
        training = Training(RULE)
        long = mnad(epochs=20)
        assert updates(make(long)) == 20 * 585
        assert training.lacking(make(long)) == ""
        assert (
            training.lacking(make(long, 1600)) == "21 % of the published updates, last learning rate 0.62 % of its peak"
        )
        assert training.lacking(make(long, epochs=rates(*[2e-4] * 19, 4e-6))).endswith(
            "last learning rate 2 % of its peak"
        )
        assert training.lacking(make(long, epochs=rates(*[2e-4] * 19, 2e-6))) == ""

    def test_the_share_of_updates_at_its_line(self, make: Callable[..., Record]) -> None:
        """Thirty per cent exactly are enough."""
        long = mnad(epochs=20)
        least = math.ceil(0.3 * 37260 / 20)
        assert Training(RULE).lacking(make(long, 4 * least)) == ""
        assert Training(RULE).lacking(make(long, 4 * (least - 1))).startswith("30 % of")

    def test_the_short_profiles_end_at_a_quarter_of_the_peak(self, make: Callable[..., Record]) -> None:
        """The reason names both shares."""
        told = "5 % of the published updates, last learning rate 25 % of its peak"
        assert Training(RULE).lacking(make(mnad())) == told

    def test_a_published_constant_rate_asks_for_updates_alone(self, make: Callable[..., Record]) -> None:
        """MemAE never anneals; a run of MNAD at a constant rate departs from a schedule that does."""
        memae = resolve(
            dataset="ped2", method="memae", task="reconstruction", profile="small", train_stride=1, epochs=20
        )
        assert not anneals(memae)
        assert Training(RULE).lacking(make(memae, 2175)) == ""
        assert Training(RULE).lacking(make(memae, 552)) == "12 % of the published updates"
        constant = mnad(epochs=20, schedule="constant")
        assert last_learning_rate(make(constant)) == 1.0
        assert Training(RULE).lacking(make(constant)).endswith("last learning rate 100 % of its peak")

    def test_a_rate_that_no_epoch_holds(self, make: Callable[..., Record]) -> None:
        """An unknown rate is no low one."""
        bare = [{"epoch": 1, "losses": {"total": 0.1}}]
        assert Training(RULE).lacking(make(mnad(epochs=20), epochs=bare)).endswith("learning rate not recorded")

    def test_what_optimises_nothing_is_trained(self, make: Callable[..., Record]) -> None:
        """Scores without learning and a fit in closed form."""
        for method in ("clock", "pca"):
            one = resolve(dataset="ped2", method=method, task="reconstruction", memory="none", profile="small")
            assert Training(RULE).lacking(make(one, epochs=[])) == ""

    def test_without_a_published_length(self, make: Callable[..., Record]) -> None:
        """A length study's epochs are enough, whatever the rate; fewer are not; without a study nothing is."""
        run = make(mnad("synthetic", epochs=5, size=64))
        of = {"lacks": {}, "none": {("synthetic", "mnad"): None}, "short": {("synthetic", "mnad"): 8}}
        assert Training(RULE, of["lacks"]).lacking(run) == "no length study"
        assert Training(RULE, of["none"]).lacking(run) == "the length study found no length"
        assert Training(RULE, of["short"]).lacking(run) == "5 of the 8 epochs that its length study found"
        assert Training(RULE, {("synthetic", "mnad"): 5}).lacking(run) == ""
        assert Training(RULE, {("synthetic", "memae"): 5}).lacking(run) == "no length study"


class TestWouldTrain:
    @pytest.mark.parametrize(
        ("settings", "enough"),
        [
            (mnad(epochs=60), True),
            (mnad(epochs=20), True),
            (mnad(epochs=16), False),
            (mnad(epochs=20, schedule="constant"), False),
            (mnad(), False),
            (resolve(dataset="ped2", method="memae", task="reconstruction", profile="small", epochs=20), False),
            (
                resolve(
                    dataset="ped2", method="memae", task="reconstruction", profile="small", epochs=20, train_stride=1
                ),
                True,
            ),
        ],
    )
    def test_before_the_run(self, settings: Settings, enough: bool) -> None:
        """The same rule from settings alone: passes over the set, batches, schedule."""
        assert Training(RULE).would_train(settings) is enough


class TestSettledAt:
    @pytest.mark.parametrize(
        ("aucs", "epoch"),
        [
            ([0.5, 0.7, 0.80, 0.801, 0.80, 0.80, 0.80, 0.80], 3),
            ([0.80, 0.80, 0.80, 0.80], 1),
            ([0.80, 0.5, 0.80, 0.80, 0.80, 0.80, 0.80, 0.80], 3),
            ([0.5, 0.5, 0.5, 0.5, 0.5, 0.80, 0.80, 0.80], 6),
            ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.80, 0.80], None),
        ],
    )
    def test_first_epoch_from_which_on_all_lie_within(self, aucs: list[float], epoch: int | None) -> None:
        """An early visit does not count, and what settles in the last quarter was not seen to stay."""
        assert settled_at(aucs, 0.01) == epoch


class TestFoundLengths:
    def test_the_largest_of_a_methods_settings(self, make: Callable[..., Record]) -> None:
        """Per method; a setting without a length leaves none, a missing run or epoch leaves the study incomplete."""

        def run(task: str, *aucs: float | None) -> Record:
            epochs = [{"epoch": n, "losses": {"total": 0.1}, "micro_auc": auc} for n, auc in enumerate(aucs, 1)]
            return make(mnad("synthetic", task, epochs=len(aucs)), epochs=epochs)

        quick, slow = run("reconstruction", 0.8, 0.8, 0.8, 0.8), run("prediction", 0.5, 0.8, 0.8, 0.8)
        late, torn = run("prediction", 0.5, 0.5, 0.5, 0.8), run("prediction", 0.5, None, 0.8, 0.8)
        assert epoch_aucs(slow) == [0.5, 0.8, 0.8, 0.8]
        key = ("synthetic", "mnad")

        def found(*records: Record, study: tuple[Record, ...] = (quick, slow)) -> dict[tuple[str, str], int | None]:
            return found_lengths([[record.cell for record in study]], records, 1.0)

        assert found(quick, slow) == {key: 2}
        assert found(quick) == {}
        assert found(quick, late, study=(quick, late)) == {key: None}
        assert epoch_aucs(torn) == []
        assert found(quick, torn, study=(quick, torn)) == {}

    def test_the_projects_study_has_each_setting_once(self) -> None:
        """MNAD's and MemAE's with and without memory, over four times the epochs in use, on a set without a length."""
        from benchmarks.report.claims.trained import _length_studies
        from benchmarks.report.read.labels import has_published_length

        for cells in _length_studies():
            assert not has_published_length(cells[0].settings.dataset)
            assert {cell.seed for cell in cells} == {0}
            assert {cell.settings.method for cell in cells} == {"mnad", "memae"}
            assert isinstance(cells[0], Cell)
