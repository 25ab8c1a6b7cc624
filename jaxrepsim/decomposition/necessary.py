"""Necessary units: what every match that holds a unit needs."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool
from jaxrepsim.decomposition.queries import Queries, by_joint_index, prepare, single_units, without
from jaxrepsim.matching.side_by_side import side_by_side
from jaxrepsim.numerics.products import with_all_digits


@with_all_digits
def necessary_units(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Bool[Array, "n n"]:
    """Which units every ε-match with v needs, for all v at once.

    Unit u is necessary for v when every ε-match that holds v holds u. Matches are closed under union, so this is so
    exactly when v is not in the maximum match of the pair without u: one cascade of removals for each u gives a row.
    The relation is reflexive and transitive. The units necessary for v are the intersection of all v-minimal matches.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).

    Returns:
        (n, n), n = n_x + n_y joint indices, x units first: [u, v] says that every match with v needs u. The column of
        a unit that is in no match is False.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, or an ε outside [0, 1).

    Source: the relation follows from the closure under union of Wang et al. 2018 (arXiv:1810.11750), section 3.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0], [0.0, 1e-3], [0.0, 0.0]])     # two units that are nearly the same
    >>> y = jnp.array([[2.0], [0.0], [0.0]])
    >>> necessary_units(x, y, 0.1).astype(int).tolist()          # each x unit needs y's; y's needs neither one
    [[1, 0, 0], [0, 1, 0], [1, 1, 1]]
    """
    queries = prepare(x, y, epsilon)
    return by_joint_index(queries, by_unit(queries))


def by_unit(queries: Queries) -> Bool[Array, "both 2 n"]:
    """The relation with both sides padded: [u, :, v]."""
    matched = queries.maximum.active

    def row(unit: Array) -> Array:
        return jax.lax.cond(
            jnp.any(unit & matched),
            lambda: matched & ~without(queries, unit)[1].active,
            lambda: jnp.zeros_like(matched),
        )

    return side_by_side(row, single_units(queries), queries.bytes)
