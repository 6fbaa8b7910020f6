"""Trained networks as MLflow models, where a checkpoint was kept: safetensors, nothing pickled, and a pyfunc over it.

In a clone of the project ``mlflow.pyfunc.load_model("runs:/RUN/model").predict("folder")`` scores a folder of frames.
"""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.errors import StudyError
from benchmarks.report.read.records import Record
from benchmarks.track.runs import Runs

MODEL: Final = "model"
"""Name of the artifact, and of the tag with the model's address."""
_LOADER: Final = "benchmarks.run.trained"
_PACKAGES: Final = (
    "numpy",
    "opencv-python-headless",
    "pandas",
    "safetensors",
    "scikit-learn",
    "scipy",
    "torch",
    "tqdm",
)


def keep_model(runs: Runs, run: str, record: Record, work: Path) -> bool:
    """Attach the trained network of a record to its run, where its checkpoint lies in work; returns whether it did.

    A checkpoint that is damaged or of another run is named on stderr: the run is shown without a model.
    """
    checkpoint = work / record.cell.slug / "checkpoint.safetensors"
    if not checkpoint.is_file() or MODEL in runs.client.get_run(run).data.tags:
        return False
    from mlflow import pyfunc

    from benchmarks.run.trained import save_trained

    with tempfile.TemporaryDirectory() as folder:
        network = Path(folder) / "network"
        digest = record.content.get("fingerprint", {}).get("digest")
        try:
            save_trained(checkpoint, record.cell, network, epochs=len(record.content["epochs"]), fingerprint=digest)
        except StudyError as error:
            print(f"No model of {record.cell.slug} in MLflow: {error}", file=sys.stderr)
            return False
        packages = [f"{name}=={version(name)}" for name in _PACKAGES]
        model = Path(folder) / MODEL
        pyfunc.save_model(str(model), loader_module=_LOADER, data_path=str(network), pip_requirements=packages)
        runs.client.log_artifacts(run, str(model), MODEL)
    runs.client.set_tag(run, MODEL, f"runs:/{run}/{MODEL}")
    return True
