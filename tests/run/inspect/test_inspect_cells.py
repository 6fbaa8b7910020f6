"""What a cell says of its own items and queries, and the same said again from its checkpoint."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from benchmarks import cli
from benchmarks.reading import DIGEST
from benchmarks.run import cell as command
from benchmarks.run.cell_lock import alone_at
from benchmarks.run.inspect.file import MISTAKES, InspectionFile, VideoFile
from benchmarks.run.record import record_path
from benchmarks.study.files import load_study
from benchmarks.study.settings import Cell
from tests.support.cells import write_blob_videos

STUDY = """
[study]
name = "garden"
title = "A small study"
dataset = "garden"
seeds = 1
profile = "smoke"
[settings]
precision = "float32"
train_stride = 3
channels = 1
epochs = 1
[[cells]]
method = "mnad"
task = "reconstruction"
update_threshold = 0.2
[[cells]]
method = "mnad"
task = "reconstruction"
memory = "none"
[[cells]]
method = "memae"
task = "reconstruction"
items = 120
shrink_threshold = 0.005
[[cells]]
method = "dfr"
task = "reconstruction"
backbone = "random"
width = 0.0625
[[cells]]
method = ["mean_frame", "clock", "pca", "rbm_patches"]
task = "reconstruction"
memory = "none"
[[cells]]
method = "cae"
task = "reconstruction"
negative_weight = 1.0
negative_folder = "KNOWN"
"""
LENGTH = 24


pytestmark = pytest.mark.usefixtures("settings_of_torch")


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the set `garden`, the study file, and the records and checkpoints of its cells."""
    root = tmp_path_factory.mktemp("garden")
    write_blob_videos(root / "data" / "garden", train=4, test=2, length=LENGTH, abnormal=lambda video: slice(12, 18))
    known = root / "known"
    known.mkdir()
    cv2.imwrite(str(known / "1.png"), np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8))
    (root / "garden.toml").write_text(STUDY.replace("KNOWN", str(known)))
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    for cell in load_study(root / "garden.toml").cells:
        file = root / "settings.json"
        file.write_text(json.dumps(cell.settings.to_dict()))
        arguments = ["--settings", file, "--seed", cell.seed, "--device", "cpu", "--quiet", *places(root)]
        assert command.main(list(map(str, arguments))) == 0
    torch.use_deterministic_algorithms(before[0])
    torch.set_num_threads(before[1])
    return root


def places(root: Path) -> list[Any]:
    """Where the garden's things lie, as options."""
    return ["--data-root", root / "data", "--results", root / "results", "--work", root / "work"]


def inspect(root: Path, *options: str) -> int:
    """The command on the garden's study."""
    return cli.main(list(map(str, ["inspect", root / "garden.toml", "--device", "cpu", *places(root), *options])))


def cell_of(root: Path, **factors: Any) -> Cell:
    """The one cell with these settings."""
    cells = load_study(root / "garden.toml").cells
    (found,) = [one for one in cells if all(getattr(one.settings, name) == value for name, value in factors.items())]
    return found


def record_of(root: Path, cell: Cell) -> dict[str, Any]:
    """A cell's record."""
    content: dict[str, Any] = json.loads(record_path(root / "results", cell).read_text())
    return content


@contextmanager
def changed_record(root: Path, *keys: str, to: Any = None, method: str = "memae") -> Iterator[Path]:
    """For a while a method's record says something else where the keys lead, or lacks the last of them."""
    path = record_path(root / "results", cell_of(root, method=method))
    text = path.read_text()
    content = json.loads(text)
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    if to is None:
        del place[keys[-1]]
    path.write_text(json.dumps({name: value for name, value in content.items() if name != DIGEST}))
    try:
        yield path
    finally:
        path.write_text(text)


