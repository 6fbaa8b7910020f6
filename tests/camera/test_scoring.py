"""Scores of a video: the same in one pass or by chunks, with times, p-values and alarms."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import StudyError
from memory_vad import scoring
from memory_vad.decode import pictures
from memory_vad.model import Model
from memory_vad.scoring import score_frames, score_video
from tests.support.moving_clips import write_clip


class TestScoreVideo:
    def test_finds_what_is_odd(self, model: Model, odd_clip: Path) -> None:
        """The stripes are the only event; every scored frame has time, score, p and alarm."""
        result = score_video(model, odd_clip, per_hour=120)
        assert list(result.table.columns) == ["time", "frame", "score", "p", "alarm"]
        assert len(result.table) == 150 - 4
        assert result.table["time"].iloc[0] == pytest.approx(0.8)
        (event,) = result.events
        assert 11.9 <= event.start <= 13
        assert 15 <= event.end <= 17

    def test_chunks_do_not_matter(self, model: Model, odd_clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Scores do not depend on how many frames are scored at once."""
        whole = score_video(model, odd_clip).table
        monkeypatch.setattr(scoring, "_CHUNK", 7)
        np.testing.assert_allclose(score_video(model, odd_clip).table["score"], whole["score"], rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("chunk", [7, 64])
    def test_every_picture_is_drawn_once(
        self, model: Model, odd_clip: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
    ) -> None:
        """An overlay gets each picture once, in order, with the score of the table and a map where there is one."""
        monkeypatch.setattr(scoring, "_CHUNK", chunk)
        seen: list[tuple[float, float, bool]] = []
        result = score_video(
            model,
            odd_clip,
            map_side=8,
            drawn=lambda picture, error, score: seen.append((picture.time, score, error is not None)),
        )
        assert [time for time, _, _ in seen] == [picture.time for picture in pictures(odd_clip, 5)]
        scored = [score for _, score, has in seen if has]
        np.testing.assert_allclose(scored, result.table["score"])
        assert all(np.isnan(score) for _, score, has in seen if not has)

    def test_too_short(self, model: Model, tmp_path: Path) -> None:
        """A video shorter than a clip is one sentence."""
        with pytest.raises(StudyError, match="at least 5 frames"):
            score_video(model, write_clip(tmp_path / "a.mp4", 0.5))

    def test_another_camera_is_a_warning(self, model: Model, tmp_path: Path) -> None:
        """A scene that the weights never saw gets a warning."""
        result = score_video(model, write_clip(tmp_path / "a.mp4", 6, odd=(0, 6)))
        assert "another camera" in result.warnings[0]

    def test_without_calibration(self, model: Model, odd_clip: Path) -> None:
        """Weights without calibration cannot score; the sentence says what to do."""
        model.calibration = None
        with pytest.raises(StudyError, match="calibrate"):
            score_video(model, odd_clip)


class TestScoreFrames:
    def test_equals_the_video(self, model: Model, odd_clip: Path) -> None:
        """An array of a video's frames gets the video's scores; frames without enough before them get NaN."""
        frames = np.stack([picture.image() for picture in pictures(odd_clip, 5)])
        scores = score_frames(model, frames)
        assert np.isnan(scores[:4]).all()
        expected = score_video(model, odd_clip).table["score"]
        # Grey by the decoder and grey by weights differ by a level or two.
        assert np.corrcoef(scores[4:], expected)[0, 1] > 0.99
