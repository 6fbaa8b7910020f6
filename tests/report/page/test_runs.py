import base64
import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.errors import StudyError
from benchmarks.report.figures import timeline
from benchmarks.report.page import runs, timelines
from benchmarks.report.page.runs import RUN_BUDGET, group_id, pack, payload, run_id
from benchmarks.report.page.timelines import LEVELS
from benchmarks.report.read.frame_scores import score_of, scored, variant_frames
from benchmarks.report.read.records import Record, load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]
SETTINGS = resolve(dataset="synthetic", method="mnad", task="prediction", memory="own", profile="cpu")


def unpack(packed: str) -> tuple[dict[str, Any], bytes]:
    """What a browser does with a payload."""
    plain = gzip.decompress(base64.b64decode(packed))
    end = plain.index(0)
    return json.loads(plain[:end]), plain[end + 1 :]


def content_of(record: Record) -> dict[str, Any]:
    """What the page holds of a run, timelines apart."""
    name = run_id(record)
    content: dict[str, Any] = unpack(pack([record]).groups[group_id(name)])[0][name]
    return content


def levels_of(record: Record, *, points: int = 3000) -> dict[str, list[float]]:
    """Scores by normalisation, all videos in a row, as page.js draws them."""
    name = run_id(record)
    payloads = pack([record], points)
    content, steps = unpack(payloads.groups[group_id(name)])[0][name], unpack(payloads.timelines[name])[1]
    known = iter(np.frombuffer(steps, dtype=np.uint8).astype(int))
    found: dict[str, list[list[float]]] = {}
    for how in content["means"]:
        if how in content["lines"]:
            lines = zip(content["lines"][how], found["per_video"], strict=True)
            found[how] = [[(low + extent * score) / 1000 for score in scores] for (low, extent), scores in lines]
        else:
            found[how] = [
                list(np.cumsum([next(known) for _ in range(length)]) % 256 / LEVELS) for length in content["lengths"]
            ]
    assert next(known, None) is None
    return {how: [score for scores in curves for score in scores] for how, curves in found.items()}


def one_record(results: Path, write_record: Write, **replaced: Any) -> Record:
    write_record(results, SETTINGS, 0, 1.0, **replaced)
    return load_records(results)[0]


class TestPayload:
    def test_comes_back(self) -> None:
        """JSON and bytes are what they were, a zero byte among the bytes too; the same twice over."""
        content = {"a": "ä <b>", "b": [1, None]}
        packed = payload(content, b"\x00\x01\xff")
        assert unpack(packed) == (content, b"\x00\x01\xff")
        assert packed == payload(content, b"\x00\x01\xff")


