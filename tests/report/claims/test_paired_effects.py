import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measure.metrics import frame_metrics
from benchmarks.report.claims.claims import Condition, Contrast, Side
from benchmarks.report.claims.paired_effects import Evidence, of_group, published_effects, without_stale
from benchmarks.report.claims.paired_effects import gather as gather_by
from benchmarks.report.claims.rules import read_rules
from benchmarks.report.claims.trained import Training
from benchmarks.report.read.frame_scores import common_frames, score_of, scored
from benchmarks.report.read.groups import Group, groups_of
from benchmarks.report.read.quantities import measure
from benchmarks.report.read.records import Record, load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]
PED2 = Group("ped2", "cpu")
RULES = read_rules()


def gather(one: Contrast, group: Group, records: list[Record]) -> Evidence:
    return gather_by(one, group, of_group(records, group), RULES, Training(RULES.trained))


def contrast(a: Side, b: Side | None, quantity: str = "auc", **more: object) -> Contrast:
    return Contrast("test", "", quantity, a, b, "higher", 0.5, ("ped2",), **more)  # type: ignore[arg-type]


def memory(task: str = "prediction", method: str = "mnad") -> Contrast:
    shared = {"method": method, "task": task}
    return contrast(Side({**shared, "memory": "own"}), Side({**shared, "memory": "none"}))


def mnad(results: Path, write_record: Write, seeds: int = 3, **replaced: object) -> None:
    for own in ("own", "none"):
        settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=own, profile="cpu", **replaced)
        for seed in range(seeds):
            write_record(results, settings, seed, 1.1 if own == "own" else 0.7)


