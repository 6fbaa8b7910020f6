"""The recipes of CONTRIBUTING.md, carried out in a copy of the project: each with the files that it names and no other."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PACKAGES = ("benchmarks", "mnad", "memae", "baselines", "synthetic", "tests")

# What is put behind a place in a file; an empty place: a new file.
Edit = tuple[str, str]

MEMORY: Mapping[str, Edit] = {
    "mnad/topk.py": (
        "",
        '''"""A memory that reads the k items nearest to a query."""

from torch import Tensor


def address(similarity: Tensor, k: int) -> Tensor:
    """Return the softmax over the k largest similarities (n, n_items), 0 elsewhere."""
    least = similarity.topk(k, dim=1).values[:, -1:]
    return similarity.masked_fill(similarity < least, float("-inf")).softmax(dim=1)
''',
    ),
    "benchmarks/run/parts/memory_topk.py": (
        "",
        '''"""The top-k memory as a part."""

import torch
from torch import Tensor, nn

from benchmarks.run.parts.memory import Assignment, Memory, Read, TrainingRead, usage_counts
from benchmarks.run.parts.supervision import supervision_loss
from benchmarks.run.streams import torch_stream
from benchmarks.study.memories import TopkSettings
from benchmarks.study.settings import Settings
from mnad import topk


class TopkMemory(Memory):
    """Items are parameters; the k nearest are read."""

    def __init__(self, settings: Settings, channels: int, seed: int) -> None:
        super().__init__()
        self.settings = settings
        self.own = settings.of(TopkSettings)
        self.weights = {"uniform": settings.uniform_weight or 0.0}
        self.items = nn.Parameter(torch.rand(self.own.items, channels, generator=torch_stream(seed, "items")))

    def training_read(self, query: Tensor) -> TrainingRead:
        similarity, address = self._address(query)
        losses = supervision_loss(self.settings, similarity.unflatten(0, (len(query), -1)))
        return TrainingRead(self._map(address, query), losses, usage_counts(address.argmax(dim=1), self.own.items))

    def items_for_test(self) -> Tensor:
        return self.items.detach().clone()

    def read(self, query: Tensor, items: Tensor | None) -> Read:
        _, address = self._address(query)
        return Read(self._map(address, query), {}, usage_counts(address.argmax(dim=1), self.own.items))

    def assign(self, query: Tensor, items: Tensor | None) -> Assignment:
        _, address = self._address(query)
        weight, nearest = address.max(dim=1)
        places = (len(query), *query.shape[2:])
        return Assignment(nearest.view(places), weight.view(places))

    def ablate(self, query: Tensor, items: Tensor, how: str) -> Tensor:
        read = torch.zeros_like(items[0]) if how == "zeros" else items.mean(dim=0)
        return read[None, :, None, None].expand_as(query)

    def _address(self, query: Tensor) -> tuple[Tensor, Tensor]:
        similarity = query.permute(0, 2, 3, 1).flatten(0, 2) @ self.items.T
        return similarity, topk.address(similarity, self.own.top_k)

    def _map(self, address: Tensor, query: Tensor) -> Tensor:
        batch, channels, height, width = query.shape
        return (address @ self.items).reshape(batch, height, width, channels).permute(0, 3, 1, 2)


build = TopkMemory
''',
    ),
    "benchmarks/study/memories.py": (
        'NO_MEMORY = "none"\n\nMEMORIES: Mapping[str, MemoryCard] = {\n',
        '''@dataclass(frozen=True, kw_only=True)
class TopkSettings(ItemSettings):
    """top_k: items that a query reads."""

    items: int = setting(50)
    top_k: int = setting(3, least=1)

    def invalid_reason(self) -> str | None:
        """No more can be read than there are."""
        more = self.top_k > self.items
        return f"top_k={self.top_k} of items={self.items} cannot be read." if more else super().invalid_reason()


NO_MEMORY = "none"

MEMORIES: Mapping[str, MemoryCard] = {
    "topk": MemoryCard(printed="top-k", part="benchmarks.run.parts.memory_topk", settings=TopkSettings),
''',
    ),
}
METRIC: Mapping[str, Edit] = {
    "benchmarks/measure/metrics.py": (
        "    fpr_at_95_tpr: float | None\n",
        "    fpr_at_95_tpr: float | None\n    partial_auc: float | None\n",
    ),
    "tests/measure/test_partial_auc.py": (
        "",
        '''"""The partial area does not change under monotone transforms."""

import numpy as np

from benchmarks.measure.metrics import frame_metrics


def test_is_invariant() -> None:
    scores, label = np.arange(20.0), np.arange(20) % 3 == 0
    one, other = (frame_metrics(values, label, ["01"] * 20).partial_auc for values in (scores, scores**3))
    assert one == other
''',
    ),
}
_VALUE = "        fpr_at_95_tpr=float("
_PARTIAL = "        partial_auc=float(roc_auc_score(abnormal, scores, max_fpr=0.1)) if both else None,\n"
BASELINE: Mapping[str, Edit] = {
    "baselines/tiny_ae.py": (
        "",
        '''"""One convolution down, one up."""

from torch import nn


class TinyAutoencoder(nn.Sequential):
    """Frames (batch, channels, height, width) in and out."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(nn.Conv2d(channels, width, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(width, channels, 4, 2, 1))
