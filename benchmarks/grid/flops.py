"""Floating-point operations of a clip, from settings alone: what a plan rests on before anything was measured.

Convolutions and matrix products count, two operations a multiplication, as `torch.utils.flop_counter` counts them (a test
holds both together); norms, activations and losses move memory and count nothing. Neither torch nor numpy is imported.
"""

from itertools import pairwise

from benchmarks.study.settings import Settings

# Widths and strides of the leaves' networks (`mnad.network`, `memae.network`), which import torch.
_MNAD_WIDTH, _MEMAE_WIDTH = 64, 96
_KERNEL_2D, _KERNEL_3D = 3**2, 3**3


def forward_flops(settings: Settings) -> float | None:
    """Operations of one clip on its way through encoder, memory and decoder; None for a method that is no autoencoder."""
    passes = _passes(settings)
    return None if passes is None else sum(passes)


def training_flops(settings: Settings) -> float | None:
    """Operations of one clip in training, forward and backward; None for a method that is no autoencoder."""
    passes = _passes(settings)
    if passes is None:
        return None
    first, network, memory = passes
    # Behind a layer both its weights and its input get a gradient, but nobody asks for that of the frames.
    return 2 * first + 3 * network + (3 if settings.memory_card.learned_items else 1) * memory


def clip_frames(settings: Settings) -> int:
    """Frames of a clip of an autoencoder, the predicted one included."""
    prediction = settings.task == "prediction"
    if settings.method_card.volume:
        return settings.method_card.volume + prediction
    return 5 if prediction else settings.noise_frames or 1


def _passes(settings: Settings) -> tuple[float, float, float] | None:
    """Operations forward of the first layer, of all others, and of the memory's matrix products."""
    network = _BACKBONES.get(settings.method_card.backbone)
    return None if network is None else network(settings)


def _stacked(settings: Settings) -> tuple[float, float, float]:
    width = round(_MNAD_WIDTH * settings.width)
    frames = clip_frames(settings) - (settings.task == "prediction")
    # Places of each level.
    at: list[float] = [settings.size**2 / 4**level for level in range(4)]
    deep = 8 * width

    def convolutions(level: int, *widths: int) -> float:
        return sum(2.0 * _KERNEL_2D * before * after * at[level] for before, after in pairwise(widths))

    first = convolutions(0, frames * settings.channels, width)
    rest = convolutions(0, width, width)
    for level in (1, 2, 3):
        rest += convolutions(level, width * 2 ** (level - 1), width * 2**level, width * 2**level)
    rest += convolutions(3, settings.memory_card.decoder_channels * deep, deep, deep)
    for level in (2, 1, 0):
        high = width * 2**level
        raised = 2 * high if not settings.skip and settings.upsampling == "keep" else high
        rest += convolutions(level + 1, 2 * high, raised)  # transposed: a kernel for each place that goes in
        rest += convolutions(level, 2 * high if settings.skip else raised, high, high)
    rest += convolutions(0, width, settings.channels)
    return first, rest, _memory(settings, at[3], deep)


def _volume(settings: Settings) -> tuple[float, float, float]:
    width = round(_MEMAE_WIDTH * settings.width)
    widths = (width, width * 4 // 3, width * 8 // 3, width * 8 // 3)
    # The first level halves height and width, each other one time as well.
    at: list[float] = [settings.size**2 / 4 * settings.method_card.volume / 8**level for level in range(4)]

    def convolution(level: int, before: int, after: int) -> float:
        return 2.0 * _KERNEL_3D * before * after * at[level]

    first = convolution(0, settings.channels, widths[0])
    rest = sum(convolution(level, widths[level - 1], widths[level]) for level in (1, 2, 3))
    outputs = (widths[3], widths[1], widths[0], settings.channels)
    entering = settings.memory_card.decoder_channels * widths[3]
    for step, after in enumerate(outputs):
        rest += convolution(3 - step, entering, after)  # transposed, as above
        entering = after + (widths[2 - step] if settings.skip and step < 3 else 0)
    return first, rest, _memory(settings, at[3], widths[3])


_BACKBONES = {"benchmarks.run.parts.backbone_2d": _stacked, "benchmarks.run.parts.backbone_3d": _volume}


def _memory(settings: Settings, queries: float, channels: int) -> float:
    """Products of queries with items: MemAE's similarity and read; MNAD's losses, read and update take them seven times."""
    card = settings.memory_card
    products = card.products - sum(not getattr(settings, name) for name in card.optional_products)
    return products * 2 * queries * channels * (settings.items or 0)
