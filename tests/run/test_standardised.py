"""What standardised autoencoders make of frames before and after their network."""

import numpy as np
import pytest
import torch

from benchmarks.run.methods import build
from benchmarks.run.standardised import StandardisedAutoencoder
from benchmarks.study.presets import resolve
from tests.support.methods import CPU, made_up_clips

METHODS = ("aae", "convlstm_ae", "lstm_vector_ae", "stae")


class _Clips:
    """Clips as `prepare` gets them."""

    def __init__(self, clips: np.ndarray) -> None:
        self.clips = clips

    def __len__(self) -> int:
        return len(self.clips)

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Return clips by their indices."""
        return self.clips[indices]


def prepared(name: str, clips: np.ndarray | None = None) -> StandardisedAutoencoder:
    """A tiny method that has seen the clips."""
    method = build(resolve(dataset="synthetic", task="reconstruction", profile="smoke", method=name), 0, CPU)
    assert isinstance(method, StandardisedAutoencoder)
    method.prepare(_Clips(made_up_clips(method, 12) if clips is None else clips))
    return method


@pytest.mark.parametrize("name", METHODS)
class TestStandardisedAutoencoder:
    def test_training_frames_have_zero_mean_and_unit_variance(self, name: str) -> None:
        """The frames that it was measured on go in with mean 0 and variance 1."""
        method = prepared(name)
        frames = torch.from_numpy(made_up_clips(method, 12)[:, :1]).permute(0, 1, 4, 2, 3) / 255.0
        standard = method.standardised(frames)
        assert float(standard.mean()) == pytest.approx(0, abs=1e-5)
        assert float(standard.square().mean()) == pytest.approx(1, abs=1e-4)
        torch.testing.assert_close(method.restored(standard), frames)

    def test_a_checkpoint_keeps_what_was_measured(self, name: str) -> None:
        """Another method that loads the state reconstructs alike, though it has seen no training frame."""
        method, other = prepared(name), build(prepared(name).settings, 1, CPU)
        assert isinstance(other, StandardisedAutoencoder)
        other.load(method.state())
        clips = torch.rand(2, method.clip_length, 1, method.settings.size, method.settings.size)
        method.begin_evaluation(method.variants())
        other.begin_evaluation(method.variants())
        with torch.inference_mode():
            assert torch.equal(method.reconstruct(clips), other.reconstruct(clips))

    def test_frames_that_never_change_are_centred_alone(self, name: str) -> None:
        """Without any deviation nothing is divided by zero."""
        grey = np.full_like(made_up_clips(prepared(name), 3), 100)
        assert float(prepared(name, grey).deviation) == 1.0
