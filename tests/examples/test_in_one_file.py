"""The methods in one file each (examples/) against the official programs."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score

from benchmarks.data.images import read_image, resize_square
from examples import memae_in_one_file as memae
from examples import mnad_in_one_file as mnad
from tests.support.methods import stacked_clips
from tests.support.official_names import renamed

Arrays = dict[str, np.ndarray[Any, Any]]
Golden = Callable[[str], Arrays]
KINDS = ("pred", "recon")
TASKS: Mapping[str, mnad.Task] = {"pred": "prediction", "recon": "reconstruction"}
READS = ("mnad_memory_read_a", "mnad_memory_read_b", "mnad_memory_read_c")
UPDATES = ("mnad_memory_update_a", "mnad_memory_update_c", "mnad_memory_update_d")
TERMS = ("pixel", "compactness", "separateness", "total")
# float32 tolerances of the training trace, as tests/run/test_training_traces.py has them: losses relative, items absolute
TRACE_FLOAT32 = ((5e-6, 1e-5), (3e-4, 4e-3), (5e-3, None), (1e-2, None), (1e-2, None))


def golden_mnad(kind: str, weights: Mapping[str, Any], items: Any, dtype: torch.dtype) -> mnad.Mnad:
    """The network at an eighth of the width with golden weights and items."""
    model = mnad.Mnad(TASKS[kind], width=8, channels=3)
    own = model.state_dict()
    model.load_state_dict(own | renamed(weights, "mnad"))
    model.items = torch.as_tensor(items)
    model.to(dtype)
    model.items = model.items.to(dtype)
    return model


def stacked(images: np.ndarray[Any, Any], dtype: torch.dtype) -> torch.Tensor:
    """Golden uint8 images (batch, frames * 3, height, width) as the recipe's loader would give them."""
    clips = [torch.cat([mnad.scaled(frame) for frame in clip]) for clip in stacked_clips(images)]
    return torch.stack(clips).to(dtype)


def tensors(arrays: Arrays, *names: str) -> list[torch.Tensor]:
    """Arrays as tensors."""
    return [torch.from_numpy(arrays[name]) for name in names]


