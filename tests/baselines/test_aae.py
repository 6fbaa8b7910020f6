"""The adversarial autoencoder's parts: shapes, losses, and who receives a gradient."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines import aae


def parts(size: int = 32, code: int = 6) -> tuple[aae.Encoder, aae.Decoder, aae.Discriminator]:
    """A tiny encoder, decoder and discriminator, always the same."""
    torch.manual_seed(0)
    widths = (4, 6)
    return (
        aae.Encoder(1, size, widths, code),
        aae.Decoder(1, size, widths, code),
        aae.Discriminator(code, hidden=8),
    )


def gradients(module: torch.nn.Module) -> list[bool]:
    """Whether each parameter has received a gradient."""
    return [parameter.grad is not None for parameter in module.parameters()]


class TestEncoder:
    def test_published_width_halves_the_frame_at_each_level(self) -> None:
        """256x256 frames shrink to 16x16x512 before the code, level by level."""
        encoder = aae.Encoder(1, 256, aae.WIDTHS, code=128)
        shapes = []
        hidden = torch.zeros(1, 1, 256, 256)
        for layer in encoder.levels:
            hidden = layer(hidden)
            shapes.append(tuple(hidden.shape[1:]))
        assert list(dict.fromkeys(shapes)) == [(64, 128, 128), (128, 64, 64), (256, 32, 32), (512, 16, 16)]
        assert encoder.to_code(hidden.flatten(1)).shape == (1, 128)

    def test_has_the_parameters_of_its_layers(self) -> None:
        """Four convolutions of 4x4 and a dense layer, each with biases, and three batch norms."""
        encoder = aae.Encoder(1, 64, aae.WIDTHS, code=128)
        levels = sum(16 * a * b + b for a, b in zip((1, 64, 128, 256), (64, 128, 256, 512), strict=True))
        assert sum(p.numel() for p in encoder.parameters()) == levels + 2 * (128 + 256 + 512) + (512 * 4 * 4 + 1) * 128

    @pytest.mark.parametrize("size", [0, 30, 33])
    def test_refuses_a_side_that_cannot_be_halved(self, size: int) -> None:
        """A side that is no multiple is refused with the number it must be a multiple of."""
        with pytest.raises(ValueError, match="multiple of 4"):
            aae.Encoder(1, size, (4, 6), code=3)


class TestDecoder:
    def test_gives_frames_of_the_encoders_size(self) -> None:
        """What comes out has the input's shape."""
        encoder, decoder, _ = parts()
        frames = torch.rand(3, 1, 32, 32)
        assert decoder(encoder(frames)).shape == frames.shape


class TestDiscriminator:
    def test_gives_one_logit_a_code(self) -> None:
        """A batch of codes becomes as many numbers, each from its own code alone."""
        _, _, discriminator = parts()
        codes = torch.randn(5, 6, generator=torch.Generator().manual_seed(1))
        together = discriminator(codes)
        assert together.shape == (5,)
        alone = torch.cat([discriminator(code[None]) for code in codes])
        torch.testing.assert_close(together, alone)


class TestAdversarialAutoencoder:
    def test_reconstructs_without_the_discriminator(self) -> None:
        """Reconstruction error moves encoder and decoder, never the discriminator."""
        network = aae.AdversarialAutoencoder(1, 32, (4, 6), code=6, hidden=8)
        frames = torch.rand(2, 1, 32, 32)
        (network(frames) - frames).square().mean().backward()
        assert all(gradients(network.encoder))
        assert all(gradients(network.decoder))
        assert not any(gradients(network.discriminator))


class TestJudgedBy:
    def test_gives_the_discriminators_logits(self) -> None:
        """The numbers are those of the discriminator itself."""
        encoder, _, discriminator = parts()
        code = encoder(torch.rand(3, 1, 32, 32))
        assert torch.equal(aae.judged_by(discriminator, code), discriminator(code))

    def test_leaves_the_judge_without_gradient(self) -> None:
        """The encoder learns from the judgement, the discriminator does not."""
        encoder, _, discriminator = parts()
        aae.judged_by(discriminator, encoder(torch.rand(3, 1, 32, 32))).sum().backward()
        assert all(gradients(encoder))
        assert not any(gradients(discriminator))