class TestPack:
    @pytest.mark.parametrize(("memory", "straight"), [("own", False), ("none", True)])
    def test_timelines_are_the_scores(
        self, tmp_path: Path, write_record: Write, memory: str, *, straight: bool
    ) -> None:
        """Every frame's score comes back within a level under both normalisations, kept as lines where there is one term."""
        settings = resolve(dataset="synthetic", method="mnad", task="prediction", memory=memory, profile="cpu")
        write_record(tmp_path, settings, 0, 1.0)
        record = load_records(tmp_path)[0]
        content = content_of(record)
        assert (set(content["lines"]) == {"global"}) is straight
        found = levels_of(record)
        assert set(found) == {"per_video", "global"}
        for how, scores in found.items():
            table = scored(record, record.variant, score_of(record, record.score), how)
            assert table is not None
            assert np.abs(np.asarray(scores) - table["anomaly"].to_numpy()).max() <= 1 / LEVELS
            for place, (_, frames) in enumerate(table.groupby("video", sort=False)):
                normal = frames.loc[frames["label"] == 0, "anomaly"].mean()
                assert content["means"][how][place][0] == pytest.approx(normal, abs=6e-3)
        assert content["lengths"] == [40, 40, 40]

    def test_runs_of_a_group_share_a_payload(self, core_cells: Cells, core_results: Write) -> None:
        """Facts, settings and curves of a data set's runs are packed together, the timelines of each run apart."""
        records = load_records(core_results([*core_cells("ped2", (0,)), *core_cells("synthetic", (0,))]))
        payloads = pack(records)
        assert list(payloads.groups) == ["ped2/cpu", "synthetic/cpu"]
        for record in records:
            assert run_id(record) in unpack(payloads.groups[group_id(run_id(record))])[0]
        assert set(payloads.timelines) == {run_id(record) for record in records}

    def test_auc_under_each_convention(self, tmp_path: Path, write_record: Write) -> None:
        """The record's own metrics in per cent, and a gap where one was not measured."""
        record = one_record(tmp_path, write_record)
        found = dict(content_of(record)["auc"])
        published = record.metric("micro_auc")
        assert published is not None
        assert found["Micro, per-video normalisation (published)"] == pytest.approx(100 * published, abs=6e-3)
        metrics = copy.deepcopy(record.content["metrics"])
        del metrics[record.variant][record.score]["global"]
        bare = one_record(tmp_path, write_record, metrics=metrics)
        assert dict(content_of(bare)["auc"])["Micro, pooled without normalisation"] is None

    def test_runs_on_the_same_frames_share_their_videos(self, core_cells: Cells, core_results: Write) -> None:
        """Names and abnormal ranges are held once; the ranges are those that the figures shade."""
        records = load_records(core_results(core_cells("ped2", (0,))))
        payloads = pack(records)
        assert len(payloads.videos) == 1
        (shared,) = (unpack(one)[0] for one in payloads.videos.values())
        terms = variant_frames(records[0], records[0].variant)
        starts = [0, 40, 80, 120]
        shaded = [
            [int(terms["frame"][first]), int(terms["frame"][last - 1]), 1]
            for first, last in timeline.abnormal_ranges(terms["label"].to_numpy() > 0, starts)
        ]
        assert [one for video in shared["videos"] for one in video["ranges"]] == shaded
        assert [video["name"] for video in shared["videos"]] == ["01", "02", "03"]

    def test_kinds_of_anomalies_are_told_apart(self, tmp_path: Path, write_record: Write) -> None:
        """On the synthetic set a range has its kind, and the kinds have names."""
        record = one_record(tmp_path, write_record)
        (shared,) = (unpack(one)[0] for one in pack([record]).videos.values())
        assert [video["ranges"][0][2] for video in shared["videos"]] == [1, 2, 3]
        assert shared["kinds"] == {"1": "spatial", "2": "temporal", "3": "spatio-temporal"}

    def test_facts_are_the_records(self, tmp_path: Path, write_record: Write) -> None:
        """The AUC that is shown is the headline's, and a value that is not there has no line."""
        record = one_record(tmp_path, write_record)
        facts = dict(content_of(record)["facts"])
        assert facts["AUC (%)"] == f"{100 * record.content['headline']['micro_auc']:.1f}"
        assert facts["Parameters"] == "1,234,567"
        bare = one_record(tmp_path, write_record, phases={}, commit=None)
        facts = dict(content_of(bare)["facts"])
        assert "Training, s" not in facts
        assert facts["Commit"] == "unknown"

    def test_losses_that_are_no_numbers_are_left_out(self, tmp_path: Path, write_record: Write) -> None:
        """A loss above all floats is a gap, and JSON stays JSON; the AUC between epochs is a curve of its own."""
        epochs = [
            {"epoch": 1, "losses": {"total": 98765.5}, "micro_auc": 0.5},
            {"epoch": 2, "losses": {"total": 0.123456789}},
        ]
        path = write_record(tmp_path, SETTINGS, 0, 1.0, epochs=epochs)
        path.write_text(path.read_text().replace("98765.5", "1e999"))  # JSON has no NaN, but numbers of any size
        curves = content_of(load_records(tmp_path)[0])["curves"]
        assert curves["terms"] == {"total": [None, 0.1235], "AUC on the test set (%)": [50.0, None]}

    def test_many_epochs_and_many_items_stay_small(self, tmp_path: Path, write_record: Write) -> None:
        """A thousand epochs keep the last one, two thousand items are shown by rank, and the payload within its budget."""
        epochs = [
            {"epoch": number, "losses": dict.fromkeys("abcde", 1 / number), "usage": list(range(2000))}
            for number in range(1, 1001)
        ]
        usage = {"update": {"counts": list(range(2000)), "perplexity": 1500.0, "dead": 1}}
        record = one_record(tmp_path, write_record, epochs=epochs, usage=usage)
        content = content_of(record)
        assert len(payload(content)) < RUN_BUDGET
        assert content["curves"]["epochs"][-1] == 1000
        for panel in content["usage"]:
            assert panel["sorted"]
            assert panel["items"] == 2000
            assert panel["shares"] == sorted(panel["shares"], reverse=True)
            assert panel["shares"][0] == pytest.approx(100 * 1999 / sum(range(2000)), rel=0.01)

    def test_refuses_a_run_over_its_budget(
        self, tmp_path: Path, write_record: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One sentence names the record, its size and what to ask for."""
        record = one_record(tmp_path, write_record)
        monkeypatch.setattr(runs, "RUN_BUDGET", 50)
        with pytest.raises(StudyError, match=rf"at most 50 bytes of {record.path} .*--points 400"):
            pack([record])


class TestRunId:
    def test_is_one_word(self, tmp_path: Path, write_record: Write) -> None:
        """Set, profile, setting with its hash, and seed; a blank would end a run's name on the page."""
        name = run_id(one_record(tmp_path, write_record))
        assert name == f"synthetic/cpu/{SETTINGS.name}/0"
        assert quote(name) == name


class TestThin:
    @given(
        values=st.lists(st.floats(0, 1), min_size=1, max_size=500),
        points=st.integers(2, 60).map(lambda half: 2 * half),
    )
    def test_keeps_the_extremes(self, values: list[float], points: int) -> None:
        """No more points than asked for, the lowest and the highest score among them, in the order of the frames."""
        thin = timelines.thin(np.asarray(values), points)
        assert len(thin) == min(len(values), points)
        assert thin.min() == min(values)
        assert thin.max() == max(values)
        if len(values) <= points:
            assert thin.tolist() == values

    @given(lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=120), points=st.integers(100, 4000))
    def test_shares_fit(self, lengths: list[int], points: int) -> None:
        """All videos together keep about the points asked for: 20 each at least, 2 more by rounding."""
        ends = np.cumsum(lengths)
        spans = [slice(int(end) - length, int(end)) for end, length in zip(ends, lengths, strict=True)]
        shares = [timelines.share(span, int(ends[-1]), points) for span in spans]
        assert all(1 <= share <= length for share, length in zip(shares, lengths, strict=True))
        assert sum(shares) <= points + 22 * len(lengths)
