"""The mode `fast`: what makes training quicker and changes the last digits with it."""

import torch

from benchmarks.run.contract import Method
from benchmarks.run.fused_norm import fuse


def speed_up(method: Method, device: torch.device, *, backend: str = "inductor") -> None:
    """Change a method's network in place; names and values of its state stay.

    On a CPU batch norm and ReLU become one pass (`fused_norm`). On an accelerator encoder and decoder are compiled, each
    as one graph, when they first train; scoring uses folded copies and is left alone. A method without a network, as a
    mean frame, stays as it is. backend: the compiler's, see torch.compile.
    """
    network = getattr(method, "network", None)
    if not isinstance(network, torch.nn.ModuleDict):
        return
    if device.type == "cpu":
        fuse(network)
        return
    for name in ("encoder", "decoder"):
        network[name].compile(fullgraph=True, backend=backend)
