"""What a piece of PyTorch work has to do at least: floating-point operations, and bytes that its operations read and write.

Every operation that reaches the dispatcher is seen, forward and backward. Views cost nothing; each other operation reads
its inputs once and writes its outputs once, whatever its kernel does besides. The compiled kernels of the fused batch norm
bypass the dispatcher and are counted by their own passes over the activations.
"""

import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

# They reserve or relabel memory and touch none of it.
_FREE = ("aten.empty", "aten.new_empty", "aten._unsafe_view", "aten.detach", "aten.set_", "aten.lift_fresh")
# Arguments that the schema calls written and the kernel only reads.
_ONLY_READ = {"aten._fused_adam_.default": ("grads",)}
# Arguments that are overwritten without being read.
_ONLY_WRITTEN = ("aten.copy_", "aten.fill_", "aten.zero_")
# Passes over an activation: values read, gradient read, result written (benchmarks/run/norm_kernels.py).
KERNEL_PASSES: Mapping[str, int] = {"sums": 1, "normalise_rectify": 2, "gradient_sums": 2, "input_gradient": 3}


@dataclass(frozen=True)
class Operation:
    """One operation: its name, floating-point operations (of products alone, two for a multiply-add), bytes moved."""

    name: str
    flops: int
    bytes: int


@dataclass(frozen=True)
class Bound:
    """The least time of a list of operations, and the share of it in which arithmetic binds; memory binds in the rest."""

    seconds: float
    compute_share: float


class OperationCounter(TorchDispatchMode):
    """Counts all operations done under it, in ``operations``."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations: list[Operation] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Do the operation and count it."""
        del types
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        moved = 0 if func.is_view or str(func).startswith(_FREE) else _moved(func, args, kwargs, result)
        formula = flop_registry.get(func._overloadpacket)  # noqa: SLF001 -- as torch's own counter asks for it
        flops = 0 if formula is None else int(formula(*args, **kwargs, out_val=result))
        if moved or flops:
            self.operations.append(Operation(str(func), flops, moved))
        return result

    @property
    def flops(self) -> int:
        """All floating-point operations."""
        return sum(operation.flops for operation in self.operations)

    @property
    def bytes(self) -> int:
        """All bytes moved."""
        return sum(operation.bytes for operation in self.operations)


def count(work: Callable[[], object]) -> OperationCounter:
    """Do a piece of work once and return what was counted, the kernels of the fused batch norm included."""
    counter = OperationCounter()
    with _watched_kernels(counter.operations), counter:
        work()
    return counter


def bound(operations: Sequence[Operation], *, peak: float, bandwidth: float) -> Bound:
    """Return the roofline of operations done one after another: each takes its arithmetic or its traffic, what is longer.

    peak: floating-point operations a second; bandwidth: bytes a second
    """
    arithmetic = memory = 0.0
    for operation in operations:
        computing, moving = operation.flops / peak, operation.bytes / bandwidth
        if computing >= moving:
            arithmetic += computing
        else:
            memory += moving
    total = arithmetic + memory
    return Bound(total, arithmetic / total if total else 0.0)


def by_name(operations: Iterable[Operation], *, peak: float, bandwidth: float) -> dict[str, float]:
    """Return the seconds of the roofline by the operation's name, the longest first."""
    seconds: dict[str, float] = {}
    for operation in operations:
        alone = bound([operation], peak=peak, bandwidth=bandwidth).seconds
        seconds[operation.name] = seconds.get(operation.name, 0.0) + alone
    return dict(sorted(seconds.items(), key=lambda pair: -pair[1]))


def _moved(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> int:
    """Bytes read and written by one operation, from the sizes of its tensors and what its schema says it writes."""
    name = str(func)
    moved = 0
    for index, argument in enumerate(func._schema.arguments):  # noqa: SLF001 -- the one place where a schema is said
        value = args[index] if index < len(args) else kwargs.get(argument.name)
        size = _size(value)
        written = argument.alias_info is not None and argument.alias_info.is_write
        reads = not (written and (argument.is_out or name.startswith(_ONLY_WRITTEN)))
        writes = written and argument.name not in _ONLY_READ.get(name, ())
        moved += size * (int(reads) + int(writes))
    for returned, value in zip(func._schema.returns, _as_tuple(result, len(func._schema.returns)), strict=True):  # noqa: SLF001
        if returned.alias_info is None:
            moved += _size(value)
    return moved


def _as_tuple(result: Any, count: int) -> tuple[Any, ...]:
    return (result,) if count == 1 else tuple(result or ())


def _size(value: Any) -> int:
    """Bytes of the tensors in a value; a dimension that is expanded lies in memory once."""
    size = 0
    for leaf in tree_leaves(value):
        if isinstance(leaf, Tensor):
            elements = 1
            for length, stride in zip(leaf.shape, leaf.stride(), strict=True):
                elements *= length if stride else min(length, 1)
            size += elements * leaf.element_size()
    return size


@contextmanager
def _watched_kernels(operations: list[Operation]) -> Iterator[None]:
    """Count the calls of the compiled kernels as well, where there are any."""
    if importlib.util.find_spec("numba") is None:
        yield
        return
    from benchmarks.run import norm_kernels

    kernels = {name: getattr(norm_kernels, name) for name in KERNEL_PASSES}

    def watched(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def call(values: Any, *rest: Any) -> Any:
            operations.append(Operation(f"fused_norm.{name}", 0, KERNEL_PASSES[name] * values.nbytes))
            return kernel(values, *rest)

        return call

    try:
        for name, kernel in kernels.items():
            setattr(norm_kernels, name, watched(name, kernel))
        yield
    finally:
        for name, kernel in kernels.items():
            setattr(norm_kernels, name, kernel)
