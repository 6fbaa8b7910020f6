from pathlib import Path

import pytest

from benchmarks.grid.places import Places, read_json
from benchmarks.run.record import record_path
from benchmarks.study.settings import Cell


class TestPlaces:
    def test_looks_for_records_where_cells_leave_them(self, cells: list[Cell], places: Places) -> None:
        """The grid does not import what writes records (it is heavy), so the two are compared here."""
        assert places.record(cells[1]) == record_path(places.results, cells[1]).absolute()

    def test_every_file_is_absolute(self, cells: list[Cell], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Workers may have another working directory."""
        monkeypatch.chdir(tmp_path)
        places = Places(Path("data"), Path("results"), Path("work"))
        files = [places.record(cells[0]), places.progress(cells[0]), places.log(cells[0]), places.output(cells[0])]
        assert all(file.is_relative_to(tmp_path) for file in files)
        assert places.folder(cells[0]) == tmp_path / "work" / cells[0].slug


class TestReadJson:
    @pytest.mark.parametrize(("text", "value"), [('{"a": 1}', {"a": 1}), ("{", None), ("[1]", None), (None, None)])
    def test_gives_objects_only(self, tmp_path: Path, text: str | None, value: dict[str, int] | None) -> None:
        """A torn file, another kind of value and no file are all nothing."""
        file = tmp_path / "file.json"
        if text is not None:
            file.write_text(text)
        assert read_json(file) == value