class TestGather:
    def test_pairs_by_seed(self, tmp_path: Path, write_record: Write) -> None:
        """The effect of each seed is the difference of the two records' AUC in points."""
        mnad(tmp_path, write_record)
        records = load_records(tmp_path)
        found = gather(memory(), PED2, records)
        aucs = {(r.settings.memory, r.seed): 100 * r.content["headline"]["micro_auc"] for r in records}
        assert dict(found.effects) == pytest.approx(
            {seed: aucs["mnad", seed] - aucs["none", seed] for seed in range(3)}, abs=1e-3
        )
        assert found.other_videos is not None
        assert found.other_videos[0] < found.other_videos[1]
        assert (found.lacking, found.left_out) == ((), ())

    @pytest.mark.parametrize(
        ("bounds", "met"),
        [
            ({"at_least": 0.0}, True),
            ({"at_least": 101.0}, False),
            ({"at_most": 101.0}, True),
            ({"at_most": 0.0}, False),
        ],
    )
    def test_a_condition_is_about_the_mean_of_side_a(
        self, tmp_path: Path, write_record: Write, bounds: dict[str, float], met: bool
    ) -> None:
        """What its runs do not meet is named, from below and from above."""
        mnad(tmp_path, write_record)
        sides = (Side({"method": "mnad", "task": "prediction"}, name) for name in ("update", "no_update"))
        condition = Condition("auc", "for a reason", **bounds)
        found = gather(contrast(*sides, only_if=condition), PED2, load_records(tmp_path))
        assert found.unmet == ("" if met else "for a reason")

    def test_dead_queries_of_the_published_variant(self, tmp_path: Path, write_record: Write) -> None:
        """MemAE's share of empty addresses in per cent; without hard shrinkage there are none."""
        for shrink, usage in ((0.001, {"plain": {"dead_queries": 0.62}}), (0.0, {})):
            settings = resolve(dataset="ped2", method="memae", task="reconstruction", shrink_threshold=shrink)
            write_record(tmp_path, settings, 0, 1.0, usage=usage)
        found = {r.settings.shrink_threshold: measure(r, "dead_queries") for r in load_records(tmp_path)}
        assert found == {0.001: pytest.approx(62.0), 0.0: 0.0}

    def test_untrained_and_exploratory_runs_are_marked(
        self, tmp_path: Path, write_record: Write, trained_run: Callable[..., dict[str, object]]
    ) -> None:
        """One side that is not trained is enough, and one run before the freeze."""

        def write(own: str, seed: int, **replaced: object) -> None:
            settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=own, profile="small", epochs=20)
            write_record(tmp_path, settings, seed, 1.0, **trained_run(settings) | replaced)

        for own in ("own", "none"):
            write(own, 0)
        group = Group("ped2", "small", epochs=20)
        found = gather(memory(), group, load_records(tmp_path))
        assert (found.untrained, found.exploratory, found.margin) == ("", False, RULES.margins["ped2"]["auc"])
        write("none", 0, started="2026-11-22T16:13:29+00:00")
        assert gather(memory(), group, load_records(tmp_path)).exploratory
        constant = [{"epoch": 1, "losses": {"total": 0.1}, "learning_rate": 2e-4}]
        write("none", 0, epochs=constant)
        found = gather(memory(), group, load_records(tmp_path))
        assert found.untrained == "31 % of the published updates, last learning rate 100 % of its peak"
        assert not found.exploratory

    def test_of_two_methods_the_untrained_one_is_named(self, tmp_path: Path, write_record: Write) -> None:
        """A score without learning is always trained; the network beside it is not."""
        mnad(tmp_path, write_record)
        write_record(tmp_path, resolve(dataset="ped2", method="frame_difference", task="reconstruction"), 0, epochs=[])
        sides = (
            Side({"method": "mnad", "task": "prediction"}),
            Side({"method": "frame_difference", "task": "reconstruction"}),
        )
        found = gather(contrast(*sides), PED2, load_records(tmp_path))
        assert found.untrained.startswith("MNAD: ")
        assert "frame difference" not in found.untrained

    def test_a_missing_side_is_named(self, tmp_path: Path, write_record: Write) -> None:
        """Without the twin there is no effect, and the side that lacks is reported."""
        write_record(tmp_path, resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu"), 0)
        found = gather(memory(), PED2, load_records(tmp_path))
        assert (dict(found.effects), found.lacking) == ({}, ("b",))

    def test_profiles_and_geometry_never_meet(self, tmp_path: Path, write_record: Write) -> None:
        """One side at cpu and the other at small, or at another width, make no pair."""
        own = resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu")
        for other in ({"profile": "small"}, {"profile": "cpu", "width": 0.5}):
            none = resolve(dataset="ped2", method="mnad", task="prediction", memory="none", **other)  # type: ignore[arg-type]
            for seed in range(3):
                write_record(tmp_path, own, seed)
                write_record(tmp_path, none, seed)
        records = load_records(tmp_path)
        for group in groups_of(records):
            assert dict(gather(memory(), group, records).effects) == {}

    def test_versions_of_the_code_never_meet(self, tmp_path: Path, write_record: Write) -> None:
        """Of records made by two versions of a shared file, the version with more pairs counts; the rest is named."""
        for own in ("own", "none"):
            settings = resolve(dataset="ped2", method="mnad", task="prediction", memory=own, profile="cpu")
            for seed in range(4):
                code = {"digest": "x", "modules": {"loop.py": "old" if seed == 3 else "new", f"{own}.py": "same"}}
                write_record(tmp_path, settings, seed, 1.0, fingerprint=code)
        found = gather(memory(), PED2, load_records(tmp_path))
        assert sorted(found.effects) == [0, 1, 2]
        assert len(found.left_out) == 2
        assert {cell.seed for cell in found.left_out} == {3}

    def test_a_baseline_stands_beside_every_geometry_of_its_profile(self, tmp_path: Path, write_record: Write) -> None:
        """Its layers ask for frames of their own; MNAD at 64x64 is compared with it, at another profile it is not."""
        stae = Side({"method": "stae", "task": "reconstruction", "memory": "none"})
        mine = Side({"method": "mnad", "task": "prediction"})
        small = resolve(dataset="ped2", method="mnad", task="prediction", profile="small", size=64)
        other = resolve(dataset="ped2", method="mnad", task="prediction", profile="cpu")
        for seed in range(3):
            for settings in (stae.settings("ped2", "small"), small, other):
                write_record(tmp_path, settings, seed)
        records = load_records(tmp_path)
        pairs = {
            group.profile: len(gather(contrast(mine, stae), group, records).effects) for group in groups_of(records)
        }
        assert pairs == {"small": 3, "cpu": 0}

    @pytest.mark.parametrize(("other", "pairs"), [("mnad", 0), ("stae", 3)])
    def test_modes_meet_across_methods_alone(self, tmp_path: Path, write_record: Write, other: str, pairs: int) -> None:
        """A run in the mode fast is no partner for its twin in the default mode, but it is for another method."""
        sides = (
            Side({"method": "mnad", "task": "prediction"}),
            Side({"method": other, "task": "prediction" if other == "mnad" else "reconstruction", "memory": "none"}),
        )
        for side, mode in zip(sides, ("fast", "record"), strict=True):
            for seed in range(3):
                write_record(tmp_path, side.settings("ped2", "cpu"), seed, mode=mode)
        assert len(gather(contrast(*sides), PED2, load_records(tmp_path)).effects) == pairs

    def test_other_tasks_are_compared_on_common_frames(self, tmp_path: Path, write_record: Write) -> None:
        """Across tasks the AUC is that of the frames which both score."""
        for task in ("prediction", "reconstruction"):
            settings = resolve(dataset="ped2", method="mnad", task=task, profile="cpu")
            path = write_record(tmp_path, settings, 0)
            if task == "prediction":
                _drop_first_frames(path)
        records = load_records(tmp_path)
        sides = [Side({"method": "mnad", "task": task}) for task in ("prediction", "reconstruction")]
        found = gather(contrast(*sides), PED2, records)
        tables = [scored(r, r.variant, score_of(r, r.score)) for r in sorted(records, key=lambda r: r.settings.task)]
        assert tables[0] is not None
        assert tables[1] is not None
        common = common_frames([tables[0], tables[1]])
        assert len(common) == len(tables[0]) < len(tables[1])
        areas = []
        for table in tables:
            assert table is not None
            kept = common.merge(table)
            areas.append(frame_metrics(kept["anomaly"], kept["label"], kept["video"]).micro_auc)
        assert found.effects[0] == pytest.approx(100 * (areas[0] - areas[1]))
        assert found.runs == ((pytest.approx(100 * areas[0]),), (pytest.approx(100 * areas[1]),))

    def test_a_method_that_draws_nothing_stands_against_every_seed(self, tmp_path: Path, write_record: Write) -> None:
        """One record of frame differences is enough for three seeds of MNAD."""
        mnad(tmp_path, write_record)
        write_record(tmp_path, resolve(dataset="ped2", method="frame_difference", task="reconstruction"), 0)
        sides = (
            Side({"method": "mnad", "task": "prediction"}),
            Side({"method": "frame_difference", "task": "reconstruction"}),
        )
        assert len(gather(contrast(*sides), PED2, load_records(tmp_path)).effects) == 3

    def test_a_quantity_that_records_lack(self, tmp_path: Path, write_record: Write) -> None:
        """Cells that are there but do not hold the quantity are distinguished from cells that are missing."""
        mnad(tmp_path, write_record)
        found = gather(
            contrast(Side({"method": "mnad", "task": "prediction"}), None, "query_silhouette"),
            PED2,
            load_records(tmp_path),
        )
        assert (dict(found.effects), found.unheld, found.lacking) == ({}, True, ())

    def test_a_reference_is_subtracted(self, tmp_path: Path, write_record: Write) -> None:
        """Against a number, the effect is what is left above it."""
        mnad(tmp_path, write_record, seeds=1)
        records = load_records(tmp_path)
        one = contrast(Side({"method": "mnad", "task": "prediction"}), None, "items_in_use", reference=3.0)
        (record,) = [r for r in records if r.settings.memory == "mnad"]
        assert gather(one, PED2, records).effects[0] == pytest.approx(
            record.content["usage"]["update"]["perplexity"] - 3
        )


class TestPublishedEffects:
    def test_of_memory(self) -> None:
        """MNAD's prediction gains 97.0 - 94.3 in its paper and 0.8 in RC2020; a setting that nobody published has none."""
        found = published_effects(memory(), "ped2")
        assert [(round(effect, 1), status) for effect, status, _ in found] == [(2.7, "P"), (0.8, "P")]
        off = contrast(Side({"method": "mnad", "task": "prediction", "skip": "off"}), memory().b)
        assert published_effects(off, "ped2") == []

    @pytest.mark.parametrize(("score", "number"), [("published", 2), ("error", 2), ("feature_distance", 0)])
    def test_under_one_score_for_both_sides_too(self, score: str, number: int) -> None:
        """The error of the method is what papers compare; a term of the score alone is not."""
        one, other = memory().a, memory().b
        assert len(published_effects(contrast(one, other, score=score), "ped2")) == number

    @pytest.mark.parametrize(("threshold", "number"), [(0.0, 0), (0.0005, 1), (0.001, 1), (0.0015, 1), (0.002, 0)])
    def test_of_memae_inside_its_papers_interval(self, threshold: float, number: int) -> None:
        """The paper gives thresholds from 1/N to 3/N; its rise is that of any of them."""
        shared = {"method": "memae", "task": "reconstruction"}
        sides = Side({**shared, "shrink_threshold": threshold}), Side({**shared, "memory": "none"})
        assert len(published_effects(contrast(*sides, score="mean_absolute_error"), "ped2")) == number


class TestWithoutStale:
    def test_splits(self, tmp_path: Path, write_record: Write) -> None:
        """What the caller calls stale is taken out; without a caller's word nothing is."""
        mnad(tmp_path, write_record, seeds=2)
        records = load_records(tmp_path)
        fresh, stale = without_stale(records, lambda record: record.seed == 1)
        assert ({r.seed for r in fresh}, {r.seed for r in stale}) == ({0}, {1})
        assert without_stale(records, None) == (records, [])


class TestMeasure:
    def test_a_square_against_a_circle(self, tmp_path: Path, write_record: Write) -> None:
        """The output at a square less the output at a circle; None where a record lacks one of them."""
        settings = resolve(dataset="synthetic", method="mnad", task="prediction", profile="small")
        both = {
            "matched": {"circle_minus_square": 0.01},
            "circles": {"output": {"matched": {"circle_minus_square": 0.03}}},
        }
        for seed, shapes in enumerate(({"update": both}, {"update": {"matched": both["matched"]}})):
            write_record(tmp_path, settings, seed, 1.0, shapes=shapes)
        found = [measure(record, "square_against_circle") for record in load_records(tmp_path)]
        assert found == [pytest.approx(-0.02), None]

    def test_error_alone_is_each_methods_own(self, tmp_path: Path, core_cells: Cells, core_results: Write) -> None:
        """The score "error" is PSNR for MNAD and the squared error for MemAE, which rank alike."""
        records = load_records(core_results(core_cells("ped2", (0,))))
        for record in records:
            name = "mse" if record.settings.method == "memae" else "psnr"
            assert measure(record, "auc", score="error") == pytest.approx(
                100 * (record.metric("micro_auc", score=name) or np.nan)
            )

    def test_psnr_of_frames(self, core_cells: Cells, core_results: Write) -> None:
        """Abnormal frames of the invented runs are reconstructed worse than normal ones."""
        for record in load_records(core_results(core_cells("ped2", (0,)))):
            abnormal, normal = measure(record, "psnr_abnormal"), measure(record, "psnr_normal")
            assert abnormal is not None
            assert normal is not None
            assert abnormal < normal
            assert measure(record, "psnr_normal", variant="read_ones") is None


def _drop_first_frames(path: Path) -> None:
    from benchmarks.measure.terms import read_terms, write_terms

    table_path = path.with_name(path.stem + ".csv.gz")
    table = read_terms(table_path)
    kept = table[table["frame"] >= 8].reset_index(drop=True)
    write_terms(kept, table_path)
    content = json.loads(path.read_text())
    content["data"]["scored_frames"] = len(kept)
    path.write_text(json.dumps(content))
