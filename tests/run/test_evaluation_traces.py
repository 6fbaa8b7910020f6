"""Scoring through the harness against the official evaluation scripts, frame by frame and in batches."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.measure.fusion import Score, fuse
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.terms import psnr_from_mse
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.contract import Batch
from mnad import memory
from tests.support.methods import batch_of, golden_memae, golden_mnad

Golden = Callable[[str], dict[str, np.ndarray[Any, Any]]]
Arrays = dict[str, np.ndarray[Any, Any]]
KINDS = ("pred", "recon")


def traced_method(arrays: Arrays, kind: str, precision: str) -> MemoryAutoencoder:
    """The trained golden network with the trace's items, threshold and alpha."""
    weights = {key.removeprefix("weights."): value for key, value in arrays.items() if key.startswith("weights.")}
    overrides = {"update_threshold": float(arrays["threshold"]), "alpha": float(arrays["alpha"])}
    return golden_mnad(kind, weights, arrays["items_init"], precision, **overrides)


def videos_of(arrays: Arrays, length: int) -> list[np.ndarray[Any, Any]]:
    """The clips of both videos, (clips, time, height, width, 3) uint8."""
    frames = [arrays["frames_uint8_video1"], arrays["frames_uint8_video2"]]
    return [np.stack([video[i : i + length] for i in range(len(video) - length + 1)]) for video in frames]


def output_of(method: MemoryAutoencoder, batch: Batch) -> torch.Tensor:
    """What the decoder makes of a batch with the present items."""
    scorer = method._require_scorer()
    inputs, _ = method.inputs_and_target(batch)
    query, skips = scorer._encode(inputs)
    return scorer._decode(method.memory.read(query, scorer.items["update"]).features, skips)


