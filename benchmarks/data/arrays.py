"""Arrays of numbers in .npy files: labels, masks and frame stores, as mapped memory, so that no header makes room for itself."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.reading import MOST_CELLS, refuse_special

_STARTS = {b"PK": "a .npz archive or a zip file", b"\x89HDF": "an HDF5 file", b"MATLAB": "a .mat file"}


def map_array(path: Path) -> NDArray[np.generic]:
    """Return the array of a .npy file, read-only, in mapped memory.

    Raises ValueError for anything but bool, integers and floats, and whatever else numpy raises on a damaged file; OSError
    where there is none.
    """
    refuse_special(path)
    with path.open("rb") as file:
        start = file.read(8)
    if not start.startswith(b"\x93NUMPY"):
        found = next((what for magic, what in _STARTS.items() if start.startswith(magic)), "another file")
        raise ValueError(f"it is {found}, not .npy")
    array: NDArray[np.generic] = np.lib.format.open_memmap(path, mode="r")
    if array.dtype.kind not in "biuf":
        kinds = {"U": "text", "S": "text", "V": "records", "M": "dates", "m": "times", "c": "complex numbers"}
        raise ValueError(f"its values are {kinds.get(array.dtype.kind, array.dtype)}, not numbers")
    if array.size > MOST_CELLS:
        raise ValueError(f"it has {array.size} values, more than {MOST_CELLS}")
    return array
