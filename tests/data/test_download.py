"""Getting a release: benchmarks/data/download.py, against a server on this machine."""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.data.download import download, fetch
from benchmarks.data.facts import FACTS, Release
from benchmarks.errors import StudyError


class Server(ThreadingHTTPServer):
    """Serves one content; may cut off its first answers, and may ignore ranges. Keeps the ranges asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.cut_after: list[int] = []
        self.ranges_supported = True
        self.asked: list[str | None] = []

    @property
    def release(self) -> Release:
        """The release as it should be."""
        return Release(f"http://127.0.0.1:{self.server_port}/set.tar.gz", hashlib.sha256(self.content).hexdigest())


class Handler(BaseHTTPRequestHandler):
    """Answers GET with ranges."""

    server: Server

    def do_GET(self) -> None:
        """Send the content from where the range begins, as far as the server lets it."""
        if self.path != "/set.tar.gz":
            self.send_error(404)
            return
        content, asked = self.server.content, self.headers.get("Range")
        self.server.asked.append(asked)
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.server.ranges_supported else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = start + self.server.cut_after.pop(0) if self.server.cut_after else len(content)
        self.wfile.write(content[start:stop])

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A running server with 100,000 bytes."""
    with Server(bytes(range(250)) * 400) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def got(release: Release, folder: Path) -> Path:
    """Download without pauses and bars."""
    return download(release, folder, progress=False, pause=0)


class TestDownload:
    def test_an_interrupted_download_goes_on_where_it_was(self, server: Server, tmp_path: Path) -> None:
        """Two cuts cost two more requests, each for the rest only."""
        server.cut_after = [30000, 20000]
        assert got(server.release, tmp_path).read_bytes() == server.content
        assert server.asked == [None, "bytes=30000-", "bytes=50000-"]
        assert [path.name for path in tmp_path.iterdir()] == ["set.tar.gz"]

    def test_a_part_from_an_earlier_call_is_continued(self, server: Server, tmp_path: Path) -> None:
        """What an earlier process left is not asked for again."""
        (tmp_path / "set.tar.gz.part").write_bytes(server.content[:70000])
        assert got(server.release, tmp_path).read_bytes() == server.content
        assert server.asked == ["bytes=70000-"]

    def test_a_complete_part_is_only_checked(self, server: Server, tmp_path: Path) -> None:
        """A process that died just before renaming costs nothing."""
        (tmp_path / "set.tar.gz.part").write_bytes(server.content)
        assert got(server.release, tmp_path).read_bytes() == server.content

    def test_a_server_without_ranges_is_read_from_the_start(self, server: Server, tmp_path: Path) -> None:
        """Where the server sends everything again, nothing is joined to the old part."""
        server.ranges_supported = False
        (tmp_path / "set.tar.gz.part").write_bytes(b"old")
        assert got(server.release, tmp_path).read_bytes() == server.content

    def test_a_file_that_is_there_is_not_downloaded(self, server: Server, tmp_path: Path) -> None:
        """A second call asks nothing."""
        got(server.release, tmp_path)
        got(server.release, tmp_path)
        assert len(server.asked) == 1

    def test_other_content_is_refused_and_deleted(self, server: Server, tmp_path: Path) -> None:
        """A wrong SHA-256 leaves no file."""
        with pytest.raises(StudyError, match="SHA-256"):
            got(replace(server.release, sha256="0" * 64), tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_server_that_keeps_failing_is_given_up(self, server: Server, tmp_path: Path) -> None:
        """After some attempts the sentence names the address and where to put the file; the part stays."""
        server.cut_after = [100] * 50
        with pytest.raises(StudyError, match=r"set\.tar\.gz.*try again to continue"):
            got(server.release, tmp_path)
        assert (tmp_path / "set.tar.gz.part").stat().st_size == 500

    def test_a_dead_link_is_said_at_once(self, server: Server, tmp_path: Path) -> None:
        """404 is not tried again."""
        release = replace(server.release, url=server.release.url.replace("set", "gone"))
        with pytest.raises(StudyError, match="404"):
            got(release, tmp_path)


class TestFetch:
    @pytest.fixture
    def archive(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A local archive that the facts of ped2 know; it holds one folder."""
        import tarfile

        (tmp_path / "source/UCSD_Anomaly_Dataset.v1p2/UCSDped2").mkdir(parents=True)
        path = tmp_path / "UCSD_Anomaly_Dataset.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            tar.add(tmp_path / "source/UCSD_Anomaly_Dataset.v1p2", arcname="UCSD_Anomaly_Dataset.v1p2")
        release = replace(FACTS["ped2"].releases[0], sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        monkeypatch.setitem(FACTS, "ped2", replace(FACTS["ped2"], releases=(release,)))
        return path

    def test_takes_a_local_file_or_its_folder(self, archive: Path, tmp_path: Path) -> None:
        """A local copy is checked and unpacked without the network."""
        for number, given in enumerate((archive, archive.parent)):
            made = fetch("ped2", tmp_path / f"root{number}", given, progress=False)
            assert made == [tmp_path / f"root{number}/UCSD_Anomaly_Dataset.v1p2"]
            assert (made[0] / "UCSDped2").is_dir()

    def test_another_local_file_is_refused(self, archive: Path, tmp_path: Path) -> None:
        """The checksum is compared for local files too, and nothing is unpacked."""
        archive.write_bytes(archive.read_bytes() + b"x")
        with pytest.raises(StudyError, match="SHA-256"):
            fetch("ped2", tmp_path / "root", archive)
        assert not (tmp_path / "root").exists()

    def test_a_missing_local_file_is_said(self, tmp_path: Path) -> None:
        """The sentence says where the file can be had, and no empty folder is left behind."""
        with pytest.raises(StudyError, match="download http"):
            fetch("ped2", tmp_path / "root", tmp_path / "gone.tar.gz")
        assert list(tmp_path.iterdir()) == []

    def test_a_set_without_a_release_lists_those_with_one(self, tmp_path: Path) -> None:
        """Valid names are said."""
        with pytest.raises(StudyError, match=r"avenue, .*ped1, ped2"):
            fetch("synthetic", tmp_path)
