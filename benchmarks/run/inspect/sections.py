"""What is inspected in a trained cell: sections of its record, and a file of arrays for figures."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.data.facts import FACTS
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.cell_data import CellData
from benchmarks.run.contract import Method
from benchmarks.run.evaluation import Pass
from benchmarks.run.feed import Feed
from benchmarks.run.inspect.batch_norm import recalibrated
from benchmarks.run.inspect.boxes import box_observer
from benchmarks.run.inspect.file import InspectionFile
from benchmarks.run.inspect.gather import Gathered, QuerySample
from benchmarks.run.inspect.items import item_facts
from benchmarks.run.inspect.mistakes import choose_mistakes
from benchmarks.run.inspect.pixels import pixel_facts
from benchmarks.run.inspect.queries import location_information, silhouette_facts
from benchmarks.run.inspect.replaced import replaced_outputs
from benchmarks.run.inspect.response import response_facts
from benchmarks.run.inspect.sample import observe
from benchmarks.run.inspect.shapes import shape_observer
from benchmarks.run.inspect.stills import Stills, choose_stills

SECTIONS = ("items", "queries", "shapes", "pixel", "boxes", "response", "batch_norm")
_KEPT_ITEMS = 100
# Half a million float16 values are a megabyte: 2,000 queries of 256 channels.
_KEPT_VALUES = 2**19


def inspect_cell(method: Method, data: CellData, device: torch.device, folder: Path, scored: Pass) -> dict[str, Any]:
    """Return sections of the record by name, and write ``look.npz`` into the cell's work folder.

    scored: the test frames under the published variant, whose evaluation was the method's last; what its test-time update
    made of the items is taken from there. Everything stands under the published variant's name, but is read with the
    items as trained and no update (`Method.inspect`), ``items.<variant>.updated`` and ``pixel`` excepted. A method that
    draws nothing gives nothing.

    items: `items.item_facts`; queries: `queries.silhouette_facts` of 2,000 queries, ``largest_weight`` (mean address
    weight of each query's nearest item) and `queries.location_information`; shapes: `shapes.Shapes`; pixel: `pixels.pixel_facts`;
    boxes: `boxes.Boxes`, of methods that are no `MemoryAutoencoder`; response: `response.response_facts`; batch_norm:
    `batch_norm.recalibrated`, of memory autoencoders
    """
    videos = data.dataset.test
    feed = Feed(data.clips("test", method.clip_length), device)
    composed = isinstance(method, MemoryAutoencoder)
    memory = _Items.of(method)
    queries = QuerySample(len(feed.clips), memory.update if memory is not None and memory.updating else None)
    facts = FACTS.get(data.dataset.name)
    chosen = choose_stills(feed.clips, videos, method.scored_frame, {} if facts is None else facts.stills)
    mistakes = choose_mistakes(scored, method.rule, videos, feed.clips, method.scored_frame)
    stills = Stills(feed, videos, method.scored_frame, chosen | mistakes)
    shapes = shape_observer(feed, videos, method.scored_frame)
    held_out = Feed(data.clips("held out", method.clip_length), device) if data.held_out else None
    boxes = box_observer(method, feed, None if composed else held_out, videos, chosen)
    if not observe(method, feed, [one for one in (queries, stills, shapes, boxes) if one is not None]):
        return {}
    gathered = queries.gathered()
    squares = None if shapes is None else shapes.shapes()
    sections: dict[str, Any] = {
        "items": None if memory is None else item_facts(memory.trained, memory.updated, gathered.update_size),
        "queries": _query_facts(gathered, _distance(method)),
        "shapes": None if squares is None else squares.facts,
        "pixel": pixel_facts(scored, videos),
        "boxes": None if boxes is None else boxes.facts(),
        "response": response_facts(method, Feed(data.clips("train", method.clip_length), device), held_out, scored),
    }
    InspectionFile(
        **stills.arrays(),
        **_addresses(gathered, None if memory is None else memory.trained.float().cpu().numpy()),
        **_kept_queries(gathered, _distance(method)),
        **({} if squares is None else squares.patches),
        **replaced_outputs(method, feed, chosen),
        frames=np.array(gathered.frames),
    ).save(folder / InspectionFile.NAME)
    # Last, since it scores the test frames once more: what was said above is of the evaluation before.
    sections["batch_norm"] = recalibrated(method, data, device)
    return {name: {method.rule.variant: found} for name, found in sections.items() if found is not None}


class _Items:
    """The items of an autoencoder as trained, as its scoring has left them, and under an update by one frame."""

    def __init__(self, method: MemoryAutoencoder, trained: Tensor) -> None:
        self.memory = method.memory
        self.dtype = method.dtype
        self.trained = trained
        self.updating = method.memory.updates_at_test
        self.updated = method.items_now(method.rule.variant) if self.updating else None

    @classmethod
    def of(cls, method: Method) -> Self | None:
        """Return the items of a method; None if it has none."""
        if not isinstance(method, MemoryAutoencoder) or (trained := method.memory.items_for_test()) is None:
            return None
        return cls(method, trained)

    def update(self, query: Tensor) -> tuple[Tensor, Tensor]:
        """Return the trained items, and what an update by a frame's query map would make of them."""
        return self.trained, self.memory.update(query.to(self.dtype), self.trained)


def _distance(method: Method) -> str:
    """Return the distance by which a method's memory compares; ``address`` says it where the memory has that setting."""
    if not isinstance(method, MemoryAutoencoder):
        return "euclidean"
    return "cosine" if method.settings.address == "cosine" else method.settings.memory_card.distance


def _query_facts(gathered: Gathered, metric: str) -> dict[str, Any] | None:
    if gathered.query is None or gathered.query_item is None or gathered.nearest is None:
        return None
    facts = silhouette_facts(gathered.query, gathered.query_item, metric)
    if gathered.weight is not None:
        facts["largest_weight"] = round(gathered.weight, 6)
    return facts | {"frames": gathered.frames, "location_information": location_information(gathered.nearest)}


def _addresses(gathered: Gathered, items: NDArray[np.float32] | None) -> dict[str, Any]:
    """Return items and their use by place: all of a small memory, those used most of a large one."""
    if items is None or gathered.nearest is None:
        return {}
    counts = np.bincount(gathered.nearest[gathered.nearest >= 0], minlength=len(items))
    kept = np.sort(np.argsort(-counts, kind="stable")[:_KEPT_ITEMS])
    usage = np.stack([(gathered.nearest == item).sum(axis=0) for item in kept])
    return {
        "items": items[kept].astype(np.float16),
        "item_number": kept.astype(np.int64),
        "usage": usage.astype(np.uint16),
        "dead": (gathered.nearest < 0).sum(axis=0).astype(np.uint16),
    }


def _kept_queries(gathered: Gathered, metric: str) -> dict[str, Any]:
    if gathered.query is None:
        return {}
    wanted = min(len(gathered.query), _KEPT_VALUES // gathered.query.shape[1])
    rows = np.linspace(0, len(gathered.query) - 1, wanted).round().astype(np.int64)
    query = gathered.query[rows]
    if metric == "cosine":
        query = query / np.maximum(np.linalg.norm(query, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    found: dict[str, Any] = {"query": query.astype(np.float16)}
    if gathered.query_item is not None:
        found["query_item"] = gathered.query_item[rows]
    return found
