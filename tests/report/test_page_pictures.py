import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.errors import StudyError
from benchmarks.report.page import pictures
from benchmarks.report.page.pictures import PICTURE_BUDGET, find_pictures
from benchmarks.report.page.runs import run_id
from benchmarks.report.records import load_records
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Cell

Cells = Callable[..., list[Cell]]
Write = Callable[..., Path]


def draw(path: Path, width: int = 60, *, noise: bool = False, level: int = 200) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (width // 2, width, 3)
    values = np.random.default_rng(level).integers(0, 256, shape) if noise else np.full(shape, level)
    Image.fromarray(values.astype(np.uint8)).save(path)


class TestFindPictures:
    def test_pictures_belong_to_their_runs(self, core_cells: Cells, core_results: Write, write_record: Write) -> None:
        """One named after a setting, or after a method and task of its study, is opened with each of its runs."""
        cells = core_cells("ped2", (0, 1))[:8]
        results = core_results(cells)
        other = resolve(dataset="ped2", method="mnad", task="prediction", memory="own", profile="cpu", items=50)
        write_record(results, other, 0)
        records = load_records(results)
        name = cells[0].settings.name
        draw(results / "figures" / "ped2" / f"stills-ped2-cpu-{name}.png")
        draw(results / "figures" / "ped2" / "stills-ped2-mnad-prediction.png", level=100)
        draw(results / "figures" / "ped2" / f"curves-ped2-cpu-{name}.png")
        draw(results / "figures" / "ped2" / "auc-by-items-ped2.png", level=50)
        found = find_pictures(results, records, {"ped2": cells})
        of_setting = {run_id(record) for record in records if record.settings.name == name}
        of_task = {
            run_id(record) for record in records if record.settings.task == "prediction" and record.settings.items != 50
        }
        assert len(of_task) == 4
        assert set(found.of_runs) == of_setting | of_task
        assert all(len(names) == 1 for names in found.of_runs.values())
        assert [one.caption for one in found.of_studies["ped2"]] == ["AUC against the number of memory items: ped2"]
        assert len(found.all) == 3

    def test_large_ones_are_drawn_smaller(self, tmp_path: Path) -> None:
        """A picture over its budget is made smaller until it fits; a small one is kept byte by byte."""
        draw(tmp_path / "figures" / "a" / "large.png", 1600, noise=True)
        draw(tmp_path / "figures" / "a" / "small.png")
        draw(tmp_path / "figures" / "a" / "curves-of-a-run.png", level=7)
        large, small = find_pictures(tmp_path, [], {}).of_studies["a"]
        assert (large.mime, small.mime) == ("image/webp", "image/png")
        data = base64.b64decode(large.data)
        assert len(data) <= PICTURE_BUDGET
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (large.width, large.height)
            assert image.width < 1600
        assert base64.b64decode(small.data) == (tmp_path / "figures" / "a" / "small.png").read_bytes()

    def test_says_how_many_have_no_room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beyond the budget pictures are counted, not embedded."""
        for number in range(3):
            draw(tmp_path / "figures" / "a" / f"{number}.png", level=number)
        monkeypatch.setattr(
            pictures, "PICTURES_BUDGET", len(find_pictures(tmp_path, [], {}).of_studies["a"][0].data) + 10
        )
        found = find_pictures(tmp_path, [], {})
        assert (len(found.all), found.left_out) == (1, 2)

    def test_names_a_file_that_is_no_picture(self, tmp_path: Path) -> None:
        """A broken file is told by its name."""
        draw(tmp_path / "figures" / "a" / "broken.png")
        (tmp_path / "figures" / "a" / "broken.png").write_bytes(b"no picture")
        with pytest.raises(StudyError, match=r"picture at .*broken\.png"):
            find_pictures(tmp_path, [], {})
