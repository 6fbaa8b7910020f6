"""Unpacking archives from elsewhere: benchmarks/data/archives.py."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmarks.data.archives import unpack
from benchmarks.errors import StudyError


def write_tar(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    """A .tar.gz with files, and symbolic links where given."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return path


class TestUnpack:
    def test_tar_and_zip_unpack_whole(self, tmp_path: Path) -> None:
        """Both kinds give the archive's top level, and macOS's own folder is left out."""
        write_tar(tmp_path / "a.tar.gz", {"set/one.txt": b"1", "set/deep/two.txt": b"2", "__MACOSX/x": b""})
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
            file.writestr("other set/one.txt", "1")
        assert unpack(tmp_path / "a.tar.gz", tmp_path / "out") == [tmp_path / "out/set"]
        assert unpack(tmp_path / "b.zip", tmp_path / "out") == [tmp_path / "out/other set"]
        assert (tmp_path / "out/set/deep/two.txt").read_bytes() == b"2"
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["other set", "set"]

    @pytest.mark.parametrize("name", ["../evil", "set/../../evil", "/evil", "C:/evil"])
    def test_names_that_climb_out_are_refused(self, tmp_path: Path, name: str) -> None:
        """Nothing is written outside, and nothing of the archive stays inside, whatever came before."""
        tar = write_tar(tmp_path / "a.tar.gz", {"set/good.txt": b"1", name: b"2"})
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
            file.writestr("set/good.txt", "1")
            file.writestr(name, "2")
        for archive in (tar, tmp_path / "b.zip"):
            with pytest.raises(StudyError, match="climbs out"):
                unpack(archive, tmp_path / "deep/out")
        assert list((tmp_path / "deep/out").iterdir()) == []
        assert not list(tmp_path.rglob("evil"))

    def test_links_are_refused(self, tmp_path: Path) -> None:
        """A link could lead a later name out of the folder."""
        tar = write_tar(tmp_path / "a.tar.gz", {"set/good.txt": b"1"}, links={"set/link": "/etc"})
        link = zipfile.ZipInfo("set/link")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as file:
            file.writestr(link, "/etc")
        for archive in (tar, tmp_path / "b.zip"):
            with pytest.raises(StudyError, match="link"):
                unpack(archive, tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    def test_a_cut_archive_leaves_nothing(self, tmp_path: Path) -> None:
        """A damaged archive gives a sentence and no files."""
        whole = write_tar(tmp_path / "a.tar.gz", {"set/a": bytes(range(256)) * 4000, "set/b": b"2"})
        whole.write_bytes(whole.read_bytes()[:-60])
        with pytest.raises(StudyError, match="damaged"):
            unpack(whole, tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []

    def test_other_files_and_existing_folders_are_refused(self, tmp_path: Path) -> None:
        """What is no archive, and what would overwrite, is said; the old folder stays as it was."""
        (tmp_path / "a.txt").write_text("no archive")
        with pytest.raises(StudyError, match="neither"):
            unpack(tmp_path / "a.txt", tmp_path / "out")
        tar = write_tar(tmp_path / "a.tar.gz", {"set/a": b"new"})
        (tmp_path / "out/set").mkdir()
        with pytest.raises(StudyError, match="exists"):
            unpack(tar, tmp_path / "out")
        assert list((tmp_path / "out/set").iterdir()) == []
