"""Getting a release: downloaded with resume, or taken from a local archive, checked by SHA-256 and unpacked."""

import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm

from benchmarks.data.archives import unpack
from benchmarks.data.datasets import read_dataset
from benchmarks.data.facts import FACTS, Release, videos_of
from benchmarks.errors import StudyError

_CHUNK = 1 << 20
_ATTEMPTS = 5


def fetch(name: str, root: Path, archive: Path | None = None, *, progress: bool = True) -> list[Path]:
    """Put the release of a set into `root`; returns the folders that were made, none where the set is there already.

    archive: the release's file, or a folder that holds its files, instead of the network.
    Raises StudyError for an unknown set, a failing download, a wrong checksum or a dangerous archive.
    """
    releases = FACTS[name].releases if name in FACTS else ()
    if not releases:
        valid = ", ".join(sorted(key for key, facts in FACTS.items() if facts.releases))
        raise StudyError(f"A set with a release to download was expected ({valid}), but {name!r} was asked for.")
    try:
        # Labels of another source are no part of a release: what can be downloaded is there when the videos are.
        read_dataset(videos_of(name), root)
    except StudyError:
        pass
    else:
        return []
    # Checked before the folder is made: a mistyped name leaves nothing behind.
    files = [] if archive is None else [_local(archive, release) for release in releases]
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"Data is to be put into {root}, but it cannot be made ({error.strerror}).") from error
    if archive is None:
        files = [download(release, root, progress=progress) for release in releases]
    return [folder for file in files for folder in unpack(file, root)]


def download(release: Release, folder: Path, *, progress: bool = True, pause: float = 2.0) -> Path:
    """Download a release's file into `folder` and check it; what came before an interruption is kept and continued.

    pause: seconds between attempts. Raises StudyError where the server fails or the content is another.
    """
    target = folder / _file_name(release)
    partial = target.with_name(target.name + ".part")
    if target.is_file() and _sha256(target) == release.sha256:
        return target
    problem = ""
    for attempt in range(_ATTEMPTS):
        try:
            _continue(release.url, partial, progress=progress)
            break
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            problem = str(error)
            if isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500:
                raise _failed(release, target, problem) from error
        except OSError as error:
            raise StudyError(
                f"Downloading to {partial} failed ({error.strerror or error}); free space or choose another folder."
            ) from error
        time.sleep(pause if attempt < _ATTEMPTS - 1 else 0)
    else:
        raise _failed(release, target, problem)
    found = _sha256(partial)
    if found != release.sha256:
        partial.unlink()
        raise StudyError(
            f"{release.url} should have SHA-256 {release.sha256}, but what came has {found}; it was deleted, try again "
            "or give a local copy of the release."
        )
    return partial.replace(target)


def _continue(url: str, partial: Path, *, progress: bool) -> None:
    """Append to `partial` what the server still has; raises ConnectionError where the stream ends too early."""
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        response = urllib.request.urlopen(request, timeout=60)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Nothing is left to send, or the file is another: the checksum tells.
            return
        raise
    with response:
        match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        resumed = response.status == http.client.PARTIAL_CONTENT and match is not None and int(match[1]) == have
        have = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = None if length is None else have + int(length)
        with (
            partial.open("ab" if resumed else "wb") as file,
            tqdm(total=total, initial=have, desc=partial.stem, unit="B", unit_scale=True, disable=not progress) as bar,
        ):
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                bar.update(len(chunk))
    if total is not None and have < total:
        raise ConnectionError(f"the connection ended after {have} of {total} bytes")


def _local(archive: Path, release: Release) -> Path:
    path = archive / _file_name(release) if archive.is_dir() else archive
    if not path.is_file():
        raise StudyError(f"The release's file was expected at {path}, but there is none; download {release.url} there.")
    found = _sha256(path)
    if found != release.sha256:
        raise StudyError(
            f"{path} should be {_file_name(release)} with SHA-256 {release.sha256}, but has {found}; get the file "
            "again (a set of several files takes the folder that holds them)."
        )
    return path


def _failed(release: Release, target: Path, problem: str) -> StudyError:
    return StudyError(
        f"{release.url} was to be downloaded, but that failed ({problem}); try again to continue, or put the file at "
        f"{target} yourself."
    )


def _file_name(release: Release) -> str:
    return release.url.rsplit("/", 1)[-1]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
