"""Unpacking archives from elsewhere: nothing may climb out of the folder, and nothing half-unpacked stays."""

import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from benchmarks.errors import StudyError
from benchmarks.reading import expected, refuse_special


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Unpack a .tar.gz or .zip into `folder`; returns what lies there now, the archive's top level.

    Everything goes into a temporary sibling first and is renamed when complete. Raises StudyError for a damaged archive,
    for names that climb out, for links and devices, where something of that name is there already, or for a full disk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as name,
            expected("a whole .tar.gz or .zip archive", archive, "get it again"),
        ):
            temporary = Path(name)
            refuse_special(archive)
            try:
                _unpack_into(archive, temporary)
            except OSError as error:
                if error.errno is not None:  # the disk, not the archive
                    raise StudyError(
                        f"Unpacking {archive} into {folder} failed ({error.strerror}); free space or choose another "
                        "folder."
                    ) from error
                raise
            # macOS leaves its own folder next to the data.
            entries = [entry for entry in sorted(temporary.iterdir()) if entry.name != "__MACOSX"]
            for entry in entries:
                if (folder / entry.name).exists():
                    raise StudyError(
                        f"{archive.name} would unpack to {folder / entry.name}, but that exists; remove or rename it "
                        "first."
                    )
            return [entry.rename(folder / entry.name) for entry in entries]
    except OSError as error:
        raise StudyError(
            f"Unpacking {archive} into {folder} failed ({error.strerror or error}); free space or choose another "
            "folder."
        ) from error


def _unpack_into(archive: Path, folder: Path) -> None:
    if tarfile.is_tarfile(archive):
        _unpack_tar(archive, folder)
    elif zipfile.is_zipfile(archive):
        _unpack_zip(archive, folder)
    else:
        raise ValueError("it is neither")


def _unpack_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            if not (member.isfile() or member.isdir()):
                raise StudyError(
                    f"Files and folders alone were expected in {archive}, but {member.name} is a link or a device; do "
                    "not trust this archive."
                )
            _refuse_climbing(member.name, archive)
            tar.extract(member, folder, filter="data")


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                raise StudyError(
                    f"Files and folders alone were expected in {archive}, but {member.filename} is a link; do not "
                    "trust this archive."
                )
            _refuse_climbing(member.filename, archive)
            file.extract(member, folder)


def _refuse_climbing(name: str, archive: Path) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        raise StudyError(
            f"Names inside the archive {archive} were expected, but {name} climbs out of the folder; do not trust this "
            "archive."
        )
