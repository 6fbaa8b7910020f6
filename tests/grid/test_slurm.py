import re
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.grid import slurm
from benchmarks.grid.process import ROOT
from benchmarks.grid.slurm import SlurmFile

MINIMUM = 'walltime = "01:00:00"\nmemory = "4GB"\n'


def write(folder: Path, text: str) -> Path:
    """A cluster file."""
    path = folder / "slurm.toml"
    path.write_text(text)
    return path


class TestRead:
    def test_the_example_of_the_docs(self, tmp_path: Path) -> None:
        """What docs/clusters.md shows can be read, and names every key."""
        page = (ROOT / "docs" / "clusters.md").read_text()
        found = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
        assert found
        file = SlurmFile.read(write(tmp_path, found[1]))
        assert (file.jobs, file.gpus, file.walltime) == (8, 1, "04:00:00")
        assert all(f"{name} = " in found[1] for name in SlurmFile.__dataclass_fields__)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "walltime and memory is missing"),
            (MINIMUM + 'queue = "gpu"', "it has queue, which is none of"),
            (MINIMUM + "jobs = 0", "jobs is not a whole number of at least 1"),
            (MINIMUM + "gpus = true", "gpus is not a whole number of at least 0"),
            (MINIMUM + "partition = 3", "partition is not a string"),
            (MINIMUM + "modules = [1]", "modules is not a list of strings"),
            (MINIMUM + 'setup = ["a\\nb"]', "setup holds an empty text or a control character"),
            ("walltime = ", "Invalid value"),
        ],
    )
    def test_says_what_is_wrong(self, tmp_path: Path, text: str, why: str) -> None:
        """One sentence that names the file and the key."""
        with pytest.raises(StudyError, match=r"slurm\.toml") as error:
            SlurmFile.read(write(tmp_path, text))
        assert why in str(error.value)

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        """Named, with where its keys are explained."""
        with pytest.raises(StudyError, match=r"docs/clusters\.md"):
            SlurmFile.read(tmp_path / "none.toml")


class TestStarted:
    def test_the_job_script_says_what_the_file_says(self, tmp_path: Path) -> None:
        """Partition, walltime, processors, GPUs, modules and data, and a worker that takes so many cells."""
        jobqueue = pytest.importorskip("dask_jobqueue")
        file = SlurmFile(
            walltime="04:00:00",
            memory="16GB",
            cores=8,
            cells=2,
            gpus=1,
            partition="gpu",
            data_root="/my data",
            modules=("cuda/12",),
        )
        script = jobqueue.slurm.SLURMJob("tcp://login:1", "w", **file.script(tmp_path)).job_script()
        for line in (
            "#SBATCH -p gpu",
            "#SBATCH --cpus-per-task=8",
            "#SBATCH -t 04:00:00",
            "#SBATCH --gres=gpu:1",
            "module load cuda/12",
            "export DATA_ROOT='/my data'",
            f"export PYTHONPATH={ROOT}",
        ):
            assert line in script.splitlines()
        assert "tcp://login:1" in script
        assert "--nthreads 2" in script
        assert "--resources GPU=2" in script

    def test_without_slurm_there_is_a_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where sbatch is not on the path."""
        pytest.importorskip("dask_jobqueue")
        monkeypatch.setattr(slurm.shutil, "which", lambda _: None)
        refused = pytest.raises(StudyError, match="but it is not here; start on a login node")
        with refused, SlurmFile("01:00:00", "4GB").started(tmp_path):
            pass