def check_terms(terms: dict[str, np.ndarray[Any, Any]], arrays: Arrays) -> None:
    """Terms, decisions, fused score and area under the curve of all twelve steps are official."""
    psnr = psnr_from_mse(terms["mse"])
    assert_allclose(terms["mse"], arrays["mse"], rtol=2e-5)
    assert_allclose(psnr, arrays["psnr"], rtol=0, atol=1e-4)
    assert_allclose(terms["feature_distance"], arrays["feature_distance"], rtol=2e-5)
    assert_allclose(terms["point_score"], arrays["point_score"], rtol=1e-4)
    assert_array_equal(terms["updated"], arrays["updated"])
    table = pd.DataFrame(
        {"video": arrays["video_of_step"].astype(str), "psnr": psnr, "feature_distance": terms["feature_distance"]}
    )
    alpha = float(arrays["alpha"])
    fused = fuse(table, Score("fused", {"psnr": alpha, "feature_distance": 1 - alpha}), "per_video").values
    assert_allclose(1 - fused, arrays["score"], rtol=0, atol=2e-5)
    area = frame_metrics(fused, arrays["label_cropped"], table["video"]).micro_auc
    assert_allclose(area, arrays["auc"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
class TestMnadTrace:
    """Twelve steps of the official evaluation script over two videos."""

    def test_frame_by_frame_equals_official(self, golden: Golden, kind: str, precision: str) -> None:
        """Scores, decisions, nearest items, outputs, and the items after each step, are official."""
        arrays = golden(f"mnad_eval_trace_{kind}")
        method = traced_method(arrays, kind, precision)
        method.begin_evaluation(("update",))
        scorer = method._require_scorer()
        pieces: dict[str, list[float]] = {}
        step = 0
        for number, clips in enumerate(videos_of(arrays, method.clip_length)):
            method.begin_video(number)
            for clip in clips:
                batch = batch_of(clip[None], video=number)
                items = scorer.items["update"]
                assert items is not None
                inputs, _ = method.inputs_and_target(batch)
                with torch.inference_mode():
                    query, _ = scorer._encode(inputs)
                    output = output_of(method, batch)
                assert_array_equal(memory.nearest(query, items)[0], arrays["nearest"][step])
                for where, name in ((0, "output_step0"), (11, "output_last")):
                    if step == where:
                        assert_allclose(output[0], arrays[name], rtol=0, atol=2e-5)
                for term, values in method.score(batch).terms["update"].items():
                    pieces.setdefault(term, []).append(values.item())
                after = scorer.items["update"]
                assert after is not None
                assert_allclose(after, arrays["items"][step], rtol=0, atol=5e-6, err_msg=f"step {step}")
                step += 1
        assert step == 12
        check_terms({term: np.array(values) for term, values in pieces.items()}, arrays)
        usage = method.take_usage()["update"]
        assert_array_equal(usage, np.bincount(arrays["nearest"].flatten(), minlength=10))

    @pytest.mark.parametrize("size", [2, 4, 12])
    def test_batches_equal_official(self, golden: Golden, kind: str, precision: str, size: int) -> None:
        """Guessing a batch's decisions and checking them gives the official scores and final items."""
        arrays = golden(f"mnad_eval_trace_{kind}")
        method = traced_method(arrays, kind, precision)
        method.begin_evaluation(("update",))
        pieces: dict[str, list[np.ndarray[Any, Any]]] = {}
        for number, clips in enumerate(videos_of(arrays, method.clip_length)):
            method.begin_video(number)
            for start in range(0, len(clips), size):
                scored = method.score(batch_of(clips[start : start + size], video=number)).terms["update"]
                for term, values in scored.items():
                    pieces.setdefault(term, []).append(values.numpy())
        check_terms({term: np.concatenate(values) for term, values in pieces.items()}, arrays)
        items = method._require_scorer().items["update"]
        assert items is not None
        assert_allclose(items, arrays["items"][-1], rtol=0, atol=5e-6)
        assert_array_equal(method.take_usage()["update"], np.bincount(arrays["nearest"].flatten(), minlength=10))


@pytest.mark.parametrize("kind", KINDS)
class TestMnadForwardEval:
    def test_folded_network_equals_official(self, golden: Golden, kind: str) -> None:
        """Batch norm folded away, the query and the output of a batch are still the official ones."""
        arrays = golden(f"mnad_forward_{kind}_eval")
        method = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items"], "float64")
        method.begin_evaluation(("no_update",))
        scorer = method._require_scorer()
        images = arrays["images_uint8"]
        batch = batch_of(images.reshape(2, -1, 3, 64, 64).transpose(0, 1, 3, 4, 2).copy())
        with torch.inference_mode():
            inputs, target = method.inputs_and_target(batch)
            query, skips = scorer._encode(inputs)
            recalled = method.memory.read(query, scorer.items["no_update"])
            output = scorer._decode(recalled.features, skips)
            terms = method.score(batch).terms["no_update"]
        assert_allclose(query, arrays["bottleneck"], rtol=1e-4, atol=5e-6)
        assert_allclose(recalled.features, arrays["read"], rtol=1e-4, atol=5e-6)
        assert_allclose(output, arrays["output"], rtol=1e-4, atol=5e-6)
        assert_allclose((output - target).square().mean(), arrays["pixel_loss"], rtol=1e-5)
        assert_allclose(4 * terms["mse"].mean(), arrays["pixel_loss"], rtol=1e-5)
        assert_allclose(terms["feature_distance"].mean(), arrays["compactness"], rtol=1e-5)


class TestMemaeForwardEval:
    def test_folded_network_equals_official(self, golden: Golden) -> None:
        """Batch norm folded away, address, read, output and error of a clip are still the official ones."""
        arrays = golden("memae_forward_eval")
        method = golden_memae(golden("memae_weights"), "float32")
        method.begin_evaluation(("plain",))
        scorer = method._require_scorer()
        batch = batch_of(arrays["clip_uint8"][None, ..., None])
        with torch.inference_mode():
            inputs, target = method.inputs_and_target(batch)
            query, skips = scorer._encode(inputs)
            recalled = method.memory.read(query, scorer.items["plain"])
            output = scorer._decode(recalled.features, skips)
            terms = method.score(batch).terms["plain"]
        assert_allclose(query.unflatten(2, (2, 2)), arrays["encoding"], rtol=0, atol=5e-5)
        assert_allclose(recalled.features.unflatten(2, (2, 2)), arrays["memory_output"], rtol=0, atol=5e-5)
        assert_allclose(output, arrays["output"], rtol=0, atol=5e-5)
        assert_allclose(4 * terms["mse"], arrays["mse"], rtol=5e-6)
        assert_allclose(terms["mean_absolute_error"], (output - target).abs().mean(), rtol=1e-6)
        dead = (arrays["att"].sum(axis=1) == 0).mean()
        assert_allclose(terms["dead_queries"], dead, atol=1e-7)
        assert_allclose(terms["largest_weight"], arrays["att"].max(axis=1).mean(), atol=2e-5)
