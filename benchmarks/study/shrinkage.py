"""Where MemAE's hard shrinkage leaves no address at all, so that a cell can never learn."""

import math

from benchmarks.study.settings import Settings


def cosine_ceiling(items: int) -> float:
    """Largest address weight that a cosine gives, e / (e + items - 1): that of a query along one item.

    It holds where the cosines to the other items average 0, as they do with freshly drawn items (Jensen's inequality).
    """
    return math.e / (math.e + items - 1)


def dead_address_reason(settings: Settings) -> str | None:
    """Hard shrinkage above every weight leaves no address, so no gradient ever moves an item or a query."""
    threshold, items = settings.shrink_threshold, settings.items
    if settings.address != "cosine" or not threshold or items is None or threshold < (most := cosine_ceiling(items)):
        return None
    return (
        f"a cosine to {items} items gives no weight above e/(e+{items - 1}) = {most:.3g}, so shrink_threshold="
        f"{threshold:g} sets every address to zero and neither items nor encoder ever get a gradient; set "
        f"shrink_threshold below {most:.3g} (the paper's range begins at 1/items), or address=inner_product."
    )