''',
    ),
    "benchmarks/run/baselines/tiny_ae.py": (
        "",
        '''"""`tiny_ae`: single frames through two layers."""

from torch import Tensor, nn

from baselines.tiny_ae import TinyAutoencoder
from benchmarks.run.frame_autoencoder import FrameAutoencoder


class TinyAe(FrameAutoencoder):
    """Scored by its error."""

    def build(self) -> nn.Module:
        return TinyAutoencoder(self.settings.channels, round(16 * self.settings.width))

    def reconstruct(self, clips: Tensor) -> Tensor:
        output: Tensor = self.network(clips[:, 0])
        return output.unsqueeze(1)
''',
    ),
    "benchmarks/study/baselines.py": (
        "BASELINE_CARDS: Mapping[str, BaselineCard] = {\n",
        """BASELINE_CARDS: Mapping[str, BaselineCard] = {
    "tiny_ae": BaselineCard(
        printed="tiny AE",
        run="benchmarks.run.baselines.tiny_ae:TinyAe",
        fixed={"learning_rate": 1e-3, "error": "mse", "batch": 4, "train_stride": 1},
        profiles=dict.fromkeys(("paper", "cpu", "small", "smoke"), {"size": 32, "width": 0.25, "epochs": 1}),
        least=4,
        step=2,
        narrowest=16,
    ),
""",
    ),
    "benchmarks/studies/baselines-ped2.toml": (
        "[[cells]]\n",
        '[[cells]]\nmethod = "tiny_ae"\ntask = "reconstruction"\n\n[[cells]]\n',
    ),
}
DATASET: Mapping[str, Edit] = {
    "benchmarks/data/facts.py": (
        "FACTS: dict[str, SetFacts] = {\n",
        """FACTS: dict[str, SetFacts] = {
    "backyard": SetFacts(
        printed="Backyard",
        train=_split((14, 14)),
        test=_split((14, 14)),
        frame_size=(32, 32),
        grey=True,
        abnormal={"one file per video": 12},
    ),
""",
    ),
    "tests/data/test_backyard.py": (
        "",
        '''"""The set as it is stated."""

from benchmarks.data.facts import FACTS


def test_has_four_videos() -> None:
    assert FACTS["backyard"].train.videos + FACTS["backyard"].test.videos == 4
