"""The model card that lies next to weights: what they were made from, and what their alarms rest on."""

from pathlib import Path

from benchmarks.writing import replace_text
from memory_vad.model import Model


def write_card(weights: Path, model: Model, *, extra: str = "") -> Path:
    """Write the card of `weights` next to it, as Markdown, and return its path. extra: further paragraphs."""
    settings, facts, calibration = model.settings, model.facts, model.calibration
    rows = {
        "Method": f"{settings.method}, {settings.task}, memory {settings.memory}, skip connections {_yes(settings.skip)}",
        "Frames": f"{settings.size}x{settings.size}, {settings.channels} channel(s), {model.fps:g} a second",
        "Width": f"{settings.width:g} of the published one, {model.method.parameter_count():,} parameters",
        "Footage": ", ".join(facts.get("footage", [])[:8]) or facts.get("data", "unknown"),
        "Training": "imported; how it was trained is not known"
        if facts.get("imported")
        else f"{facts.get('epochs', '?')} epochs of every {settings.train_stride}. clip, seed {facts.get('seed', '?')}",
    }
    if calibration is not None:
        rows["Calibration"] = (
            f"{calibration.seconds / 60:.1f} minutes held out, {len(calibration.maxima)} blocks of {calibration.block:g} s; "
            f"best promise {calibration.best_promise():.3g} false alarms an hour"
        )
        rows["Score"] = " + ".join(f"{weight:g} x {term}" for term, weight in calibration.weights.items())
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    text = f"""# {weights.stem}

| | |
|---|---|
{table}

Scores are in standard deviations of the calibration footage; high is abnormal. They mean something for the camera, scene
and light of that footage only. The footage is taken to be normal throughout: whatever it shows will not raise an alarm.
A score says that frames look unlike the training footage, not that something is wrong; let a person decide.
{extra}"""
    path = weights.with_suffix(".md")
    replace_text(path, text)
    return path


def _yes(value: object) -> str:
    return "on" if value else "off"
