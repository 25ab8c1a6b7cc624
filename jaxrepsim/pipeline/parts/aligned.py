"""What the parts that align units one to one have in common."""

from collections.abc import Sequence

import numpy as np

from jaxrepsim.convergent import one_to_one
from jaxrepsim.pipeline.part import Variables, along


def partners(similarities: Sequence[np.ndarray], width: int) -> Variables:
    """Variables: the one-to-one partner and the best ones of every unit of each pair.

    Args:
        similarities: (n_x, n_y) of each pair.
        width: Units of the widest network.
    """
    found = [one_to_one(similarity) for similarity in similarities]
    names = ("partner", "best_x", "best_y")
    variables = [{name: (("unit",), np.asarray(getattr(one, name), np.int32)) for name in names} for one in found]
    return along("pair", variables, unit=width)
