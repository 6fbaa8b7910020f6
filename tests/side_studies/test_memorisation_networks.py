"""Memorisation: the search for critical samples, noise in labels and targets, and the two networks."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from side_studies.memorisation.networks import (
    PatchAutoencoder,
    PatchClassifier,
    Search,
    critical_sample_ratio,
    critical_samples,
    noisy_part,
    with_noise_targets,
    with_random_labels,
)


def stream(seed: int = 0) -> torch.Generator:
    """A generator of its own."""
    return torch.Generator().manual_seed(seed)


def stripes(frequency: float) -> torch.nn.Module:
    """A classifier whose two classes alternate along the first coordinate, so many times a unit."""

    class Stripes(torch.nn.Module):
        def forward(self, samples: torch.Tensor) -> torch.Tensor:
            wave = torch.sin(2 * math.pi * frequency * samples[:, 0])
            return torch.stack([wave, -wave], dim=1)

    return Stripes()


class TestCriticalSamples:
    def test_finds_those_within_the_box_of_a_boundary(self) -> None:
        """One boundary at 0: samples nearer than the radius are critical, the others are not."""
        samples = torch.tensor([[-0.30], [-0.05], [0.05], [0.30]])
        classify = torch.nn.Linear(1, 2)
        with torch.no_grad():
            classify.weight.copy_(torch.tensor([[1.0], [-1.0]]))
            classify.bias.zero_()
        found = critical_samples(classify, samples, stream(), Search(radius=0.1, step=0.02, noise=0.01, iterations=20))
        assert found.tolist() == [False, True, True, False]

    def test_never_leaves_the_box(self) -> None:
        """No sample that is shown to the classifier is farther than the radius."""
        samples = torch.rand(6, 3, 3, generator=stream())
        seen = []

        def classify(shown: torch.Tensor) -> torch.Tensor:
            seen.append(float((shown.detach() - samples).abs().max()))
            return shown.flatten(1)[:, :4]

        critical_samples(classify, samples, stream(), Search(radius=0.01, step=0.1, noise=0.1, iterations=5))
        assert len(seen) > 5
        assert max(seen) <= 0.01 * (1 + 1e-4)

    def test_noise_leaves_points_without_gradient(self) -> None:
        """Where the gradient is zero the noise still moves the sample, as the paper wants."""

        def step(samples: torch.Tensor) -> torch.Tensor:
            above = (samples[:, 0] > 0).double() + 0 * samples[:, 0]
            return torch.stack([above, 1 - above], dim=1)

        near = torch.full((20, 1), -0.001, dtype=torch.float64)
        assert critical_samples(step, near, stream(), Search(0.1, step=0.0, noise=0.05, iterations=60)).all()
        assert not critical_samples(step, near, stream(), Search(0.1, step=0.05, noise=0.0, iterations=60)).any()


class TestCriticalSampleRatio:
    @given(st.integers(0, 3))
    def test_of_a_constant_classifier_is_zero(self, chosen: int) -> None:
        """A classifier that gives one class to everything has no critical sample, whichever class it is."""
        logits = torch.nn.functional.one_hot(torch.tensor(chosen), 4).float()
        samples = torch.rand(30, 5, generator=stream())
        ratio = critical_sample_ratio(lambda shown: logits.expand(len(shown), 4), samples, stream(), Search(radius=9.0))
        assert ratio == 0

    def test_grows_as_the_classifier_becomes_jagged(self) -> None:
        """The more boundaries, the more samples lie near one."""
        samples = torch.rand(400, 2, generator=stream())
        search = Search(radius=0.01, step=0.004, noise=0.002)
        ratios = [critical_sample_ratio(stripes(f), samples, stream(1), search) for f in (0.4, 2.0, 8.0, 32.0)]
        assert ratios == sorted(ratios)
        assert ratios[0] < 0.05
        assert ratios[-1] > 0.5

    def test_is_twice_the_same(self) -> None:
        """Equal streams give equal ratios."""
        samples = torch.rand(50, 2, generator=stream())
        search = Search(radius=0.01, step=0.004, noise=0.002)
        first, second = (critical_sample_ratio(stripes(4.0), samples, stream(1), search) for _ in range(2))
        assert first == second > 0


class TestSearch:
    def test_scales_all_lengths(self) -> None:
        """A larger box is searched with larger steps and as many of them."""
        assert Search(3.0, 2.0, 1.0, 7).scaled(2) == Search(6.0, 4.0, 2.0, 7)


class TestNoisyPart:
    @given(st.integers(1, 40), st.floats(0, 1), st.integers(0, 5))
    def test_holds_its_share(self, count: int, share: float, seed: int) -> None:
        """As many as the share says, rounded."""
        assert int(noisy_part(count, share, stream(seed)).sum()) == round(share * count)

    def test_refuses_what_is_no_share(self) -> None:
        """More than all is refused."""
        with pytest.raises(ValueError, match="between 0 and 1"):
            noisy_part(4, 1.5, stream())


class TestWithRandomLabels:
    def test_touches_the_noisy_part_alone_and_is_right_by_chance(self) -> None:
        """Labels outside the part stay; inside, about half of two classes are still right."""
        labels = torch.arange(4000) % 2
        noisy = noisy_part(4000, 0.5, stream())
        drawn = with_random_labels(labels, noisy, 2, stream(1))
        assert torch.equal(drawn[~noisy], labels[~noisy])
        assert 0.45 < float((drawn[noisy] == labels[noisy]).double().mean()) < 0.55


class TestWithNoiseTargets:
    def test_touches_the_noisy_part_alone_and_keeps_mean_and_deviation(self) -> None:
        """Noise is as bright and as contrasty as what it replaces, and says nothing about it."""
        targets = 0.3 + 0.2 * torch.rand(1000, 4, 4, generator=stream())
        noisy = noisy_part(1000, 0.5, stream(1))
        drawn = with_noise_targets(targets, noisy, stream(2))
        assert torch.equal(drawn[~noisy], targets[~noisy])
        assert float(drawn[noisy].mean()) == pytest.approx(float(targets.mean()), abs=0.005)
        assert float(drawn[noisy].std()) == pytest.approx(float(targets.std()), rel=0.05)
        correlation = torch.corrcoef(torch.stack([drawn[noisy].flatten(), targets[noisy].flatten()]))[0, 1]
        assert abs(float(correlation)) < 0.05


class TestPatchClassifier:
    def test_has_two_hidden_layers(self) -> None:
        """A logit a class, and the parameters of three dense layers."""
        network = PatchClassifier(side=5, hidden=7, classes=3, dropout=0.0)
        assert network(torch.zeros(4, 5, 5)).shape == (4, 3)
        assert sum(p.numel() for p in network.parameters()) == (25 + 1) * 7 + (7 + 1) * 7 + (7 + 1) * 3

    def test_drops_in_training_alone(self) -> None:
        """Dropout makes training outputs random and leaves evaluation as it is."""
        torch.manual_seed(0)
        network, patches = PatchClassifier(5, 40, 3, dropout=0.5), torch.rand(4, 5, 5)
        assert not torch.equal(network(patches), network(patches))
        network.eval()
        assert torch.equal(network(patches), network(patches))


class TestPatchAutoencoder:
    def test_gives_patches_back(self) -> None:
        """What comes out has the shape of what went in."""
        assert PatchAutoencoder(side=5, hidden=7, dropout=0.0)(torch.zeros(4, 5, 5)).shape == (4, 5, 5)
