"""What all tests share: real data or a skip that says why, golden arrays, and runs that repeat themselves."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch

GOLDEN = Path(__file__).parent / "golden"
WITHOUT_DATA = "reads real data: set DATA_ROOT to the folder that holds ped2/ (make test DATA_ROOT=...)"


class DataTests:
    """Counts data tests that pass, in the process that hears of the tests of all workers."""

    passed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test marked `data`."""
        self.passed += report.when == "call" and report.passed and "data" in report.keywords


DATA_TESTS = pytest.StashKey[DataTests]()

# One thread everywhere, children included: the same sums in the same order, and no fight for the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# On CUDA, before the first matrix product of the whole session: torch asks once.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
torch.set_num_threads(1)
hypothesis.settings.register_profile("study", derandomize=True, deadline=None)
hypothesis.settings.load_profile("study")


def data_folder() -> Path | None:
    """The absolute DATA_ROOT, or None where it is unset or empty."""
    value = os.environ.get("DATA_ROOT")
    return Path(value).expanduser().resolve() if value else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --require-data, which continuous integration uses where real data is available."""
    parser.addoption("--require-data", action="store_true", help="fail where a data test would be skipped")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a DATA_ROOT that is not there, and --require-data without one; make DATA_ROOT absolute for children."""
    config.stash[DATA_TESTS] = DataTests()
    config.pluginmanager.register(config.stash[DATA_TESTS])
    folder = data_folder()
    if folder is None:
        if config.getoption("--require-data"):
            raise pytest.UsageError(f"--require-data was given but DATA_ROOT is unset; a data test {WITHOUT_DATA}")
        return
    if not folder.is_dir():
        raise pytest.UsageError(f"DATA_ROOT should be a folder with data sets, but {folder} is none; set or unset it.")
    os.environ["DATA_ROOT"] = str(folder)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `data` where DATA_ROOT is unset."""
    if item.get_closest_marker("data") and data_folder() is None:
        pytest.skip(WITHOUT_DATA)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under --require-data turn the skip of a data test, whatever its reason, into a failure."""
    report = yield
    required = item.config.getoption("--require-data") and item.get_closest_marker("data")
    if required and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under --require-data: {report.longrepr}"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under --require-data fail a run in which no data test passed at all."""
    of_a_worker = hasattr(session.config, "workerinput")
    if session.config.getoption("--require-data") and not of_a_worker and not session.config.stash[DATA_TESTS].passed:
        print("\n--require-data was given, but no data test ran and passed.")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The absolute folder of real data; mark the test `data` as well."""
    folder = data_folder()
    if folder is None:
        pytest.skip(WITHOUT_DATA)
    return folder


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, np.ndarray[Any, Any]]]:
    """A function from a golden file's name (no ending) to its arrays, fresh at each call."""

    def load(name: str) -> dict[str, np.ndarray[Any, Any]]:
        with np.load(GOLDEN / f"{name}.npz", allow_pickle=False) as file:
            return {key: file[key] for key in file.files}

    return load


@pytest.fixture
def settings_of_torch() -> Iterator[None]:
    """A cell that runs in this process leaves torch as it found it."""
    deterministic, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    autotuned, rounded = torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32
    yield
    torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32 = autotuned, rounded
    torch.use_deterministic_algorithms(deterministic)
    torch.set_num_threads(threads)
