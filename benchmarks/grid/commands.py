"""The runs of a plan as lines for a shell, one each: for array jobs of a cluster's own scheduler."""

import json
import shlex
import sys

from benchmarks.grid.process import ROOT, Job, cell_job
from benchmarks.grid.study_run import Prepared


def write_commands(prepared: Prepared) -> list[str]:
    """Return a line for each run that is left, and write the settings that it reads into the run's work folder.

    A line can be started anywhere with this clone, its environment and the folders under the same paths. It takes as many
    threads as the plan says, goes on from its checkpoint, and leaves a record that another command has made meanwhile.
    """
    lines = []
    for one in prepared.plan.to_run:
        job = cell_job(
            one.cell,
            prepared.places,
            threads=prepared.workers.threads or 1,
            device=prepared.workers.device,
            mode=prepared.study.mode,
            evaluate_every=prepared.study.evaluate_every,
            known_record=one.version,
        )
        job.settings_file.parent.mkdir(parents=True, exist_ok=True)
        job.settings_file.write_text(json.dumps(job.settings, indent=1), encoding="utf-8")
        lines.append(_line(job))
    return lines


def _line(job: Job) -> str:
    environment = [f"{name}={value}" for name, value in job.environment.items()]
    return f"cd {shlex.quote(str(ROOT))} && {shlex.join(['env', *environment, sys.executable, *job.arguments])}"
