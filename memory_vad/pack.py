"""Weights on offer: a kept checkpoint of the study, rounded to bfloat16, calibrated, with its AUC on the card."""

import json
from pathlib import Path

import numpy as np
import torch

from benchmarks.errors import StudyError
from benchmarks.run.cell_data import Places, open_data
from benchmarks.run.checkpoint import load_checkpoint
from benchmarks.study.settings import Settings
from memory_vad.calibration import Calibration
from memory_vad.card import write_card
from memory_vad.evaluate import evaluate_on_set
from memory_vad.model import Model

_LARGEST = 4 << 20
# Frames a second of the sets whose releases state it; UCSD's clips were taken at 10.
_RATES = {"ped1": 10.0, "ped2": 10.0, "avenue": 25.0, "avenue-partial": 25.0, "shanghaitech": 24.0}


def pack(run: Path, out: Path, *, data_root: Path | None, work: Path, block: float, evaluated: bool = True) -> Model:
    """Write the weights of a finished run of the study, and a card next to them; return the model.

    run: the work folder of a cell, which holds settings.json and checkpoint.safetensors. block: seconds of a calibration
    block. Raises StudyError where the checkpoint is missing, or the weights are over 4 MB.
    """
    checkpoint = run / "checkpoint.safetensors"
    try:
        settings = Settings.from_dict(json.loads((run / "settings.json").read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise StudyError(f"Expected a run's work folder with settings.json in {run}, but {error}.") from error
    if not checkpoint.exists():
        raise StudyError(f"Expected the checkpoint {checkpoint}, but there is none; run the cell again.")
    model = Model.build(settings, _RATES.get(settings.dataset, 10.0))
    facts = load_checkpoint(checkpoint, model.method)
    epochs = facts["epochs"]
    model.facts = {
        "data": settings.dataset,
        "epochs": len(epochs),
        "epochs_planned": settings.epochs,
        "losses": epochs[-1]["losses"] if epochs else {},
        "seed": facts["identity"]["seed"],
        "imported": False,
    }
    model.save(out, dtype=torch.bfloat16)
    if (size := out.stat().st_size) > _LARGEST:
        out.unlink()
        raise StudyError(f"Expected at most {_LARGEST} bytes, but the weights take {size}; offer a narrower network.")
    # What is calibrated and evaluated is what the file holds, rounded.
    model = Model.load(out)
    data = open_data(settings, Places(data_root, work, work))
    runs, offsets = [], np.concatenate([[0], np.cumsum(data.train.lengths)])
    for video in data.held_out:
        frames = np.asarray(data.train.frames[offsets[video] : offsets[video + 1]])
        runs.append(dict(model.score_clips(frames).terms))
    model.calibration = Calibration.of(runs, model.method.rule.weights, model.fps, block=block)
    extra = "\nIts AUC was not measured: call `memory-vad evaluate --data-root`.\n"
    if evaluated:
        found = evaluate_on_set(model, data_root, work)
        model.facts["micro_auc"] = found["micro_auc"]
        extra = _of_study(found, model)
    model.save(out, dtype=torch.bfloat16)
    write_card(out, model, extra=extra)
    return model


def _of_study(found: dict[str, object], model: Model) -> str:
    """What the study says about these weights."""
    by_variant = model.facts["micro_auc"]
    columns = list(next(iter(by_variant.values())))
    rows = [
        f"| {variant} | {' | '.join('–' if area is None else f'{100 * area:.1f}' for area in areas.values())} |"
        for variant, areas in by_variant.items()
    ]
    head = [f"| frame AUC, % | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    trained = (
        f"Trained for {model.facts['epochs']} epochs; the paper trains 60 at 256x256 and four times the width. Do not "
        "compare these figures with published ones. `no_update` is how memory-vad scores; `per_video` needs each whole "
        "video, `train` is what a camera can have. The data keep their own licence and are not included."
    )
    return "\n".join(
        [
            "",
            f"## On {found['dataset']}",
            "",
            *head,
            *rows,
            "",
            trained,
            "",
        ]
    )
