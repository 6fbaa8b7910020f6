"""Operations and bytes: benchmarks/perf/counting.py."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.perf.counting import KERNEL_PASSES, Operation, bound, by_name, count
from benchmarks.run.fused_norm import fuse
from mnad.network import Encoder

OPERATIONS = st.lists(st.builds(Operation, st.just("op"), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1)


class TestCount:
    def test_a_product_has_its_operations_and_bytes(self) -> None:
        """Two operations for a multiply-add; both factors read, the result written."""
        left, right = torch.ones(3, 5), torch.ones(5, 7)
        counter = count(lambda: left @ right)
        assert (counter.flops, counter.bytes) == (2 * 3 * 5 * 7, 4 * (15 + 35 + 21))

    def test_views_and_empty_arrays_are_free(self) -> None:
        """What moves no byte counts none."""
        values = torch.ones(4, 6)
        assert count(lambda: (values.t()[1:], values.view(6, 4), torch.empty(9), values.detach())).bytes == 0
        assert count(lambda: values.t().reshape(-1)).bytes == 2 * 4 * 24, "a reshape that copies is not free"

    def test_an_operation_in_place_reads_and_writes(self) -> None:
        """add_ reads both and writes one; copy_ and out= only write theirs."""
        first, second, third = torch.ones(10), torch.ones(10), torch.empty(10)
        assert count(lambda: first.add_(second)).bytes == 4 * 30
        assert count(lambda: first.copy_(second)).bytes == 4 * 20
        assert count(lambda: torch.add(first, second, out=third)).bytes == 4 * 30

    def test_an_expanded_tensor_is_read_once(self) -> None:
        """A dimension without a stride lies in memory once."""
        row = torch.ones(1, 8).expand(100, 8)
        assert count(lambda: row + torch.ones(1)).bytes == 4 * (8 + 1 + 800) + 4

    def test_fused_adam_reads_four_and_writes_three(self) -> None:
        """Gradients are read only."""
        weight = torch.nn.Parameter(torch.ones(1000))
        optimiser = torch.optim.Adam([weight], fused=True)
        weight.grad = torch.ones(1000)
        optimiser.step()
        steps = [o for o in count(optimiser.step).operations if "_fused_adam_" in o.name]
        assert [operation.bytes // 4000 for operation in steps] == [7]

    def test_agrees_with_torchs_counter_forward_and_backward(self) -> None:
        """The operations of a training step of a network are those that torch counts."""
        encoder, frames = Encoder(3, 4), torch.rand(2, 3, 16, 16)

        def step() -> None:
            encoder(frames)[0].sum().backward()

        with FlopCounterMode(display=False) as official:
            step()
        assert count(step).flops == official.get_total_flops() > 0

    def test_counts_the_compiled_kernels(self) -> None:
        """The fused batch norm passes over its activation eight times, gradients included."""
        pytest.importorskip("numba")
        block = torch.nn.Sequential(torch.nn.BatchNorm2d(4), torch.nn.ReLU())
        fuse(block)
        values = torch.rand(2, 4, 8, 8).bfloat16().to(memory_format=torch.channels_last).requires_grad_()
        counter = count(lambda: block(values).sum().backward())
        found = {o.name: o.bytes for o in counter.operations if o.name.startswith("fused_norm.")}
        assert found == {f"fused_norm.{name}": passes * 1024 for name, passes in KERNEL_PASSES.items()}
        assert sum(found.values()) == 8 * 1024
        before = len(counter.operations)
        block(values)
        assert len(counter.operations) == before, "the kernels are left as they were"


class TestBound:
    def test_each_operation_takes_the_longer(self) -> None:
        """Arithmetic binds one, memory the other."""
        least = bound([Operation("a", 100, 1), Operation("b", 10, 60)], peak=10, bandwidth=2)
        assert least.seconds == 40
        assert least.compute_share == 0.25

    @given(OPERATIONS, st.floats(1, 1e6), st.floats(1, 1e6))
    def test_is_at_least_both_limits(self, operations: list[Operation], peak: float, bandwidth: float) -> None:
        """No order of work is faster than all arithmetic, or all traffic, alone."""
        least = bound(operations, peak=peak, bandwidth=bandwidth)
        assert least.seconds >= sum(o.flops for o in operations) / peak * (1 - 1e-9)
        assert least.seconds >= sum(o.bytes for o in operations) / bandwidth * (1 - 1e-9)
        assert sum(by_name(operations, peak=peak, bandwidth=bandwidth).values()) == pytest.approx(least.seconds)
