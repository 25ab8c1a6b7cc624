"""Necessary units: what every match that holds a unit needs."""

import jax
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Values
from jaxrepsim.matching.asked import Asked
from jaxrepsim.matching.minimal import Networks, checked
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import on_device, traced


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
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, an ε that is not one number in [0, 1), or a concrete
            activation that is NaN or infinite. Where one is traced, no unit is in any match.

    Source: the relation follows from the closure under union of Wang et al. 2018 (arXiv:1810.11750), section 3.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0], [0.0, 1e-3], [0.0, 0.0]])     # two units that are nearly the same
    >>> y = jnp.array([[2.0], [0.0], [0.0]])
    >>> necessary_units(x, y, 0.1).astype(int).tolist()          # each x unit needs y's; y's needs neither one
    [[1, 0, 0], [0, 1, 0], [1, 1, 1]]
    """
    networks = checked(x, y, epsilon)
    call = _compiled if traced(networks, epsilon) else _necessary
    return call(networks, epsilon)


def _necessary(networks: Networks, epsilon: ArrayLike) -> Bool[Array, "n n"]:
    return on_device(necessary_in(Asked(prepared(networks), epsilon)))


def necessary_in(asked: Asked) -> Bool[Values, "n n"]:
    """`necessary_units` of a pair at one ε that is ready for questions."""
    every = np.arange(asked.units)
    gone = asked.ready.sides(np.eye(asked.units, dtype=bool))
    ranks = np.broadcast_to(asked.rank(every), gone.shape)
    without = asked.ask(asked.maximum, gone, np.full(asked.units, -1), ranks).match
    return asked.joint(asked.matched & ~without)


_compiled = jax.jit(without_gradient(_necessary))
