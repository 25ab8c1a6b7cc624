"""What the measures of matches share: critical ε of networks, raw or compressed."""

from types import ModuleType
from typing import Any

import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.compression import Compressed
from jaxrepsim.errors import InputError
from jaxrepsim.matching.profile import profiled
from jaxrepsim.measures.networks import Activations
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.precision import reached


def critical(*networks: Activations) -> tuple[Float[Array, "_"], ...]:
    """The critical ε of every unit of each network (`jaxrepsim.match_profile`); nothing is centred.

    Raises:
        InputError: One network is compressed and another is not.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite.
    """
    compressed = [isinstance(network, Compressed) for network in networks]
    if any(compressed) and not all(compressed):
        raise InputError("one network is compressed and another is not: compress all together, by summarise(x, y)")
    arrays = as_activations(*(network.rows if isinstance(network, Compressed) else network for network in networks))
    if not any(compressed):
        warn_of_few_samples(arrays)
    return profiled(arrays)


def share(xp: ModuleType, critical: tuple[Any, ...], epsilon: Any) -> Any:
    """The share of all units whose critical ε is reached."""
    values = xp.concatenate(critical)
    found = xp.sum(reached(values, xp.asarray(epsilon, values.dtype))) / max(len(values), 1)
    return xp.where(xp.isnan(values).any(), xp.nan, found).astype(values.dtype)


def area(xp: ModuleType, critical: tuple[Any, ...], upper: Any) -> Any:
    """The mean of `share` over ε from 0 to `upper`, exactly."""
    values = xp.concatenate(critical)
    found = xp.sum(xp.clip(1 - values / xp.asarray(upper, values.dtype), 0, 1)) / max(len(values), 1)
    return found.astype(np.dtype(values.dtype))