''',
    ),
}
RECIPES: Mapping[str, Mapping[str, Edit]] = {
    "memory": MEMORY,
    "metric": METRIC,
    "baseline": BASELINE,
    "data set": DATASET,
}

SCRIPT = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from benchmarks.cli import main
from benchmarks.data.facts import FACTS
from benchmarks.grid.estimate import modelled
from benchmarks.reading import DIGEST
from benchmarks.report.read.contrasts import memory_contrasts
from benchmarks.report.read.frame import records_frame
from benchmarks.report.read.labels import set_name
from benchmarks.report.read.records import by_cell, load_records
from benchmarks.report.read.rows import make_rows
from benchmarks.report.tables.write import write_tables
from benchmarks.run.cell_data import Places
from benchmarks.run.fingerprint import fingerprint
from benchmarks.run.remeasure import measure_again
from benchmarks.run.run_cell import run_cell
from benchmarks.study.files import load_study
from benchmarks.study.filters import Filter
from benchmarks.study.settings import Cell
from benchmarks.track.naming import run_name
from tests.support.cells import write_blob_videos

here = Path(sys.argv[1])
write_blob_videos(here / "data" / "backyard", train=2, test=2, length=14, abnormal=lambda video: slice(4, 10))
file = here / "yard.toml"
file.write_text('''
[study]
name = "yard"
title = "A pair with a new memory, and a new baseline"
dataset = "backyard"
seeds = 1
profile = "smoke"
[settings]
precision = "float32"
train_stride = 1
epochs = 1
[[cells]]
method = "mnad"
task = "reconstruction"
memory = ["topk", "none"]
[[cells]]
method = "tiny_ae"
task = "reconstruction"
''')
results = here / "results"
main(["plan", str(file), "--results", str(results), "--data-root", str(here / "data")])
study = load_study(file)
for cell in study.cells:
    path = run_cell(cell, Places(here / "data", results, here / "work"), torch.device("cpu"))
# A record from before the metric was there, and before records held a digest.
content = json.loads(path.read_text())
del content[DIGEST]
for by_how in content["metrics"]["plain"].values():
    for one in by_how.values():
        one.pop("partial_auc", None) if isinstance(one, dict) else None
path.write_text(json.dumps(content))
measure_again(path)
rows = make_rows(study.cells, by_cell(load_records(results)))
table = write_tables("yard", study.cells, results).paths["md"].read_text()
frame = records_frame(results)
topk = study.cells[0].settings
(here / "seen.json").write_text(json.dumps({
    "only": Filter.parse("memory=topk").matches(topk),
    "label": rows[0].label,
    "run": run_name(topk),
    "table": table,
    "contrasts": [one.with_memory.label for one in memory_contrasts(rows)],
    "code": list(fingerprint(topk).modules),
    "settings": topk.to_dict(),
    "partial": frame[frame["quantity"] == "partial_auc"]["method"].value_counts().to_dict(),
    "baseline": rows[2].label,
    "in_study": "tiny_ae" in {one.settings.method for one in load_study("baselines-ped2").cells},
    "set": set_name("backyard"),
    "estimate": modelled(topk) is not None,
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the copied project says of all that was added to it."""
    copy = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    for recipe in RECIPES.values():
        for name, (place, text) in recipe.items():
            file = copy / name
            if not place:
                assert not file.exists()
                file.write_text(text)
                continue
            before = file.read_text()
            assert place in before, f"{name} has no {place!r} any more"
            file.write_text(before.replace(place, text, 1))
    metrics = copy / "benchmarks" / "measure" / "metrics.py"
    text = metrics.read_text().replace(_VALUE, _PARTIAL + _VALUE, 1)
    metrics.write_text(
        text.replace("average_precision_score, roc_curve", "average_precision_score, roc_auc_score, roc_curve", 1)
    )
    work = tmp_path_factory.mktemp("work")
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(work)],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads((work / "seen.json").read_text())
    return found | {"plan": done.stdout}


@pytest.mark.parametrize(("thing", "files"), [("memory", 3), ("metric", 2), ("baseline", 4), ("data set", 2)])
class TestFiles:
    """What each recipe touches."""

    def test_are_those_that_the_recipe_names(self, thing: str, files: int) -> None:
        """Each file, or for a new one a neighbour of it, stands in the recipe, and there are no more than that."""
        section = re.search(rf"^## A {thing}.*?(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
        assert section
        named = set(re.findall(r"`([\w./-]+)`", section[0]))
        folders = {str(Path(name).parent) if "." in name else name.rstrip("/") for name in named}
        for name, (place, _) in RECIPES[thing].items():
            assert name in named if place else str(Path(name).parent) in folders, name
        assert len(RECIPES[thing]) == files


class TestMemory:
    def test_is_planned_and_filtered_by_its_name(self, seen: dict[str, Any]) -> None:
        """The plan lists its cell, and `--only` knows its level."""
        assert "mnad-reconstruction-no_skip-topk_memory-" in seen["plan"]
        assert seen["only"]

    def test_has_its_settings_from_its_card(self, seen: dict[str, Any]) -> None:
        """Defaults come with the memory, and nobody else's do."""
        assert (seen["settings"]["items"], seen["settings"]["top_k"]) == (50, 3)
        assert not {"shrink_threshold", "update_weight"} & seen["settings"].keys()

    def test_is_printed_by_its_name(self, seen: dict[str, Any]) -> None:
        """Tables, legends and the runs of MLflow name it; nothing prints a question mark."""
        assert "top-k" in seen["table"]
        assert "?" not in seen["table"].split("\n\n")[0]
        assert seen["label"].startswith("MNAD · reconstruction · top-k's memory")
        assert "topk" in seen["run"]

    def test_is_compared_with_no_memory(self, seen: dict[str, Any]) -> None:
        """It pairs with the cell that lacks it and its settings alone."""
        assert seen["label"] in seen["contrasts"]

    def test_its_code_is_in_the_fingerprint(self, seen: dict[str, Any]) -> None:
        """Leaf and part both count."""
        assert {"mnad/topk.py", "benchmarks/run/parts/memory_topk.py"} <= set(seen["code"])


class TestMetric:
    def test_is_in_the_table_of_all_records(self, seen: dict[str, Any]) -> None:
        """New records have it, and measuring again brings it to an old one."""
        assert {name for name, count in seen["partial"].items() if count} == {"mnad", "tiny_ae"}


class TestBaseline:
    def test_runs_and_is_printed_by_its_name(self, seen: dict[str, Any]) -> None:
        """It leaves a record, has its name in tables and its cell in the study of baselines."""
        assert seen["baseline"].startswith("tiny AE")
        assert "tiny AE" in seen["table"]
        assert seen["in_study"]


class TestDataSet:
    def test_is_printed_by_its_name_and_estimated(self, seen: dict[str, Any]) -> None:
        """Views print its name, plans know its length."""
        assert seen["set"] == "Backyard"
        assert seen["estimate"]
        assert "Backyard" in seen["table"]