class TestMnadMemory:
    @pytest.mark.parametrize("name", READS)
    def test_read_equals_official(self, golden: Golden, name: str) -> None:
        """Query and read side by side are official."""
        arrays = golden(name)
        assert_allclose(mnad.read(*tensors(arrays, "query", "items")), arrays["read"], rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("name", READS[1:])
    def test_gradient_of_the_read_equals_official(self, golden: Golden, name: str) -> None:
        """The gradient passes the query half alone."""
        arrays = golden(name)
        query, items, grad_out = tensors(arrays, "query", "items", "grad_out")
        query.requires_grad_()
        (gradient,) = torch.autograd.grad((mnad.read(query, items) * grad_out).sum(), query)
        expected = arrays["grad_query"]
        scale = np.abs(expected).max(axis=1, keepdims=True)
        assert (np.abs(gradient.numpy() - expected) <= 1e-4 * np.abs(expected) + 1e-5 * scale).all()

    @pytest.mark.parametrize("name", UPDATES)
    def test_update_equals_official(self, golden: Golden, name: str) -> None:
        """Item after item, the new items are official, and outside the graph."""
        arrays = golden(name)
        query, items = tensors(arrays, "query", "items")
        new = mnad.update(query.requires_grad_(), items)
        assert not new.requires_grad
        assert_allclose(new, arrays["items_new"], rtol=1e-5, atol=3e-6)

    @pytest.mark.parametrize("seed", range(4))
    def test_update_with_dead_items_equals_official(self, golden: Golden, seed: int) -> None:
        """Items without queries stay."""
        arrays = {name: values[seed] for name, values in golden("mnad_memory_update_b").items()}
        assert_allclose(mnad.update(*tensors(arrays, "query", "items")), arrays["items_new"], rtol=1e-5, atol=3e-6)

    @pytest.mark.parametrize("name", ["mnad_losses_a", "mnad_losses_b"])
    @pytest.mark.parametrize("term", ["compactness", "separateness"])
    def test_losses_equal_official(self, golden: Golden, name: str, term: str) -> None:
        """Both losses and their gradients are official."""
        arrays = golden(name)
        query, items = tensors(arrays, "query", "items")
        loss = getattr(mnad, f"{term}_loss")(query.requires_grad_(), items)
        (gradient,) = torch.autograd.grad(loss, query)
        expected = arrays[f"grad_{term}"]
        assert_allclose(loss.detach(), arrays[term], rtol=1e-5, atol=1e-7)
        assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())

    def test_feature_distance_equals_official(self, golden: Golden) -> None:
        """At test the compactness of a frame is its distance."""
        arrays = golden("mnad_losses_eval")
        for query, items, expected in zip(*tensors(arrays, "query", "items"), arrays["compactness"], strict=True):
            assert_allclose(mnad.compactness_loss(query, items), expected, rtol=1e-5, atol=1e-8)

    def test_point_score_equals_official(self, golden: Golden) -> None:
        """The error that decides the update; frame 0 loosely, since the float32 weight cancels there."""
        arrays = golden("mnad_scores")
        points = [mnad.point_score(*frame) for frame in zip(*tensors(arrays, "output", "target"), strict=True)]
        assert_allclose(points[1:], arrays["point_score"][1:], rtol=1e-5, atol=1e-7)
        assert_allclose(points[0], arrays["point_score"][0], rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
class TestMnadTraining:
    """Five steps of the official training script."""

    def test_float64_trace_equals_official(self, golden: Golden, kind: str) -> None:
        """Losses and items after each step, and the weights at the end, are official."""
        arrays = golden(f"mnad_train_trace_{kind}")
        model = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items_init"], torch.float64)
        assert mnad.LOSS_WEIGHT[model.task] == pytest.approx(float(arrays["weight_compactness"]))
        assert pytest.approx(float(arrays["lr"])) == mnad.LEARNING_RATE
        training = mnad.Training(model)
        for step, images in enumerate(arrays["batches_uint8"]):
            tolerance = 1e-10 if step == 0 else 1e-9
            losses = training.step(stacked(images, torch.float64))
            for term in TERMS:
                assert_allclose(losses[term], arrays[f"f64.{term}"][step], rtol=0, atol=tolerance, err_msg=term)
            assert_allclose(model.items, arrays["f64.items"][step], rtol=0, atol=tolerance)
        state = model.state_dict()
        for name, expected in renamed(arrays, "mnad", "f64.after5.").items():
            assert_allclose(state[name], expected, rtol=0, atol=1e-9, err_msg=name)

    def test_float32_trace_equals_official_as_far_as_it_can(self, golden: Golden, kind: str) -> None:
        """In single precision the first steps follow the official run."""
        arrays = golden(f"mnad_train_trace_{kind}")
        model = golden_mnad(kind, golden(f"mnad_weights_{kind}"), arrays["items_init"], torch.float32)
        training = mnad.Training(model)
        for step, (images, (rtol, atol)) in enumerate(zip(arrays["batches_uint8"], TRACE_FLOAT32, strict=True)):
            losses = training.step(stacked(images, torch.float32))
            for term in TERMS:
                assert_allclose(losses[term], arrays[term][step], rtol=rtol, err_msg=f"{term}, step {step}")
            if atol is not None:
                assert_allclose(model.items, arrays["items"][step], rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
class TestMnadEvaluation:
    def test_trace_equals_official(self, golden: Golden, kind: str, dtype: torch.dtype) -> None:
        """Scores, decisions and items of twelve steps over two videos, and the area at the end, are official."""
        arrays = golden(f"mnad_eval_trace_{kind}")
        weights = {key.removeprefix("weights."): value for key, value in arrays.items() if key.startswith("weights.")}
        model = golden_mnad(kind, weights, arrays["items_init"], dtype)
        threshold, alpha = float(arrays["threshold"]), float(arrays["alpha"])
        evaluation = mnad.Evaluation(model, threshold=threshold, alpha=alpha)
        length, step = mnad.LENGTH[model.task], 0
        for frames in (arrays["frames_uint8_video1"], arrays["frames_uint8_video2"]):
            evaluation.begin_video()
            for first in range(len(frames) - length + 1):
                clip = torch.cat([mnad.scaled(frame) for frame in frames[first : first + length]])
                output = evaluation.frame(clip.unsqueeze(0).to(dtype))
                assert output.requires_grad, "the published evaluation records the graph"
                if step == 0:
                    assert_allclose(output[0].detach(), arrays["output_step0"], rtol=0, atol=2e-5)
                assert_allclose(evaluation.items, arrays["items"][step], rtol=0, atol=5e-6, err_msg=f"step {step}")
                step += 1
        scores = evaluation.finish()
        assert_allclose(scores.mse, arrays["mse"], rtol=2e-5)
        assert_allclose(np.concatenate(scores.psnr), arrays["psnr"], rtol=0, atol=1e-4)
        assert_allclose(np.concatenate(scores.distance), arrays["feature_distance"], rtol=2e-5)
        assert_allclose(scores.point_score, arrays["point_score"], rtol=1e-4)
        assert_array_equal(scores.updated, arrays["updated"])
        assert_allclose(scores.normality, arrays["score"], rtol=0, atol=2e-5)
        assert_allclose(roc_auc_score(1 - arrays["label_cropped"], scores.normality), arrays["auc"], rtol=0, atol=1e-9)

    def test_without_a_threshold_items_stay(self, golden: Golden, kind: str, dtype: torch.dtype) -> None:
        """Evaluation without update leaves the items alone."""
        model = golden_mnad(
            kind, golden(f"mnad_weights_{kind}"), golden(f"mnad_train_trace_{kind}")["items_init"], dtype
        )
        evaluation = mnad.Evaluation(model, threshold=None)
        evaluation.begin_video()
        evaluation.frame(stacked(golden(f"mnad_train_trace_{kind}")["batches_uint8"][0], dtype)[:1])
        assert evaluation.scores.updated == [False]
        assert torch.equal(evaluation.items, model.items)


def golden_memae(golden: Golden, dtype: torch.dtype = torch.float32) -> memae.Memae:
    """The narrow network with golden weights."""
    model = memae.Memae(width=12, channels=1, n_items=20)
    state = {name.removeprefix("memory."): value for name, value in renamed(golden("memae_weights"), "memae").items()}
    model.load_state_dict(model.state_dict() | state)
    return model.to(dtype)


def golden_clip(arrays: Arrays) -> torch.Tensor:
    """The clip of a forward file as the recipe's loader would give it."""
    return torch.stack([memae.scaled(frame[..., None]) for frame in arrays["clip_uint8"]], dim=1).unsqueeze(0)


class TestMemaeMemory:
    @pytest.mark.parametrize(("prefix", "threshold"), [("shrink0", 0.0), ("shrink25", 0.0025)])
    def test_address_and_read_equal_official(self, golden: Golden, prefix: str, threshold: float) -> None:
        """Attention, read and both gradients of a volume are official."""
        arrays = golden("memae_memory_a")
        volume, items, grad_out = tensors(arrays, "input", "items", "grad_out")
        volume.requires_grad_()
        items.requires_grad_()
        attention = memae.address(memae.volume_rows(volume), items, threshold)
        output = memae.rows_volume(memae.read(attention, items), volume)
        gradients = torch.autograd.grad((output * grad_out).sum(), (volume, items))
        assert_allclose(memae.rows_volume(attention, volume).detach(), arrays[f"{prefix}_att"], rtol=1e-5, atol=2e-6)
        assert_allclose(output.detach(), arrays[f"{prefix}_output"], rtol=1e-5, atol=2e-6)
        for gradient, name in zip(gradients, ("grad_input", "grad_items"), strict=True):
            expected = arrays[f"{prefix}_{name}"]
            assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())

    def test_entropy_equals_official(self, golden: Golden) -> None:
        """The entropy of a volume of attention and its gradient are official."""
        arrays = golden("memae_entropy")
        (attention,) = tensors(arrays, "map5d_att")
        loss = memae.entropy_loss(memae.volume_rows(attention.requires_grad_()))
        (gradient,) = torch.autograd.grad(loss, attention)
        assert_allclose(loss.detach(), arrays["map5d_entropy"], rtol=1e-6, atol=1e-7)
        assert_allclose(gradient, arrays["map5d_grad"], rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_clip_error_equals_official(self, golden: Golden, channels: int) -> None:
        """The error is the mean norm over channels."""
        arrays = golden("memae_score")
        output, target = tensors(arrays, f"recon_c{channels}", f"frames_c{channels}")
        errors = [memae.clip_error(output[i : i + 1], target[i : i + 1]) for i in range(len(output))]
        assert_allclose(errors, arrays[f"error_c{channels}"], rtol=1e-5)

    def test_regularity_equals_official(self, golden: Golden) -> None:
        """One minus the error scaled within each video."""
        arrays = golden("memae_score")
        regularity = memae.regularity([list(arrays[f"error_video{video}"]) for video in (1, 2, 3)])
        assert_allclose(regularity, arrays["regularity"], atol=1e-9)


class TestMemaeNetwork:
    @pytest.mark.parametrize(
        ("dtype", "prefix", "rtol", "step_atol"),
        [(torch.float64, "f64.", 1e-8, 1e-8), (torch.float32, "", 5e-6, 1e-6)],
        ids=["float64", "float32"],
    )
    def test_training_step_equals_official(
        self, golden: Golden, dtype: torch.dtype, prefix: str, rtol: float, step_atol: float
    ) -> None:
        """Losses, Adam's step and the losses after it are official in both precisions."""
        arrays = golden("memae_forward_train")
        model = golden_memae(golden, dtype)
        training = memae.Training(model)
        clip = golden_clip(arrays).to(dtype)
        names = {"pixel": "mse", "entropy": "entropy", "total": "total"}
        losses = training.step(clip)
        for term, name in names.items():
            assert_allclose(losses[term], arrays[f"{prefix}{name}"], rtol=rtol, err_msg=term)
        state = {f"memory.{name}" if name == "items" else name: value for name, value in model.state_dict().items()}
        compared = renamed(arrays, "memae", f"{prefix}after_step.")
        assert compared
        for name, expected in compared.items():
            assert_allclose(state[name], expected, rtol=0, atol=step_atol, err_msg=name)
        losses = training.step(clip)
        for term, name in names.items():
            assert_allclose(losses[term], arrays[f"{prefix}step1_{name}"], rtol=rtol, err_msg=term)

    def test_evaluation_forward_equals_official(self, golden: Golden) -> None:
        """Output, attention and error of a clip are official."""
        arrays = golden("memae_forward_eval")
        output, attention = golden_memae(golden).eval()(golden_clip(arrays))
        assert_allclose(output.detach(), arrays["output"], rtol=0, atol=5e-5)
        assert_allclose(attention.detach(), arrays["att"], rtol=0, atol=2e-5)
        assert_allclose((output.detach() - golden_clip(arrays)).square().mean(), arrays["mse"], rtol=5e-6)


def jpegs(folder: Path, count: int, size: tuple[int, int] = (24, 36)) -> list[Path]:
    """Random JPEG images."""
    rng = np.random.default_rng(0)
    files = [folder / f"{index:03d}.jpg" for index in range(count)]
    for file in files:
        cv2.imwrite(str(file), rng.integers(0, 256, (*size, 3), dtype=np.uint8))
    return files


class TestDecode:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_gives_the_projects_frames(self, tmp_path: Path, channels: int) -> None:
        """Decoder and resize are those of the frame store, so that both sides see the same input."""
        (file,) = jpegs(tmp_path, 1)
        ours = resize_square(read_image(file, grey=channels == 1), 32, channels)
        assert_array_equal(mnad.decode(file, 32, channels), ours)

    def test_a_missing_file_is_a_sentence(self, tmp_path: Path) -> None:
        """The path is named."""
        with pytest.raises(OSError, match=r"gone\.jpg"):
            mnad.decode(tmp_path / "gone.jpg", 8, 3)


class TestEpochs:
    @pytest.mark.parametrize("task", mnad.LENGTH)
    def test_mnad_trains_and_evaluates_files(self, tmp_path: Path, task: mnad.Task) -> None:
        """Whole batches of clips are trained, every clip is scored."""
        files = jpegs(tmp_path, 9)
        model = mnad.Mnad(task, width=2, channels=3)
        losses = mnad.Training(model, size=16, batch=2).epoch(files)
        clips = 9 - mnad.LENGTH[task] + 1
        assert len(losses) == clips // 2
        assert all(math.isfinite(loss) for loss in losses)
        scores = mnad.Evaluation(model, threshold=1.0, size=16).run([files, files[:7]])
        assert [len(video) for video in scores.psnr] == [clips, clips - 2]
        assert len(scores.normality) == 2 * clips - 2
        assert all(scores.updated)

    def test_memae_trains_and_evaluates_files(self, tmp_path: Path) -> None:
        """Whole batches of clips are trained, every clip is scored."""
        files = jpegs(tmp_path, 19)
        model = memae.Memae(width=6, channels=1, n_items=20)
        assert len(memae.Training(model, size=16, batch=3).epoch(files)) == 1
        errors, regularity = memae.evaluate(model, [files], size=16)
        assert [len(video) for video in errors] == [4]
        assert max(regularity) == 1
        assert min(regularity) == 0


class TestMain:
    @pytest.mark.parametrize("program", [mnad, memae], ids=["MNAD", "MemAE"])
    def test_trains_and_evaluates_a_folder(
        self, program: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Videos of circles and squares, as it writes them where no folder is named, end in an AUC."""
        mnad.write_circles_and_squares(tmp_path, size=32, videos=1, frames=26)
        auc = program.main([str(tmp_path), "--epochs", "1", "--size", "16", "--width", "3"])
        assert 0 <= auc <= 1
        assert f"AUC {100 * auc:.1f} %" in capsys.readouterr().out.splitlines()[-1]

    def test_labels_that_do_not_fit_are_a_sentence(self, tmp_path: Path) -> None:
        """The file is named; so is a folder without videos."""
        mnad.write_circles_and_squares(tmp_path, size=32, videos=1, frames=20)
        (tmp_path / "test" / "00.txt").write_text("0\n1\n")
        with pytest.raises(OSError, match=r"00\.txt for each of 20 frames"):
            mnad.main([str(tmp_path), "--epochs", "1"])
        with pytest.raises(OSError, match="Videos were expected"):
            mnad.main([str(tmp_path / "nowhere")])
