"""The first steps of a study's cells against the clock, each setting in a process of its own, before the study goes on."""

from benchmarks.grid.durations import in_words
from benchmarks.grid.estimate import measured
from benchmarks.grid.places import Places, read_json
from benchmarks.grid.plan import Plan
from benchmarks.grid.process import CELL, cell_job, kill_all, run_job
from benchmarks.study.settings import Cell

STEPS = 100


def time_first_steps(
    plan: Plan, places: Places, *, steps: int, threads: int, device: str, mode: str, entry: tuple[str, ...] = CELL
) -> dict[Cell, str]:
    """Time one cell of each setting that is to be trained, one after another; returns the sentence of each that failed.

    The timings lie in the work folder, where every later plan finds them.
    """
    failures: dict[Cell, str] = {}
    cells = {one.cell.settings: one.cell for one in reversed(plan.to_run) if one.cell.settings.epochs}
    for cell in reversed(cells.values()):
        places.timing(cell).unlink(missing_ok=True)
        job = cell_job(cell, places, threads=threads, device=device, entry=entry, mode=mode, time_steps=steps)
        try:
            ended = run_job(job)
        except BaseException:
            kill_all()
            raise
        if ended.state != "done":
            failures[cell] = ended.sentence
            print(f"  {cell.settings.name}: FAILED. {ended.sentence}", flush=True)
            continue
        print(f"  {cell.settings.name}: {_describe(places, cell, threads)}", flush=True)
    return failures


def _describe(places: Places, cell: Cell, threads: int) -> str:
    facts = read_json(places.timing(cell)) or {}
    found = measured(facts)
    whole = (
        "" if found is None else f", about {in_words(found.seconds.total / (threads if found.device == 'cpu' else 1))}"
    )
    memory = facts.get("memory", {}).get("peak_device_memory_mb")
    peak = "" if memory is None else f", {memory / 1024:.1f} GiB of the GPU's memory"
    notes = "".join(f" {note}" for note in facts.get("notes", ()))
    step = facts.get("seconds_per_step", float("nan"))
    return f"{step:.3g} s a step ({facts.get('timed_steps')} timed){whole} a cell{peak}.{notes}"
