import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.errors import StudyError
from benchmarks.report.page.pictures import find_pictures
from benchmarks.report.page.runs import run_id
from benchmarks.report.read.records import load_records
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
        (items,) = found.of_questions["What else changes the AUC?"]
        assert items.caption.startswith("AUC against the number of memory items: UCSD Ped2, ")
        assert len(found.all) == 3

    def test_are_drawn_at_the_width_of_the_page(self, tmp_path: Path) -> None:
        """A large picture becomes a smaller WebP; one of few colours keeps its pixels exactly."""
        draw(tmp_path / "figures" / "a" / "large.png", 1600, noise=True)
        draw(tmp_path / "figures" / "a" / "small.png")
        draw(tmp_path / "figures" / "a" / "curves-of-a-run.png", level=7)
        large, small = find_pictures(tmp_path, [], {}, 10**7).of_questions["More figures"]
        assert (large.mime, small.mime) == ("image/webp", "image/webp")
        for picture in (large, small):
            with Image.open(io.BytesIO(base64.b64decode(picture.data))) as image:
                assert image.size == (picture.width, picture.height)
                assert image.width <= 1000
                if picture is small:
                    assert np.asarray(image.convert("RGB")).tolist() == np.full((30, 60, 3), 200).tolist()

    def test_come_in_the_order_of_the_question(self, tmp_path: Path) -> None:
        """Memory's effect first, then what else moves the AUC, training, inspections, and what has no known name."""
        names = ("boxes-a", "auc-by-kind-a", "zebra", "memory-effect-a", "memory-epochs-a", "memory-test-a", "stills-a")
        for level, name in enumerate(names):
            draw(tmp_path / "figures" / "a" / f"{name}.png", level=level)
        found = find_pictures(tmp_path, [], {}).of_questions
        assert list(found) == [
            "Does memory change the AUC?",
            "What else changes the AUC?",
            "What happens in training and at test time?",
            "What do the networks see?",
            "More figures",
        ]
        assert [one.caption for one in found["What do the networks see?"]] == [
            "Boxes from error maps",
            "Input, output and error",
        ]

    def test_one_study_shows_an_inspection_and_all_show_the_auc(self, core_cells: Cells, core_results: Write) -> None:
        """Where several studies drew the same figure of a trained memory, the set's own is shown; AUC figures are all shown."""
        cells = core_cells("ped2", (0, 1))
        results = core_results(cells)
        for level, study in enumerate(("lines-ped2", "ped2", "zoo")):
            for kind in ("memory-test", "auc-by-items"):
                draw(results / "figures" / study / f"{kind}-ped2.png", level=50 * level + len(kind))
        studies = {"ped2": cells[:2], "lines-ped2": cells, "zoo": []}
        found = find_pictures(results, load_records(results), studies).of_questions
        assert len(found["What else changes the AUC?"]) == 3
        (only,) = found["What happens in training and at test time?"]
        with Image.open(io.BytesIO(base64.b64decode(only.data))) as image:
            assert image.convert("L").getpixel((0, 0)) == 50 + len("memory-test")

    def test_says_how_many_have_no_room(self, tmp_path: Path) -> None:
        """Beyond the budget pictures are counted, not embedded."""
        for number in range(3):
            draw(tmp_path / "figures" / "a" / f"{number}.png", level=number)
        budget = len(find_pictures(tmp_path, [], {}).of_questions["More figures"][0].data) + 10
        found = find_pictures(tmp_path, [], {}, budget)
        assert (len(found.all), found.left_out) == (1, 2)

    def test_names_a_file_that_is_no_picture(self, tmp_path: Path) -> None:
        """A broken file is reported by its name."""
        draw(tmp_path / "figures" / "a" / "broken.png")
        (tmp_path / "figures" / "a" / "broken.png").write_bytes(b"no picture")
        with pytest.raises(StudyError, match=r"picture at .*broken\.png"):
            find_pictures(tmp_path, [], {})