class TestDiscriminatorLoss:
    def test_of_a_judge_that_cannot_tell_is_log_two(self) -> None:
        """Probability one half for everything costs log 2."""
        assert float(aae.discriminator_loss(torch.zeros(4), torch.zeros(7))) == pytest.approx(math.log(2))

    def test_is_binary_cross_entropy(self) -> None:
        """It equals torch's cross-entropy with prior = 1 and code = 0."""
        prior, code = torch.tensor([0.3, -1.2]), torch.tensor([2.0, 0.1])
        expected = torch.nn.functional.binary_cross_entropy_with_logits(
            torch.cat([prior, code]), torch.tensor([1.0, 1.0, 0.0, 0.0])
        )
        torch.testing.assert_close(aae.discriminator_loss(prior, code), expected)


class TestAdversarialError:
    def test_falls_the_more_a_code_passes_for_the_prior(self) -> None:
        """It is -log of the probability that the judge gives to the prior."""
        logits = torch.tensor([-3.0, 0.0, 3.0])
        torch.testing.assert_close(aae.adversarial_error(logits), -torch.sigmoid(logits).log())


class TestCodeNegativeLogLikelihood:
    def test_is_that_of_the_standard_normal(self) -> None:
        """It equals torch's own density, summed over the code."""
        code = torch.randn(4, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        expected = -torch.distributions.Normal(0.0, 1.0).log_prob(code).sum(dim=1)
        torch.testing.assert_close(aae.code_negative_log_likelihood(code), expected)

    @given(arrays(np.float64, (3, 5), elements=st.floats(-50, 50)))
    def test_no_code_is_likelier_than_the_priors_mean(self, code: np.ndarray) -> None:
        """The mean of the prior has the highest likelihood, and moving away along a ray lowers it."""
        codes = torch.from_numpy(code)
        mean = aae.code_negative_log_likelihood(torch.zeros(1, 5, dtype=torch.float64))
        near, far = aae.code_negative_log_likelihood(codes), aae.code_negative_log_likelihood(2 * codes)
        assert bool((near >= mean).all())
        assert bool((far >= near).all())


class TestTraining:
    def test_draws_codes_to_the_prior(self) -> None:
        """Three hundred steps of both sides bring codes that began two deviations off to the prior's place and spread."""
        torch.manual_seed(0)
        encoder = torch.nn.Linear(4, 2)
        with torch.no_grad():
            encoder.bias.add_(2.0)
        discriminator = aae.Discriminator(2, hidden=16)
        fooling = torch.optim.Adam(encoder.parameters(), lr=1e-2, betas=(0.5, 0.999))
        judging = torch.optim.Adam(discriminator.parameters(), lr=1e-2, betas=(0.5, 0.999))
        generator = torch.Generator().manual_seed(0)
        frames = torch.randn(256, 4, generator=generator)
        before = float(aae.code_negative_log_likelihood(encoder(frames)).detach().mean())
        for _ in range(300):
            prior = torch.randn(32, 2, generator=generator)
            batch = frames[torch.randint(256, (32,), generator=generator)]
            judging.zero_grad()
            aae.discriminator_loss(discriminator(prior), discriminator(encoder(batch).detach())).backward()
            judging.step()
            fooling.zero_grad()
            aae.adversarial_error(aae.judged_by(discriminator, encoder(batch))).mean().backward()
            fooling.step()
        after = float(aae.code_negative_log_likelihood(encoder(frames)).detach().mean())
        entropy = 1 + math.log(2 * math.pi)  # what draws of the prior itself have in the mean
        assert before > entropy + 3
        assert abs(after - entropy) < 0.3


class TestPriorDraw:
    def test_is_standard_normal_and_fixed_by_its_stream(self) -> None:
        """Many numbers of one draw have mean 0 and deviation 1, and the same stream gives them again."""
        first, second = (aae.prior_draw(10_000, torch.Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(first, second)
        assert abs(float(first.mean())) < 0.05
        assert float(first.std()) == pytest.approx(1, abs=0.05)
