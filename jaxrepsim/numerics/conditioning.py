"""The warning of units that are too nearly dependent for their dtype."""

import math
from collections.abc import Sequence

import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Float, Values
from jaxrepsim.errors import IllConditionedWarning
from jaxrepsim.numerics.call_site import warn_at_call_site


def condition_limit(dtype: np.dtype) -> float:
    """The condition number up to which residuals are as exact as `jaxrepsim.resolution` says."""
    return 1e6 if np.finfo(dtype).bits == 64 else 1e3


def condition(network: Float[Values, "m n"]) -> float:
    """The condition number of the unit-norm columns, without the directions that rounding leaves of dependent ones."""
    columns = np.asarray(network)
    largest = np.abs(columns).max(axis=0, initial=0.0)
    columns = columns[:, largest > 0] / largest[largest > 0]
    columns = columns / np.linalg.norm(columns, axis=0)
    if not columns.size:
        return 1.0
    singular = np.linalg.svd(columns, compute_uv=False)
    there = singular > rank_cutoff(columns.dtype, columns.shape) * singular[0]
    return float(singular[0] / singular[there][-1])


def rank_cutoff(dtype: DTypeLike, shape: tuple[int, ...]) -> float:
    """The share of the largest singular value up to which another is what rounding leaves of a dependency.

    Args:
        dtype: Of the matrix.
        shape: Of the matrix.
    """
    # The factorisation itself leaves up to 1e-12 in float64.
    least = 1e-12 if np.dtype(dtype) == np.float64 else 0.0
    return max(4 * float(np.finfo(dtype).eps) * math.prod(shape) ** 0.5, least)


def warn_if_ill_conditioned(networks: Sequence[Float[Array, "_ _"]], weights: Sequence[float]) -> None:
    """Warns once a call site where some network is beyond the limit of its dtype.

    Args:
        networks: (rows, n_a) each, concrete and compressed, not all with the same rows.
        weights: Σ1/σ² of each, over the singular values of its unit-norm columns. The condition number is at most
            √(n Σ1/σ²), so there are no singular values to be computed where that is within the limit.
    """
    for network, weight in zip(networks, weights, strict=True):
        limit = condition_limit(network.dtype)
        if network.shape[1] * weight <= limit**2:
            continue
        found = condition(network)
        if found > limit:
            # Turned on alone, x64 leaves activations that were captured in float32 what they are.
            better = "; use float64: jax.enable_x64(True), and array.astype('float64') of the activations"
            better = better if network.dtype == np.float32 else ""
            warn_at_call_site(
                f"the units of a network are nearly dependent, their condition number is {found:.0e}: beyond "
                f"{limit:.0e} residuals in {network.dtype} are less exact than jaxrepsim.resolution says, and a match "
                f"near a tie may be none{better}",
                IllConditionedWarning,
            )
            return
