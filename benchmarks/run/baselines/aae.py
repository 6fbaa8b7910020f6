"""`aae`: an adversarial autoencoder of frames (`baselines.aae`), three objectives a batch.

The score is the reconstruction's error. Seed 004's reference 3 scores by the adversarial error, which is unstable here, since
the discriminator wins; that error and the code's likelihood have columns of their own.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from baselines import aae
from benchmarks.run.contract import PLAIN, Batch, Losses, Objective, Scored
from benchmarks.run.standardised import StandardisedAutoencoder
from benchmarks.run.streams import torch_stream

RECONSTRUCTION, DISCRIMINATOR, GENERATOR = "reconstruction error", "discriminator", "generator"
# Adam's first moment where two networks play against each other (Radford et al. 2016).
_BETAS = (0.5, 0.999)


class AdversarialAutoencoder(StandardisedAutoencoder):
    """Each objective has an optimiser of its own: the encoder belongs to two, and neither touches the other's part."""

    network: aae.AdversarialAutoencoder

    def other_scores(self) -> dict[str, dict[str, float]]:
        """Add the code's likelihood, and the adversarial error by which the thesis scores."""
        alone = ("code_negative_log_likelihood", "adversarial_error")
        return {**super().other_scores(), **{name: {name: 1.0} for name in alone}}

    def build(self) -> nn.Module:
        """Return encoder, decoder and discriminator."""
        settings = self.settings
        widths = [round(width * settings.width) for width in aae.WIDTHS]
        code = settings.bottleneck or 0
        return aae.AdversarialAutoencoder(settings.channels, settings.size, widths, code, aae.HIDDEN)

    def initialise(self, layer: nn.Module) -> None:
        """Draw weights by He."""
        aae.initialise(layer)

    def reconstruct(self, clips: Tensor) -> Tensor:
        """Pass the one frame of each clip through encoder and decoder."""
        output: Tensor = self.network(self.standardised(clips)[:, 0])
        return self.restored(output).unsqueeze(1)

    def objectives(self) -> Sequence[Objective]:
        """Reconstruction, then the two sides of the game; the steps are taken in this order."""
        network, settings = self.network, self.settings
        adversarial = settings.adversarial_learning_rate or 0.0
        return [
            self._objective(
                RECONSTRUCTION, [network.encoder, network.decoder], settings.learning_rate, betas=(0.9, 0.999)
            ),
            self._objective(DISCRIMINATOR, [network.discriminator], adversarial, betas=_BETAS),
            self._objective(GENERATOR, [network.encoder], adversarial, betas=_BETAS),
        ]

    def losses(self, batch: Batch, objective: str) -> Losses:
        """Return the loss of one phase."""
        if objective == RECONSTRUCTION:
            return super().losses(batch, objective)
        self.network.train()
        judge = self.network.discriminator
        with torch.set_grad_enabled(objective == GENERATOR), aae.still_statistics(self.network.encoder):
            code = self._code(batch)
        if objective == DISCRIMINATOR:
            loss = aae.discriminator_loss(judge(self._prior(batch)), judge(code))
        else:
            loss = aae.adversarial_error(aae.judged_by(judge, code)).mean()
        return Losses(loss, {objective: loss.detach()})

    def score(self, batch: Batch, map_size: int | None = None) -> Scored:
        """Return the errors of the frames, and how unlikely their codes are to the prior and to the discriminator."""
        scored = super().score(batch, map_size)
        with torch.inference_mode():
            code = self._code(batch)
            terms = {
                **scored.terms[PLAIN],
                "code_negative_log_likelihood": aae.code_negative_log_likelihood(code),
                "adversarial_error": aae.adversarial_error(self.network.discriminator(code)),
            }
        return Scored({PLAIN: terms}, scored.error_map)

    def _code(self, batch: Batch) -> Tensor:
        inputs, _ = self.inputs_and_target(batch)
        with self.autocast():
            code: Tensor = self.network.encoder(self.standardised(inputs)[:, 0])
        return code.to(self.dtype)

    def _prior(self, batch: Batch) -> Tensor:
        """One draw for each clip, from a stream of its own."""
        code = self.settings.bottleneck or 0
        draws = [
            aae.prior_draw(code, torch_stream(self.seed, "prior", batch.epoch or 0, int(index)))
            for index in batch.index
        ]
        return torch.stack(draws).to(device=self.device, dtype=self.dtype)

    def _objective(
        self, name: str, parts: Iterable[nn.Module], learning_rate: float, *, betas: tuple[float, float]
    ) -> Objective:
        parameters = [parameter for part in parts for parameter in part.parameters()]
        optimiser = torch.optim.Adam(parameters, lr=learning_rate, betas=betas, fused=True)
        return Objective(name, optimiser, torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0))