class TestSectionsOfACell:
    def test_of_mnad(self, garden: Path) -> None:
        """Items as trained and after the update, a silhouette or why there is none, all under the published variant."""
        cell = cell_of(garden, method="mnad", memory="mnad")
        record = record_of(garden, cell)
        items, queries = record["items"]["update"], record["queries"]["update"]
        assert items["items"] == 10
        assert -1 <= items["lowest_cosine"] <= items["mean_cosine"] <= items["highest_cosine"] <= 1
        assert items["update_size"] > 0
        assert items["updated"]["mean_cosine"] != items["mean_cosine"]
        # 48 test frames of 4 x 4 queries are fewer than the 2,000 that are wanted.
        assert (queries["frames"], queries["queries"], queries["metric"]) == (48, 48 * 16, "cosine")
        assert queries["silhouette"] is not None or queries["reason"]
        assert 0.1 <= queries["largest_weight"] <= 1
        assert "shapes" not in record
        assert "looked_at" not in record

    def test_of_memae(self, garden: Path) -> None:
        """There is no update; queries are compared as they are."""
        record = record_of(garden, cell_of(garden, method="memae"))
        assert set(record["items"]["plain"]) == {"items", "mean_cosine", "lowest_cosine", "highest_cosine"}
        assert record["queries"]["plain"]["metric"] == "euclidean"

    def test_without_memory(self, garden: Path) -> None:
        """Neither items nor queries are described, but stills are kept; a method that draws nothing leaves nothing."""
        for factors in ({"method": "mnad", "memory": "none"}, {"method": "pca"}, {"method": "clock"}):
            cell = cell_of(garden, **factors)
            assert not {"items", "queries", "shapes"} & set(record_of(garden, cell))
            file = garden / "work" / cell.slug / InspectionFile.NAME
            assert file.exists() == (factors["method"] != "clock")

    def test_look_file_agrees_with_the_record(self, garden: Path) -> None:
        """Items, their use by place and the sampled queries are those that the record describes."""
        for factors, kept in (({"method": "mnad", "memory": "mnad"}, 10), ({"method": "memae"}, 100)):
            cell = cell_of(garden, **factors)
            path = garden / "work" / cell.slug / InspectionFile.NAME
            look = InspectionFile.load(path)
            (queries,) = record_of(garden, cell)["queries"].values()
            assert look.items is not None
            assert look.item_number is not None
            assert look.usage is not None
            assert look.dead is not None
            assert look.query is not None
            assert look.query_item is not None
            assert look.items.shape[0] == look.usage.shape[0] == kept
            assert len(set(look.item_number.tolist())) == kept
            assert look.frames == queries["frames"]
            np.testing.assert_array_equal(look.usage.sum(axis=0) + look.dead, np.full(look.dead.shape, look.frames))
            assert len(look.query) == len(look.query_item) == queries["queries"]
            assert (look.query_item < 0).sum() == queries["dead_queries"]
            kinds = look.still_kind.tolist()
            assert kinds[:3] == ["normal", "abnormal", "other_abnormal"]
            assert set(kinds[3:]) <= set(MISTAKES)
            assert "missed_1" in kinds
            assert look.still_output.shape == (len(kinds), 32, 32, 1)
            assert path.stat().st_size < 2_000_000


