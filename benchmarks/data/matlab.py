"""Cell arrays of .mat files, read in a process of their own: on a damaged file scipy's C code can crash.

The process (`python -m benchmarks.data.matlab`) is started with the first file and ends with this one. It is asked in
lines of JSON, and answers with a line of JSON and the bytes of the arrays. Files of version 7.3 need h5py.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path
from threading import Lock, Timer
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from benchmarks.reading import MOST_CELLS, expected, printable, refuse_special

_SECONDS = 120.0
_BYTES = 16 << 30
_ROOT = Path(__file__).resolve().parents[2]
_lock = Lock()
_reader: "subprocess.Popen[bytes] | None" = None


def read_cells(path: Path, name: str) -> list[NDArray[np.generic]]:
    """Return the cells of the cell array `name`, in order, each an array of numbers.

    Raises StudyError where the file is missing, damaged or no .mat file, lacks the array, or holds a cell of anything else.
    """
    with expected(f"a cell array {name}", path):
        refuse_special(path)
        with _lock:
            answer, cells = _ask(path.absolute(), name)
        if "error" in answer:
            raise ValueError(answer["error"])
        return cells


def _ask(path: Path, name: str) -> tuple[dict[str, Any], list[NDArray[np.generic]]]:
    global _reader  # noqa: PLW0603 - one process for all files: starting it takes longer than reading
    if _reader is None or _reader.poll() is not None:
        _reader = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    questions, answers = _reader.stdin, _reader.stdout
    assert questions is not None
    assert answers is not None
    clock = Timer(_SECONDS, _reader.kill)
    clock.start()
    try:
        questions.write(json.dumps([str(path), name]).encode() + b"\n")
        questions.flush()
        answer = json.loads(answers.readline())
        cells = [_array(answers, dtype, shape) for dtype, shape in answer.get("cells", [])]
    except (OSError, ValueError) as error:
        _reader.kill()
        _reader.wait()
        raise ValueError("reading it ended in a crash: it is damaged") from error
    finally:
        clock.cancel()
    return answer, cells


def _array(answers: Any, dtype: str, shape: list[int]) -> NDArray[np.generic]:
    kind = np.dtype(dtype)
    return np.frombuffer(answers.read(int(np.prod(shape)) * kind.itemsize), dtype=kind).reshape(shape)


def _load(path: Path, name: str) -> list[Any]:
    with path.open("rb") as file:
        start = file.read(128)
    if start.startswith(b"MATLAB 7.3"):
        return _load_hdf5(path, name)
    from scipy.io import loadmat

    found = loadmat(path, variable_names=[name])
    if name not in found:
        raise ValueError(f"it holds no {name}")
    array = found[name]
    if array.dtype != object:
        raise ValueError(f"{name} is an array of {array.dtype}, no cell array")
    return list(array.ravel())


def _load_hdf5(path: Path, name: str) -> list[Any]:
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise ValueError("it is of version 7.3, which needs h5py: install it, or save it with -v7") from error
    with h5py.File(path, "r") as file:
        if name not in file:
            raise ValueError(f"it holds no {name}")
        # MATLAB stores columns first: what HDF5 shows is the transpose. An empty array stores its shape instead.
        cells = [file[reference] for reference in np.asarray(file[name]).T.ravel()]
        return [np.empty((0, 0)) if "MATLAB_empty" in cell.attrs else np.asarray(cell).T for cell in cells]


def _answer(path: Path, name: str) -> tuple[dict[str, Any], list[NDArray[np.generic]]]:
    try:
        cells = _load(path, name)
        for number, cell in enumerate(cells, start=1):
            if not isinstance(cell, np.ndarray) or cell.dtype.kind not in "biuf" or cell.dtype.hasobject:
                what = "text" if getattr(cell, "dtype", np.dtype(object)).kind in "US" else "nested cells or records"
                raise ValueError(f"cell {number} of {name} holds {what}, not numbers")
        if sum(cell.size for cell in cells) > MOST_CELLS:
            raise ValueError(f"it has more than {MOST_CELLS} values")
    except Exception as error:
        return {
            "error": printable(str(error)) if type(error) is ValueError else f"it is damaged ({printable(repr(error))})"
        }, []
    return {"cells": [(cell.dtype.newbyteorder("=").str, cell.shape) for cell in cells]}, cells


def main(questions: BinaryIO = sys.stdin.buffer, answers: BinaryIO = sys.stdout.buffer) -> None:
    """Answer until the questions end."""
    # A damaged size may claim any amount.
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    for line in questions:
        answer, cells = _answer(*(kind(part) for kind, part in zip((Path, str), json.loads(line), strict=True)))
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.writelines(np.ascontiguousarray(cell, dtype=cell.dtype.newbyteorder("=")).tobytes() for cell in cells)
        answers.flush()


if __name__ == "__main__":
    main()
