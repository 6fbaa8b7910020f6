"""Named random streams."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from benchmarks.run.streams import draw_weights, numpy_stream, seed_of, torch_stream


class TestSeedOf:
    def test_is_the_same_on_every_machine(self) -> None:
        """Two values that must never change, else no recorded number can be had again."""
        assert seed_of(0, "items") == 3606324049486583928
        assert seed_of(1, "noise", 3, 17) == 2613202005770557668

    @given(st.integers(0, 10**6), st.lists(st.integers(0, 999), min_size=1, max_size=3))
    def test_fits_torch_and_differs_by_name(self, seed: int, names: list[int]) -> None:
        """A seed has 63 bits; another name or seed gives another."""
        value = seed_of(seed, *names)
        assert 0 <= value < 2**63
        assert value not in (seed_of(seed + 1, *names), seed_of(seed, *names, 0), seed_of(seed, "other", *names))


class TestStreams:
    def test_repeat_and_differ(self) -> None:
        """A stream begins anew each time it is asked for, and streams of other names are others."""
        assert numpy_stream(1, "order", 2).random() == numpy_stream(1, "order", 2).random()
        assert numpy_stream(1, "order", 2).random() != numpy_stream(1, "order", 3).random()
        assert torch.equal(torch.rand(3, generator=torch_stream(1, "a")), torch.rand(3, generator=torch_stream(1, "a")))


class TestDrawWeights:
    def test_a_layer_depends_on_its_name_alone(self) -> None:
        """Layers before it change nothing for a layer, and nor does the global generator."""
        short = nn.ModuleDict({"b": nn.Linear(3, 4)})
        long = nn.ModuleDict({"a": nn.Linear(9, 9), "b": nn.Linear(3, 4)})
        draw_weights(short, 0, "encoder")
        torch.manual_seed(99)
        draw_weights(long, 0, "encoder")
        assert torch.equal(short["b"].weight, long["b"].weight)
        draw_weights(long, 0, "decoder")
        assert not torch.equal(short["b"].weight, long["b"].weight)

    def test_leaves_the_global_generator_alone(self) -> None:
        """Drawing weights does not move torch's own generator."""
        network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        torch.manual_seed(5)
        expected = torch.rand(2)
        torch.manual_seed(5)
        draw_weights(network, 0, "encoder")
        assert torch.equal(torch.rand(2), expected)

    def test_initialise_has_the_last_word(self) -> None:
        """The method's own initialisation runs after torch's."""
        network = nn.Sequential(nn.Linear(2, 2))
        draw_weights(network, 0, "encoder", lambda layer: nn.init.ones_(layer.weight))  # type: ignore[arg-type]
        assert bool((network[0].weight == 1).all())
