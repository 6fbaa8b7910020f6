import json
from pathlib import Path

import pytest

from benchmarks.grid.estimate import measured
from benchmarks.run.cell import main
from tests.support.cells import arguments, only, settings_file

pytestmark = pytest.mark.usefixtures("settings_of_torch")


class TestTimeCell:
    @pytest.mark.parametrize("method", ["mnad", "memae"])
    def test_leaves_a_timing_that_a_plan_reads_and_no_record(self, yard: Path, tmp_path: Path, method: str) -> None:
        """Seconds of a step, times all steps of the cell; of a scored clip, times all test frames."""
        small = {"items": 20, "train_stride": 4} if method == "memae" else {}
        file = settings_file(tmp_path, method=method, task="reconstruction", epochs=7, **small)
        assert main([*arguments(file, yard, tmp_path), "--time-steps", "100"]) == 0
        assert not list(tmp_path.rglob("seed-*"))
        assert not list(tmp_path.rglob("checkpoint*"))
        facts = json.loads(only(tmp_path, "timing.json").read_text())
        steps = facts["train_clips"] // 4
        assert facts["timed_steps"] == steps - min(10, steps // 2)
        assert facts["phases"]["train"]["seconds"] == pytest.approx(7 * steps * facts["seconds_per_step"], rel=0.01)
        assert facts["phases"]["evaluate"]["seconds"] == pytest.approx(90 * facts["seconds_per_scored_clip"], rel=0.01)
        found = measured(facts)
        assert found is not None
        assert found.settings.to_dict() == json.loads(file.read_text())
        assert found.seconds.total > 0

    def test_a_run_does_not_notice(self, yard: Path, tmp_path: Path) -> None:
        """A cell that was timed first trains as one that was not."""
        file = settings_file(tmp_path)
        losses = []
        for folder, timed in ((tmp_path / "a", ["--time-steps", "4"]), (tmp_path / "b", [])):
            if timed:
                assert main([*arguments(file, yard, folder), *timed]) == 0
            assert main(arguments(file, yard, folder)) == 0
            record = json.loads(only(folder, "seed-3.json").read_text())
            losses.append([epoch["losses"] for epoch in record["epochs"]])
        assert losses[0] == losses[1]

    def test_a_cell_without_training_has_no_step(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It is refused in a sentence."""
        file = settings_file(tmp_path, method="mean_frame", task="reconstruction")
        assert main([*arguments(file, yard, tmp_path), "--time-steps", "4"]) == 2
        assert "has no step to time" in capsys.readouterr().err
