"""Corruption of the target outside the region."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.target_corruption import BOUND, KINDS, corrupt_outside


def corrupted(kind: str, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A target, its region, and the target corrupted outside."""
    drawn = torch.Generator().manual_seed(seed)
    target = torch.rand(2, 3, 16, 16, generator=drawn)
    region = torch.rand(2, 16, 16, generator=drawn) < 0.5
    return target, region, corrupt_outside(target, region, kind, torch.Generator().manual_seed(seed))


class TestCorruptOutside:
    @given(st.sampled_from(KINDS), st.integers(0, 2**32))
    @settings(max_examples=40)
    def test_stays_in_range_and_leaves_the_region_alone(self, kind: str, seed: int) -> None:
        """Every value is in [0, 1]; in the region none is changed, outside nearly all are."""
        target, region, changed = corrupted(kind, seed)
        assert ((changed >= 0) & (changed <= 1)).all()
        inside = region[:, None].expand_as(target)
        assert torch.equal(changed[inside], target[inside])
        assert (changed[~inside] != target[~inside]).float().mean() > 0.9

    def test_each_kind_is_what_it_says(self) -> None:
        """Inverted and shifted targets follow from the input alone; bounded noise keeps its bound, plain noise does not."""
        target, region, inverted = corrupted("inverted")
        outside = ~region[:, None].expand_as(target)
        torch.testing.assert_close(inverted[outside], 1 - target[outside])
        shifted = corrupted("modulo_shift")[2]
        torch.testing.assert_close((shifted - target)[outside].abs(), torch.full_like(target[outside], 0.5))
        distance = {kind: (corrupted(kind)[2] - target)[outside].abs().max() for kind in KINDS}
        assert distance["bounded_gaussian"] <= BOUND + 1e-6 < distance["gaussian"]

    def test_noise_repeats_itself(self) -> None:
        """The same generator gives the same target."""
        assert torch.equal(corrupted("gaussian")[2], corrupted("gaussian")[2])

    def test_unknown_kind(self) -> None:
        """Another kind is refused, the valid ones listed."""
        with pytest.raises(ValueError, match="gaussian, bounded_gaussian, inverted, modulo_shift, got 'salt'"):
            corrupted("salt")