class TestInspect:
    def test_says_again_what_the_cells_said(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """From checkpoints, sections and files come out as the cells wrote them; else a record keeps every byte."""
        cells = load_study(garden / "garden.toml").cells
        paths = [record_path(garden / "results", cell) for cell in cells]
        texts = [path.read_text() for path in paths]
        looks = [garden / "work" / cell.slug / InspectionFile.NAME for cell in cells]
        arrays = [vars(InspectionFile.load(path)) if path.exists() else {} for path in looks]
        for path, text in zip(paths, texts, strict=True):
            stripped = {
                name: value
                for name, value in json.loads(text).items()
                if name not in ("items", "queries", "response", "batch_norm", DIGEST)
            }
            path.write_text(json.dumps(stripped))
        for look in looks:
            look.unlink(missing_ok=True)
        assert inspect(garden) == 0
        assert "Left out" not in capsys.readouterr().err
        for path, text, look, expected in zip(paths, texts, looks, arrays, strict=True):
            content = json.loads(path.read_text())
            seen_at = content.pop("looked_at")
            assert set(seen_at) == {"commit", "dirty"}
            before = json.loads(text)
            # The sections were put back at the end, where the cell has them; the digest is of the new whole.
            for one in (content, before):
                one.pop(DIGEST, None)
            assert (content, list(content)) == (before, list(before))
            for name, value in expected.items():
                np.testing.assert_array_equal(getattr(InspectionFile.load(look), name), value)
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text)

    def test_writes_a_whole_video(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """All frames of the video named, beside the look; only the cells asked for are looked at."""
        cell = cell_of(garden, method="mnad", memory="none")
        text = record_path(garden / "results", cell).read_text()
        assert inspect(garden, "--only", "method=mnad,memory=none", "--video", "02") == 0
        said = capsys.readouterr().out
        assert f"{cell.slug}: " in said
        assert "24 frames of video 02" in said
        video = VideoFile.load(garden / "work" / cell.slug / VideoFile.name("02"))
        assert video.frame.tolist() == list(range(LENGTH))
        assert video.label.sum() == 6
        assert video.output.shape == (LENGTH, 32, 32, 1)
        assert len(list((garden / "work").glob("*/video-*.npz"))) == 1
        record_path(garden / "results", cell).write_text(text)

    def test_names_the_video_that_is_not_there(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """One sentence that lists the test videos; nothing is written."""
        cell = cell_of(garden, method="mnad", memory="none")
        before = record_path(garden / "results", cell).read_bytes()
        assert inspect(garden, "--only", "method=mnad,memory=none", "--video", "9") == 2
        assert "01, 02, but got '9'" in capsys.readouterr().err
        assert record_path(garden / "results", cell).read_bytes() == before


class TestRefusals:
    """The command ends with one sentence, and no record is changed."""

    @staticmethod
    def refused(root: Path, capsys: pytest.CaptureFixture[str]) -> str:
        """What is said instead of looking at MemAE's cell."""
        assert inspect(root, "--only", "method=memae") == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert len(said.err.strip().splitlines()) == 1
        return said.err

    @pytest.mark.parametrize(
        "keys",
        [
            ("fingerprint",),
            ("fingerprint", "digest"),
            ("mode",),
            ("epochs",),
            ("data",),
            ("data", "train_checksum"),
            ("data", "test_checksum"),
        ],
        ids=".".join,
    )
    def test_a_record_that_lacks_something_is_named(
        self, garden: Path, capsys: pytest.CaptureFixture[str], keys: tuple[str, ...]
    ) -> None:
        """What is missing from it, and what to do."""
        with changed_record(garden, *keys) as path:
            before = path.read_bytes()
            said = self.refused(garden, capsys)
            assert all(part in said for part in (str(path), keys[-1], "`reproduce` runs the cell again"))
            assert path.read_bytes() == before

    def test_a_cell_that_runs_is_left_alone(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Its checkpoint and its record may change at any moment."""
        cell = cell_of(garden, method="memae")
        path = record_path(garden / "results", cell)
        before = path.read_bytes()
        with alone_at(garden / "work" / cell.slug, "a run"):
            assert f"nobody else at the cell {cell.slug}, but a run (process " in self.refused(garden, capsys)
        assert path.read_bytes() == before


class TestLeftOut:
    """Cells that cannot be looked at are named with what to do, and their records stay."""

    @staticmethod
    def left_out(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
        """What the command says of MemAE's cell, which it must leave alone."""
        assert inspect(root, "--only", "method=memae", *options) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert cell_of(root, method="memae").slug in said.err
        assert len(said.err.strip().splitlines()) == 1
        return said.err

    def test_without_a_checkpoint(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """It is said what to do."""
        cell = cell_of(garden, method="memae")
        checkpoint = garden / "work" / cell.slug / "checkpoint.safetensors"
        checkpoint.rename(checkpoint.with_suffix(".away"))
        try:
            assert "no checkpoint; remove the record" in self.left_out(garden, capsys)
        finally:
            checkpoint.with_suffix(".away").rename(checkpoint)

    def test_one_of_several_makes_the_status(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """The others are looked at all the same, but the command has not done all that was asked."""
        kept, missed = (cell_of(garden, method="mnad", memory=memory) for memory in ("mnad", "none"))
        paths = [record_path(garden / "results", cell) for cell in (kept, missed)]
        texts = [path.read_text() for path in paths]
        paths[1].unlink()
        try:
            assert inspect(garden, "--only", "method=mnad") == 1
            said = capsys.readouterr()
            assert kept.slug in said.out
            assert missed.slug in said.err
            assert not paths[1].exists()
        finally:
            for path, text in zip(paths, texts, strict=True):
                path.write_text(text)

    def test_without_a_record(self, garden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A study that has not been run yet is reported to run first."""
        assert "no record yet; run the study first" in self.left_out(
            garden, capsys, "--results", str(tmp_path), "--work", str(tmp_path)
        )

    def test_with_the_checkpoint_of_another_run(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A checkpoint that did not give the record is not taken for the one that did."""
        cell = cell_of(garden, method="memae")
        path = record_path(garden / "results", cell)
        text = path.read_text()
        content = json.loads(text)
        content["fingerprint"]["digest"] = "0" * 16
        path.write_text(json.dumps({name: value for name, value in content.items() if name != DIGEST}))
        try:
            assert "made by older code; run the study again or give --keep-stale" in self.left_out(garden, capsys)
            assert "not the one of the record" in self.left_out(garden, capsys, "--keep-stale")
        finally:
            path.write_text(text)

    def test_with_the_checkpoint_of_other_known_anomalies(
        self, garden: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A cell that was trained on other images since is not the one of the record."""
        with changed_record(garden, "method", "known_anomalies_checksum", to="other", method="cae"):
            assert inspect(garden, "--only", "method=cae") == 1
        assert "not the one of the record" in capsys.readouterr().err

    @pytest.mark.parametrize(("split", "frames"), [("train", "training"), ("test", "test")])
    def test_of_other_data(self, garden: Path, capsys: pytest.CaptureFixture[str], split: str, frames: str) -> None:
        """A record of other frames, of either split, is not mixed with these."""
        with changed_record(garden, "data", f"{split}_checksum", to="other"):
            assert f"of other {frames} frames" in self.left_out(garden, capsys)

    def test_an_unknown_study_or_cell_is_refused(self, garden: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Status 2 and a sentence, as of every command."""
        assert cli.main(["inspect", "nowhere"]) == 2
        assert "Expected a study among" in capsys.readouterr().err
        assert inspect(garden, "--only", "task=prediction") == 2
        assert "matches none" in capsys.readouterr().err
