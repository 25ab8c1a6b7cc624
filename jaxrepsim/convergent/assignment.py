"""Partners for the units of one network among those of another: one each, or the best whoever else has it."""

from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int
from jaxrepsim.convergent.hungarian import least_cost
from jaxrepsim.convergent.similarities import check_similarity
from jaxrepsim.extras import needs
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import on_device, on_host


def bipartite_match(similarity: ArrayLike) -> Int[Array, "n_x"]:
    """One-to-one partners of largest total similarity.

    A maximum-weight bipartite matching: of all ways to give min(n_x, n_y) units of x a partner in y, no y unit to two
    of them, one whose Σ similarity[i, partner[i]] is largest. Signs count: a negative similarity is worse than 0, and
    is taken all the same where nothing better is left. Ties have several such matchings, and which is found may differ
    between devices and between compiled and plain calls; the total does not.

    Args:
        similarity: (n_x, n_y), of each x unit with each y unit, such as their correlation or mutual information.

    Returns:
        (n_x,): the partner of each x unit; −1 for those left over where n_x > n_y. The total is the largest up to
        rounding, n · 10⁻⁷ of the largest value in compiled float32 calls.

    Raises:
        TypeError: Not real floating numbers.
        ValueError: Not two axes, or a value that is not finite. Traced values are taken on trust: where one of them is
            not finite, nobody has a partner.

    Source: Li et al. 2015 (arXiv:1511.07543), section 3. The algorithm is Kuhn's Hungarian method, O(n³):
    SciPy's for values in the memory of the CPU, and `hungarian.least_cost` where they are traced or on an accelerator.

    >>> similarity = jnp.array([[0.9, 0.8], [0.8, 0.1], [0.0, 0.2]])
    >>> bipartite_match(similarity).tolist()
    [1, 0, -1]
    >>> semi_match(similarity).tolist()
    [0, 0, 1]
    """
    similarity = check_similarity(similarity)
    if not on_host(similarity):
        return _compiled(jnp.asarray(similarity))
    # Milliseconds on two cores of an AMD EPYC busy with other work, the least of 5 or 15 calls, in turn; float32, n×n
    # (jax 0.10.2, optax 0.2.8, scipy 1.17.1). `uniform`: random numbers. `mixed`: correlations of rectified mixtures of
    # n/4 signals. `dead`: uniform, a quarter of the units of each side 0. SciPy as called here, conversion included.
    # optax has the method of `least_cost`, which takes as long. A first compiled call takes 0.25 to 1.4 s more, at
    # any n, for compilation.
    #
    #                           n    16     64    128    256    512   1024
    #     SciPy            uniform  0.06   0.09   0.47    2.1     22    101
    #     optax, compiled           0.06   0.46    2.0    7.9    104    456
    #     SciPy              mixed  0.06   0.10   0.40    2.2     17     82
    #     optax, compiled           0.05   0.54    1.8     17     75    356
    #     SciPy               dead  0.06   0.10   0.19    1.5     11     39
    #     optax, compiled           0.08    1.4    6.8     85    588   4500
    #
    # So SciPy wherever it can be, at every n. (Not from inside compiled code: a callback to the host can wait for ever
    # there on few cores.)
    with needs("measures", "bipartite matching"):
        from scipy.optimize import linear_sum_assignment

    units, partners = linear_sum_assignment(np.asarray(similarity, np.float64), maximize=True)
    partner = np.full(np.shape(similarity)[0], -1)
    partner[units] = partners
    return on_device(partner)


def semi_match(similarity: ArrayLike) -> Int[Array, "n_x"]:
    """Each unit's best partner, whoever else has it: argmax_j similarity[i, j].

    Args:
        similarity: (n_x, n_y), of each x unit with each y unit.

    Returns:
        (n_x,): the most similar y unit, the first of several; −1 where there is none, n_y = 0.

    Raises:
        TypeError: Not real floating numbers.
        ValueError: Not two axes, or a value that is not finite. Traced values are taken on trust: where one of them is
            not finite, its x unit has no partner.

    Source: Li et al. 2015 (arXiv:1511.07543), section 3, "semi-matching".

    >>> semi_match(jnp.array([[0.1, 0.7, 0.7], [0.5, 0.0, 0.2]])).tolist()
    [1, 0]
    """
    return in_numpy(best, check_similarity(similarity))


def best(xp: ModuleType, similarity: Any) -> Any:
    """`semi_match`, in NumPy or JAX."""
    n_x, n_y = similarity.shape
    if not n_y:
        return xp.full(n_x, -1)
    return xp.where(xp.isfinite(similarity).all(axis=1), xp.argmax(similarity, axis=1), -1)


@jax.jit
def _compiled(similarity: Float[Array, "n_x n_y"]) -> Int[Array, "n_x"]:
    usable: Bool[Array, ""] = jnp.isfinite(similarity).all()
    values = jnp.where(usable, similarity, 0).astype(jnp.result_type(jnp.float32, similarity))
    if 0 in values.shape:
        return jnp.full(values.shape[0], -1)
    n_x, n_y = values.shape
    # By a power of two, without rounding, to at most 1: sums must be finite too, or the search may not end.
    cost = -jnp.ldexp(values, -jnp.frexp(jnp.max(jnp.abs(values)))[1])
    partner = least_cost(cost) if n_x <= n_y else jnp.full(n_x, -1).at[least_cost(cost.T)].set(jnp.arange(n_y))
    return jnp.where(usable, partner, -1)
