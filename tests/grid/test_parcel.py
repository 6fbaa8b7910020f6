from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.grid.parcel import Parcel, pack, unpack
from benchmarks.grid.places import Places
from benchmarks.study.settings import Cell


@pytest.fixture
def cell(cells: list[Cell]) -> Cell:
    """A cell that has left its files on a worker."""
    return cells[0]


@pytest.fixture
def elsewhere(cell: Cell, tmp_path: Path) -> Places:
    """A worker's folders, with what a cell leaves there."""
    there = Places(None, tmp_path / "there", tmp_path / "there" / "work")
    for path in (
        there.record(cell),
        there.record(cell).with_suffix(".csv.gz"),
        *(there.folder(cell) / name for name in ("look.npz", "output.log", "checkpoint.safetensors", "cell.lock")),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())
    return there


class TestUnpack:
    def test_files_lie_as_they_were(self, cell: Cell, elsewhere: Places, places: Places) -> None:
        """Record, table, inspection and logs come over; a checkpoint if it is asked for, a lock never."""
        unpack(pack(cell, elsewhere), cell, places)
        assert places.record(cell).read_bytes() == elsewhere.record(cell).read_bytes()
        assert places.record(cell).with_suffix(".csv.gz").is_file()
        assert {path.name for path in places.folder(cell).iterdir()} == {"look.npz", "output.log"}
        unpack(pack(cell, elsewhere, checkpoint=True), cell, places)
        assert (places.folder(cell) / "checkpoint.safetensors").is_file()

    def test_other_bytes_than_were_sent_are_refused(self, cell: Cell, elsewhere: Places, places: Places) -> None:
        """One damaged file keeps all away: nothing is written."""
        parcel = pack(cell, elsewhere)
        digest, _ = parcel.files["table"]
        with pytest.raises(StudyError, match="but table has another digest"):
            unpack(replace(parcel, files={**parcel.files, "table": (digest, b"x")}), cell, places)
        assert not places.record(cell).parent.exists()

    def test_an_old_record_never_lies_beside_a_new_table(self, cell: Cell, elsewhere: Places, places: Places) -> None:
        """It goes before the table comes; a failure then leaves no record."""
        places.record(cell).parent.mkdir(parents=True)
        places.record(cell).write_text("old")
        parcel = pack(cell, elsewhere)
        places.record(cell).with_suffix(".csv.gz").mkdir()  # where no file can be put
        with pytest.raises(StudyError, match=r"csv\.gz"):
            unpack(parcel, cell, places)
        assert not places.record(cell).exists()

    def test_a_failed_cell_leaves_logs(self, cell: Cell, elsewhere: Places, places: Places) -> None:
        """There is no record to bring, and none is touched."""
        files = {name: file for name, file in pack(cell, elsewhere).files.items() if name not in ("record", "table")}
        unpack(Parcel(files), cell, places)
        assert not places.record(cell).exists()
        assert (places.folder(cell) / "output.log").is_file()
