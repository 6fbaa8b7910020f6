from pathlib import Path

from benchmarks.track.pictures import import_figures
from benchmarks.track.runs import Runs


def draw(results: Path, name: str, content: bytes) -> None:
    folder = results / "figures" / "lines-ped2"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


class TestImportFigures:
    def test_a_run_per_study_replaced_when_figures_change(self, tmp_path: Path, uri: str) -> None:
        """The run lies in the data set's experiment and holds the folder; again changes nothing, a new figure replaces it."""
        draw(tmp_path, "comparison-ped2.png", b"one")
        draw(tmp_path, "queries-ped2.png", b"two")
        runs = Runs(uri)
        assert import_figures(runs, tmp_path) == 1
        assert import_figures(runs, tmp_path) == 0
        draw(tmp_path, "queries-ped2.png", b"three")
        assert import_figures(runs, tmp_path) == 1
        (run,) = runs.client.search_runs([runs.experiment("ped2")])
        assert run.data.tags["study"] == "lines-ped2"
        assert {one.path for one in runs.client.list_artifacts(run.info.run_id)} == {
            "comparison-ped2.png",
            "queries-ped2.png",
        }
        assert runs.find("ped2") == {}

    def test_nothing_drawn(self, tmp_path: Path, uri: str) -> None:
        """Without figures there is no run."""
        assert import_figures(Runs(uri), tmp_path) == 0
