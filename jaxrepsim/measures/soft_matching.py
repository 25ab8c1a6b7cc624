"""Soft matching distance."""

from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Float
from jaxrepsim.convergent.assignment import bipartite_match
from jaxrepsim.errors import InputError
from jaxrepsim.extras import needs
from jaxrepsim.measures.correlations import Correlations, correlations
from jaxrepsim.measures.networks import Activations
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import on_host


def soft_matching(x: Activations, y: Activations) -> Float[Array, ""]:
    """The distance between units aligned as well as that can be, each shared out among several where numbers differ.

    With the units centred and of norm 1, √(min_P Σ Pᵢⱼ |xᵢ − yⱼ|²), P ≥ 0 with row sums 1/n_x and column sums 1/n_y: a
    Wasserstein distance between two clouds of units, and so a metric. Where n_x = n_y the best P is a permutation over
    n; else optimal transport is solved as a linear program. All units count alike, whatever their scale; a constant
    unit is at the origin, at 1 from any that varies.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        A distance in [0, 2]; 1 between a network that never varies and one of which every unit varies.

    Raises:
        InputError: Unequal numbers of units in traced networks, or on an accelerator: optimal transport is solved on
            the host; or no units at all.
        MissingPackageError: Plain calls without SciPy.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Khosla and Williams 2024 (arXiv:2311.09466), equation 4, of units of norm 1; there 1 − d²/2 is the
    correlation score.

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (100, 5))
    >>> round(float(soft_matching(x, x[:, ::-1])), 2)
    0.0
    """
    found = correlations(x, y)
    n_x, n_y = found.between.shape
    if not n_x or not n_y:
        raise InputError(f"units are matched with units, received networks of {n_x} and {n_y}")
    if n_x == n_y:
        return in_numpy(_of_assignment, found, bipartite_match(found.between))
    if not on_host(found.between):
        raise InputError(
            f"networks of {n_x} and {n_y} units are matched by optimal transport, on the host: call this with concrete "
            "values, and not under jit or vmap"
        )
    return in_numpy(_distance, found, _most_similar(np.asarray(found.between, np.float64)))


def _most_similar(similarity: Float[np.ndarray, "n_x n_y"]) -> np.float64:
    """The largest mean similarity over plans between uniform masses: a linear program."""
    with needs("measures", "soft matching"):
        from scipy.optimize import linprog
        from scipy.sparse import eye_array, kron, vstack

    n_x, n_y = similarity.shape
    sums = vstack([kron(eye_array(n_x), np.ones((1, n_y))), kron(np.ones((1, n_x)), eye_array(n_y))], format="csc")
    # Masses that are whole numbers: so are those of the best plan.
    masses = np.concatenate([np.full(n_x, float(n_y)), np.full(n_y, float(n_x))])
    found = linprog(-similarity.ravel(), A_eq=sums, b_eq=masses, method="highs-ds")
    return np.float64(-found.fun / (n_x * n_y))


def _of_assignment(xp: ModuleType, found: Correlations, partner: Any) -> Any:
    values = xp.take_along_axis(found.between, xp.maximum(partner, 0)[:, None], axis=1)[:, 0]
    return _distance(xp, found, xp.mean(values))


def _distance(xp: ModuleType, found: Correlations, similarity: Any) -> Any:
    """Of units of norm 1 or 0: |xᵢ − yⱼ|² = |xᵢ|² + |yⱼ|² − 2corr, and the first two are there in every plan."""
    dtype = found.between.dtype
    square = xp.mean(found.x) + xp.mean(found.y) - 2 * similarity
    square = xp.where(square > 32 * jnp.finfo(dtype).eps, square, 0)  # else it is what rounding leaves
    return xp.where(xp.isfinite(found.between).all(), xp.sqrt(square), xp.nan).astype(dtype)
