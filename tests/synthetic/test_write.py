"""The synthetic set as files."""

import os
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from synthetic import write
from synthetic.dataset import render_video, video_plan
from synthetic.scene import SceneSettings

SMALL = SceneSettings(size=64, train_videos=2, train_frames=5, test_videos=2, test_frames=16)


class TestWriteDataset:
    """Frame-prediction layout."""

    def test_files_hold_what_is_rendered(self, tmp_path: Path) -> None:
        """Frames, masks, labels, kinds and objects read back as rendered."""
        target = write.write_dataset(SMALL, tmp_path)
        assert target == tmp_path / "synthetic"
        videos = [render_video(plan) for plan in video_plan(SMALL, "test")]
        for number, video in enumerate(videos, start=1):
            for name, images in (("frames", video.frames), ("masks", video.masks * np.uint8(255))):
                files = sorted((target / "testing" / name / f"{number:02d}").iterdir())
                assert [file.name for file in files] == [f"{index:03d}.png" for index in range(16)]
                read = np.stack([np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)) for file in files])
                np.testing.assert_array_equal(read, images)
        assert len(list((target / "training" / "frames").rglob("*.png"))) == 10
        for name, parts in (("labels", [v.labels for v in videos]), ("kinds", [v.kinds for v in videos])):
            np.testing.assert_array_equal(np.load(tmp_path / f"frame_{name}_synthetic.npy"), [np.concatenate(parts)])
        table = pd.read_csv(target / "objects.csv", dtype={"video": str})
        rows = table[(table["split"] == "test") & (table["video"] == "02")].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows.drop(columns=["split", "video"]), videos[1].objects, check_dtype=False)

    def test_refuses_to_overwrite(self, tmp_path: Path) -> None:
        """A set that is there is left as it is."""
        (tmp_path / "synthetic").mkdir()
        with pytest.raises(ValueError, match="is there already"):
            write.write_dataset(SMALL, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["synthetic"]

    @pytest.mark.parametrize("what", ["labels", "kinds"])
    def test_refuses_to_overwrite_labels(self, tmp_path: Path, what: str) -> None:
        """A label file that is there, of another set for one, keeps its bytes."""
        file = tmp_path / f"frame_{what}_synthetic.npy"
        file.write_bytes(b"mine")
        with pytest.raises(ValueError, match=f"{file.name} is there already"):
            write.write_dataset(SMALL, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [file.name]
        assert file.read_bytes() == b"mine"

    @pytest.mark.parametrize("last", ["frame_kinds_synthetic.npy", "synthetic"])
    def test_takes_back_what_it_moved(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str) -> None:
        """Where the last file or the folder cannot be moved to its place, those before it do not stay."""
        rename = os.rename

        def failing(source: Path, target: Path, **_: object) -> None:
            if Path(target).name == last:
                raise OSError(28, "No space left on device")
            rename(source, target)

        for place in ("os.rename", "pathlib.os.rename"):
            monkeypatch.setattr(place, failing)
        with pytest.raises(OSError, match="No space left"):
            write.write_dataset(SMALL, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_nothing_half_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An image that cannot be written ends in a sentence and an empty folder."""
        monkeypatch.setattr(cv2, "imwrite", lambda *_: False)
        with pytest.raises(OSError, match="could not be written"):
            write.write_dataset(SMALL, tmp_path)
        assert list(tmp_path.iterdir()) == []


class TestMain:
    """The command."""

    def test_wrong_setting(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A wrong setting ends with status 2 and one sentence."""
        monkeypatch.setattr("sys.argv", ["write", str(tmp_path), "--size", "4"])
        with pytest.raises(SystemExit) as stopped:
            write.main()
        assert stopped.value.code == 2
        assert capsys.readouterr().err == "size must be a whole number of at least 16, got 4.\n"
