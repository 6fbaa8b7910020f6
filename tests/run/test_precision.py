"""bfloat16 gives the results of float32, within what another seed changes."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from benchmarks.data.clips import Clips
from benchmarks.measure.metrics import frame_metrics
from benchmarks.measure.normalise import normalise
from benchmarks.run.autoencoder import MemoryAutoencoder
from benchmarks.run.evaluation import evaluate
from benchmarks.run.feed import Feed
from benchmarks.run.training import train_epoch
from benchmarks.study.presets import resolve
from synthetic.dataset import RenderedVideo, render_video, video_plan
from synthetic.scene import SceneSettings
from tests.support.methods import batch_of, made_up_clips, method_of, trained_a_little

CPU = torch.device("cpu")
# Objects and speeds twice as large as usual, so that 32 pixels are enough to see them.
SCENE = SceneSettings(
    size=32, radius=20, normal_speed=10, fast_speed=20, train_videos=5, train_frames=60, test_videos=8, test_frames=40
)


def clips_of(videos: list[RenderedVideo], length: int) -> Clips:
    """Clips of generated videos."""
    frames = np.concatenate([video.frames for video in videos])[..., None]
    return Clips(frames, [len(video.frames) for video in videos], length=length)


def area(precision: str, seed: int, train: list[RenderedVideo], test: list[RenderedVideo]) -> float:
    """Micro AUC of a small prediction cell by its error, after three epochs."""
    settings = resolve(
        dataset="synthetic", method="mnad", task="prediction", profile="smoke", precision=precision, epochs=3,
        learning_rate=1e-3, train_stride=1,
    )  # fmt: skip
    method = MemoryAutoencoder(settings, seed, CPU)
    objectives = method.objectives()
    feed = Feed(clips_of(train, method.clip_length), CPU)
    for epoch in range(1, settings.epochs + 1):
        train_epoch(method, objectives, feed, settings, seed, epoch, lambda *_: None)
    result = evaluate(method, Feed(clips_of(test, method.clip_length), CPU), ("update",))
    labels = [test[video].labels[frame] for video, frame in zip(result.video, result.frame, strict=True)]
    terms = result.terms["update"]
    names = result.video.astype(str)
    anomaly = normalise(terms["mse"], names, "global").values
    found = frame_metrics(anomaly, labels, names).micro_auc
    assert found is not None
    return found


def test_bfloat16_agrees_with_float32_within_the_noise_of_seeds() -> None:
    """The mean area over seeds is the same to three points, as far as single seeds lie apart, and both see anomalies."""
    train, test = ([render_video(plan) for plan in video_plan(SCENE, split)] for split in ("train", "test"))
    single, half = (
        np.array([area(precision, seed, train, test) for seed in range(3)]) for precision in ("float32", "bfloat16")
    )
    assert min(single.min(), half.min()) > 0.6
    # Over six seeds the two differed by 1.6 points (standard deviation), so a mean of three moves by about one.
    assert abs(single.mean() - half.mean()) < 0.03


class TestSameWeights:
    """One network in both precisions: what a cell scores and learns by, without the chances of a training."""

    CASES = (("mnad", "prediction"), ("mnad", "reconstruction"), ("memae", "reconstruction"))

    @staticmethod
    def both(name: str, task: str) -> tuple[MemoryAutoencoder, MemoryAutoencoder]:
        """A network after a few steps, and the same weights and items under bfloat16."""
        single = trained_a_little(method_of(method=name, task=task), steps=4)
        half = method_of(method=name, task=task, precision="bfloat16")
        half.load(single.state())
        return single, half

    @pytest.mark.parametrize(("name", "task"), CASES)
    def test_score_is_the_same_within_half_a_per_cent(self, name: str, task: str) -> None:
        """Errors of frames that lie a factor of two apart and more agree to half a per cent (measured: 0.15)."""
        found = []
        for method in self.both(name, task):
            method.begin_evaluation(method.variants()[:1])
            scored = method.score(batch_of(made_up_clips(method, 16, seed=5)))
            found.append(scored.terms[method.variants()[0]]["mse"].numpy())
        assert found[0].max() > 1.5 * found[0].min()
        assert_allclose(found[1], found[0], rtol=5e-3)

    @pytest.mark.parametrize(("name", "task"), CASES)
    def test_gradient_points_the_same_way(self, name: str, task: str) -> None:
        """The loss agrees to a per cent, its gradient in direction and to a fifth in length."""
        losses, gradients = [], []
        for method in self.both(name, task):
            method.network.train()
            method.network.zero_grad()
            total = method.losses(batch_of(made_up_clips(method, 4, seed=5), epoch=1), "").total
            total.backward()
            losses.append(total.item())
            slopes = [value.grad.flatten() for value in method.network.parameters() if value.grad is not None]
            gradients.append(torch.cat(slopes))
        assert_allclose(losses[1], losses[0], rtol=0.01)
        assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.75
        assert_allclose(gradients[1].norm(), gradients[0].norm(), rtol=0.2)


def test_memory_and_losses_stay_in_float32() -> None:
    """bfloat16 holds the convolutions alone: query, items, losses and scores are float32."""
    settings = resolve(dataset="synthetic", method="mnad", task="prediction", profile="smoke", precision="bfloat16")
    method = MemoryAutoencoder(settings, 0, CPU)
    videos = [render_video(video_plan(SCENE, "train")[0])]
    batch = Feed(clips_of(videos, method.clip_length), CPU).batch(np.arange(3))
    seen = []
    learn = method.memory.training_read
    method.memory.training_read = lambda query: (seen.append(query.dtype), learn(query))[1]  # type: ignore[method-assign,func-returns-value]
    losses = method.losses(batch, "")
    assert seen == [torch.float32]
    assert all(term.dtype == torch.float32 for term in losses.terms.values())
    assert all(value.dtype == torch.float32 for value in method.network.parameters())
    assert method.state()["memory.items"].dtype == torch.float32
    method.begin_evaluation(("update",))
    scored = method.score(batch).terms["update"]
    assert all(value.dtype in (torch.float32, torch.bool) for value in scored.values())
